//! How an adapter is, as operators see it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where an adapter is in its life.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// The configuration names it.
    Declared,
    /// Its plugin is open, and has accepted the configuration.
    Loaded,
    /// It has been told to start.
    Starting,
    /// It takes operations.
    Up,
    /// It takes operations, but not all of them will end well, as it says itself or the gateway sees.
    Degraded,
    /// It takes none any more, and ends what it has.
    Stopping,
    /// An operator stopped it.
    Stopped,
    /// It could not start, and will be started again; or its process failed too often, and will not.
    Failed,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Declared => "declared",
            Self::Loaded => "loaded",
            Self::Starting => "starting",
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        })
    }
}

/// What is said of an adapter.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Of {
    pub(crate) name: String,
    pub(crate) state: Standing,
    /// Why it is not up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    /// The plugin's name and version, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plugin: Option<String>,
    /// The process that it has for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) process: Option<u32>,
    /// Operations that it was handed and has not answered.
    pub(crate) in_flight: u64,
    /// For how long nothing was delivered by it and nothing came from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quiet_seconds: Option<u64>,
    /// When it is started again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) starts_in_seconds: Option<u64>,
}
