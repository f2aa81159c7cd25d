//! What a running gateway keeps, and what is done about it.

use super::{
    super::{
        ask::{ask, read},
        print,
    },
    listing::{Listing, describe},
};
use crate::{
    config::Config,
    control::{Done, Filter, Kept, Page, Request, Shown},
    exit::Exit,
};

/// How many are asked for at a time.
const PAGE: usize = 500;

/// Lists what is kept, the oldest first.
pub(crate) fn list(config: &Config, filter: &Filter, as_json: bool) -> Result<(), Exit> {
    let mut listing = Listing::begin(as_json)?;
    let mut after = None;
    loop {
        let page = Page {
            filter: filter.clone(),
            after,
            limit: PAGE,
        };
        let kept: Kept = read(&ask(config, &Request::QueueList(page))?)?;
        for entry in &kept.entries {
            listing.add(entry)?;
        }
        match kept.entries.last() {
            Some(last) if kept.more => after = Some(last.id),
            _ => return listing.end(),
        }
    }
}

/// Shows one.
pub(crate) fn show(config: &Config, id: u64, as_json: bool) -> Result<(), Exit> {
    let answer = ask(config, &Request::QueueShow { id })?;
    let shown: Option<Shown> = read(&answer)?;
    let shown = shown.ok_or_else(|| none(id))?;
    match as_json {
        true => print(&answer),
        false => print(&describe(&shown)),
    }
}

/// Tries one at once, or all.
pub(crate) fn retry(config: &Config, id: Option<u64>) -> Result<(), Exit> {
    let done: Done = read(&ask(config, &Request::QueueRetry { id })?)?;
    match (id, done.count) {
        (Some(id), 0) => Err(none(id)),
        (_, count) => print(&format!("{count} to be tried at once\n")),
    }
}

/// Gives one up.
pub(crate) fn give_up(config: &Config, id: u64) -> Result<(), Exit> {
    let done: Done = read(&ask(config, &Request::QueueDrop { id })?)?;
    match done.count {
        0 => Err(none(id)),
        _ => print("given up; the sender of a message is told\n"),
    }
}

pub(super) fn none(id: u64) -> Exit {
    Exit::NotDelivered(format!(
        "nothing is kept under the number {id}; `rialto queue list` shows what is"
    ))
}
