//! What the store of a stopped gateway holds.

use std::{
    io,
    ops::ControlFlow,
    sync::mpsc,
    time::{Duration, SystemTime},
};

use rialto_model::Bytes;
use rialto_router::{JournalKey, JournalTable, PresenceRecordView, RecordView, RestoreError};
use rialto_store::{
    Batch, CheckReport, CommitError, Done, DumpError, EmbeddedStore, Store, Table, TableReport,
};
use serde_json::{Map, Value};

use super::{
    super::print,
    listing::{Listing, describe, json},
    online::none,
};
use crate::{
    config::{Config, StoreConfig},
    control::{Entry, Filter, Shown},
    exit::Exit,
    journal,
};

/// Lists what is kept, the oldest first.
pub(crate) fn list_offline(config: &Config, filter: &Filter, as_json: bool) -> Result<(), Exit> {
    let mut listing = Listing::begin(as_json)?;
    visit(&config.store, |id, view| {
        let entry = entry(id, &view);
        if !filter.admits(&entry.adapter, &entry.destination, None) {
            return Ok(());
        }
        listing.add(&entry)
    })?;
    listing.end()
}

/// Shows one.
pub(crate) fn show_offline(config: &Config, id: u64, as_json: bool) -> Result<(), Exit> {
    let mut shown = None;
    visit(&config.store, |found, view| {
        if found == id {
            let (entry, record) = (entry(id, &view), journal::details(&view));
            shown = Some(Shown { entry, record });
        }
        Ok(())
    })?;
    let shown = shown.ok_or_else(|| none(id))?;
    print(&match as_json {
        true => json(&shown)? + "\n",
        false => describe(&shown),
    })
}

/// Takes one out; nobody is told.
pub(crate) fn give_up_offline(config: &StoreConfig, id: u64) -> Result<(), Exit> {
    let key = JournalKey::new(id).to_bytes();
    let mut is_there = false;
    // Damaged ones as well: they keep the gateway from starting. And no store is made where there is none.
    let look = |found: &[u8], _| match found == key {
        true => {
            is_there = true;
            ControlFlow::Break(())
        }
        false => ControlFlow::Continue(()),
    };
    rialto_store::scan(&config.folder, Table::Operations, look).map_err(Exit::unavailable)?;
    if !is_there {
        return Err(none(id));
    }
    let store = EmbeddedStore::open(&config.folder, config.limits()).map_err(Exit::unavailable)?;
    let mut batch = Batch::new();
    batch.delete(Table::Operations, key.to_vec());
    let (sender, safe) = mpsc::channel();
    store.commit(batch, Done::call(move |result| drop(sender.send(result))));
    let answer = safe.recv().unwrap_or(Err(CommitError::Stopped));
    answer.map_err(Exit::unavailable)?;
    print("taken out; nobody is told\n")
}

/// Verifies every page and record, and says what each table has; fails when something is damaged.
pub(crate) fn check(config: &StoreConfig) -> Result<(), Exit> {
    let report = rialto_store::check(&config.folder).map_err(Exit::unavailable)?;
    let tables = report.tables.iter().map(of_table);
    print(&tables.collect::<String>())?;
    if report.is_sound() {
        return print("sound\n");
    }
    let CheckReport {
        unlisted, orphaned, ..
    } = report;
    Err(Exit::Damaged(format!(
        "the store in {} is damaged: {} records, and {} of the index of times; keep a copy of the folder, and see with \
         `rialto queue dump` what can be read",
        config.folder.display(),
        report.tables.iter().map(|table| table.damaged).sum::<u64>(),
        unlisted + orphaned
    )))
}

