//! Bytes to a tree.

use std::str;

use bytestring::ByteString;
use rxml::{
    AttrMap, Error, Event, Parse, Parser, WithOptions,
    error::EndOrError,
    parser::{CommentMode, Options},
};

use super::{Attribute, Bounds, Element, Node, XmlError};

pub(super) fn read(document: &[u8], bounds: Bounds) -> Result<Element, XmlError> {
    if document.len() > bounds.len {
        return Err(XmlError::TooLong {
            len: document.len(),
            max: bounds.len,
        });
    }
    str::from_utf8(document).map_err(|error| XmlError::Encoding {
        at: error.valid_up_to(),
    })?;
    let text = document.strip_prefix(BYTE_ORDER_MARK).unwrap_or(document);
    let text = text.trim_ascii_start();
    Reader {
        parser: parser(bounds),
        bounds,
        text,
        len: document.len(),
        at: document.len() - text.len(),
        elements: 0,
        open: Vec::new(),
        root: None,
    }
    .read()
}

struct Reader<'a> {
    parser: Parser,
    bounds: Bounds,
    /// What the parser has not taken yet.
    text: &'a [u8],
    /// How long the document is.
    len: usize,
    /// Where what is read next begins.
    at: usize,
    elements: usize,
    open: Vec<Open>,
    root: Option<Element>,
}

/// An element whose end has not come yet, and the text since its last child: it comes in many pieces.
struct Open {
    element: Element,
    text: String,
}

impl Reader<'_> {
    fn read(mut self) -> Result<Element, XmlError> {
        loop {
            let event = match self.parser.parse(&mut self.text, true) {
                Ok(Some(event)) => event,
                Ok(None) => return self.root.ok_or(XmlError::Truncated { at: self.len }),
                Err(EndOrError::NeedMoreData) => return Err(XmlError::Truncated { at: self.len }),
                Err(EndOrError::Error(error)) => return Err(self.problem(error)),
            };
            let len = event.metrics().len();
            match event {
                Event::XmlDeclaration(..) => {}
                Event::StartElement(_, (namespace, name), attributes) => {
                    self.check_limits()?;
                    self.begin(Element {
                        namespace: (&*namespace).into(),
                        name,
                        attributes: attributes_of(attributes),
                        nodes: Vec::new(),
                        at: self.at,
                    });
                }
                Event::EndElement(_) => self.end(),
                Event::Text(_, text) => {
                    if let Some(open) = self.open.last_mut() {
                        open.text.push_str(&text);
                    }
                }
            }
            self.at += len;
        }
    }

    fn check_limits(&mut self) -> Result<(), XmlError> {
        let at = self.at;
        self.elements += 1;
        if self.open.len() >= self.bounds.depth {
            let max = self.bounds.depth;
            return Err(XmlError::TooDeep { at, max });
        }
        if self.elements > self.bounds.elements {
            let max = self.bounds.elements;
            return Err(XmlError::TooManyElements { at, max });
        }
        Ok(())
    }

    fn begin(&mut self, element: Element) {
        if let Some(parent) = self.open.last_mut() {
            parent.flush();
        }
        let text = String::new();
        self.open.push(Open { element, text });
    }

    fn end(&mut self) {
        let Some(mut ended) = self.open.pop() else {
            return;
        };
        ended.flush();
        match self.open.last_mut() {
            Some(parent) => parent.element.nodes.push(Node::Element(ended.element)),
            None => self.root = Some(ended.element),
        }
    }

    fn problem(&self, problem: Error) -> XmlError {
        let at = self.len - self.text.len();
        match problem {
            Error::InvalidEof(_) => XmlError::Truncated { at: self.len },
            Error::RestrictedXml(what) => XmlError::Restricted { at, what },
            Error::UndeclaredEntity => XmlError::Restricted {
                at,
                what: "entities",
            },
            Error::InvalidSyntax(DOCUMENT_TYPE) => XmlError::Restricted {
                at,
                what: "document type",
            },
            _ => XmlError::NotWellFormed { at },
        }
    }
}

impl Open {
    fn flush(&mut self) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            self.element.nodes.push(Node::Text(text.into()));
        }
    }
}

fn parser(bounds: Bounds) -> Parser {
    Parser::with_options(Options {
        // No token is longer than the document.
        max_token_length: bounds.len,
        comments: CommentMode::Discard,
        context: None,
    })
}

fn attributes_of(attributes: AttrMap) -> Vec<Attribute> {
    let attributes = attributes.into_iter();
    let attributes = attributes.map(|((namespace, name), value)| Attribute {
        namespace: (&*namespace).into(),
        name,
        value: ByteString::from(value),
    });
    attributes.collect()
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How `rxml` words `<!` that begins neither a comment nor a CDATA section.
const DOCUMENT_TYPE: &str = "malformed cdata or comment section start";
