//! Why a plugin or an adapter is refused.

use std::{borrow::Cow, path::PathBuf, sync::Arc, time::Duration};

use rialto_model::{Failure, Origin};
use thiserror::Error;

use crate::Claim;

/// Why a plugin or an adapter is refused: what is wrong, and what to do. Nothing that runs is harmed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    #[error("{path}: cannot be read ({why}); check the path and its permissions", path = .path.display())]
    Unreadable {
        /// The library.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The file may not be loaded; nothing of it was executed.
    #[error("{path}: not trusted ({why})", path = .path.display())]
    Untrusted {
        /// The library.
        path: PathBuf,
        /// What is against it, and what to do.
        why: String,
    },
    /// The file is no complete shared library; nothing of it was executed.
    #[error("{path}: not a complete shared library ({why}); copy or build it again", path = .path.display())]
    NotALibrary {
        /// The library.
        path: PathBuf,
        /// What is missing.
        why: String,
    },
    /// The library ends the process that opens it; tried in a child.
    #[error("{path}: opening the library fails ({how}); report it to the plugin's author", path = .path.display())]
    Crashes {
        /// The library.
        path: PathBuf,
        /// How it ended, and its last words.
        how: String,
    },
    /// Another file has come to where a library was opened.
    #[error("{path}: the file was replaced after it was opened, and what is open stays; restart the gateway, or give the new file another name", path = .path.display())]
    Replaced {
        /// The library.
        path: PathBuf,
    },
    /// A library, but not one of ours.
    #[error("{path}: a library, but not a plugin ({why}); a plugin exports `RIALTO_PLUGIN`, by `export_plugin!` in Rust and `RIALTO_EXPORT` in C", path = .path.display())]
    NotAPlugin {
        /// The library.
        path: PathBuf,
        /// What is missing.
        why: String,
    },
    /// Built for another contract.
    #[error("{path}: the plugin speaks contract {plugin}, this gateway {gateway}; build it with this gateway's SDK", path = .path.display())]
    Contract {
        /// The library.
        path: PathBuf,
        /// The plugin's.
        plugin: u32,
        /// Ours.
        gateway: u32,
    },
    /// The table lacks something that every plugin must have.
    #[error("{path}: the plugin's table lacks {what}; build it with this gateway's SDK or header", path = .path.display())]
    Incomplete {
        /// The library.
        path: PathBuf,
        /// What.
        what: Cow<'static, str>,
    },
    /// The same contract number with other data: built from other sources.
    #[error("{path}: built with other data layouts ({difference}); build it with this gateway's SDK", path = .path.display())]
    Layout {
        /// The library.
        path: PathBuf,
        /// The first difference.
        difference: String,
    },
    /// What the plugin says of itself makes no sense.
    #[error("{path}: the plugin's manifest is wrong ({problem}); report it to the plugin's author", path = .path.display())]
    Manifest {
        /// The library.
        path: PathBuf,
        /// What.
        problem: String,
    },
    /// The plugin refuses the configuration.
    #[error("adapter {adapter}: {}; correct its configuration", .problem.replace('\n', "; "))]
    Configuration {
        /// The adapter.
        adapter: Arc<str>,
        /// Begins with the key; when there are several, one on a line.
        problem: String,
    },
    /// The plugin took too long to look at the configuration.
    #[error(
        "adapter {adapter}: the plugin has not checked its configuration after {limit:?}; report it to the plugin's author"
    )]
    ConfigurationTimedOut {
        /// The adapter.
        adapter: Arc<str>,
        /// The limit.
        limit: Duration,
    },
    /// The plugin does not say whether it can run with the configuration: that is its own fault, and not the operator's.
    #[error(
        "adapter {adapter}: the plugin does not say whether it can run with its configuration ({problem}); report it to the plugin's author"
    )]
    ConfigurationUnchecked {
        /// The adapter.
        adapter: Arc<str>,
        /// What it does instead.
        problem: String,
    },
    /// The adapter claims something that this gateway does not know, or that is none.
    #[error(
        "adapter {adapter}: the plugin claims {claim}, which is no claim ({problem}); report it to the plugin's author"
    )]
    NoClaim {
        /// The adapter.
        adapter: Arc<str>,
        /// What the plugin wrote.
        claim: String,
        /// Why it is none.
        problem: String,
    },
    /// Another adapter has what this one needs.
    #[error("adapter {adapter}: {claim} is taken by adapter {by}; give one of them another")]
    ClaimTaken {
        /// The adapter.
        adapter: Arc<str>,
        /// What is taken.
        claim: Claim,
        /// Who has it.
        by: Arc<str>,
    },
    /// The process that the adapter shall have for itself fails, before the plugin can say anything.
    #[error(
        "adapter {adapter}: {problem}; see the gateway's log, or run it without a process of its own"
    )]
    Process {
        /// The adapter.
        adapter: Arc<str>,
        /// How.
        problem: String,
    },
    /// The adapter could not start.
    #[error("adapter {adapter}: did not start: {failure}; {}", advice(.failure))]
    Start {
        /// The adapter.
        adapter: Arc<str>,
        /// Why.
        failure: Failure,
    },
    /// The adapter was not ready in time.
    #[error("adapter {adapter}: not ready after {limit:?}; see its log, or give it more time")]
    StartTimedOut {
        /// The adapter.
        adapter: Arc<str>,
        /// The limit.
        limit: Duration,
    },
}

impl LoadError {
    pub(crate) fn no_claim(adapter: &Arc<str>, claim: &str, problem: String) -> Self {
        Self::NoClaim {
            adapter: Arc::clone(adapter),
            claim: format!("`{}`", claim.escape_debug()),
            problem,
        }
    }

    /// Whether the operator can mend it in the configuration.
    pub const fn is_configuration(&self) -> bool {
        matches!(self, Self::Configuration { .. } | Self::ClaimTaken { .. })
    }
}

fn advice(failure: &Failure) -> &'static str {
    match failure.origin() {
        Origin::Plugin => "report it to the plugin's author",
        Origin::Host => "see the gateway's log",
        _ => "see to the cause and start it again",
    }
}
