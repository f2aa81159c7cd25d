//! What the journal holds when the gateway starts.

use std::{ops::ControlFlow, time::SystemTime};

use rand::rngs::StdRng;
use rialto_router::{Custodian, JournalTable, PresenceRecordView, RestoreError};
use rialto_store::{Batch, Done, KeyRange, ReadError, Record, Store};
use thiserror::Error;
use tracing::info;

use super::tables::{TABLES, table};
use crate::{
    gateway::{Gateway, now},
    shard::Surroundings,
};

/// Why the gateway cannot take up what it has kept.
#[derive(Debug, Error)]
pub(crate) enum TakeUpError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Record(#[from] RestoreError),
}

/// Gives each shard the records of its conversations or presentities, one at a time; nothing is delivered yet.
pub(crate) fn restore(gateway: &Gateway, store: &dyn Store) -> Result<(), TakeUpError> {
    let wall = gateway.clock().at(now());
    let (mut restored, mut passed_by, mut over) = (0_u64, 0_u64, Batch::new());
    for of in TABLES {
        let Some(table) = table(of) else { continue };
        let mut refused = None;
        store.scan(table, &KeyRange::all(), &mut |key, record| {
            match take_up(gateway, of, key, &record, wall) {
                Ok(()) => restored += 1,
                // Nobody is owed a word any more: names that the adapter's network used, or reports that it might have been told.
                Err(RestoreError::UnknownAdapter { .. }) if of != JournalTable::Operations => {
                    passed_by += 1;
                    if is_over(of, key, &record, wall) {
                        over.delete(table, key.to_vec());
                    }
                }
                Err(error) => {
                    refused = Some(error);
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        if let Some(error) = refused {
            return Err(error.into());
        }
    }
    info!(records = restored, "journal taken up");
    if passed_by > 0 {
        info!(
            records = passed_by,
            "records of adapters that are gone are passed by until they expire"
        );
    }
    if !over.is_empty() {
        store.commit(over, Done::ignore());
    }
    gateway.wake_timer();
    Ok(())
}

/// Whether a record that nobody takes up has had its time, which the store does not know of a subscription.
fn is_over(table: JournalTable, key: &[u8], record: &Record, wall: SystemTime) -> bool {
    let view = PresenceRecordView::read(table, key, record.value());
    let expires_at = view.ok().and_then(|view| view.expires_at);
    expires_at.is_some_and(|at| at <= wall)
}

fn take_up(
    gateway: &Gateway,
    table: JournalTable,
    key: &[u8],
    record: &Record,
    wall: SystemTime,
) -> Result<(), RestoreError> {
    if record.is_expired(wall) {
        return Ok(()); // the store is about to remove it
    }
    let record = record.value();
    if is_of_presence(table) {
        return gateway.restore_presence(table, key, record);
    }
    let (source, destination) = Custodian::<StdRng>::conversation_of(table, key, record)?;
    match gateway.shard_of(&source, &destination) {
        Some(shard) => shard.restore(now(), table, key, record),
        None => Ok(()),
    }
}

/// Whether a table belongs to the presence service.
pub(crate) const fn is_of_presence(table: JournalTable) -> bool {
    matches!(
        table,
        JournalTable::Rules | JournalTable::Subscriptions | JournalTable::Presence
    )
}
