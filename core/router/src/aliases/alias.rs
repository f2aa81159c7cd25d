//! What the operator says of one user or one domain.

use rialto_model::ByteString;

use crate::AddressPattern;

/// Shows the users at one address under another: one user under one name, or all of a domain under another domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    address: AddressPattern,
    shown: AddressPattern,
    adapters: Option<Vec<ByteString>>,
}

impl Alias {
    /// Makes an alias that every network knows.
    pub const fn new(address: AddressPattern, shown: AddressPattern) -> Self {
        Self {
            address,
            shown,
            adapters: None,
        }
    }

    /// Names the adapters whose networks know it; the others do not.
    pub fn with_adapters<T: Into<ByteString>>(
        mut self,
        adapters: impl IntoIterator<Item = T>,
    ) -> Self {
        self.adapters = Some(adapters.into_iter().map(Into::into).collect());
        self
    }

    /// Where the users are.
    pub const fn address(&self) -> &AddressPattern {
        &self.address
    }

    /// What others see and write to.
    pub const fn shown(&self) -> &AddressPattern {
        &self.shown
    }

    /// The adapters whose networks know it; none named: all of them.
    pub fn adapters(&self) -> Option<&[ByteString]> {
        self.adapters.as_deref()
    }

    /// Whether the network behind that adapter knows it; the gateway itself, which has no name, knows what all know.
    pub(crate) fn is_known_to(&self, adapter: Option<&str>) -> bool {
        match (&self.adapters, adapter) {
            (None, _) => true,
            (Some(adapters), Some(name)) => adapters.iter().any(|known| known == name),
            (Some(_), None) => false,
        }
    }
}
