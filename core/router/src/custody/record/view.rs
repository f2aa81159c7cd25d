//! What operators see of a record.

use std::time::SystemTime;

use rialto_model::{ByteString, Bytes, DispositionOperation, Failure, InstantInbox};

use super::{Record, RestoreError};
use crate::custody::{JournalTable, clock::Millis};

/// What a record of the journal says, for operators: all but a message's headers and text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordView {
    /// What it is: `message`, `report`, `identity`, or `awaited`.
    pub kind: &'static str,
    /// The adapter that brought the message.
    pub adapter: ByteString,
    /// The message's source, as its network knows it.
    pub source: InstantInbox,
    /// The message's destination, as the source's network knows it.
    pub destination: InstantInbox,
    /// Since when it is kept.
    pub since: SystemTime,
    /// When it is given up.
    pub expires_at: SystemTime,
    /// What else it says, by name.
    pub details: Vec<(&'static str, String)>,
}

impl RecordView {
    /// Reads a record.
    pub fn read(table: JournalTable, key: &[u8], record: &Bytes) -> Result<Self, RestoreError> {
        let (_, record) = Record::restore(table, key, record)?;
        let (kind, [since, expires_at]) = kind(&record);
        let (adapter, details) = (record.adapter().clone(), details(&record));
        let (source, destination) = record.into_conversation();
        Ok(Self {
            kind,
            adapter,
            source,
            destination,
            since: since.time(),
            expires_at: expires_at.time(),
            details,
        })
    }
}

const fn kind(record: &Record) -> (&'static str, [Millis; 2]) {
    match record {
        Record::Message(record) => ("message", [record.accepted_at, record.expires_at]),
        Record::Report(record) => ("report", [record.accepted_at, record.expires_at]),
        Record::Identity(record) => ("identity", [record.accepted_at, record.expires_at]),
        Record::Awaited(record) => ("awaited", [record.sent_at, record.expires_at]),
    }
}

fn details(record: &Record) -> Vec<(&'static str, String)> {
    match record {
        Record::Message(record) => {
            let (operation, message) = (&record.operation, record.operation.message());
            let mut details = vec![
                ("transaction_id", operation.transaction_id().to_string()),
                ("onward_transaction_id", record.onward.to_string()),
                ("content_type", message.content_type().to_string()),
                ("payload_bytes", message.payload().len().to_string()),
            ];
            let identity = operation.identity();
            details.extend(identity.map(|identity| ("identity", identity.to_string())));
            details
        }
        Record::Report(record) => of_report(&record.disposition),
        Record::Identity(record) => vec![("identity", record.identity.to_string())],
        Record::Awaited(record) => vec![
            ("transaction_id", record.id.to_string()),
            ("onward_transaction_id", record.onward.to_string()),
            ("delivered_by", record.deliverer.to_string()),
        ],
    }
}

fn of_report(report: &DispositionOperation) -> Vec<(&'static str, String)> {
    let mut details = vec![
        ("transaction_id", report.transaction_id().to_string()),
        ("concerning", report.concerning().to_string()),
        ("disposition", format!("{:?}", report.disposition())),
    ];
    let reason = |failure: &Failure| ("failure", format!("{:?}", failure.reason()));
    details.extend(report.failure().map(reason));
    details
}
