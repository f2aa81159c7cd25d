//! What authors need beyond the first plugin.

#[doc = include_str!("guide/dispositions.md")]
pub mod dispositions {}
