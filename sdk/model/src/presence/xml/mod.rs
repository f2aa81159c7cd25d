//! XML as clients write presence documents: tolerantly read, with the prefixes that the format has written.
//!
//! The trees are those of [`crate::xml`], whose reader forgives nothing.

mod reader;
mod scope;
mod soundness;
mod writer;

pub(super) use reader::read;
pub(super) use soundness::is_sound;
pub(super) use writer::Writer;
