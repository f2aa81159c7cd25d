//! Instant messages: headers as data, content as an opaque payload.

mod headers;
mod instant_message;
mod payload;

pub use headers::{Header, MessageHeaders};
pub use instant_message::{ContentHeader, InstantMessage};
pub use payload::Payload;
