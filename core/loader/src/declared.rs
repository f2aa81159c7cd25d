//! Adapters that do not run yet.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::{
    Adapter, AdapterId, Claim, ClaimTable, Gateway, Library, LoadError, Manifest,
    claims::Reservation,
};

/// An adapter as the configuration names it.
#[derive(Clone, Debug)]
pub struct Declared {
    name: Arc<str>,
    library: PathBuf,
    config: String,
}

impl Declared {
    /// Names an adapter, its library and its own configuration, a JSON object.
    pub fn new(name: impl Into<Arc<str>>, library: impl Into<PathBuf>, config: String) -> Self {
        Self {
            name: name.into(),
            library: library.into(),
            config,
        }
    }

    /// Opens the library, has the configuration checked, and takes what the adapter claims. Touches no network; blocks for as
    /// long as the file takes to read, and the plugin to answer, which is given up in the end.
    pub fn load(self, claims: &ClaimTable) -> Result<Loaded, LoadError> {
        let library = Library::open(&self.library)?;
        let wanted = library.claims(&self.name, &self.config)?;
        let claims = claims.take(&self.name, wanted)?;
        Ok(Loaded {
            name: self.name,
            library,
            config: self.config,
            claims,
        })
    }
}

/// An adapter whose plugin is loaded, whose configuration is accepted and whose claims are taken.
#[derive(Debug)]
pub struct Loaded {
    pub(crate) name: Arc<str>,
    pub(crate) library: Library,
    pub(crate) config: String,
    pub(crate) claims: Reservation,
}

impl Loaded {
    /// The adapter's name.
    pub const fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What the plugin says of itself.
    pub fn manifest(&self) -> &Manifest {
        self.library.manifest()
    }

    /// What the adapter has alone.
    pub fn claims(&self) -> &[Claim] {
        self.claims.claims()
    }

    /// Starts the adapter. Lines graver than or as grave as `level` reach [`Gateway::log`]; `limit` is for how long it may take.
    pub async fn start(
        self,
        id: AdapterId,
        gateway: Arc<dyn Gateway>,
        level: tracing::Level,
        limit: Duration,
    ) -> Result<Adapter, LoadError> {
        Adapter::start(self, id, gateway, level, limit).await
    }
}
