//! What holds for every adapter, wherever it runs.

mod adapters;
mod dispositions;
mod earlier;
mod misbehaviour;
mod presence;
mod refusals;
mod trust;
