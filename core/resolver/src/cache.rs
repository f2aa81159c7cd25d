//! What is remembered.

use std::{
    hash::Hash,
    sync::Arc,
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;
use quick_cache::{
    Equivalent, UnitWeighter,
    sync::{Cache as Entries, DefaultLifecycle, PlaceholderGuard},
};
use rialto_model::Domain;

use crate::{Resolution, Service};

/// A bounded number of resolutions; reads no clock.
///
/// What has expired stays until its place is needed: it may have to stand in while DNS is silent (RFC 8767).
pub(crate) struct Cache {
    entries: Entries<Key, Arc<Resolution>, UnitWeighter, RandomState>,
}

/// What is in the cache for a key, when it may be used.
pub(crate) enum Cached<'a> {
    /// It holds.
    Holds(Arc<Resolution>),
    /// The caller is the one to look it up; all others wait for that.
    Absent(Vacancy<'a>),
}

/// The place of a resolution that is being looked up; when it is dropped, the next who waits is asked to.
pub(crate) struct Vacancy<'a> {
    guard: PlaceholderGuard<
        'a,
        Key,
        Arc<Resolution>,
        UnitWeighter,
        RandomState,
        DefaultLifecycle<Key, Arc<Resolution>>,
    >,
    stale: Option<Arc<Resolution>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key(Service, Domain);

/// A key without a copy of the domain.
#[derive(Hash)]
struct KeyRef<'a>(Service, &'a Domain);

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.0 == key.0 && *self.1 == key.1
    }
}

impl Cache {
    pub(crate) fn new(entries: usize) -> Self {
        Self {
            entries: Entries::with(
                entries,
                entries as u64,
                UnitWeighter,
                RandomState::default(),
                DefaultLifecycle::default(),
            ),
        }
    }

    /// What holds now. Allocates nothing and does not wait.
    pub(crate) fn get(
        &self,
        service: Service,
        domain: &Domain,
        now: Instant,
    ) -> Option<Arc<Resolution>> {
        let found = self.entries.get(&KeyRef(service, domain))?;
        (now < found.until()).then_some(found)
    }

    /// What holds now, or the place for it; waits while another has that place.
    pub(crate) async fn claim(
        &self,
        service: Service,
        domain: &Domain,
        now: Instant,
    ) -> Cached<'_> {
        let key = Key(service, domain.clone());
        let expired = self.entries.remove_if(&key, |found| found.until() <= now);
        match self.entries.get_value_or_guard_async(&key).await {
            Ok(found) => Cached::Holds(found),
            Err(guard) => Cached::Absent(Vacancy {
                guard,
                stale: expired.map(|(_, found)| found),
            }),
        }
    }

    /// How many are remembered.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

impl Vacancy<'_> {
    /// What was here and may stand in: it was good, and has not expired for longer than this.
    pub(crate) fn stand_in(&self, now: Instant, max_stale: Duration) -> Option<&Resolution> {
        self.stale.as_deref().filter(|stale| {
            stale.failure().is_none()
                && now.saturating_duration_since(stale.fresh_until()) < max_stale
        })
    }

    /// Takes the place, and wakes all who wait for it.
    pub(crate) fn fill(self, resolution: Resolution) -> Arc<Resolution> {
        let resolution = Arc::new(resolution);
        // Refused only where the key was removed meanwhile: then there is nothing to remember.
        drop(self.guard.insert(Arc::clone(&resolution)));
        resolution
    }
}

#[cfg(test)]
mod tests {
    use rialto_model::{Failure, FailureReason};

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[expect(clippy::disallowed_methods, reason = "time has to begin somewhere")]
    fn start() -> Instant {
        Instant::now()
    }

    fn domain(n: usize) -> Domain {
        Domain::parse(&format!("d{n}.example")).unwrap()
    }

    fn found(n: usize, until: Instant) -> Resolution {
        Resolution::new(domain(n), Ok(Vec::new()), until, 2)
    }

    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        futures_util::FutureExt::now_or_never(future)
    }

    fn vacancy(cache: &Cache, n: usize, at: Instant) -> Option<Vacancy<'_>> {
        match now(cache.claim(Service::InstantMessaging, &domain(n), at))? {
            Cached::Absent(vacancy) => Some(vacancy),
            Cached::Holds(_) => None,
        }
    }

    #[test]
    fn resolution_holds_until_its_time_and_not_at_it() {
        let (cache, start) = (Cache::new(100), start());
        vacancy(&cache, 1, start)
            .unwrap()
            .fill(found(1, start + HOUR));
        let get = |at| cache.get(Service::InstantMessaging, &domain(1), at);
        assert!(get(start).is_some() && get(start + HOUR - Duration::from_nanos(1)).is_some());
        assert!(get(start + HOUR).is_none());
        assert!(cache.get(Service::Presence, &domain(1), start).is_none());
    }

    #[test]
    fn second_caller_waits_for_the_first() {
        let (cache, start) = (Cache::new(100), start());
        let first = vacancy(&cache, 1, start).unwrap();
        let one = domain(1);
        let mut second = Box::pin(cache.claim(Service::InstantMessaging, &one, start));
        assert!(now(&mut second).is_none());
        first.fill(found(1, start + HOUR));
        assert!(matches!(now(second), Some(Cached::Holds(_))));
    }

    #[test]
    fn second_caller_takes_over_when_the_first_gives_up() {
        let (cache, start) = (Cache::new(100), start());
        let first = vacancy(&cache, 1, start).unwrap();
        let one = domain(1);
        let mut second = Box::pin(cache.claim(Service::InstantMessaging, &one, start));
        assert!(now(&mut second).is_none());
        drop(first);
        assert!(matches!(now(second), Some(Cached::Absent(_))));
    }

    #[test]
    fn expired_resolution_may_stand_in_for_a_while_if_it_was_good() {
        let (cache, start) = (Cache::new(100), start());
        vacancy(&cache, 1, start)
            .unwrap()
            .fill(found(1, start + HOUR));
        let failed = Err(Failure::new(FailureReason::Unresolvable));
        let failed = Resolution::new(domain(2), failed, start + HOUR, 2);
        vacancy(&cache, 2, start).unwrap().fill(failed);
        let late = start + 2 * HOUR;
        let vacant = vacancy(&cache, 1, late).unwrap();
        assert!(vacant.stand_in(late, 2 * HOUR).is_some());
        assert!(vacant.stand_in(late, HOUR).is_none());
        assert!(
            vacancy(&cache, 2, late)
                .unwrap()
                .stand_in(late, 2 * HOUR)
                .is_none()
        );
    }

    #[test]
    fn standing_in_again_and_again_does_not_make_it_younger() {
        let (cache, start) = (Cache::new(100), start());
        vacancy(&cache, 1, start)
            .unwrap()
            .fill(found(1, start + HOUR));
        let mut at = start + HOUR;
        for _ in 0..4 {
            let vacant = vacancy(&cache, 1, at).unwrap();
            let again = vacant
                .stand_in(at, 3 * HOUR)
                .map(|stale| stale.until_later(at + HOUR));
            match again {
                Some(again) => drop(vacant.fill(again)),
                None => break,
            }
            at += HOUR;
        }
        assert_eq!(at, start + 4 * HOUR);
    }

    #[test]
    fn memory_is_bounded_however_many_domains_are_asked_for() {
        let (cache, start) = (Cache::new(1000), start());
        for n in 0..100_000 {
            vacancy(&cache, n, start)
                .unwrap()
                .fill(found(n, start + HOUR));
        }
        assert!((500..=1100).contains(&cache.len()), "{}", cache.len());
    }
}
