//! What holds for every adapter, wherever it runs.

mod adapters;
mod configurations;
mod dispositions;
mod earlier;
mod lives;
mod misbehaviour;
mod presence;
mod refusals;
mod trust;
