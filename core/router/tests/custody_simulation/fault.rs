//! What is planted.

/// A fault that is planted between the custodian and the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The disk says that it has what it has not.
    LyingDisk,
    /// A restart passes over a message.
    ForgottenMessage,
    /// A restart passes over what is to be told.
    ForgottenReport,
    /// A restart passes over the identities.
    ForgottenIdentities,
    /// Reports are thrown away.
    SwallowedReports,
    /// Reports say something else than what was asked for.
    UnaskedReports,
    /// Reports come again under another name.
    RenamedReports,
    /// What is accepted is called delivered.
    InventedSuccess,
    SwallowedResponse,
    DoubledResponse,
    /// A delivery is done again under another name.
    RenamedDelivery,
    /// A restart finds the messages in the journal in each other's places.
    ReversedJournal,
    /// Of two that are kept, the later one is delivered first, and the other in its place.
    SwappedDeliveries,
}