/// Prints each record as a line of JSON, without the texts of messages.
pub(crate) fn dump(config: &StoreConfig) -> Result<(), Exit> {
    let out = &mut io::stdout().lock();
    let report = match rialto_store::dump(&config.folder, out, &decoded) {
        // A reader that has seen enough is no fault.
        Err(DumpError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
        other => other.map_err(Exit::unavailable)?,
    };
    if report.damaged == 0 && report.cut_off.is_empty() {
        return Ok(());
    }
    let cut_off: Vec<_> = report.cut_off.iter().map(ToString::to_string).collect();
    Err(Exit::Damaged(format!(
        "{} records are damaged; tables that end before their end: {}",
        report.damaged,
        match cut_off.is_empty() {
            true => "none".to_owned(),
            false => cut_off.join(", "),
        }
    )))
}

/// Visits what is kept; of what cannot be read, says so in the end.
fn visit(
    config: &StoreConfig,
    mut take: impl FnMut(u64, RecordView) -> Result<(), Exit>,
) -> Result<(), Exit> {
    let (mut unread, mut ended) = (Vec::new(), Ok(()));
    rialto_store::scan(&config.folder, Table::Operations, |key, record| {
        let read = record
            .map_err(|error| error.to_string())
            .and_then(|record| {
                let view = view(key, record.value());
                view.map_err(|error| error.to_string())
            });
        match read {
            Ok((id, view)) => ended = take(id, view),
            Err(problem) => unread.push(problem),
        }
        match ended {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    })
    .map_err(Exit::unavailable)?;
    ended?;
    match unread.first() {
        None => Ok(()),
        Some(first) => Err(Exit::Damaged(format!(
            "{} records cannot be read, the first: {first}",
            unread.len()
        ))),
    }
}

fn view(key: &[u8], record: &Bytes) -> Result<(u64, RecordView), RestoreError> {
    let view = RecordView::read(JournalTable::Operations, key, record)?;
    let id = JournalKey::from_bytes(key).map_or(0, JournalKey::number);
    Ok((id, view))
}

fn entry(id: u64, view: &RecordView) -> Entry {
    let now = wall_clock();
    let seconds = |time: Result<Duration, _>| time.map_or(0, |time: Duration| time.as_secs());
    Entry {
        id,
        kind: view.kind.to_owned(),
        adapter: view.adapter.to_string(),
        source: view.source.to_string(),
        destination: view.destination.to_string(),
        domain: None,
        state: None,
        age_seconds: seconds(now.duration_since(view.since)),
        attempts: 0,
        last_failure: None,
        next_try_seconds: None,
        expires_seconds: seconds(view.expires_at.duration_since(now)),
    }
}

/// What a line of the dump says of a record's value.
fn decoded(table: Table, key: &[u8], value: &[u8]) -> Option<Value> {
    let tables = journal::TABLES.into_iter();
    let mut ours = tables.filter(|of| journal::table(*of) == Some(table));
    let (of, value) = (ours.next()?, Bytes::copy_from_slice(value));
    if journal::is_of_presence(of) {
        return Some(decoded_presence(of, key, &value));
    }
    Some(match RecordView::read(of, key, &value) {
        Ok(view) => {
            let mut fields = Map::new();
            fields.insert("kind".into(), view.kind.into());
            fields.insert("adapter".into(), view.adapter.to_string().into());
            fields.insert("source".into(), view.source.to_string().into());
            fields.insert("destination".into(), view.destination.to_string().into());
            fields.extend(journal::details(&view));
            fields.into()
        }
        Err(problem) => problem.to_string().into(),
    })
}

fn decoded_presence(table: JournalTable, key: &[u8], value: &Bytes) -> Value {
    match PresenceRecordView::read(table, key, value) {
        Ok(view) => {
            let mut fields = Map::new();
            fields.insert("kind".into(), view.kind.into());
            let own = |(name, value): (&str, String)| (name.to_owned(), Value::from(value));
            fields.extend(view.details.into_iter().map(own));
            fields.into()
        }
        Err(problem) => problem.to_string().into(),
    }
}

fn of_table(table: &TableReport) -> String {
    let (name, records, bytes) = (table.table.as_str(), table.records, table.bytes);
    let damaged = match table.damaged {
        0 => String::new(),
        count => format!(", {count} damaged"),
    };
    format!("{name:<14} {records} records, {bytes} bytes{damaged}\n")
}

#[expect(clippy::disallowed_methods, reason = "the command begins here")]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}
