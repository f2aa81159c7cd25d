//! What became of a message, in the words of RFC 5438: asked for by its sender, reported later.
//!
//! | type | what | source |
//! |---|---|---|
//! | [`Disposition`], [`DispositionType`] | what became of a message | RFC 5438 §5 |
//! | [`DispositionRequest`], [`Notify`] | what its sender asked to be told | RFC 5438 §6.2 |
//! | [`MessageId`] | the name by which a report finds its message | RFC 5438 §6.3 |
//! | [`ImdnHeaders`] | the message headers that carry these | RFC 5438 §6 |
//! | [`Imdn`] | the document that reports a disposition | RFC 5438 §11 |
//!
//! The plain types are common to all networks; only [`ImdnHeaders`] and [`Imdn`] are a form on the wire.

mod document;
mod headers;
mod imdn;
mod kinds;
mod message_id;
mod request;

pub use headers::{ImdnHeaderError, ImdnHeaders, MAX_ROUTES};
pub use imdn::{Imdn, ImdnError, ImdnRecipient};
pub use kinds::{Disposition, DispositionType};
pub use message_id::{MessageId, MessageIdError};
pub use request::{DispositionRequest, Notify};
