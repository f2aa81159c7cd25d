//! The journal's tables and changes, as the store has them.

use rialto_router::{Change, JournalTable};
use rialto_store::{Batch, Table};

/// The tables of the journal, in the order in which they are taken up again.
pub(crate) const TABLES: [JournalTable; 3] = [
    JournalTable::Operations,
    JournalTable::Identities,
    JournalTable::Dispositions,
];

/// The store's table for one of the journal's; none for one that is not known here.
pub(crate) const fn table(of: JournalTable) -> Option<Table> {
    match of {
        JournalTable::Operations => Some(Table::Operations),
        JournalTable::Identities => Some(Table::Identities),
        JournalTable::Dispositions => Some(Table::Dispositions),
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
