//! Instant messages: headers as data, content as an opaque payload.

mod command;
mod content_type;
pub(crate) mod grammar;
mod headers;
mod instant_message;
pub(crate) mod name_address;
mod namespaces;
mod payload;
pub(crate) mod text;

pub use command::CommandMessage;
pub use content_type::{ContentType, ContentTypeError};
pub use headers::{Header, MessageHeaders};
pub use instant_message::{ContentHeader, InstantMessage};
pub use name_address::NameAddress;
pub use namespaces::{CPIM_HEADERS, IMDN_HEADERS, RIALTO_HEADERS, ResolvedHeader, ResolvedHeaders};
pub use payload::Payload;
pub use text::TextError;
