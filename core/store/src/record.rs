//! A value as it stands in a file: with a checksum, and with the time when it expires.
//!
//! ```text
//! 0       4                      12
//! │ CRC32 │ expires, ms, 0: never │ value …
//! ```
//!
//! Little-endian checksum, big-endian time since the Unix epoch. The checksum covers table and key as well, so that a value found under another key is
//! noticed. The engine's own checksums are of pages, and are only verified when a store is opened; this one is verified whenever a value is read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::Table;

/// A value that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    value: Bytes,
    expires: Option<SystemTime>,
}

/// A value that is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damaged;

/// The time when a value expires, in milliseconds, as it stands in files; 0 is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Expiry(pub(crate) u64);

const CHECKSUM: usize = 4;
const HEADER: usize = CHECKSUM + 8;

impl Record {
    pub(crate) const fn new(value: Bytes, expires: Option<SystemTime>) -> Self {
        Self { value, expires }
    }

    /// The value.
    pub const fn value(&self) -> &Bytes {
        &self.value
    }

    /// The value, by itself.
    pub fn into_value(self) -> Bytes {
        self.value
    }

    /// When it is to be removed.
    pub const fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// Whether its time has come. Until it is removed it can still be read.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

impl Expiry {
    pub(crate) const NEVER: Self = Self(0);

    /// Of a time before the epoch, the first after it: it has come in any case.
    pub(crate) fn new(time: Option<SystemTime>) -> Self {
        let Some(time) = time else { return Self::NEVER };
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX).max(1))
    }

    pub(crate) fn time(self) -> Option<SystemTime> {
        if self == Self::NEVER {
            return None;
        }
        UNIX_EPOCH.checked_add(Duration::from_millis(self.0))
    }
}

/// Writes what stands in the file for a value.
pub(crate) fn seal(into: &mut Vec<u8>, table: Table, key: &[u8], value: &[u8], expires: Expiry) {
    into.clear();
    into.reserve(HEADER + value.len());
    into.extend_from_slice(&checksum(table, key, expires, value).to_le_bytes());
    into.extend_from_slice(&expires.0.to_be_bytes());
    into.extend_from_slice(value);
}

/// Reads it back.
pub(crate) fn unseal<'a>(
    table: Table,
    key: &[u8],
    sealed: &'a [u8],
) -> Result<(&'a [u8], Expiry), Damaged> {
    let (sum, rest) = sealed.split_first_chunk::<CHECKSUM>().ok_or(Damaged)?;
    let (expires, value) = rest.split_first_chunk::<8>().ok_or(Damaged)?;
    let expires = Expiry(u64::from_be_bytes(*expires));
    if checksum(table, key, expires, value) != u32::from_le_bytes(*sum) {
        return Err(Damaged);
    }
    Ok((value, expires))
}

/// The time when a sealed value expires, unverified: for the index, which is rebuilt from nothing else.
pub(crate) fn sealed_expiry(sealed: &[u8]) -> Expiry {
    let time = sealed.get(CHECKSUM..HEADER);
    let time = time.and_then(|bytes| bytes.try_into().ok());
    time.map_or(Expiry::NEVER, |bytes| Expiry(u64::from_be_bytes(bytes)))
}

/// The bytes that a value takes, its entry in the index of times included.
pub(crate) const fn footprint(key: usize, value: usize, with_expiry: bool) -> u64 {
    let record = key + HEADER + value;
    let index = if with_expiry {
        key + crate::expiry::PREFIX
    } else {
        0
    };
    (record + index) as u64
}

fn checksum(table: Table, key: &[u8], expires: Expiry, value: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[table.code()]);
    hasher.update(&(key.len() as u64).to_be_bytes());
    hasher.update(key);
    hasher.update(&expires.0.to_be_bytes());
    hasher.update(value);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn value_is_read_as_it_was_sealed(key: Vec<u8>, value: Vec<u8>, expires: u64) {
            let (mut sealed, table) = (Vec::new(), Table::Presence);
            seal(&mut sealed, table, &key, &value, Expiry(expires));
            prop_assert_eq!(unseal(table, &key, &sealed), Ok((&value[..], Expiry(expires))));
            prop_assert_eq!(sealed_expiry(&sealed), Expiry(expires));
            let size = footprint(key.len(), value.len(), false);
            prop_assert_eq!((key.len() + sealed.len()) as u64, size);
        }

        #[test]
        fn any_flipped_bit_is_noticed(key: Vec<u8>, value: Vec<u8>, at: prop::sample::Index, bit in 0..8_u32) {
            let mut sealed = Vec::new();
            seal(&mut sealed, Table::Rules, &key, &value, Expiry(7));
            let at = at.index(sealed.len());
            sealed[at] ^= 1_u8 << bit;
            prop_assert_eq!(unseal(Table::Rules, &key, &sealed), Err(Damaged));
        }

        #[test]
        fn anything_may_be_unsealed(sealed: Vec<u8>) {
            let read = unseal(Table::Rules, b"key", &sealed);
            prop_assert!(read.is_err() || sealed.len() >= HEADER);
            prop_assert!(sealed_expiry(&sealed) == Expiry::NEVER || sealed.len() >= HEADER);
        }
    }

    #[test]
    fn sealed_value_is_these_bytes_for_as_long_as_the_format_is_version_1() {
        let mut sealed = Vec::new();
        seal(
            &mut sealed,
            Table::Identities,
            b"key",
            b"value",
            Expiry(0x0102_0304),
        );
        assert_eq!(sealed, b"\x3b\xea\x80\x33\0\0\0\0\x01\x02\x03\x04value");
        let entry = crate::expiry::entry(Expiry(0x0102_0304), Table::Identities, b"key");
        assert_eq!(entry, b"\0\0\0\0\x01\x02\x03\x04\x04key");
    }

    #[test]
    fn value_of_another_key_or_table_is_noticed() {
        let mut sealed = Vec::new();
        seal(&mut sealed, Table::Rules, b"key", b"value", Expiry::NEVER);
        assert_eq!(unseal(Table::Rules, b"kez", &sealed), Err(Damaged));
        assert_eq!(unseal(Table::Presence, b"key", &sealed), Err(Damaged));
    }

    #[test]
    fn time_before_the_epoch_has_come() {
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(Expiry::new(Some(before)), Expiry(1));
        assert_eq!(Expiry::new(None).time(), None);
    }
}
