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
