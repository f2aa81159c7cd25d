//! What is run in a process, and what is said of it when that does not go well.

use std::sync::Arc;

use rialto_model::{Failure, Origin};

use super::{
    Isolation,
    frame::{Frame, FrameError, Kind},
    refusals::{self, Opened},
};
use crate::{Claim, LoadError, Manifest, library::Held};

/// What is run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) name: Arc<str>,
    pub(crate) library: Arc<Held>,
    pub(crate) config: String,
    pub(crate) isolation: Isolation,
}

/// What a process says of its plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) manifest: Manifest,
    pub(super) claims: Vec<Claim>,
}

impl Plan {
    /// What is wrong with the process, and not with the plugin.
    pub(super) fn failed(&self, problem: String) -> LoadError {
        LoadError::Process {
            adapter: Arc::clone(&self.name),
            problem,
        }
    }

    pub(super) fn crashes(&self, how: String) -> LoadError {
        LoadError::Crashes {
            path: self.library.path().to_owned(),
            how,
        }
    }

    pub(super) fn read_refused(&self, frame: &mut Frame<'_>) -> Result<LoadError, FrameError> {
        refusals::read_refused(&self.name, self.library.path(), frame)
    }

    pub(super) fn read_opened(&self, frame: &mut Frame<'_>) -> Result<Opened, FrameError> {
        match frame.kind {
            Kind::Opened => refusals::read_opened(frame),
            unexpected => Err(FrameError::Unexpected(unexpected)),
        }
    }

    pub(super) fn read_claims(
        &self,
        frame: &mut Frame<'_>,
    ) -> Result<Result<Vec<Claim>, LoadError>, FrameError> {
        match frame.kind {
            Kind::Loaded => refusals::read_claims(&self.name, frame),
            unexpected => Err(FrameError::Unexpected(unexpected)),
        }
    }

    pub(super) fn warn_of(&self, missing: &[String]) {
        for missing in missing {
            tracing::warn!(
                adapter.name = %self.name,
                protection = missing,
                "a protection is missing around the adapter's process"
            );
        }
    }

    /// What a start failed of, as the gateway shows it.
    pub(super) fn start_error(&self, failure: Failure) -> LoadError {
        let adapter = Arc::clone(&self.name);
        match failure.origin() {
            Origin::Operator => LoadError::Configuration {
                adapter,
                problem: failure.detail().to_owned(),
            },
            _ => LoadError::Start { adapter, failure },
        }
    }
}
