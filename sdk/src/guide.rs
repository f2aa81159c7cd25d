//! What authors need beyond the first plugin.

#[doc = include_str!("guide/dispositions.md")]
pub mod dispositions {}

#[doc = include_str!("guide/presence.md")]
pub mod presence {}

#[doc = include_str!("guide/contract.md")]
pub mod contract {}
