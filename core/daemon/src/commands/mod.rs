//! The verbs that end by themselves.

mod ask;
mod check;
mod plugins;
mod resolve;

pub(crate) use ask::{send, status};
pub(crate) use check::check;
pub(crate) use plugins::{configured, plugins};
pub(crate) use resolve::{Resolve, resolve};
