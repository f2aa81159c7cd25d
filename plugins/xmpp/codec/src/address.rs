//! Addresses and the characters their local parts cannot hold.

mod escaping;
mod jid;

pub use escaping::{escape, unescape};
pub use jid::{AddressError, Jid};
