//! What the operator says: one TOML file, `conf.d` beside it, environment and flags over both.
//!
//! All errors are found in one run, each with its file, line, key and a hint.

mod access;
mod custody;
mod duration;
mod error;
mod file;
mod inbox;
mod isolation;
mod presence;
mod resolver;
mod section;
mod size;
mod sources;
mod store;
#[cfg(test)]
mod tests;
mod trust;
mod types;
mod watch;

#[cfg(test)]
pub(crate) use tests::of;

pub(crate) use custody::{Patience, PolicyConfig, TemporaryFailures};

pub(crate) use error::{ConfigError, ConfigErrors};
pub(crate) use resolver::ResolverConfig;
pub(crate) use sources::Sources;
pub(crate) use store::StoreConfig;
pub(crate) use types::{AdapterConfig, Config, Draft, GatewayConfig, LogConfig, LogFormat};
pub(crate) use watch::CanaryConfig;
