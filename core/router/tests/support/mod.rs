//! What the tests are made of: tables, operations, a clock that stands still.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod gallery;
pub(crate) mod office;
pub(crate) mod rules;
pub(crate) mod town;

use std::{
    fmt::Debug,
    ops::Range,
    sync::{Arc, OnceLock},
    time::Instant,
};

use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{
    Authentication, Domain, Failure, FailureReason, InstantInbox, InstantMessage, MaxForwards,
    MessageOperation, ResponseStatus, TransactionId,
};
use rialto_router::{
    Action, Adapter, AdapterId, AddressPattern, Alias, AttemptId, CallerTicket, Decision, Limits,
    Route, Router, RoutingTable, RoutingTableBuilder, Verdict,
};

pub(crate) const SIP: AdapterId = AdapterId::new(0);
pub(crate) const XMPP: AdapterId = AdapterId::new(1);
pub(crate) const MAIL: AdapterId = AdapterId::new(2);

/// The time at which every test begins.
pub(crate) fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    #[expect(
        clippy::disallowed_methods,
        reason = "an instant cannot be had otherwise; no test looks at its value"
    )]
    *START.get_or_init(Instant::now)
}

pub(crate) fn domain(name: &str) -> Domain {
    name.parse().unwrap()
}

pub(crate) fn inbox(uri: &str) -> InstantInbox {
    uri.parse().unwrap()
}

pub(crate) fn operation(source: &str, destination: &str) -> MessageOperation {
    named(b"of-the-sender", source, destination)
}

pub(crate) fn named(id: &[u8], source: &str, destination: &str) -> MessageOperation {
    MessageOperation::new(
        TransactionId::parse(id).unwrap(),
        inbox(source),
        inbox(destination),
        InstantMessage::text("hello"),
    )
}

pub(crate) fn hops(operation: MessageOperation, hops: u8) -> MessageOperation {
    operation.with_max_forwards(MaxForwards::new(hops))
}

/// The table below, where DNS finds SIP and XMPP, and mail knows SIP's users by another domain.
pub(crate) fn builder_with_dns() -> RoutingTableBuilder {
    let alias =
        Alias::new(pattern("*@voice.example"), pattern("*@people.example")).with_adapters(["mail"]);
    builder()
        .with_alias(alias)
        .with_found_by_dns("sip")
        .with_found_by_dns("xmpp")
}

/// An operation whose sender the network vouches for.
pub(crate) fn vouched(operation: MessageOperation) -> MessageOperation {
    operation.with_authentication(Authentication::Network)
}

/// What a table decides that asks no DNS.
pub(crate) fn decided(
    table: &RoutingTable,
    from: AdapterId,
    operation: &MessageOperation,
) -> Result<Decision, Failure> {
    table.decide(from, operation).map(|verdict| match verdict {
        Verdict::Decided(decision) => decision,
        Verdict::Undecided(undecided) => panic!("DNS was to be asked: {undecided:?}"),
    })
}

pub(crate) fn pattern(text: &str) -> AddressPattern {
    text.parse().unwrap()
}

/// Three networks; users of each are shown as source routes to the others, but SIP reaches XMPP's domain plainly.
pub(crate) fn table() -> RoutingTable {
    builder().build().unwrap()
}

pub(crate) fn builder() -> RoutingTableBuilder {
    RoutingTable::builder()
        .with_adapter(Adapter::new("sip", "sip").with_domains(&[domain("jabber.example")]))
        .with_adapter(Adapter::new("xmpp", "xmpp").with_domains(&[domain("second.example")]))
        .with_adapter(Adapter::new("mail", "smtp"))
        .with_route(Route::new(domain("voice.example"), "sip").with_next_hop("proxy.voice.example"))
        .with_route(Route::new(domain("jabber.example"), "xmpp"))
        .with_route(Route::new(domain("lab.jabber.example"), "sip"))
        .with_route(Route::new(domain("mail.example"), "mail"))
        .with_relay_domain(domain("relay.example"))
        .with_relay_domain(domain("second.example"))
}

pub(crate) fn router() -> Router<StdRng> {
    limited(Limits::default())
}

pub(crate) fn limited(limits: Limits) -> Router<StdRng> {
    Router::new(Arc::new(table()), limits, StdRng::seed_from_u64(7))
}

pub(crate) fn ticket(number: u64) -> CallerTicket {
    CallerTicket::new(number)
}

/// The next action, which has to be a delivery.
pub(crate) fn delivery(router: &mut Router<StdRng>) -> (AttemptId, AdapterId, MessageOperation) {
    match router.poll_action() {
        Some(Action::Deliver {
            attempt,
            adapter,
            operation,
            ..
        }) => (attempt, adapter, operation),
        other => panic!("no delivery but {other:?}"),
    }
}

/// The next action, which has to be a response: the ticket, the transaction identifier, the status.
pub(crate) fn response(router: &mut Router<StdRng>) -> (u64, String, ResponseStatus) {
    match router.poll_action() {
        Some(Action::Respond {
            ticket, response, ..
        }) => {
            let id = response.transaction_id().to_string();
            (ticket.number(), id, response.into_status())
        }
        other => panic!("no response but {other:?}"),
    }
}

/// The next action, which has to be a response that reports a failure.
pub(crate) fn failure(router: &mut Router<StdRng>) -> FailureReason {
    match response(router).2 {
        ResponseStatus::Failure(failure) => failure.reason(),
        other => panic!("no failure but {other:?}"),
    }
}

pub(crate) fn is_cancel(action: Option<Action>, of: AttemptId) -> bool {
    matches!(action, Some(Action::Cancel { attempt, .. }) if attempt == of)
}

/// Plays runs of a simulation: so many, or those that `RIALTO_SEEDS` names. Each way that there is to go has to be gone more often than in one of
/// `rarest` runs.
#[track_caller]
pub(crate) fn play<const WAYS: usize, V: Debug>(
    usual: u64,
    rarest: u64,
    run: impl Fn(u64) -> Result<[u64; WAYS], V>,
) {
    let seeds = seeds(usual);
    let played = seeds.end.saturating_sub(seeds.start);
    let mut seen = [0; WAYS];
    for seed in seeds {
        let ways = run(seed).unwrap_or_else(|violation| panic!("seed {seed}: {violation:?}"));
        for (sum, count) in seen.iter_mut().zip(ways) {
            *sum += count;
        }
    }
    assert!(
        seen.iter().all(|sum| *sum > played / rarest),
        "too idle to show anything: {seen:?}"
    );
}

fn seeds(usual: u64) -> Range<u64> {
    let told = std::env::var("RIALTO_SEEDS").unwrap_or_default();
    let (first, end) = told.split_once("..").unwrap_or(("0", &told));
    match (first.parse(), end.parse()) {
        (Ok(first), Ok(end)) => first..end,
        _ => 0..usual,
    }
}

/// Plays some runs of a simulation twice: all that happens in one follows from its seed.
#[track_caller]
pub(crate) fn play_twice<T: Debug + PartialEq>(seeds: u64, run: impl Fn(u64) -> T) {
    for seed in 0..seeds {
        assert_eq!(run(seed), run(seed));
    }
}

/// What the ledger of a simulation says of a fault that was planted.
#[track_caller]
pub(crate) fn noticed<V>(
    fault: impl Debug,
    seeds: u64,
    violation_of: impl FnMut(u64) -> Option<V>,
) -> V {
    (0..seeds)
        .find_map(violation_of)
        .unwrap_or_else(|| panic!("{fault:?} went unnoticed in {seeds} runs"))
}
