//! XML as presence documents use it: bounded trees in, escaped bytes out.

mod attributes;
mod element;
mod reader;
mod scope;
mod writer;

pub(super) use element::At;
pub use element::{Attribute, Element, ElementError, Node};
pub(super) use reader::read;
pub(super) use writer::Writer;
