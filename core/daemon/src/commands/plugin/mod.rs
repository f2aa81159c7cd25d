//! `rialto plugin`: for authors of plugins.

mod settings;
mod test;

pub(crate) use test::{Test, test};
