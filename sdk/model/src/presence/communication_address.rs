//! By what means, and where, somebody can be reached.

use super::{Priority, Uri};

/// A COMMUNICATION ADDRESS: the `<contact>` of a tuple. RFC 2778 §2.4, RFC 3863 §4.1.5.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommunicationAddress {
    contact_address: Uri,
    priority: Option<Priority>,
}

impl CommunicationAddress {
    /// Makes one without a priority.
    pub const fn new(contact_address: Uri) -> Self {
        Self {
            contact_address,
            priority: None,
        }
    }

    /// Says how much it is preferred to those of other tuples.
    pub const fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = Some(priority);
        self
    }

    /// The COMMUNICATION MEANS: the scheme of the URI, as written; `None` where a client left it out.
    pub fn communication_means(&self) -> Option<&str> {
        self.contact_address.scheme()
    }

    /// The CONTACT ADDRESS, with its scheme.
    pub const fn contact_address(&self) -> &Uri {
        &self.contact_address
    }

    /// How much it is preferred.
    pub const fn priority(&self) -> Option<Priority> {
        self.priority
    }
}
