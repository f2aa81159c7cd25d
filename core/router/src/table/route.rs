//! Static routes.

use rialto_model::{ByteString, Domain};

/// Sends a domain and its subdomains to an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    domain: Domain,
    adapter: ByteString,
    next_hop: Option<ByteString>,
}

impl Route {
    /// Makes a route to the adapter of that name.
    pub fn new(domain: Domain, adapter: impl Into<ByteString>) -> Self {
        Self {
            domain,
            adapter: adapter.into(),
            next_hop: None,
        }
    }

    /// Says where the adapter shall send to, in the plugin's own words.
    pub fn with_next_hop(mut self, next_hop: impl Into<ByteString>) -> Self {
        self.next_hop = Some(next_hop.into());
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

    /// Where the adapter sends to, if the route says so.
    pub const fn next_hop(&self) -> Option<&ByteString> {
        self.next_hop.as_ref()
    }
}
