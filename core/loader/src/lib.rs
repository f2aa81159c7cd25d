//! Opens plugin libraries, checks them, runs adapters.
//!
//! [`Declared`] → [`Loaded`] → [`Adapter`]: each step consumes the former, and each can be refused with a [`LoadError`] that says
//! what is wrong and what to do, without harm to what runs already. The gateway behind the boundary is a [`Gateway`].
//!
//! With [`Declared::isolated`] the same steps are gone in a process of the adapter's own ([`child`]), and its end is not the gateway's.
//!
//! The order of checks: trusted ([`Trust`]) → whole file → survives being opened (in a child) → mark → contract → table → fields → layout →
//! manifest → configuration → claims.

#![warn(missing_docs)]

mod adapter;
pub mod bare;
pub mod child;
mod claims;
mod declared;
mod error;
mod gateway;
mod library;
mod log;
mod trust;
mod watchdog;

pub use adapter::{Adapter, AdapterId, Delivery, StopError};
pub use child::{Isolation, Program};
pub use claims::{Claim, ClaimTable};
pub use declared::{Declared, Former, Loaded};
pub use error::LoadError;
pub use gateway::{Gateway, Health, Measure, SubmissionId, SubmitAnswer};
#[doc(hidden)]
pub use library::read_manifest;
pub use library::{Capabilities, Capability, ConfigSchema, Language, Library, Lookup, Manifest};
pub use log::LogRecord;
pub use rialto_bridge::{Legacy, Outcome, Receipt, Ticket, operation::Operation};
pub use trust::{Digest, Trust, TrustedKey};
