//! Addresses: `im:` and `pres:` URIs, and the domains in them.
//!
//! What a native address says beyond user and domain stands in the local part ([`MetaSyntax`]), and so does a whole address
//! of another network ([`SourceRoute`]).
//!
//! RFC 3860 §3.1, RFC 3859 §3.1, draft-ietf-impp-cpim-03 appendices C to E.

mod address_uri;
mod byte_set;
mod domain;
mod error;
mod instant_inbox;
mod mailbox;
mod meta_syntax;
mod one_mailbox;
mod percent;
mod presentity;
mod source_route;

pub use address_uri::{Address, AddressUri, UriHeader};
pub use domain::Domain;
pub use error::AddressError;
pub use instant_inbox::InstantInbox;
pub use meta_syntax::{MetaSyntax, QualifiedUser};
pub use presentity::Presentity;
pub use source_route::{SourceRoute, SourceRouteError};
