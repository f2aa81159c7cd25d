//! XML documents as payloads use them: bounded trees in, escaped bytes out.
//!
//! What is taken is XML 1.0 in UTF-8, with namespaces. Document types, entities and processing instructions are refused,
//! as nothing that crosses here needs them; so are comments outside of the outermost element. White space or a byte order mark before the
//! document is borne with.

mod bounds;
mod element;
mod error;
mod reader;
mod writer;

pub(crate) use bounds::Bounds;
pub use element::{Attribute, Element, Node};
pub use error::{XmlError, XmlWriteError};

/// The longest document taken, in bytes.
pub const MAX_LEN: usize = 64 * 1024;

/// How deep elements may stand inside each other.
pub const MAX_DEPTH: usize = 16;

/// The most elements of one document.
pub const MAX_ELEMENTS: usize = 1024;
