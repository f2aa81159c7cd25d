//! What one message costs the router: the decision, and the whole of an operation's life.
#![expect(clippy::unwrap_used, reason = "fixed input")]

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use divan::{Bencher, black_box};
use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{
    Domain, InstantInbox, InstantMessage, MessageOperation, ResponseStatus, TransactionId,
};
use rialto_router::{
    AccessRule, Action, Adapter, AdapterId, Alias, CallerTicket, Custodian, CustodyPolicy,
    CustodySettings, JournalKeys, Limits, Route, Router, RoutingTable, RoutingTableBuilder,
    RuleAction, WallClock,
};

const ROUTES: [usize; 2] = [10, 100_000];
/// More operations than there is room to remember.
const WARM_UP: usize = 65_536;
const SIP: AdapterId = AdapterId::new(0);

/// Shows what each of them allocates.
#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

fn domain(name: &str) -> Domain {
    Domain::parse(name).unwrap()
}

/// Two networks that reach each other's users plainly.
fn table(routes: usize) -> RoutingTable {
    builder(routes).build().unwrap()
}

fn builder(routes: usize) -> RoutingTableBuilder {
    let mut builder = RoutingTable::builder()
        .with_adapter(Adapter::new("sip", "sip"))
        .with_adapter(Adapter::new("xmpp", "xmpp").with_domains(&[domain("voice.example")]))
        .with_relay_domain(domain("relay.example"));
    for n in 0..routes {
        builder = builder.with_route(Route::new(domain(&format!("d{n}.jabber.example")), "xmpp"));
    }
    builder
}

/// The same, with as many rules and a hundred times as many aliases, none of them about the conversation.
fn ruled(rules: usize) -> RoutingTable {
    let mut builder = builder(10);
    for n in 0..rules {
        let rule = AccessRule::new(RuleAction::Deny);
        let pattern = |text: String| text.parse().unwrap();
        builder = builder.with_access_rule(match n % 3 {
            0 => rule.from(pattern(format!("*@d{n}.spam.example"))),
            1 => rule.to(pattern(format!("u{n}@d7.jabber.example"))),
            _ => rule
                .from_adapter("xmpp")
                .to(pattern(format!("u{n}@d7.jabber.example"))),
        });
    }
    for n in 0..rules * 100 {
        let [address, shown] = ["d7.jabber.example", "people.example"]
            .map(|domain| format!("a{n}@{domain}").parse().unwrap());
        builder = builder.with_alias(Alias::new(address, shown));
    }
    builder.build().unwrap()
}

fn operation(source: &str, destination: &str) -> MessageOperation {
    MessageOperation::new(
        TransactionId::parse(b"z9hG4bK0000000000000001").unwrap(),
        InstantInbox::parse(source).unwrap(),
        InstantInbox::parse(destination).unwrap(),
        InstantMessage::text("hello"),
    )
}

fn plain() -> MessageOperation {
    operation("im:alice@voice.example", "im:bob@d7.jabber.example")
}

#[divan::bench(args = ROUTES, sample_count = 200, sample_size = 500)]
fn decide_plain(bencher: Bencher<'_, '_>, routes: usize) {
    let (table, operation) = (table(routes), plain());
    bencher.bench_local(|| table.decide(SIP, black_box(&operation)));
}

#[divan::bench(args = [0, 1, 100], sample_count = 200, sample_size = 500)]
fn decide_under_rules_and_aliases(bencher: Bencher<'_, '_>, rules: usize) {
    let (table, operation) = (ruled(rules), plain());
    bencher.bench_local(|| table.decide(SIP, black_box(&operation)));
}

/// A destination by its alias, out of so many.
#[divan::bench(args = [1, 100], sample_count = 200, sample_size = 500)]
fn decide_by_alias(bencher: Bencher<'_, '_>, rules: usize) {
    let table = ruled(rules);
    let operation = operation("im:alice@voice.example", "im:a77@people.example");
    bencher.bench_local(|| table.decide(SIP, black_box(&operation)));
}

