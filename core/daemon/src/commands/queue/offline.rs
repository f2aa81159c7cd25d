//! What the store of a stopped gateway holds.

use std::io;

use rialto_store::{CheckReport, DumpError, TableReport};

use super::super::print;
use crate::{config::StoreConfig, exit::Exit};

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
    let report = match rialto_store::dump(&config.folder, out, &|_, _, _| None) {
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

fn of_table(table: &TableReport) -> String {
    let (name, records, bytes) = (table.table.as_str(), table.records, table.bytes);
    let damaged = match table.damaged {
        0 => String::new(),
        count => format!(", {count} damaged"),
    };
    format!("{name:<14} {records} records, {bytes} bytes{damaged}\n")
}
