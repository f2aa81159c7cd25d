//! `rialto plugin`: for authors of plugins.

mod new;
mod settings;
mod test;

pub(crate) use new::{Language, New, PluginName, new};
pub(crate) use test::{Test, test};
