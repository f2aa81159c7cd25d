//! XML as streams use it: bounded trees in, escaped bytes out (RFC 6120 §11).

mod element;
mod item;
mod limits;
pub mod namespace;
mod read_error;
mod reader;
mod scope;
mod skip;
mod write;

pub use element::{Attribute, Element, Node};
pub use item::RefusalError;
pub(crate) use item::{Item, Refusal};
pub use limits::{LimitError, Limits};
pub use read_error::ReadError;
pub(crate) use reader::Reader;
pub use write::WriteError;
pub(crate) use write::Writer;
