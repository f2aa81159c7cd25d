//! Static routes.

use rialto_model::{ByteString, Domain};

/// Sends a domain and its subdomains to an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    domain: Domain,
    adapter: ByteString,
    next_hop: Option<ByteString>,
    is_own: bool,
}

impl Route {
    /// Makes a route to the adapter of that name.
    pub fn new(domain: Domain, adapter: impl Into<ByteString>) -> Self {
        Self {
            domain,
            adapter: adapter.into(),
            next_hop: None,
            is_own: true,
        }
    }

    /// Says where the adapter shall send to, in the plugin's own words.
    pub fn with_next_hop(mut self, next_hop: impl Into<ByteString>) -> Self {
        self.next_hop = Some(next_hop.into());
        self
    }

    /// Says that the domain is a partner's: access rules take its users for foreign ones.
    pub const fn of_a_partner(mut self) -> Self {
        self.is_own = false;
        self
    }

    /// The domain that is routed, with all below it that have no route of their own.
    pub const fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The name of the adapter.
    pub const fn adapter(&self) -> &ByteString {
        &self.adapter
    }

    /// Whether the domain is one of ours.
    pub const fn is_own(&self) -> bool {
        self.is_own
    }

    /// Where the adapter sends to, if the route says so.
    pub const fn next_hop(&self) -> Option<&ByteString> {
        self.next_hop.as_ref()
    }
}
