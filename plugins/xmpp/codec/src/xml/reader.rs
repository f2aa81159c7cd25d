//! Bytes to elements: the outermost one's head, then each of its children whole.

use bytestring::ByteString;
use rxml::error::EndOrError;
use rxml::parser::{CommentMode, Options};
use rxml::{Parse, RawEvent, RawParser, RawQName, WithOptions};

use super::scope::Scope;
use super::{Attribute, Element, Limits, Node, ReadError};

/// Reads a document that never ends: its root stays open while the children come.
#[derive(Debug)]
pub(crate) struct Reader {
    parser: RawParser,
    limits: Limits,
    scope: Scope,
    head: Option<Head>,
    attributes: Vec<(RawQName, String)>,
    open: Vec<Open>,
    depth: usize,
    elements: usize,
    position: u64,
    begin: u64,
    failed: Option<ReadError>,
}

/// One finished piece of the document.
#[derive(Debug)]
pub(crate) enum Item {
    /// The root's head, without content.
    Root(Element),
    /// A child of the root, whole.
    Child(Element),
    /// The root's end.
    End,
}

/// An element's head that is still being read.
#[derive(Debug)]
struct Head {
    name: RawQName,
    declared: usize,
}

/// An element whose end has not come yet.
#[derive(Debug)]
struct Open {
    element: Element,
    text: String,
}

impl Reader {
    pub(crate) fn new(limits: Limits) -> Self {
        let options = Options {
            max_token_length: limits.token_bytes,
            comments: CommentMode::Reject,
            context: None,
        };
        let mut parser = RawParser::with_options(options);
        // Outside of stanzas text is an error: it must not wait for a stanza to show.
        parser.set_text_buffering(false);
        Self {
            parser,
            limits,
            scope: Scope::default(),
            head: None,
            attributes: Vec::new(),
            open: Vec::new(),
            depth: 0,
            elements: 0,
            position: 0,
            begin: 0,
            failed: None,
        }
    }

