//! XML streams (RFC 6120 §4).

mod error;
mod event;
mod reader;
mod writer;

pub use error::{StreamCondition, StreamError};
pub use event::{ContentNamespace, Refused, StreamEvent, StreamHeader};
pub use reader::StreamReader;
pub use writer::StanzaWriter;
pub(crate) use writer::whole;
