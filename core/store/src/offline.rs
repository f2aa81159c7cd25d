//! Looking into a store that no gateway is using.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    ops::ControlFlow,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value, json};

use crate::{
    DumpError, KeyRange, OpenError, ReadError, Record, Table,
    embedded::{Engine, Folder, Trouble, Upgrade},
    expiry,
    record::Expiry,
};

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckReport {
    /// Each table, in the order of [`Table::ALL`].
    pub tables: Vec<TableReport>,
    /// Records that expire, but are not listed by time: they would never be removed.
    pub unlisted: u64,
    /// Entries by time without a record that expires then.
    pub orphaned: u64,
}

/// What a check found in one table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableReport {
    /// The table.
    pub table: Table,
    /// Records that are as they were written.
    pub records: u64,
    /// The bytes of their values.
    pub bytes: u64,
    /// Records that are not.
    pub damaged: u64,
    /// The keys of some of these.
    pub damaged_keys: Vec<Vec<u8>>,
}

/// What a dump wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DumpReport {
    /// Lines with a record.
    pub records: u64,
    /// Lines about a record that is damaged.
    pub damaged: u64,
    /// Tables that end before their end, because the file cannot be read there.
    pub cut_off: Vec<Table>,
}

impl CheckReport {
    /// How many damaged keys of a table are named.
    pub const NAMED: usize = 16;

    /// Whether everything is as it was written.
    pub fn is_sound(&self) -> bool {
        let damaged: u64 = self.tables.iter().map(|table| table.damaged).sum();
        (damaged, self.unlisted, self.orphaned) == (0, 0, 0)
    }
}

const CACHE: usize = 16 << 20;

/// Verifies a store: every page, every record, the index of times, the version.
///
/// Changes nothing, but puts right what a crash left, as the gateway would. A store in use is refused.
pub fn check(path: impl AsRef<Path>) -> Result<CheckReport, OpenError> {
    let path = path.as_ref();
    let engine = open(path)?;
    let mut report = CheckReport::default();
    let mut listed = listed(&engine).map_err(|error| unreadable(path, error))?;
    for table in Table::ALL {
        let found = check_table(&engine, table, &mut listed, &mut report.unlisted);
        report
            .tables
            .push(found.map_err(|error| unreadable(path, error))?);
    }
    report.orphaned = listed.len() as u64;
    Ok(report)
}

/// Writes every record of a store as a line of JSON.
///
/// A line has `table`, `key` (in hexadecimal), `length` of the value, `expires` (in milliseconds since 1970) where it does, and `value`, where the decoder makes something of it. A damaged
/// record is a line with `damaged`. A store that is corrupt is dumped as far as it can be read. The store is not changed, see [`check`].
pub fn dump(
    path: impl AsRef<Path>,
    into: &mut dyn Write,
    decode: &impl Fn(Table, &[u8], &[u8]) -> Option<Value>,
) -> Result<DumpReport, DumpError> {
    let path = path.as_ref();
    let engine = match open(path) {
        Err(OpenError::Corrupt { .. }) => salvage(path)?,
        other => other?,
    };
    let mut report = DumpReport::default();
    for table in Table::ALL {
        let mut written = Ok(());
        let lines = lines_of(&engine, table, decode, &mut report, &mut |line| {
            written = write_line(into, &line);
            written.is_ok()
        });
        written?;
        if lines.is_err() {
            report.cut_off.push(table);
        }
    }
    into.flush()?;
    Ok(report)
}

/// Visits the records of one table of a store in the order of their keys, until the visitor breaks off; damaged ones as well, as errors.
///
/// The store is not changed, see [`check`].
pub fn scan(
    path: impl AsRef<Path>,
    table: Table,
    visit: impl FnMut(&[u8], Result<Record, ReadError>) -> ControlFlow<()>,
) -> Result<(), OpenError> {
    let path = path.as_ref();
    let scanned = open(path)?.scan(table, &KeyRange::all(), visit);
    scanned.map_err(|error| unreadable(path, error))
}

fn open(path: &Path) -> Result<Engine, OpenError> {
    let folder = Folder::new(path, u64::MAX);
    if !folder.file().is_file() {
        return Err(Trouble::Absent.at(path));
    }
    Engine::open(&folder, CACHE, Upgrade::Refused).map_err(|trouble| trouble.at(path))
}

fn salvage(path: &Path) -> Result<Engine, OpenError> {
    let folder = Folder::new(path, u64::MAX);
    Engine::salvage(&folder, CACHE).map_err(|trouble| trouble.at(path))
}

/// The entries of the index of times.
fn listed(engine: &Engine) -> Result<BTreeSet<Vec<u8>>, ReadError> {
    let mut listed = BTreeSet::new();
    engine.scan_expiry(&mut |entry| {
        listed.insert(entry.to_vec());
    })?;
    Ok(listed)
}

/// Takes what it finds off the list.
fn check_table(
    engine: &Engine,
    table: Table,
    listed: &mut BTreeSet<Vec<u8>>,
    unlisted: &mut u64,
) -> Result<TableReport, ReadError> {
    let mut report = TableReport {
        table,
        records: 0,
        bytes: 0,
        damaged: 0,
        damaged_keys: Vec::new(),
    };
    engine.scan(table, &KeyRange::all(), |key, record| {
        match record {
            Ok(record) => {
                report.records += 1;
                report.bytes += record.value().len() as u64;
                let expires = Expiry::new(record.expires());
                if expires != Expiry::NEVER && !listed.remove(&expiry::entry(expires, table, key)) {
                    *unlisted += 1;
                }
            }
            Err(_) => {
                report.damaged += 1;
                if report.damaged_keys.len() < CheckReport::NAMED {
                    report.damaged_keys.push(key.to_vec());
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(report)
}

/// Gives the lines of a table, until one is not taken.
fn lines_of(
    engine: &Engine,
    table: Table,
    decode: &impl Fn(Table, &[u8], &[u8]) -> Option<Value>,
    report: &mut DumpReport,
    take: &mut dyn FnMut(Value) -> bool,
) -> Result<(), ReadError> {
    engine.scan(table, &KeyRange::all(), |key, record| {
        let line = match &record {
            Ok(record) => {
                report.records += 1;
                line(table, key, record, decode)
            }
            Err(_) => {
                report.damaged += 1;
                json!({ "table": table.as_str(), "key": hexadecimal(key), "damaged": true })
            }
        };
        if take(line) {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })
}

fn line(
    table: Table,
    key: &[u8],
    record: &Record,
    decode: &impl Fn(Table, &[u8], &[u8]) -> Option<Value>,
) -> Value {
    let mut line = Map::new();
    line.insert("table".into(), table.as_str().into());
    line.insert("key".into(), hexadecimal(key).into());
    line.insert("length".into(), record.value().len().into());
    if let Some(expires) = record.expires() {
        line.insert("expires".into(), milliseconds(expires).into());
    }
    if let Some(value) = decode(table, key, record.value()) {
        line.insert("value".into(), value);
    }
    Value::Object(line)
}

fn write_line(into: &mut dyn Write, line: &Value) -> io::Result<()> {
    serde_json::to_writer(&mut *into, line)?;
    into.write_all(b"\n")
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16);
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(digit).collect()
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn unreadable(path: &Path, error: ReadError) -> OpenError {
    let reason = crate::Reason::new(error);
    let path = path.to_owned();
    OpenError::Corrupt { path, reason }
}
