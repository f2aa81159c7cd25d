//! Adapters that do not run yet.

use std::{path::PathBuf, sync::Arc, time::Duration};

use rialto_abi as abi;
use rialto_bridge::Legacy;

use crate::{
    Adapter, AdapterId, Claim, ClaimTable, Gateway, Isolation, Library, LoadError, Manifest, Trust,
    adapter::Opened,
    child::{Plan, Waiting},
    claims::Reservation,
    library::Held,
};

/// An adapter as the configuration names it.
#[derive(Clone, Debug)]
pub struct Declared {
    name: Arc<str>,
    library: PathBuf,
    config: String,
    isolation: Option<Isolation>,
    trust: Option<Trust>,
    replaces: bool,
}

impl Declared {
    /// Names an adapter, its library and its own configuration, a JSON object.
    pub fn new(name: impl Into<Arc<str>>, library: impl Into<PathBuf>, config: String) -> Self {
        Self {
            name: name.into(),
            library: library.into(),
            config,
            isolation: None,
            trust: None,
            replaces: false,
        }
    }

    /// Runs the plugin in a process of its own: this one never opens the library.
    pub fn isolated(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// Opens the library only if it may be trusted, in whichever process.
    pub fn trusting(mut self, trust: Trust) -> Self {
        self.trust = Some(trust);
        self
    }

    /// Opens the file that is there now, also where another one was opened before: what runs of that one goes on.
    pub fn replacing(mut self) -> Self {
        self.replaces = true;
        self
    }

    /// Opens the library, has the configuration checked, and takes what the adapter claims. Touches no network; blocks for as
    /// long as the file takes to read, and the plugin to answer, which is given up in the end.
    pub fn load(self, claims: &ClaimTable) -> Result<Loaded, LoadError> {
        let Some(isolation) = self.isolation else {
            let library = match (&self.trust, self.replaces) {
                (trust, true) => Library::open_replacing(&self.library, trust.as_ref())?,
                (Some(trust), false) => Library::open_trusted(&self.library, trust)?,
                (None, false) => Library::open(&self.library)?,
            };
            return Loaded::here(self.name, library, self.config, claims);
        };
        let library = Held::of(&self.library, self.trust.as_ref())?;
        let plan = Plan {
            name: self.name,
            library: Arc::new(library),
            config: self.config,
            isolation,
        };
        Loaded::in_child(plan, claims)
    }
}

/// An adapter that ran, to be loaded once more: of the same library, whatever has become of its file.
#[derive(Debug)]
pub struct Former(Ran);

/// Where its plugin ran, and what it ran with.
#[derive(Debug)]
enum Ran {
    /// In this process.
    Here {
        name: Arc<str>,
        library: Library,
        config: String,
    },
    /// In a process of its own.
    Child(Plan),
}

impl Former {
    pub(crate) const fn here(name: Arc<str>, library: Library, config: String) -> Self {
        Self(Ran::Here {
            name,
            library,
            config,
        })
    }

    pub(crate) const fn in_child(plan: Plan) -> Self {
        Self(Ran::Child(plan))
    }

    /// As [`Declared::load`].
    pub fn load(self, claims: &ClaimTable) -> Result<Loaded, LoadError> {
        match self.0 {
            Ran::Here {
                name,
                library,
                config,
            } => Loaded::here(name, library, config, claims),
            Ran::Child(plan) => Loaded::in_child(plan, claims),
        }
    }
}

/// An adapter whose plugin is loaded, whose configuration is accepted and whose claims are taken.
#[derive(Debug)]
pub struct Loaded {
    name: Arc<str>,
    place: Place,
    claims: Reservation,
}

/// Where its plugin is loaded.
#[derive(Debug)]
enum Place {
    /// In this process.
    Here(Opened),
    /// In a process of its own.
    Child(Box<Waiting>),
}

impl Loaded {
    /// Has a library that is opened in this process check the configuration, and takes what the adapter claims.
    pub(crate) fn here(
        name: Arc<str>,
        library: Library,
        config: String,
        claims: &ClaimTable,
    ) -> Result<Self, LoadError> {
        let wanted = library.claims(&name, &config)?;
        let claims = claims.take(&name, wanted)?;
        let opened = Opened {
            name: Arc::clone(&name),
            library,
            config,
            flags: 0,
            legacy: None,
        };
        Ok(Self {
            name,
            place: Place::Here(opened),
            claims,
        })
    }

    /// Has a process of its own open the library and check the configuration, and takes what the adapter claims.
    fn in_child(plan: Plan, claims: &ClaimTable) -> Result<Self, LoadError> {
        let name = Arc::clone(&plan.name);
        let waiting = Waiting::begin(plan)?;
        let claims = claims.take(&name, waiting.wanted())?;
        Ok(Self {
            name,
            place: Place::Child(Box::new(waiting)),
            claims,
        })
    }

    /// Has it start beside an earlier version, which runs and has what this one claims. Only where both [hand over](Manifest::hands_over).
    pub fn beside(mut self) -> Self {
        match &mut self.place {
            Place::Here(opened) => opened.flags |= abi::START_BESIDE,
            Place::Child(waiting) => waiting.flags |= abi::START_BESIDE,
        }
        self
    }

    /// Whether it can [inherit](Self::inheriting): it runs in this process, and says so.
    pub fn can_inherit(&self) -> bool {
        matches!(self.place, Place::Here(_)) && self.manifest().succeeds()
    }

    /// Has it start with what an earlier version has left; closes that, if it [cannot](Self::can_inherit).
    pub fn inheriting(mut self, legacy: Option<Legacy>) -> Self {
        if self.can_inherit()
            && let Place::Here(opened) = &mut self.place
        {
            opened.legacy = legacy;
        }
        self
    }

    /// The adapter's name.
    pub const fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What the plugin says of itself.
    pub fn manifest(&self) -> &Manifest {
        match &self.place {
            Place::Here(opened) => opened.library.manifest(),
            Place::Child(waiting) => waiting.manifest(),
        }
    }

    /// What the adapter has alone.
    pub fn claims(&self) -> &[Claim] {
        self.claims.claims()
    }

    /// The process that its plugin is loaded in, if that is one of its own.
    pub fn process(&self) -> Option<u32> {
        match &self.place {
            Place::Here(_) => None,
            Place::Child(waiting) => waiting.process(),
        }
    }

    /// Starts the adapter. Lines graver than or as grave as `level` reach [`Gateway::log`]; `limit` is for how long it may take.
    pub async fn start(
        self,
        id: AdapterId,
        gateway: Arc<dyn Gateway>,
        level: tracing::Level,
        limit: Duration,
    ) -> Result<Adapter, LoadError> {
        match self.place {
            Place::Here(opened) => {
                Adapter::start(opened, self.claims, id, gateway, level, limit).await
            }
            Place::Child(waiting) => {
                let remote = waiting.start(self.claims, id, gateway, level, limit);
                remote.await.map(Adapter::in_child)
            }
        }
    }
}
