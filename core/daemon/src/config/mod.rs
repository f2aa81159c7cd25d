//! What the operator says: one TOML file, `conf.d` beside it, environment and flags over both.
//!
//! All errors are found in one run, each with its file, line, key and a hint.

mod access;
mod duration;
mod error;
mod file;
mod resolver;
mod section;
mod sources;
#[cfg(test)]
mod tests;
mod types;

pub(crate) use error::{ConfigError, ConfigErrors};
pub(crate) use resolver::ResolverConfig;
pub(crate) use sources::Sources;
pub(crate) use types::{AdapterConfig, Config, Draft, GatewayConfig, LogConfig, LogFormat};
