//! The journal's tables and changes, as the store has them.

use rialto_router::{Change, JournalTable};
use rialto_store::{Batch, Table};

/// The tables of the journal, in the order in which they are taken up again.
pub(crate) const TABLES: [JournalTable; 6] = [
    JournalTable::Operations,
    JournalTable::Identities,
    JournalTable::Dispositions,
    // Who may watch is known before those who do, and they before what they are told.
    JournalTable::Rules,
    JournalTable::Subscriptions,
    JournalTable::Presence,
];

/// The store's table for one of the journal's; none for one that is not known here.
pub(crate) const fn table(of: JournalTable) -> Option<Table> {
    match of {
        JournalTable::Operations => Some(Table::Operations),
        JournalTable::Identities => Some(Table::Identities),
        JournalTable::Dispositions => Some(Table::Dispositions),
        JournalTable::Rules => Some(Table::Rules),
        JournalTable::Subscriptions => Some(Table::Subscriptions),
        JournalTable::Presence => Some(Table::Presence),
        _ => None,
    }
}

/// Changes that become safe together.
pub(super) fn batch(changes: Vec<Change>) -> Batch {
    let mut batch = Batch::new();
    for Change {
        table: of,
        key,
        put,
        ..
    } in changes
    {
        let Some(table) = table(of) else { continue };
        match put {
            None => batch.delete(table, key),
            Some(put) => match put.expires {
                None => batch.put(table, key, put.value),
                Some(expires) => batch.put_until(table, key, put.value, expires),
            },
        }
    }
    batch
}
