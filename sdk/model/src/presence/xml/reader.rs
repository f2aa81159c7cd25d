//! Bytes to one tree, within bounds.

use bytestring::ByteString;
use rxml::error::EndOrError;
use rxml::parser::{CommentMode, Options};
use rxml::{NcName, Parse, RawEvent, RawParser, RawQName, WithOptions};

use super::{
    scope::Scope,
    soundness::{is_namespace, is_sound_attribute},
};
use crate::presence::{
    Forgiveness, MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_TOKEN_LEN, PidfError, namespace,
    read::Ledger,
};
use crate::xml::{Attribute, Element, Node};

/// Reads the root element; the XML declaration, which ends at `begin`, is not looked at.
///
/// Forgiven are prefixes that are not declared. Document types, entities and processing instructions are not.
pub(in crate::presence) fn read(
    bytes: &[u8],
    begin: usize,
    ledger: &mut Ledger,
) -> Result<Element, PidfError> {
    let mut builder = Builder {
        scope: Scope::default(),
        head: None,
        open: Vec::new(),
        text: String::new(),
        root: None,
        elements: 0,
        position: begin,
        ledger,
    };
    let options = Options {
        max_token_length: MAX_TOKEN_LEN,
        comments: CommentMode::Discard,
        context: None,
    };
    let mut parser = RawParser::with_options(options);
    let mut input = bytes.get(begin..).unwrap_or_default();
    loop {
        let before = input.len();
        let parsed = parser.parse(&mut input, true);
        let start = builder.position;
        builder.position += before - input.len();
        match parsed {
            Ok(Some(event)) => builder.take(event, start)?,
            Ok(None) | Err(EndOrError::NeedMoreData) => break,
            Err(EndOrError::Error(problem)) => {
                return Err(PidfError::from_parser(problem, builder.position));
            }
        }
    }
    let at = builder.position;
    builder.root.ok_or(PidfError::NotWellFormed {
        at,
        problem: "no root element",
    })
}

struct Builder<'a> {
    scope: Scope,
    head: Option<Head>,
    open: Vec<Element>,
    /// Of the innermost open element, since its last child.
    text: String,
    root: Option<Element>,
    elements: usize,
    position: usize,
    ledger: &'a mut Ledger,
}

/// An element's head that is still being read.
struct Head {
    at: usize,
    name: RawQName,
    declared: usize,
    attributes: Vec<(RawQName, String)>,
}

impl Builder<'_> {
    fn take(&mut self, event: RawEvent, start: usize) -> Result<(), PidfError> {
        match event {
            RawEvent::XmlDeclaration(..) => Ok(()),
            RawEvent::ElementHeadOpen(_, name) => self.enter(name, start),
            RawEvent::Attribute(_, name, value) => self.attribute(name, value),
            RawEvent::ElementHeadClose(_) => self.close_head(),
            RawEvent::Text(_, text) => {
                self.text.push_str(&text);
                Ok(())
            }
            RawEvent::ElementFoot(_) => {
                self.leave();
                Ok(())
            }
        }
    }

    fn enter(&mut self, name: RawQName, at: usize) -> Result<(), PidfError> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(PidfError::TooManyElements {
                at,
                max: MAX_ELEMENTS,
            });
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(PidfError::TooDeep { at, max: MAX_DEPTH });
        }
        self.flush();
        self.head = Some(Head {
            at,
            name,
            declared: 0,
            attributes: Vec::new(),
        });
        Ok(())
    }

    fn attribute(&mut self, (prefix, name): RawQName, value: String) -> Result<(), PidfError> {
        let (at, depth) = (self.position, self.open.len());
        let Some(head) = &mut self.head else {
            return Ok(());
        };
        // Declarations are counted by themselves: what is written may need one for each attribute.
        if head.attributes.len().max(head.declared / 2) >= MAX_ATTRIBUTES {
            return Err(PidfError::TooManyAttributes {
                at: head.at,
                max: MAX_ATTRIBUTES,
            });
        }
        let declares = match (&prefix, name.as_str()) {
            (None, "xmlns") => Some(None),
            (Some(prefix), _) if **prefix == *"xmlns" => Some(Some(name.clone())),
            _ => None,
        };
        let Some(declared) = declares else {
            head.attributes.push(((prefix, name), value));
            return Ok(());
        };
        head.declared += 1;
        let twice = PidfError::NotWellFormed {
            at,
            problem: "a prefix is declared twice",
        };
        let uri = namespace::intern(value);
        let uri = if is_namespace(&uri) {
            uri
        } else {
            self.ledger.forgive(at, Forgiveness::NamespaceName);
            ByteString::new()
        };
        self.scope.declare(declared, uri, depth).ok_or(twice)
    }

    fn close_head(&mut self) -> Result<(), PidfError> {
        let Some(Head {
            at,
            name: (prefix, name),
            attributes,
            ..
        }) = self.head.take()
        else {
            return Ok(());
        };
        let namespace = match self.scope.of_element(prefix.as_ref()) {
            Some(namespace) => namespace,
            None => {
                self.ledger.forgive(at, Forgiveness::UndeclaredPrefix);
                undeclared(prefix.as_ref())
            }
        };
        let attributes = self.resolve(at, attributes)?;
        let mut element = Element {
            namespace,
            name,
            attributes,
            nodes: Vec::new(),
            at,
        };
        element.sort_attributes();
        self.open.push(element);
        Ok(())
    }

    fn resolve(
        &mut self,
        at: usize,
        pending: Vec<(RawQName, String)>,
    ) -> Result<Vec<Attribute>, PidfError> {
        let mut attributes: Vec<Attribute> = Vec::with_capacity(pending.len());
        for ((prefix, name), value) in pending {
            let namespace = match self.scope.of_attribute(prefix.as_ref()) {
                Some(namespace) => namespace,
                None => {
                    self.ledger.forgive(at, Forgiveness::UndeclaredPrefix);
                    undeclared(prefix.as_ref())
                }
            };
            if attributes.iter().any(|known| known.is(&namespace, &name)) {
                let problem = "an attribute stands twice";
                return Err(PidfError::NotWellFormed { at, problem });
            }
            let attribute = Attribute {
                namespace,
                name,
                value: value.into(),
            };
            if is_sound_attribute(&attribute) {
                attributes.push(attribute);
            } else {
                self.ledger.forgive(at, Forgiveness::Attribute);
            }
        }
        Ok(attributes)
    }

    /// Moves the text read so far into the element that it stands in.
    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        if let Some(parent) = self.open.last_mut()
            && !text.is_empty()
        {
            parent.nodes.push(Node::Text(text.into()));
        }
    }

    fn leave(&mut self) {
        self.flush();
        let Some(ended) = self.open.pop() else {
            return;
        };
        self.scope.leave(self.open.len());
        match self.open.last_mut() {
            Some(parent) => parent.nodes.push(Node::Element(ended)),
            None => self.root = Some(ended),
        }
    }
}

/// The namespace that a prefix stands for in most documents; none if it has no usual meaning.
fn undeclared(prefix: Option<&NcName>) -> ByteString {
    ByteString::from_static(match prefix.map(|prefix| prefix.as_str()) {
        Some("dm" | "pdm") => namespace::DATA_MODEL,
        Some("rpid" | "rp" | "r") => namespace::RPID,
        Some("pidf" | "impp") => namespace::PIDF,
        _ => "",
    })
}
