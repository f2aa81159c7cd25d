//! Documents to presence information, tolerantly.

mod characteristic;
mod data_model;
mod document;
mod ledger;
mod markup;
mod prolog;
mod rich;
mod values;

use std::collections::HashSet;

use bytestring::ByteString;

pub(super) use ledger::Ledger;

use super::{Forgiveness, MAX_LEN, PidfError, PresenceInformation, Reading, namespace, xml};
use crate::{
    Presentity,
    xml::{Element, Node},
};

/// Reads presence documents of RFC 3863.
///
/// Tolerant: what clients do wrong is borne with, and [`Reading::forgiven`] says what that was. Hardened: document types,
/// entities and processing instructions are refused, and everything has a bound.
#[derive(Clone, Debug, Default)]
pub struct PidfReader {
    known: Option<Presentity>,
}

impl PidfReader {
    /// Makes one that relies on what documents say themselves.
    pub const fn new() -> Self {
        Self { known: None }
    }

    /// Names the presentity that the document is asked of, for documents whose `entity` is missing or names none, like
    /// `sip:alice@192.0.2.1`.
    pub fn asked_of(presentity: Presentity) -> Self {
        Self {
            known: Some(presentity),
        }
    }

    /// Reads a document.
    pub fn read(&self, bytes: &[u8]) -> Result<Reading, PidfError> {
        if bytes.len() > MAX_LEN {
            return Err(PidfError::TooLong {
                len: bytes.len(),
                max: MAX_LEN,
            });
        }
        let mut ledger = Ledger::default();
        let begin = prolog::skip(bytes, &mut ledger)?;
        let root = xml::read(bytes, begin, &mut ledger)?;
        let mut reader = Reader {
            ledger,
            ids: HashSet::new(),
            repaired_ids: 0,
        };
        let (information, entity) = reader.document(root, self.known.as_ref())?;
        let (forgiven, forgiven_count) = reader.ledger.finish();
        Ok(Reading {
            information,
            entity,
            forgiven,
            forgiven_count,
        })
    }
}

impl PresenceInformation {
    /// Reads a document that says itself whose it is; [`PidfReader`] does more.
    pub fn parse(bytes: &[u8]) -> Result<Reading, PidfError> {
        PidfReader::new().read(bytes)
    }
}

/// Makes the parts of presence information of the parts of a tree.
struct Reader {
    ledger: Ledger,
    ids: HashSet<ByteString>,
    /// Only grows, so that a document full of equal ids costs no more than others.
    repaired_ids: usize,
}

/// The language that remarks are in where they stand, if they say none themselves.
type Language = Option<ByteString>;

impl Reader {
    fn forgive(&mut self, element: &Element, what: Forgiveness) {
        self.ledger.forgive(element.at, what);
    }

    /// Expects an element, by its name as known, in a namespace.
    fn expect(&mut self, element: &Element, namespace: &str, name: &'static str) {
        if element.namespace != namespace {
            self.forgive(element, Forgiveness::Namespace(name));
        }
    }

    /// Leaves out all attributes but those without namespace that are `known`, and `xml:lang` where that is.
    fn only_attributes(&mut self, element: &Element, known: &[&str]) {
        for attribute in &element.attributes {
            let is_known = match &*attribute.namespace {
                "" => known.contains(&attribute.name()),
                namespace::XML => *attribute.name == *"lang" && known.contains(&"xml:lang"),
                _ => false,
            };
            if !is_known {
                self.forgive(element, Forgiveness::Attribute);
            }
        }
    }

    /// The elements directly inside; text between them is left out.
    fn children(&mut self, element: Element) -> impl Iterator<Item = Element> + use<> {
        let has_text = element.nodes.iter().any(|node| match node {
            Node::Text(text) => !text.trim_matches([' ', '\t', '\n', '\r']).is_empty(),
            Node::Element(_) => false,
        });
        if has_text {
            self.forgive(&element, Forgiveness::Text);
        }
        element.nodes.into_iter().filter_map(|node| match node {
            Node::Element(child) => Some(child),
            Node::Text(_) => None,
        })
    }
}

/// Whether an element is in a namespace of the format; clients mix those up.
fn is_own(element: &Element) -> bool {
    matches!(
        element.namespace(),
        namespace::PIDF | namespace::DATA_MODEL | namespace::RPID
    )
}

/// The language inside of an element.
fn language(element: &Element, around: &Language) -> Language {
    element
        .attribute_of(namespace::XML, "lang")
        .or(around.as_ref())
        .cloned()
}
