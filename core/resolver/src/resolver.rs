//! Asks, remembers, and asks once for all who want to know at the same time.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use hickory_resolver::proto::rr::Name;
use rialto_model::{Domain, Failure, FailureReason, Retry};
use tokio::{sync::Semaphore, time::timeout};
use tracing::{debug, warn};

use crate::{
    Config, ConfigError, Lookup, Protocol, Resolution, Service,
    cache::{Cache, Cached, Vacancy},
    dns::{Servers, Throttle},
    search::{Found, Search},
};

/// Finds the next hops of domains, and remembers them.
///
/// One is enough for a gateway; it is shared by reference. Needs a Tokio runtime while it waits.
pub struct Resolver {
    config: Config,
    protocols: Box<[Protocol]>,
    dns: Throttle<Servers>,
    cache: Cache,
    lookups: Semaphore,
    clock: Box<dyn Fn() -> Instant + Send + Sync>,
}

impl Resolver {
    /// A resolver for these protocols, the most wanted first.
    pub fn new(config: Config, protocols: Vec<Protocol>) -> Result<Self, ConfigError> {
        check(&protocols)?;
        Ok(Self {
            dns: Throttle::new(Servers::new(&config)?),
            cache: Cache::new(config.cache_entries),
            lookups: Semaphore::new(config.max_lookups.min(Semaphore::MAX_PERMITS)),
            protocols: protocols.into_boxed_slice(),
            config,
            #[expect(clippy::disallowed_methods, reason = "DNS is outside, and so is time")]
            clock: Box::new(Instant::now),
        })
    }

    /// Takes the time from this clock, by which tests let records expire.
    pub fn with_clock(mut self, clock: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// What is known and holds now; for the path of a message: neither waits nor allocates.
    pub fn cached(&self, service: Service, domain: &Domain) -> Option<Arc<Resolution>> {
        self.cache.get(service, domain, self.now())
    }

    /// What is known and holds now, else what DNS says.
    ///
    /// Those who ask for the same at the same time share one lookup, which is done by the one who began it; so that one must be polled or
    /// dropped, and when it is dropped, another goes on. Beyond the configured number of lookups in progress the answer is what was known
    /// before, if that may stand in, else `Overloaded`, at once, and is not remembered.
    pub async fn resolve(&self, service: Service, domain: &Domain) -> Arc<Resolution> {
        match self.cache.claim(service, domain, self.now()).await {
            Cached::Holds(resolution) => resolution,
            Cached::Absent(vacancy) => self.fill(vacancy, service, domain).await,
        }
    }

    /// What DNS says now, with a line for each question, its answer and each rule that was applied.
    ///
    /// What is remembered is neither used nor changed.
    pub async fn explain(
        &self,
        service: Service,
        domain: &Domain,
    ) -> (Arc<Resolution>, Vec<String>) {
        let Ok(_permit) = self.lookups.try_acquire() else {
            return (Arc::new(self.overloaded(domain)), Vec::new());
        };
        let search = self.search(service);
        let found = timeout(self.config.deadline, search.explain(domain)).await;
        let mut found = found.unwrap_or_else(|_| self.too_late(domain));
        let mut lines = std::mem::take(&mut found.lines);
        let holds = found.holds.as_secs();
        let resolution = self.resolution(domain, found);
        match resolution.failure() {
            Some(failure) => lines.push(format!("no next hop: {failure}")),
            None => lines.extend(resolution.targets().iter().map(ToString::to_string)),
        }
        lines.push(format!("holds for {holds} s"));
        (Arc::new(resolution), lines)
    }

    /// How many resolutions are remembered, those that have expired included.
    pub fn cached_entries(&self) -> usize {
        self.cache.len()
    }

    async fn fill(
        &self,
        vacancy: Vacancy<'_>,
        service: Service,
        domain: &Domain,
    ) -> Arc<Resolution> {
        let Ok(_permit) = self.lookups.try_acquire() else {
            let overloaded = self.overloaded(domain);
            let failure = overloaded.failure();
            return match failure.and_then(|failure| self.stand_in(&vacancy, domain, failure)) {
                Some(stale) => vacancy.fill(stale),
                None => Arc::new(overloaded),
            };
        };
        let search = self.search(service);
        let found = timeout(self.config.deadline, search.run(domain)).await;
        let found = found.unwrap_or_else(|_| self.too_late(domain));
        let failure = found.temporary_failure();
        let stale = failure.and_then(|failure| self.stand_in(&vacancy, domain, failure));
        let resolution = stale.unwrap_or_else(|| self.resolution(domain, found));
        debug!(%domain, failure = ?resolution.failure(), "looked up");
        vacancy.fill(resolution)
    }

    /// What DNS said before, where it says nothing now. RFC 8767.
    fn stand_in(
        &self,
        vacancy: &Vacancy<'_>,
        domain: &Domain,
        failure: &Failure,
    ) -> Option<Resolution> {
        let now = self.now();
        let stale = vacancy.stand_in(now, self.config.max_stale)?;
        warn!(%domain, %failure, "what DNS said before is used");
        Some(stale.until_later(now + STALE))
    }

    fn search(&self, service: Service) -> Search<'_, Throttle<Servers>> {
        Search {
            dns: &self.dns,
            config: &self.config,
            protocols: &self.protocols,
            service,
        }
    }

    fn resolution(&self, domain: &Domain, found: Found) -> Resolution {
        let until = self.now() + found.holds;
        Resolution::new(domain.clone(), found.targets, until, self.config.alternates)
    }

    fn overloaded(&self, domain: &Domain) -> Resolution {
        let failure = Failure::new(FailureReason::Overloaded)
            .with_detail("too many domains are being looked up");
        Resolution::new(
            domain.clone(),
            Err(failure),
            self.now(),
            self.config.alternates,
        )
    }

    fn too_late(&self, domain: &Domain) -> Found {
        let seconds = self.config.deadline.as_secs_f32();
        let failure = Failure::new(FailureReason::Unreachable)
            .with_retry(Retry::After(Config::TEMPORARY))
            .with_detail(format!("looking up {domain} took longer than {seconds} s"));
        Found {
            targets: Err(failure),
            holds: Config::TEMPORARY,
            lines: Vec::new(),
        }
    }

    fn now(&self) -> Instant {
        (self.clock)()
    }
}

/// For how long an expired resolution stands in before DNS is asked again. RFC 8767 §4.
const STALE: Duration = Duration::from_secs(30);

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("config", &self.config)
            .field("protocols", &self.protocols)
            .finish_non_exhaustive()
    }
}

fn check(protocols: &[Protocol]) -> Result<(), ConfigError> {
    if protocols.len() > Config::MAX_PROTOCOLS {
        return Err(ConfigError::TooManyProtocols(protocols.len()));
    }
    for protocol in protocols {
        if !is_label(protocol.name()) {
            return Err(ConfigError::ProtocolName(protocol.name().to_string()));
        }
        for lookup in protocol.lookups() {
            match lookup {
                Lookup::Srv { name, .. } if !is_name(name) => {
                    return Err(ConfigError::LookupName(name.clone()));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// With the underscore before it, a label has 63 bytes at most.
fn is_label(name: &str) -> bool {
    let is_permitted = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=62).contains(&name.len()) && name.bytes().all(is_permitted)
}

fn is_name(name: &str) -> bool {
    let labels = |label: &str| label.strip_prefix('_').is_some_and(is_label);
    name.split('.').all(labels) && Name::from_ascii(name).is_ok()
}
