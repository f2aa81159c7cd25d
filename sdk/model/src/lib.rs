//! The common format: what every plugin translates to and from.
//!
//! Words are RFC 2778's. Nothing here does I/O, reads a clock or draws randomness by itself.
//!
//! | module | what | source |
//! |---|---|---|
//! | [`address`] | [`InstantInbox`] (`im:`), [`Presentity`] (`pres:`), [`Domain`] | RFC 3860 §3, RFC 3859 §3 |
//! | [`message`] | [`InstantMessage`]: headers as data, an opaque [`Payload`] | RFC 3862 |
//! | [`cpim`] | [`CpimMessage`]: the form of a message on the wire | RFC 3862 |
//! | [`presence`] | [`PresenceInformation`]: tuples, persons, devices, and their documents | RFC 3863, 4479, 4480 |
//! | [`presence::watchers`] | [`WatcherInformation`](presence::WatcherInformation): who watches a presentity | RFC 3858 |
//! | [`disposition`] | [`Disposition`], [`DispositionRequest`], [`Imdn`]: what became of a message | RFC 5438 |
//! | [`composing`] | [`IsComposing`]: what may come next | RFC 3994 |
//! | [`xml`] | [`Element`](xml::Element): what such documents are read into | XML 1.0 |
//! | [`operation`] | [`MessageOperation`], [`DispositionOperation`], [`SubscribeOperation`], [`NotifyOperation`], [`PublishOperation`], [`TransactionId`] | RFC 3859 §3.4, RFC 3860 §3.4 |
//! | [`response`] | [`Response`], [`ResponseStatus`] | RFC 3860 §3.4 |
//! | [`failure`] | [`Failure`]: what went wrong, who can mend it, whether a retry helps | RFC 2779 §4.2 |

#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::exhaustive_enums, clippy::exhaustive_structs)]

pub mod address;
pub mod composing;
pub mod cpim;
pub mod disposition;
pub mod failure;
pub mod message;
pub mod operation;
pub mod presence;
pub mod response;
pub mod xml;

pub use address::{
    AddressError, AddressUri, Domain, InstantInbox, MetaSyntax, Presentity, QualifiedUser,
    SourceRoute, SourceRouteError,
};
pub use bytes::Bytes;
pub use bytestring::ByteString;
pub use composing::{ComposingState, IsComposing};
pub use cpim::{CpimError, CpimMessage, CpimWriteError};
pub use disposition::{
    Disposition, DispositionRequest, DispositionType, Imdn, ImdnError, ImdnHeaderError,
    ImdnHeaders, ImdnRecipient, MessageId, MessageIdError, Notify,
};
pub use failure::{Failure, FailureClass, FailureReason, Origin, Retry};
pub use message::{
    CommandMessage, ContentHeader, ContentType, ContentTypeError, Header, InstantMessage,
    MessageHeaders, NameAddress, Payload, TextError,
};
pub use operation::{
    Authentication, DispositionOperation, HopLimitReached, MaxForwards, MessageOperation,
    NotifyOperation, Package, PresenceDocument, PublishOperation, Responder, SubscribeOperation,
    SubscriptionId, SubscriptionState, TerminationReason, TransactionId,
};
pub use presence::{PidfReader, PresenceInformation, PresenceTuple, Status};
pub use response::{Response, ResponseStatus};
pub use xml::{XmlError, XmlWriteError};
