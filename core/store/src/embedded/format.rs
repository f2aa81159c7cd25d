//! The versions of what stands in a store's file, and how an old one becomes the current one.
//!
//! | version | what changed |
//! |---|---|
//! | 0 | tables of plain values; never released |
//! | 1 | values are sealed with a checksum and the time when they expire; there is an index of times |

use redb::{
    Database, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, TableHandle,
    WriteTransaction,
};

use super::trouble::Trouble;
use crate::{
    Reason, Table,
    record::{self, Expiry},
};

/// The version that this release writes.
pub(crate) const CURRENT: u32 = 1;

/// The index of what expires.
pub(crate) const EXPIRY: Bytes = TableDefinition::new("rialto.expiry");

/// What is known of the store itself.
pub(crate) const META: Bytes = TableDefinition::new("rialto.meta");

const VERSION: &[u8] = b"format";

type Bytes = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// From one version to the next, in one transaction with all that come after it.
struct Migration {
    from: u32,
    run: fn(&WriteTransaction) -> Result<(), Trouble>,
}

/// One for each earlier version; they stay for ever.
const MIGRATIONS: [Migration; CURRENT as usize] = [Migration {
    from: 0,
    run: seal_values,
}];

/// The engine's table for one of ours.
pub(crate) const fn definition(table: Table) -> Bytes {
    TableDefinition::new(table.as_str())
}

/// Whether an older store may become a current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upgrade {
    Permitted,
    Refused,
}

/// Makes a new store current, and an old one, where that is permitted; refuses what is unknown.
pub(crate) fn settle(database: &Database, upgrade: Upgrade) -> Result<(), Trouble> {
    match find(&database.begin_read()?)? {
        None => create(database),
        Some(CURRENT) => Ok(()),
        Some(found) if found > CURRENT => Err(Trouble::Newer(found)),
        Some(found) if upgrade == Upgrade::Refused => Err(Trouble::Older(found)),
        Some(found) => migrate(database, found),
    }
}

/// The version that is there; none in an empty file.
pub(crate) fn find(reading: &ReadTransaction) -> Result<Option<u32>, Trouble> {
    let mut tables = reading.list_tables()?.peekable();
    if tables.peek().is_none() {
        return Ok(None);
    }
    if !tables.any(|table| table.name() == META.name()) {
        return Err(Trouble::NotAStore);
    }
    let meta = reading.open_table(META)?;
    let version = meta.get(VERSION)?.ok_or(Trouble::NotAStore)?;
    let version = version.value().try_into().ok().map(u32::from_be_bytes);
    let unreadable = || Trouble::Corrupt(Reason::new("its version cannot be read"));
    version.map(Some).ok_or_else(unreadable)
}

fn create(database: &Database) -> Result<(), Trouble> {
    in_one_transaction(database, |writing| {
        for table in Table::ALL {
            writing.open_table(definition(table))?;
        }
        writing.open_table(EXPIRY)?;
        write_version(writing, CURRENT)
    })
}

fn migrate(database: &Database, found: u32) -> Result<(), Trouble> {
    in_one_transaction(database, |writing| {
        for migration in MIGRATIONS.iter().filter(|m| m.from >= found) {
            (migration.run)(writing)?;
        }
        write_version(writing, CURRENT)
    })
}

fn in_one_transaction(
    database: &Database,
    write: impl FnOnce(&WriteTransaction) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let mut writing = database.begin_write()?;
    writing.set_two_phase_commit(true);
    write(&writing)?;
    Ok(writing.commit()?)
}

pub(crate) fn write_version(writing: &WriteTransaction, version: u32) -> Result<(), Trouble> {
    let mut meta = writing.open_table(META)?;
    meta.insert(VERSION, &version.to_be_bytes()[..])?;
    Ok(())
}

/// From 0 to 1.
fn seal_values(writing: &WriteTransaction) -> Result<(), Trouble> {
    /// Read before they are written again, so that memory is bounded.
    const AT_ONCE: usize = 256;

    for table in Table::ALL {
        let mut values = writing.open_table(definition(table))?;
        let (mut from, mut sealed) = (None::<Vec<u8>>, Vec::new());
        loop {
            let start = from
                .as_deref()
                .map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
            let mut plain = Vec::new();
            for entry in values
                .range::<&[u8]>((start, std::ops::Bound::Unbounded))?
                .take(AT_ONCE)
            {
                let (key, value) = entry?;
                plain.push((key.value().to_vec(), value.value().to_vec()));
            }
            for (key, value) in &plain {
                record::seal(&mut sealed, table, key, value, Expiry::NEVER);
                values.insert(key.as_slice(), sealed.as_slice())?;
            }
            match plain.pop() {
                Some((last, _)) => from = Some(last),
                None => break,
            }
        }
    }
    writing.open_table(EXPIRY)?;
    Ok(())
}
