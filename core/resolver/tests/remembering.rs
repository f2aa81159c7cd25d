//! What is asked once, what is asked again, and what happens while DNS is silent. The clock is the test's.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use hickory_resolver::proto::{op::ResponseCode, rr::RecordType};
use rialto_model::{Failure, FailureReason, Retry};
use rialto_resolver::{Config, Resolution, Resolver, Service};
use rialto_tests::dns::{DnsProxy, Nsd, Plan, servers_are_wanted};
use support::{
    addresses, asking, domain, failure,
    lies::{lie, plain, refusal, reply, srv},
    resolve, sip,
};
use tokio::task::JoinSet;

/// A time that only the test moves.
#[derive(Clone)]
struct Clock(Arc<Mutex<Instant>>);

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "time has to begin somewhere")]
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    fn now(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(&self, seconds: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += Duration::from_secs(seconds);
    }
}

/// A resolver with this clock behind a proxy.
fn start(
    plan: Plan,
    config: impl FnOnce(Config) -> Config,
) -> (Arc<DnsProxy>, Arc<Resolver>, Clock) {
    let (proxy, clock) = (Arc::new(DnsProxy::start(plan)), Clock::new());
    let config = config(asking(proxy.address()));
    let resolver = Resolver::new(config, vec![sip()]).unwrap();
    let its_clock = clock.clone();
    let resolver = resolver.with_clock(move || its_clock.now());
    (proxy, Arc::new(resolver), clock)
}

/// Waits until that many questions have come, while lookups go on.
async fn until_asked(proxy: &Arc<DnsProxy>, count: usize) {
    let proxy = Arc::clone(proxy);
    let waiting = tokio::task::spawn_blocking(move || proxy.await_asked(count));
    waiting.await.unwrap();
}

/// A lookup that goes on by itself.
fn begin(all: &mut JoinSet<Arc<Resolution>>, resolver: &Arc<Resolver>, name: &'static str) {
    let resolver = Arc::clone(resolver);
    all.spawn(async move { resolve(&resolver, name).await });
}

fn cached(resolver: &Resolver, name: &str) -> Option<Arc<Resolution>> {
    resolver.cached(Service::InstantMessaging, &domain(name))
}

/// One host, on this port.
fn on_port(port: u16) -> Plan {
    lie(move |query| match query.query_type() {
        RecordType::SRV => reply(query, [srv(query.name(), port, "host.example.")]),
        _ => plain(query),
    })
}

fn broken() -> Plan {
    lie(|query| refusal(query, ResponseCode::ServFail))
}

fn no_such_name() -> Plan {
    lie(|query| refusal(query, ResponseCode::NXDomain))
}

#[tokio::test]
async fn resolution_is_asked_for_once_and_again_when_it_has_expired() {
    if !servers_are_wanted() {
        return;
    }
    let zone = |port| format!("@ A 192.0.2.1\n_im._sip 120 SRV 0 0 {port} example.com.\n");
    let (before, after) = (zone(5061), zone(5062));
    let (before, after) = (
        Nsd::start(&[("example.com", &before)]),
        Nsd::start(&[("example.com", &after)]),
    );
    let (proxy, resolver, clock) = start(Plan::Forward(before.address()), |config| {
        config.with_max_negative_ttl(Duration::from_secs(3600))
    });
    assert!(cached(&resolver, "example.com").is_none());
    assert_eq!(
        addresses(&*resolve(&resolver, "example.com").await),
        ["sip 192.0.2.1:5061"]
    );
    let questions = proxy.asked().len();
    proxy.change(Plan::Forward(after.address()));
    // There is no AAAA record, and the zone says that this holds for 60 s.
    clock.advance(59);
    assert!(cached(&resolver, "example.com").is_some());
    assert_eq!(
        addresses(&*resolve(&resolver, "example.com").await),
        ["sip 192.0.2.1:5061"]
    );
    assert_eq!(proxy.asked().len(), questions);
    clock.advance(1);
    assert!(cached(&resolver, "example.com").is_none());
    assert_eq!(
        addresses(&*resolve(&resolver, "example.com").await),
        ["sip 192.0.2.1:5062"]
    );
}

#[tokio::test]
async fn those_who_ask_at_the_same_time_share_one_lookup() {
    let (proxy, resolver, _) = start(Plan::Hold, |config| config);
    let mut all = JoinSet::new();
    for _ in 0..100 {
        begin(&mut all, &resolver, "example.com");
    }
    until_asked(&proxy, 1).await;
    proxy.change(on_port(5060));
    let found = all.join_all().await;
    assert!(
        found
            .iter()
            .all(|resolution| Arc::ptr_eq(resolution, &found[0]))
    );
    assert_eq!(addresses(&found[0]), ["sip 192.0.2.1:5060"]);
    let asked = proxy.asked();
    let different: HashSet<_> = asked.iter().map(|a| (&a.name, &a.kind)).collect();
    assert_eq!(different.len(), asked.len(), "{asked:?}");
}

#[tokio::test]
async fn lookup_goes_on_when_the_one_who_began_it_gives_up() {
    let (proxy, resolver, _) = start(Plan::Hold, |config| config);
    let mut first = JoinSet::new();
    begin(&mut first, &resolver, "example.com");
    until_asked(&proxy, 1).await;
    let mut second = JoinSet::new();
    begin(&mut second, &resolver, "example.com");
    first.shutdown().await;
    proxy.change(on_port(5060));
    let found = second.join_all().await;
    assert_eq!(addresses(&found[0]), ["sip 192.0.2.1:5060"]);
}

