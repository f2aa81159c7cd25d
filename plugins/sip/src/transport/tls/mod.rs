//! TLS around connections (RFC 3261 §26.2, RFC 5922).

mod domains;
mod session;
mod settings;
mod trouble;
mod verifier;

pub(super) use self::session::Session;
pub(crate) use self::{domains::Domains, settings::Tls, trouble::Trouble};
