//! Instant inboxes, named by `im:` URIs.

use std::{borrow::Cow, fmt, str::FromStr};

use bytestring::ByteString;

use super::{Address, mailbox::Mailbox, one_mailbox::one_mailbox};
use crate::{AddressError, Domain};

one_mailbox! {
    /// The address of an instant inbox: an `im:` URI with one mailbox.
    ///
    /// Equal addresses are equal bytes; clones share. RFC 2778 (INSTANT INBOX ADDRESS), RFC 3860 §3.1.
    InstantInbox, "im"
}

impl InstantInbox {
    /// Makes an address of the pieces of a mailbox, if that is canonical as it stands.
    pub(super) fn plain(pieces: &[&str]) -> Option<Self> {
        Mailbox::plain(Self::SCHEME, pieces).map(Self)
    }

    /// The local part as the URI has it.
    pub(super) fn encoded_local_part(&self) -> &str {
        self.0.encoded_local_part(Self::SCHEME)
    }
}
