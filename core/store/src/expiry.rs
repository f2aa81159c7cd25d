//! Keys of the index of what expires, in the order of time.

use crate::{Table, record::Expiry};

/// What stands before the key: the time and the table.
pub(crate) const PREFIX: usize = 9;

/// The entry of a record: its time, big-endian, its table, its key.
pub(crate) fn entry(expires: Expiry, table: Table, key: &[u8]) -> Vec<u8> {
    let mut entry = Vec::with_capacity(PREFIX + key.len());
    entry.extend_from_slice(&expires.0.to_be_bytes());
    entry.push(table.code());
    entry.extend_from_slice(key);
    entry
}

/// What an entry says; nothing, when it is none of ours.
pub(crate) fn parse(entry: &[u8]) -> Option<(Expiry, Table, &[u8])> {
    let (time, rest) = entry.split_first_chunk::<8>()?;
    let (code, key) = rest.split_first()?;
    let table = Table::from_code(*code)?;
    Some((Expiry(u64::from_be_bytes(*time)), table, key))
}

/// The first entry that comes after all whose time has come.
pub(crate) fn after(now: Expiry) -> [u8; 8] {
    now.0.saturating_add(1).to_be_bytes()
}
