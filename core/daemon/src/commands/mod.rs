//! The verbs that end by themselves.

use std::io::{self, Write};

use crate::exit::Exit;

pub(crate) mod adapters;
mod ask;
mod check;
mod compose;
pub(crate) mod plugin;
pub(crate) mod plugins;
pub(crate) mod principals;
pub(crate) mod queue;
mod resolve;
mod rules;
pub(crate) mod subs;
mod trace;

pub(crate) use ask::{send, status};
pub(crate) use check::check;
pub(crate) use compose::{Given, compose};
pub(crate) use resolve::{Resolve, resolve};
pub(crate) use rules::{RulesTest, test_rules};
pub(crate) use trace::trace;

/// Prints what was asked for. A reader that has seen enough is no fault.
fn print(text: &str) -> Result<(), Exit> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Exit::Internal(format!(
            "the answer cannot be printed: {error}"
        ))),
        _ => Ok(()),
    }
}
