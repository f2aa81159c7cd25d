//! The cases: what is done to see whether a clause holds. Each runs in a process that is there for it alone.

pub(crate) mod configuration;
pub(crate) mod content;
pub(crate) mod library;
pub(crate) mod life;
mod observed;
pub(crate) mod operations;
pub(crate) mod resources;
pub(crate) mod services;
