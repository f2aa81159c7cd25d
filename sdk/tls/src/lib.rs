//! TLS for plugins: what stands in files, for `rustls`.
//!
//! Each plugin with TLS names a certificate with its key, and who vouches for others, by files in PEM. Reading them is the same for all, and so are the
//! errors, which name the file and what to do. Whom a certificate is for, each protocol says itself, as a [`Rule`].

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod authorities;
mod error;
mod identity;
mod verifier;

use std::sync::Arc;

pub use self::{
    authorities::{authorities, system_authorities},
    error::FileError,
    identity::{Flaw, Identity},
    verifier::{Rule, Shown, Verifier},
};
use rustls::crypto::CryptoProvider;

/// The cryptography that all of it is done with; no state of the process's.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
