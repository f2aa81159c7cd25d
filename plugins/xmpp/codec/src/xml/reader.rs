//! Bytes to elements: the outermost one's head, then each of its children whole.

use bytestring::ByteString;
use rxml::error::EndOrError;
use rxml::parser::{CommentMode, Options};
use rxml::{NcName, Parse, RawEvent, RawParser, RawQName, WithOptions};

use super::scope::Scope;
use super::skip::Skip;
use super::{Attribute, Element, Item, LimitError, Limits, Node, ReadError, Refusal};

mod refusal;

use self::refusal::length;

/// Reads a document that never ends: its root stays open while the children come.
///
/// A child that crosses a limit is skipped to its end, and nothing of it is kept but its head. Then
/// the rest of its XML is checked for syntax only, not for names and namespaces. A child that the
/// parser gives up on, though servers pass it on, is skipped by its tags, and a new parser goes on.
#[derive(Debug)]
pub(crate) struct Reader {
    parser: RawParser,
    limits: Limits,
    scope: Scope,
    head: Option<Head>,
    attributes: Vec<(RawQName, String)>,
    open: Vec<Open>,
    refusal: Option<Refusal>,
    skip: Option<Skip>,
    root: Option<RawQName>,
    depth: usize,
    elements: usize,
    position: u64,
    begin: u64,
    failed: Option<ReadError>,
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

/// How deep the root is, and its children.
const ROOT: usize = 1;
const CHILD: usize = 2;

impl Reader {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            parser: parser(limits, None),
            limits,
            scope: Scope::default(),
            head: None,
            attributes: Vec::new(),
            open: Vec::new(),
            refusal: None,
            skip: None,
            root: None,
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
            match self.step(input) {
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

    /// Takes a piece of the input: a whole item, or `Some(None)`; `None` if more is needed.
    fn step(&mut self, input: &mut &[u8]) -> Result<Option<Option<Item>>, ReadError> {
        if self.skip.is_some() {
            return self.skip_on(input);
        }
        match self.event(input) {
            Err(error) if error.is_reserved_namespace() && self.depth > ROOT => {
                self.skip_from_here()?;
                Ok(Some(None))
            }
            Err(error) => Err(error),
            Ok(None) => Ok(None),
            Ok(Some(event)) => self.take(event).map(Some),
        }
    }

    /// Hands the parser no more bytes than the stanza that is being read may have.
    fn event(&mut self, input: &mut &[u8]) -> Result<Option<RawEvent>, ReadError> {
        let limit = match self.refusal {
            None => self.limits.stanza_bytes,
            Some(_) => self.limits.last_byte(),
        };
        let allowed = limit.saturating_sub(self.used());
        let (mut chunk, rest) = input.split_at_checked(allowed).unwrap_or((input, &[]));
        let before = chunk.len();
        let parsed = self.parser.parse(&mut chunk, false);
        let consumed = before - chunk.len();
        self.position += consumed as u64;
        *input = input.get(consumed..).unwrap_or_default();
        match parsed {
            Ok(event) => Ok(event),
            Err(EndOrError::NeedMoreData) if rest.is_empty() => Ok(None),
            Err(EndOrError::NeedMoreData) => {
                let offset = self.begin;
                self.refuse_for(LimitError::StanzaTooLarge { offset, limit })?;
                self.event(input)
            }
            Err(EndOrError::Error(problem)) => Err(self.problem(problem)),
        }
    }

    fn take(&mut self, event: RawEvent) -> Result<Option<Item>, ReadError> {
        match event {
            RawEvent::XmlDeclaration(..) => Ok(None),
            RawEvent::ElementHeadOpen(_, name) => self.enter(name).map(|()| None),
            RawEvent::Attribute(_, name, value) => self.attribute(name, value).map(|()| None),
            RawEvent::ElementHeadClose(_) => self.close_head(),
            RawEvent::Text(metrics, text) => self.text(text, metrics.len()).map(|()| None),
            RawEvent::ElementFoot(_) => Ok(self.leave()),
        }
    }

    fn enter(&mut self, name: RawQName) -> Result<(), ReadError> {
        self.depth += 1;
        self.elements += 1;
        self.head = Some(Head { name, declared: 0 });
        if self.depth > self.limits.last_depth() {
            let (offset, limit) = (self.position, self.limits.last_depth());
            return Err(LimitError::TooDeep { offset, limit }.into());
        }
        match (&self.refusal, self.element_limit()) {
            (None, None) => self.parser.set_text_buffering(self.depth > ROOT),
            (None, Some(error)) => self.refuse_for(error)?,
            (Some(_), _) if self.depth > CHILD => self.head = None,
            (Some(_), _) => {}
        }
        Ok(())
    }

    fn attribute(&mut self, name: RawQName, value: String) -> Result<(), ReadError> {
        let Some(head) = &self.head else {
            return Ok(()); // of an element that is skipped
        };
        let (offset, limit) = (self.position, self.limits.attributes);
        let error = if self.attributes.len() + head.declared >= limit {
            Some(LimitError::TooManyAttributes { offset, limit })
        } else {
            self.token_limit(length(&name).max(value.len()))
        };
        match error {
            Some(error) if self.refusal.is_none() => self.refuse_for(error)?,
            _ => {}
        }
        if self.refusal.is_some() && !self.is_kept(&name, &value) {
            return Ok(());
        }
        self.keep(name, value)
    }

    fn keep(&mut self, name: RawQName, value: String) -> Result<(), ReadError> {
        match name {
            (None, local) if *local == *"xmlns" => return self.declare(None, value),
            (Some(prefix), local) if *prefix == *"xmlns" => {
                return self.declare(Some(local), value);
            }
            // A head that is not refused is looked at when it is whole.
            name if self.refusal.is_some() && self.has_attribute(&name) => {
                return Err(self.problem(rxml::Error::DuplicateAttribute));
            }
            name => self.attributes.push((name, value)),
        }
        Ok(())
    }

    fn has_attribute(&self, name: &RawQName) -> bool {
        self.attributes.iter().any(|(known, _)| known == name)
    }

    fn declare(&mut self, prefix: Option<NcName>, uri: String) -> Result<(), ReadError> {
        if let Some(head) = &mut self.head {
            head.declared += 1;
        }
        if self.scope.is_declared(prefix.as_ref(), self.depth) {
            return Err(self.problem(rxml::Error::DuplicateAttribute));
        }
        self.scope.declare(prefix, uri, self.depth);
        Ok(())
    }

    fn close_head(&mut self) -> Result<Option<Item>, ReadError> {
        let Some(head) = self.head.take() else {
            return Ok(None);
        };
        if self.has_undeclared(&head) && !self.refuse_undeclared(&head)? {
            return Ok(None);
        }
        let Head {
            name: (prefix, name),
            ..
        } = head;
        if self.depth == ROOT {
            self.root = Some((prefix.clone(), name.clone()));
        }
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
        if self.depth == ROOT {
            self.between_children();
            return Ok(Some(Item::Root(element)));
        }
        if let Some(refusal) = &mut self.refusal {
            refusal.head = Some(element);
            return Ok(None);
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

    /// Takes a text that stands for `bytes` of the input.
    fn text(&mut self, text: String, bytes: usize) -> Result<(), ReadError> {
        match self.open.last_mut() {
            Some(open) if open.text.is_empty() => open.text = text,
            Some(open) => open.text.push_str(&text),
            None if self.depth > ROOT => {} // of a child that is skipped
            None if text.bytes().all(|byte| byte.is_ascii_whitespace()) => {
                self.begin += bytes as u64;
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
        if self.depth < ROOT {
            return Some(Item::End);
        }
        let ended = self.open.pop().map(Open::into_element);
        if self.depth == ROOT {
            let refusal = self.refusal.take();
            if refusal.is_some() {
                self.parser.release_temporaries(); // a name or a value may have been very long
            }
            self.between_children();
            return refusal
                .map(Item::Refused)
                .or_else(|| ended.map(Item::Child));
        }
        if let (Some(parent), Some(element)) = (self.open.last_mut(), ended) {
            parent.element.nodes.push(Node::Element(element));
        }
        None
    }

    /// What comes next belongs to the next child.
    fn between_children(&mut self) {
        self.begin = self.position;
        self.elements = 0;
        self.parser.set_text_buffering(false);
    }

    /// Bytes of the child that is being read, so far.
    fn used(&self) -> usize {
        usize::try_from(self.position - self.begin).unwrap_or(usize::MAX)
    }

    fn undeclared(&self) -> ReadError {
        self.problem(rxml::Error::UndeclaredNamespacePrefix(None))
    }

    fn problem(&self, problem: rxml::Error) -> ReadError {
        ReadError::from_parser(problem, self.position, self.limits.last_byte())
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

    fn into_element(mut self) -> Element {
        self.flush();
        self.element
    }
}

/// A parser that stands in the content of `root`, or at the begin of a document.
fn parser(limits: Limits, root: Option<&RawQName>) -> RawParser {
    let options = Options {
        // A longer token than `token_bytes` is met here, where its stanza can be refused for it.
        max_token_length: limits.last_byte(),
        comments: CommentMode::Reject,
        context: None,
    };
    let mut parser = RawParser::with_options(options);
    // Outside of stanzas text is an error: it must not wait for a stanza to show.
    parser.set_text_buffering(false);
    if let Some((prefix, name)) = root {
        let colon = if prefix.is_some() { ":" } else { "" };
        let prefix = prefix.as_deref().map_or("", |prefix| prefix);
        let tag = format!("<{prefix}{colon}{name}>", name = &**name);
        let mut bytes = tag.as_bytes();
        while let Ok(Some(_)) = parser.parse(&mut bytes, false) {}
    }
    parser
}
