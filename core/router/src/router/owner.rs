//! Who hears how an operation ended.

use super::CallerTicket;
use crate::custody::JournalKey;

/// Who hears how an operation ended; unique among those in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// The caller, by an action.
    Caller(CallerTicket),
    /// The custodian, which then decides what the caller hears.
    Held(CallerTicket),
    /// The custodian, whose caller was answered long ago, or is while this is tried.
    Kept(JournalKey),
}