#[divan::bench(args = ROUTES, sample_count = 200, sample_size = 500)]
fn decide_five_labels_below(bencher: Bencher<'_, '_>, routes: usize) {
    let table = table(routes);
    let operation = operation(
        "im:alice@voice.example",
        "im:bob@a.b.c.d.e.d7.jabber.example",
    );
    bencher.bench_local(|| table.decide(SIP, black_box(&operation)));
}

#[divan::bench(args = ROUTES, sample_count = 200, sample_size = 500)]
fn decide_with_source_routes_both_ways(bencher: Bencher<'_, '_>, routes: usize) {
    let table = table(routes);
    let operation = operation(
        "im:alice@elsewhere.example",
        "im:xmpp=d7.jabber.example/bob@relay.example",
    );
    bencher.bench_local(|| table.decide(SIP, black_box(&operation)));
}

/// Operation in, delivery out, answer in, response out; with as many others in progress.
#[divan::bench(args = [0, 10_000], sample_count = 200, sample_size = 200)]
fn whole_life_of_an_operation(bencher: Bencher<'_, '_>, others: u64) {
    whole_life(bencher, others, Limits::default());
}

/// The same, where no step is noted for `rialto trace`: the difference is what that costs.
#[divan::bench(args = [0, 10_000], sample_count = 200, sample_size = 200)]
fn whole_life_that_is_not_remembered(bencher: Bencher<'_, '_>, others: u64) {
    whole_life(bencher, others, Limits::default().with_remembered_steps(0));
}

fn whole_life(bencher: Bencher<'_, '_>, others: u64, limits: Limits) {
    #[expect(clippy::disallowed_methods, reason = "one reading; time stands still")]
    let now = Instant::now();
    let rng = StdRng::seed_from_u64(1);
    let mut router = Router::new(Arc::new(table(10)), limits, rng);
    let operation = plain();
    for number in 0..others {
        router.handle_operation(now, SIP, operation.clone(), CallerTicket::new(number));
    }
    while router.poll_action().is_some() {}
    let mut number = others;
    let mut live = |operation| {
        number += 1;
        router.handle_operation(now, SIP, operation, CallerTicket::new(number));
        if let Some(Action::Deliver {
            attempt, operation, ..
        }) = router.poll_action()
        {
            drop(black_box(operation));
            router.handle_response(now, attempt, ResponseStatus::Success);
        }
        router.poll_action()
    };
    // As after a while: what is remembered fills its place.
    for _ in 0..WARM_UP {
        live(operation.clone());
    }
    bencher
        .with_inputs(|| operation.clone())
        .bench_local_values(live);
}

/// Operation in, delivery out, answer in, response out, through a custodian that never keeps anything, or would if the answer took longer.
#[divan::bench(args = [false, true], sample_count = 200, sample_size = 200)]
fn whole_life_before_a_custodian(bencher: Bencher<'_, '_>, keeps: bool) {
    #[expect(clippy::disallowed_methods, reason = "one reading; time stands still")]
    let now = Instant::now();
    let router = Router::new(
        Arc::new(table(10)),
        Limits::default(),
        StdRng::seed_from_u64(1),
    );
    let policy = match keeps {
        true => CustodyPolicy::NEVER.with_patience(Duration::from_secs(5)),
        false => CustodyPolicy::NEVER,
    };
    let settings = CustodySettings::default().with_policy(SIP, policy);
    let clock = WallClock::new(now, SystemTime::UNIX_EPOCH);
    let mut custodian = Custodian::new(router, settings, JournalKeys::default(), clock);
    let operation = plain();
    let mut number = 0;
    let mut live = |operation| {
        number += 1;
        custodian.handle_operation(now, SIP, operation, CallerTicket::new(number));
        if let Some(Action::Deliver {
            attempt, operation, ..
        }) = custodian.poll_action()
        {
            drop(black_box(operation));
            custodian.handle_response(now, attempt, ResponseStatus::Success);
        }
        custodian.poll_action()
    };
    for _ in 0..WARM_UP {
        live(operation.clone());
    }
    bencher
        .with_inputs(|| operation.clone())
        .bench_local_values(live);
}
