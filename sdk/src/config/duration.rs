//! For fields that are a [`Duration`]: `#[serde(with = "rialto_sdk::config::duration")]`.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::Span;

/// Reads a duration as [`Span`] has it.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Span::deserialize(deserializer).map(Span::duration)
}
