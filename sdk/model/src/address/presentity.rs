//! Presentities, named by `pres:` URIs.

use std::{borrow::Cow, fmt, str::FromStr};

use bytestring::ByteString;

use super::{Address, mailbox::Mailbox, one_mailbox::one_mailbox};
use crate::{AddressError, Domain};

one_mailbox! {
    /// The identifier of a presentity: a `pres:` URI with one mailbox.
    ///
    /// Never converted from or to an [`InstantInbox`](crate::InstantInbox): neither need have the other (RFC 2779 §2.1.2). RFC 3859 §3.1.
    Presentity, "pres"
}
