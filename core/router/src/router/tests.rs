//! What cannot be seen from outside: that nothing is kept of what has ended.

use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{Authentication, Domain, InstantInbox, InstantMessage};

use super::*;
use crate::{Adapter, Hop, Route};

const DEADLINE: Duration = Duration::from_secs(300);

#[expect(
    clippy::disallowed_methods,
    reason = "an instant cannot be had otherwise; no test looks at its value"
)]
fn router() -> (Router<StdRng>, Instant) {
    let table = RoutingTable::builder()
        .with_adapter(Adapter::new("sip", "sip"))
        .with_route(Route::new(Domain::parse("voice.example").unwrap(), "sip"))
        .build()
        .unwrap();
    let limits = Limits::new(1_000).with_default_deadline(DEADLINE);
    let rng = StdRng::seed_from_u64(1);
    (Router::new(Arc::new(table), limits, rng), Instant::now())
}

fn submit(router: &mut Router<StdRng>, now: Instant, number: u64) {
    let operation = MessageOperation::new(
        TransactionId::parse(b"1").unwrap(),
        InstantInbox::parse("im:a@voice.example").unwrap(),
        InstantInbox::parse("im:b@voice.example").unwrap(),
        InstantMessage::text(""),
    );
    router.handle_operation(now, AdapterId::new(0), operation, CallerTicket::new(number));
}

fn answer_all(router: &mut Router<StdRng>, now: Instant) {
    while let Some(action) = router.poll_action() {
        if let Action::Deliver { attempt, .. } = action {
            router.handle_response(now, attempt, ResponseStatus::Success);
        }
    }
}

#[test]
fn deadlines_of_ended_operations_are_swept_out_long_before_they_come() {
    let (mut router, now) = router();
    for number in 0..20_000 {
        submit(&mut router, now, number);
        answer_all(&mut router, now);
        assert!(router.deadlines.len() <= 2 + Deadlines::FEW);
    }
    assert_eq!(router.poll_timeout(), None);
    assert_eq!(router.deadlines.len(), 0);
}

#[test]
fn deadlines_stay_in_proportion_to_what_is_in_progress() {
    let (mut router, now) = router();
    for number in 0..500 {
        submit(&mut router, now, number);
    }
    while router.poll_action().is_some() {}
    for number in 500..20_000 {
        submit(&mut router, now, number);
        answer_all(&mut router, now);
        assert!(router.deadlines.len() <= 2 * 501 + Deadlines::FEW);
    }
    assert_eq!(router.poll_timeout(), Some(now + DEADLINE));
}

#[test]
fn router_is_back_at_its_baseline_after_a_burst() {
    let (mut router, now) = router();
    for burst in 0..10 {
        for number in 0..2_000 {
            submit(&mut router, now, burst * 2_000 + number);
        }
        answer_all(&mut router, now);
        assert!(router.is_idle() && router.owners.is_empty());
        assert!(router.actions.capacity() <= 2 * Router::<StdRng>::ROOM);
        assert_eq!(router.in_progress.slots(), 1_000, "places are used again");
    }
}

#[test]
fn ticket_that_is_used_twice_loses_no_response() {
    let (mut router, now) = router();
    submit(&mut router, now, 1);
    submit(&mut router, now, 1);
    router.handle_timeout(now + DEADLINE);
    let mut responses = 0;
    while let Some(action) = router.poll_action() {
        responses += u32::from(matches!(action, Action::Respond { .. }));
    }
    assert_eq!((responses, router.owners.len()), (2, 0));
}

#[test]
fn hops_that_rest_are_bounded_and_those_that_failed_last_are_kept() {
    let (_, now) = router();
    let mut resting = Resting::default();
    let failure = Failure::new(FailureReason::Unreachable);
    let hop = |n: usize| Hop::new(AdapterId::new(0)).with_next_hop(n.to_string());
    for n in 0..3 * Resting::MOST {
        resting.add(&hop(n), &failure, now + Duration::from_millis(n as u64));
        assert!(resting.len() <= Resting::MOST);
    }
    assert!(resting.contains(&hop(3 * Resting::MOST - 1), now));
    assert!(!resting.contains(&hop(0), now));
}

#[test]
fn rfc2779_2_2_3_a_million_domains_leave_nothing_behind() {
    const DOMAINS: u64 = 1_000_000;
    let table = RoutingTable::builder()
        .with_adapter(Adapter::new("sip", "sip"))
        .with_route(Route::new(Domain::parse("voice.example").unwrap(), "sip"))
        .with_found_by_dns("sip")
        .build()
        .unwrap();
    let (_, now) = router();
    let rng = StdRng::seed_from_u64(1);
    let mut router = Router::new(Arc::new(table), Limits::new(1_000), rng);
    let alice = InstantInbox::parse("im:a@voice.example").unwrap();
    for number in 0..DOMAINS {
        let operation = MessageOperation::new(
            TransactionId::parse(b"1").unwrap(),
            alice.clone(),
            InstantInbox::parse(&format!("im:b@d{number}.example")).unwrap(),
            InstantMessage::text(""),
        )
        .with_authentication(Authentication::Network);
        router.handle_operation(now, AdapterId::new(0), operation, CallerTicket::new(number));
        let Some(Action::Resolve { domain, .. }) = router.poll_action() else {
            panic!("DNS was not asked for domain {number}");
        };
        // Every other one is down.
        let hops = || vec![Hop::new(AdapterId::new(0)).with_next_hop(number.to_string())];
        router.handle_resolved(now, &domain, |_, _| Ok(hops()));
        let Some(Action::Deliver { attempt, .. }) = router.poll_action() else {
            panic!("nothing was delivered to domain {number}");
        };
        let status = match number % 2 {
            0 => ResponseStatus::Success,
            _ => Failure::new(FailureReason::Unreachable).into(),
        };
        router.handle_response(now, attempt, status);
        assert!(matches!(router.poll_action(), Some(Action::Respond { .. })));
    }
    assert!(router.is_idle() && router.owners.is_empty());
    assert_eq!((router.waiting.len(), router.in_progress.slots()), (0, 1));
    assert!(router.resting.len() <= Resting::MOST);
    assert!(router.deadlines.len() <= 2 + Deadlines::FEW);
    assert!(router.actions.capacity() <= 2 * Router::<StdRng>::ROOM);
}