    /// Takes bytes from the front of `input` up to the end of the next item.
    ///
    /// `None` means that `input` is used up and more is needed. An error stays.
    pub(crate) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Item>, ReadError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        loop {
            match self
                .event(input)
                .and_then(|event| event.map(|event| self.take(event)).transpose())
            {
                Ok(Some(None)) => {}
                Ok(Some(item)) => return Ok(item),
                Ok(None) => return Ok(None),
                Err(error) => {
                    self.failed = Some(error);
                    return Err(error);
                }
            }
        }
    }

    /// The default namespace where the reader stands; after the root's head, the root's.
    pub(crate) fn default_namespace(&self) -> Option<ByteString> {
        self.scope.of_element(None)
    }

    /// Hands the parser no more bytes than the stanza that is being read may have.
    fn event(&mut self, input: &mut &[u8]) -> Result<Option<RawEvent>, ReadError> {
        let used = usize::try_from(self.position - self.begin).unwrap_or(usize::MAX);
        let allowed = self.limits.stanza_bytes.saturating_sub(used);
        let (mut chunk, rest) = input.split_at_checked(allowed).unwrap_or((input, &[]));
        let before = chunk.len();
        let parsed = self.parser.parse(&mut chunk, false);
        let consumed = before - chunk.len();
        self.position += consumed as u64;
        *input = input.get(consumed..).unwrap_or_default();
        match parsed {
            Ok(event) => Ok(event),
            Err(EndOrError::NeedMoreData) if rest.is_empty() => Ok(None),
            Err(EndOrError::NeedMoreData) => Err(ReadError::StanzaTooLarge {
                offset: self.begin,
                limit: self.limits.stanza_bytes,
            }),
            Err(EndOrError::Error(problem)) => Err(self.problem(problem)),
        }
    }

    fn take(&mut self, event: RawEvent) -> Result<Option<Item>, ReadError> {
        match event {
            RawEvent::XmlDeclaration(..) => Ok(None),
            RawEvent::ElementHeadOpen(metrics, name) => {
                if self.depth <= 1 {
                    self.begin = self.position.saturating_sub(metrics.len() as u64);
                    self.elements = 0;
                }
                self.enter(name).map(|()| None)
            }
            RawEvent::Attribute(_, name, value) => self.attribute(name, value).map(|()| None),
            RawEvent::ElementHeadClose(_) => self.close_head(),
            RawEvent::Text(_, text) => self.text(text).map(|()| None),
            RawEvent::ElementFoot(_) => Ok(self.leave()),
        }
    }

    fn enter(&mut self, name: RawQName) -> Result<(), ReadError> {
        if self.depth >= self.limits.depth {
            return Err(ReadError::TooDeep {
                offset: self.position,
                limit: self.limits.depth,
            });
        }
        if self.elements >= self.limits.elements {
            let limit = self.limits.elements;
            return Err(ReadError::TooManyElements {
                offset: self.begin,
                limit,
            });
        }
        self.depth += 1;
        self.elements += 1;
        self.parser.set_text_buffering(self.depth > 1);
        self.head = Some(Head { name, declared: 0 });
        Ok(())
    }

    fn attribute(&mut self, (prefix, name): RawQName, value: String) -> Result<(), ReadError> {
        let Some(head) = &mut self.head else {
            return Ok(());
        };
        if self.attributes.len() + head.declared >= self.limits.attributes {
            let limit = self.limits.attributes;
            return Err(ReadError::TooManyAttributes {
                offset: self.position,
                limit,
            });
        }
        match prefix.as_deref().map(|prefix| &**prefix) {
            None if *name == *"xmlns" => {
                head.declared += 1;
                self.scope.declare(None, value, self.depth);
            }
            Some("xmlns") => {
                head.declared += 1;
                self.scope.declare(Some(name), value, self.depth);
            }
            _ => self.attributes.push(((prefix, name), value)),
        }
        Ok(())
    }

    fn close_head(&mut self) -> Result<Option<Item>, ReadError> {
        let Some(Head {
            name: (prefix, name),
            ..
        }) = self.head.take()
        else {
            return Ok(None);
        };
        let namespace = self.scope.of_element(prefix.as_ref());
        let namespace = namespace.ok_or_else(|| self.undeclared())?;
        let mut pending = std::mem::take(&mut self.attributes);
        let attributes = self.resolve(&mut pending)?;
        self.attributes = pending; // emptied, for the next element
        let element = Element {
            namespace,
            name,
            attributes,
            nodes: Vec::new(),
        };
        if self.depth == 1 {
            return Ok(Some(Item::Root(element)));
        }
        if let Some(parent) = self.open.last_mut() {
            parent.flush();
        }
        self.open.push(Open {
            element,
            text: String::new(),
        });
        Ok(None)
    }

    fn resolve(&self, pending: &mut Vec<(RawQName, String)>) -> Result<Vec<Attribute>, ReadError> {
        let mut attributes: Vec<Attribute> = Vec::with_capacity(pending.len());
        for ((prefix, name), value) in pending.drain(..) {
            let namespace = self.scope.of_attribute(prefix.as_ref());
            let namespace = namespace.ok_or_else(|| self.undeclared())?;
            if attributes
                .iter()
                .any(|known| known.name == name && known.namespace == namespace)
            {
                return Err(self.problem(rxml::Error::DuplicateAttribute));
            }
            attributes.push(Attribute {
                namespace,
                name,
                value: ByteString::from(value),
            });
        }
        Ok(attributes)
    }

    fn text(&mut self, text: String) -> Result<(), ReadError> {
        match self.open.last_mut() {
            Some(open) if open.text.is_empty() => open.text = text,
            Some(open) => open.text.push_str(&text),
            None if text.bytes().all(|byte| byte.is_ascii_whitespace()) => {
                self.begin = self.position;
            }
            None => {
                return Err(ReadError::TextBetweenStanzas {
                    offset: self.position,
                });
            }
        }
        Ok(())
    }

    fn leave(&mut self) -> Option<Item> {
        self.scope.leave(self.depth);
        self.depth = self.depth.saturating_sub(1);
        self.parser.set_text_buffering(self.depth > 1);
        let Some(mut open) = self.open.pop() else {
            return Some(Item::End);
        };
        open.flush();
        match self.open.last_mut() {
            Some(parent) => {
                parent.element.nodes.push(Node::Element(open.element));
                None
            }
            None => {
                self.begin = self.position;
                Some(Item::Child(open.element))
            }
        }
    }

    fn undeclared(&self) -> ReadError {
        self.problem(rxml::Error::UndeclaredNamespacePrefix(None))
    }

    fn problem(&self, problem: rxml::Error) -> ReadError {
        let offset = self.position;
        match problem {
            rxml::Error::RestrictedXml(LONG_TOKEN) => ReadError::TokenTooLong {
                offset,
                limit: self.limits.token_bytes,
            },
            rxml::Error::RestrictedXml(what) => ReadError::Restricted { offset, what },
            rxml::Error::UndeclaredEntity => ReadError::Restricted {
                offset,
                what: "entities",
            },
            rxml::Error::InvalidSyntax(DOCUMENT_TYPE) => ReadError::Restricted {
                offset,
                what: "document type",
            },
            problem => ReadError::NotWellFormed { offset, problem },
        }
    }
}

impl Open {
    /// Moves the text read so far into the element.
    fn flush(&mut self) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            self.element.nodes.push(Node::Text(ByteString::from(text)));
        }
    }
}

/// How `rxml` words a token beyond its limit.
const LONG_TOKEN: &str = "long name or reference";
/// How `rxml` words `<!` that begins neither a comment nor a CDATA section.
const DOCUMENT_TYPE: &str = "malformed cdata or comment section start";
