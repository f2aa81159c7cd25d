//! An external component's stream: the handshake, then stanzas (XEP-0114).

mod error;
mod handshake;
mod stream;

pub use error::HandshakeError;
pub use handshake::{Handshake, HandshakeProgress};
pub use stream::ComponentStream;
