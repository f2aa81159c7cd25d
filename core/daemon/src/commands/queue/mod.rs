//! `rialto queue`: what the gateway keeps.

mod offline;

pub(crate) use offline::{check, dump};