#[tokio::test]
async fn lookups_beyond_the_limit_are_overloaded_at_once_and_only_then() {
    let (proxy, resolver, _) = start(Plan::Hold, |config| config.with_max_lookups(2));
    let mut all = JoinSet::new();
    begin(&mut all, &resolver, "one.example");
    begin(&mut all, &resolver, "two.example");
    until_asked(&proxy, 2).await;
    let (reason, _) = failure(&*resolve(&resolver, "three.example").await);
    assert_eq!(reason, FailureReason::Overloaded);
    let (explained, _) = resolver
        .explain(Service::InstantMessaging, &domain("three.example"))
        .await;
    assert_eq!(failure(&explained).0, FailureReason::Overloaded);
    proxy.change(on_port(5060));
    let found = all.join_all().await;
    assert!(
        found
            .iter()
            .all(|resolution| resolution.failure().is_none())
    );
    // It was not remembered.
    assert!(
        resolve(&resolver, "three.example")
            .await
            .failure()
            .is_none()
    );
}

#[tokio::test]
async fn expired_resolution_stands_in_while_lookups_of_others_are_too_many() {
    let (proxy, resolver, clock) = start(on_port(5060), |config| {
        config
            .with_max_lookups(1)
            .with_max_stale(Duration::from_secs(3600))
    });
    let good = ["sip 192.0.2.1:5060"];
    assert_eq!(addresses(&*resolve(&resolver, "known.example").await), good);
    proxy.change(Plan::Hold);
    clock.advance(301);
    let (mut all, asked) = (JoinSet::new(), proxy.asked().len());
    begin(&mut all, &resolver, "slow.example");
    until_asked(&proxy, asked + 1).await;
    for _ in 0..2 {
        assert_eq!(addresses(&*resolve(&resolver, "known.example").await), good);
    }
    let (reason, _) = failure(&*resolve(&resolver, "new.example").await);
    assert_eq!(reason, FailureReason::Overloaded);
    proxy.change(on_port(5060));
    all.join_all().await;
}

#[tokio::test]
async fn expired_resolution_stands_in_while_dns_is_silent() {
    let (proxy, resolver, clock) = start(on_port(5060), |config| {
        config.with_max_stale(Duration::from_secs(3600))
    });
    let name = "example.com";
    let good = ["sip 192.0.2.1:5060"];
    assert_eq!(addresses(&*resolve(&resolver, name).await), good);
    proxy.change(broken());
    clock.advance(301);
    assert_eq!(addresses(&*resolve(&resolver, name).await), good);
    // For 30 s nobody has to wait for DNS; then it is asked again.
    proxy.change(on_port(5061));
    clock.advance(29);
    assert_eq!(addresses(&cached(&resolver, name).unwrap()), good);
    clock.advance(1);
    assert_eq!(
        addresses(&*resolve(&resolver, name).await),
        ["sip 192.0.2.1:5061"]
    );
    // Nor does it stand in for ever.
    proxy.change(broken());
    clock.advance(3600 + 301);
    assert_eq!(
        failure(&*resolve(&resolver, name).await).0,
        FailureReason::Unreachable
    );
}

#[tokio::test]
async fn expired_resolution_does_not_stand_in_for_what_dns_says_is_gone() {
    let (proxy, resolver, clock) = start(on_port(5060), |config| config);
    resolve(&resolver, "example.com").await;
    proxy.change(no_such_name());
    clock.advance(301);
    let (reason, _) = failure(&*resolve(&resolver, "example.com").await);
    assert_eq!(reason, FailureReason::Unresolvable);
}

#[tokio::test]
async fn domain_that_is_not_there_is_remembered_as_long_as_its_zone_says_within_bounds() {
    if !servers_are_wanted() {
        return;
    }
    let nsd = Nsd::start(&[("test", support::ZONE)]);
    for (max, expected) in [(300, 60), (20, 20)] {
        let (proxy, resolver, clock) = start(Plan::Forward(nsd.address()), |config| {
            config.with_max_negative_ttl(Duration::from_secs(max))
        });
        let (reason, _) = failure(&*resolve(&resolver, "nobody.test").await);
        assert_eq!(reason, FailureReason::Unresolvable);
        let questions = proxy.asked().len();
        clock.advance(expected - 1);
        resolve(&resolver, "nobody.test").await;
        assert_eq!(proxy.asked().len(), questions, "{max}");
        clock.advance(1);
        resolve(&resolver, "nobody.test").await;
        assert_eq!(proxy.asked().len(), 2 * questions, "{max}");
    }
}

#[tokio::test]
async fn temporary_failure_is_remembered_for_seconds_only() {
    let (proxy, resolver, clock) = start(broken(), |config| config);
    let resolution = resolve(&resolver, "example.com").await;
    let retry = resolution.failure().map(Failure::retry);
    assert_eq!(retry, Some(Retry::After(Config::TEMPORARY)));
    let questions = proxy.asked().len();
    resolve(&resolver, "example.com").await;
    assert_eq!(proxy.asked().len(), questions);
    proxy.change(on_port(5060));
    clock.advance(Config::TEMPORARY.as_secs());
    assert!(resolve(&resolver, "example.com").await.failure().is_none());
}
