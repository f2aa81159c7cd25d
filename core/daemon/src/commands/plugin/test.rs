//! `rialto plugin test`: whether a library keeps the contract.

use std::{fs, path::Path};

use rialto_battery::{Battery, Listing, Program};

use super::settings::settings;
use crate::{cli, commands::print, exit::Exit};

/// What is to be tried, and how it is said what came of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Test<'a> {
    pub(crate) library: &'a Path,
    pub(crate) settings: Option<&'a Path>,
    pub(crate) set: &'a [String],
    pub(crate) json: bool,
    pub(crate) junit: Option<&'a Path>,
}

/// Tries every clause, and says so as it goes; a plugin that does not keep the contract makes the command fail.
pub(crate) fn test(test: &Test<'_>) -> Result<(), Exit> {
    let program = std::env::current_exe()
        .map_err(|error| Exit::Internal(format!("this program is not to be found: {error}")))?;
    let battery = Battery::new(
        Program::new(program, [cli::CLAUSE]),
        test.library,
        settings(test.settings, test.set)?,
    );
    let (mut listing, mut printed) = (Listing::default(), Ok(()));
    let report = battery.run(|tried| {
        if !test.json && printed.is_ok() {
            printed = print(&listing.note(tried));
        }
    });
    printed?;
    if let Some(file) = test.junit {
        fs::write(file, report.junit()).map_err(|error| {
            Exit::Unavailable(format!("{}: cannot be written: {error}", file.display()))
        })?;
    }
    print(&match test.json {
        true => format!("{}\n", report.json()),
        false => format!("{}\n{report}\n", listing.end()),
    })?;
    match report.is_passed() {
        true => Ok(()),
        false => Err(Exit::Unavailable(format!(
            "{}: does not keep the contract",
            test.library.display()
        ))),
    }
}
