//! What operators see of a record.

use std::time::SystemTime;

use rialto_model::{Bytes, Package, PresenceDocument};

use super::Record;
use crate::{JournalTable, RestoreError, presence::restore::read};

/// What a record of presence says, for operators: all but documents.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PresenceRecordView {
    /// What it is: `subscription`, `document`, `rules`, `publication`, or `fetched`.
    pub kind: &'static str,
    /// When it is over by itself, if that is written in it.
    pub expires_at: Option<SystemTime>,
    /// What it says, by name.
    pub details: Vec<(&'static str, String)>,
}

impl PresenceRecordView {
    /// Reads a record.
    pub fn read(table: JournalTable, key: &[u8], record: &Bytes) -> Result<Self, RestoreError> {
        let (_, record) = read(table, key, record)?;
        let (kind, expires_at) = match &record {
            Record::Subscription(record) => ("subscription", Some(record.expires_at)),
            Record::Publication(record) => ("publication", Some(record.expires_at)),
            Record::Document(_) => ("document", None),
            Record::Rules(_) => ("rules", None),
            Record::Fetched(_) => ("fetched", None),
        };
        Ok(Self {
            kind,
            expires_at: expires_at.map(|at| at.time()),
            details: details(&record),
        })
    }
}

fn details(record: &Record) -> Vec<(&'static str, String)> {
    match record {
        Record::Subscription(record) => vec![
            ("adapter", record.adapter.to_string()),
            ("watcher", record.watcher.to_string()),
            ("presentity", record.target.to_string()),
            ("subscription_id", record.id.to_string()),
            ("package", package(record.package).to_owned()),
            ("authentication", format!("{:?}", record.authentication)),
            ("state", format!("{:?}", record.standing)),
        ],
        Record::Document(record) => of_document(&record.content).to_vec(),
        Record::Rules(record) => vec![
            ("presentity", record.presentity.to_string()),
            ("rules", record.rules.to_string()),
        ],
        Record::Publication(record) => {
            let mut details = vec![
                ("presentity", record.presentity.to_string()),
                ("publication_id", record.id.to_string()),
                ("version", record.version.to_string()),
            ];
            details.extend(of_document(&record.document));
            details
        }
        Record::Fetched(record) => {
            let mut details = vec![
                ("watcher", record.watcher.to_string()),
                ("presentity", record.presentity.to_string()),
            ];
            details.extend(of_document(&record.document.content));
            details
        }
    }
}

fn of_document(document: &PresenceDocument) -> [(&'static str, String); 2] {
    [
        ("content_type", document.content_type().to_string()),
        ("payload_bytes", document.payload().len().to_string()),
    ]
}

const fn package(package: Package) -> &'static str {
    match package {
        Package::WatcherInformation => "presence.winfo",
        _ => "presence",
    }
}
