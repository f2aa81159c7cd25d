//! `rialto queue`: what the gateway keeps.

mod listing;
mod offline;
mod online;

pub(super) use listing::duration;
pub(crate) use offline::{check, dump, give_up_offline, list_offline, show_offline};
pub(crate) use online::{give_up, list, retry, show};
