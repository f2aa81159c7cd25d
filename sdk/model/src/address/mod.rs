//! Addresses: `im:` and `pres:` URIs, and the domains in them.
//!
//! RFC 3860 §3.1, RFC 3859 §3.1, draft-ietf-impp-cpim-03 appendices C and D.

mod address_uri;
mod domain;
mod error;
mod instant_inbox;
mod mailbox;
mod one_mailbox;
mod percent;
mod presentity;
mod source_route;

pub use address_uri::{Address, AddressUri, UriHeader};
pub use domain::Domain;
pub use error::AddressError;
pub use instant_inbox::InstantInbox;
pub use presentity::Presentity;
pub use source_route::{SourceRoute, SourceRouteError};
