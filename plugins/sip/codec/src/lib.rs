//! SIP without sockets: messages, headers, URIs, non-INVITE transactions (RFC 3261).
#![forbid(unsafe_code)]

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
    error::{DecodeError, EncodeError, UriError},
    framer::{Frame, Framer},
    header::{
        Address, BRANCH_COOKIE, CSeq, Date, HeaderName, MediaType, Param, ParamValue, Params,
        RetryAfter, Rport, TokenValue, Transport, Values, Via, Warning,
    },
    message::{Contacts, Header, Request, Response, SipMessage, StartLine},
    method::{Method, OtherMethod},
    status::StatusCode,
    uri::{Host, OpaqueUri, SipUri, Uri},
    writer::{Output, Reply, RequestWriter, ResponseWriter},
};
