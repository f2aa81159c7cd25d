//! SMTP and LMTP: commands, replies, and the server's side of a session (RFC 5321, 2033).

mod client;
mod command;
mod content;
mod envelope;
mod reply;
mod session;
mod status;

pub use client::{CannotCarry, Capabilities, Client, ClientEvent, Delivery, sasl_plain};
pub use envelope::{
    BodyType, Envelope, MailFrom, Notify, OriginalRecipient, RcptTo, Return, decode_xtext,
    encode_xtext,
};
pub use reply::{Classification, Permanence, Reply, ReplyCode, ReplyError};
pub use session::{Event, NothingToAnswer, Protocol, Session, SessionOptions, StartTls};
pub use status::{EnhancedStatus, NoStatus, StatusClass, StatusSubject};
