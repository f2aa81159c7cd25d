//! Counters.

/// What a custodian has done since it was made, besides what its router counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustodyStatistics {
    /// Messages that are kept; falls again.
    pub kept_messages: u64,
    /// Dispositions that are kept until they are told; falls again.
    pub kept_reports: u64,
    /// Messages whose outcome is not known and that are not kept; falls again.
    pub held: u64,
    /// Messages on which a later word is waited for, or which somebody on their way has taken; falls again.
    pub awaited: u64,
    /// Identities that are remembered; falls again.
    pub identities: u64,
    /// Messages that were kept, and their senders answered.
    pub accepted: u64,
    /// Messages that were to be kept, and could not: too many, or the store did not take them.
    pub not_kept: u64,
    /// Operations that were known by their identity.
    pub repeated: u64,
    /// Messages worth something only now, dropped for want of room.
    pub ephemeral_dropped: u64,
    /// Kept messages: tries after the first answer to the sender.
    pub retries: u64,
    /// Kept messages: handed over.
    pub delivered: u64,
    /// Kept messages: failed for good.
    pub failed: u64,
    /// Kept messages: their time to live was over.
    pub expired: u64,
    /// Kept messages: dropped by an operator.
    pub dropped: u64,
    /// Kept messages and reports whose record was lost or damaged.
    pub lost: u64,
    /// Dispositions that an adapter took.
    pub reports_told: u64,
    /// Dispositions that no adapter would take, in all the time that they were kept.
    pub reports_untold: u64,
    /// Dispositions that adapters submitted and that were refused: nobody waited for them, or not from there.
    pub reports_refused: u64,
    /// Writes that failed.
    pub failed_writes: u64,
    /// Records found at the start.
    pub restored: u64,
}
