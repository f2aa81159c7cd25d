//! SIP without sockets: messages, headers, URIs, non-INVITE transactions (RFC 3261).
//!
//! [`SipMessage::parse`] indexes one datagram, or one message that [`Framer`] cut out of a stream,
//! and copies nothing of it. [`Request::read`] and [`Response::read`] then say whether it may be
//! acted on (RFC 3261 §8.1.1, §8.2). When either fails, [`DecodeError::reject`] and
//! [`SipMessage::salvage`] say what to answer and to whom. [`MessageWriter`] appends to a
//! buffer; no value can end its line.
//!
//! Lines end with CRLF. A bare CR or LF among the header fields is refused, because two readers
//! could disagree about what it ends. Taken although the grammar forbids it: underscores in host
//! names and a last label that begins with a digit, brackets around `received` and `:::` before an
//! IPv4 part (RFC 5118), a status line without a reason and its space, a request of RFC 2543 without
//! branch, tag and Max-Forwards.
//!
//! | limit | value |
//! | --- | --- |
//! | bytes of a message | 131,072: [`limits::MAX_MESSAGE_LENGTH`] |
//! | of them, before the body | 65,536: [`limits::MAX_HEAD_LENGTH`] |
//! | header fields | 256: [`limits::MAX_HEADERS`]; up to 24 take no allocation |
//! | Via values | 80: [`limits::MAX_VIAS`] |
//! | elements of another list | 256: [`limits::MAX_LIST_ELEMENTS`] |
//! | CSeq | 2³¹ - 1: [`limits::MAX_CSEQ`] |
//!
//! RFC 3261 §7 (messages), §8 (user agents), §18.3 (framing), §19.1 (URIs), §20 (header fields), §25
//! (grammar); RFC 3581 (`rport`), RFC 5626 §3.5.1 (keep-alive), RFC 4475 and RFC 5118 (torture).
#![forbid(unsafe_code)]

pub mod dialog;
mod error;
mod framer;
mod header;
mod lex;
pub mod limits;
mod message;
mod method;
mod status;
pub mod transaction;
pub mod uri;
mod writer;

pub use self::{
    dialog::{Dialog, DialogError},
    error::{DecodeError, EncodeError, UriError},
    framer::{Frame, Framer},
    header::{
        Address, BRANCH_COOKIE, CSeq, Date, HeaderName, MediaType, Param, ParamValue, Params,
        RetryAfter, Rport, SubscriptionState, TokenValue, Transport, Values, Via, Warning,
    },
    message::{Contacts, Head, Header, Request, Response, SipMessage, StartLine},
    method::{Method, OtherMethod},
    status::StatusCode,
    uri::{Host, OpaqueUri, SipUri, TelephoneSubscriber, Uri},
    writer::{Answerable, MessageWriter, Output, Reply},
};
