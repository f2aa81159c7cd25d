use std::{collections::HashMap, hash::RandomState, time::Duration};

use proptest::prelude::*;

use super::{super::TransactionKeys, *};
use crate::{Method, Request, SipMessage, StatusCode};

type Table = ServerTransactions<Numbered>;

/// An answer that is told from others of its status.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Numbered {
    status: StatusCode,
    number: usize,
}

impl FinalAnswer for Numbered {
    fn status(&self) -> StatusCode {
        self.status
    }
}

const OK: Numbered = Numbered {
    status: StatusCode::OK,
    number: 0,
};
const NOT_FOUND: Numbered = Numbered {
    status: StatusCode::NOT_FOUND,
    number: 0,
};

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[expect(
    clippy::disallowed_methods,
    reason = "any fixed point will do; no test waits"
)]
fn start() -> Instant {
    Instant::now()
}

fn table(limit: usize) -> Table {
    ServerTransactions::new(Timers::DEFAULT, limit)
}

fn keys() -> TransactionKeys {
    TransactionKeys::new(RandomState::new())
}

fn key_of(keys: &TransactionKeys, method: &str, via: &str, tag: &str) -> TransactionKey {
    key_of_call(keys, method, via, tag, "c\r\nCSeq: 1")
}

fn key_of_call(
    keys: &TransactionKeys,
    method: &str,
    via: &str,
    tag: &str,
    call: &str,
) -> TransactionKey {
    let text = format!(
        "{method} sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\nFrom: <sip:a@a.example>{tag}\r\n\
         To: <sip:b@example.com>\r\nCall-ID: {call} {method}\r\n\r\n"
    );
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    keys.of(&Request::read(&message).unwrap())
}

fn some_key(number: usize) -> TransactionKey {
    let keys = TransactionKeys::new(RandomState::new());
    key_of(
        &keys,
        "MESSAGE",
        &format!("a.example;branch=z9hG4bK{number}"),
        ";tag=1",
    )
}

fn events(table: &mut Table, now: Instant) -> Vec<ServerEvent> {
    std::iter::from_fn(|| table.poll(now)).collect()
}

#[test]
fn retransmitted_request_is_absorbed_until_it_is_answered_and_then_answered_again() {
    let (mut table, now, key) = (table(10), start(), some_key(1));
    assert_eq!(
        table.receive(now, key, Reliability::Unreliable),
        Receipt::New
    );
    assert_eq!(
        table.receive(now + ms(500), key, Reliability::Unreliable),
        Receipt::Absorbed
    );
    assert_eq!(table.respond(now + ms(600), key, OK), Ok(()));
    for late in [1500, 3500, 32_599] {
        let _none = events(&mut table, now + ms(late));
        let receipt = table.receive(now + ms(late), key, Reliability::Unreliable);
        assert_eq!(receipt, Receipt::Completed(OK), "after {late} ms");
    }
}

#[test]
fn timer_j_ends_the_transaction_64_t1_after_the_answer() {
    let (mut table, now, key) = (table(10), start(), some_key(1));
    table.receive(now, key, Reliability::Unreliable);
    table.respond(now + ms(100), key, OK).unwrap();
    assert_eq!(events(&mut table, now + ms(32_099)), []);
    assert!(table.contains(key));
    assert_eq!(events(&mut table, now + ms(32_100)), []);
    assert!(table.is_empty());
    assert_eq!(table.next_timeout(), None);
}

#[test]
fn timer_j_is_zero_on_a_reliable_transport() {
    let (mut table, now, key) = (table(10), start(), some_key(1));
    table.receive(now, key, Reliability::Reliable);
    table.respond(now, key, OK).unwrap();
    assert!(table.is_empty());
}

#[test]
fn trying_is_sent_once_when_timer_e_of_the_client_reaches_t2() {
    let (mut table, now, key) = (table(10), start(), some_key(1));
    table.receive(now, key, Reliability::Unreliable);
    assert_eq!(table.next_timeout(), Some(now + ms(3500)));
    assert_eq!(events(&mut table, now + ms(3499)), []);
    assert_eq!(
        events(&mut table, now + ms(3500)),
        [ServerEvent::Trying(key)]
    );
    let again = table.receive(now + ms(7500), key, Reliability::Unreliable);
    assert_eq!(again, Receipt::Proceeding);
    assert_eq!(table.respond(now + ms(7600), key, OK), Ok(()));
}

#[test]
fn trying_is_not_sent_when_the_answer_came_first() {
    let (mut table, now, key) = (table(10), start(), some_key(1));
    table.receive(now, key, Reliability::Unreliable);
    table.respond(now + ms(3499), key, OK).unwrap();
    assert_eq!(events(&mut table, now + ms(3500)), []);
}

#[test]
fn trying_of_an_earlier_transaction_is_not_sent_for_a_later_one_of_the_same_key() {
    let (mut table, now, key) = (table(10), start(), some_key(1));
    table.receive(now, key, Reliability::Reliable);
    table.respond(now, key, OK).unwrap();
    table.receive(now + ms(3000), key, Reliability::Reliable);
    assert_eq!(events(&mut table, now + ms(3500)), []);
    assert_eq!(
        events(&mut table, now + ms(6500)),
        [ServerEvent::Trying(key)]
    );
}

#[test]
fn final_answer_is_refused_after_the_client_gave_up() {
    let (mut table, now, key) = (table(10), start(), some_key(1));
    table.receive(now, key, Reliability::Unreliable);
    assert_eq!(
        events(&mut table, now + ms(3500)),
        [ServerEvent::Trying(key)]
    );
    assert_eq!(table.respond(now + ms(32_000), key, OK), Err(LateResponse));
    assert_eq!(
        events(&mut table, now + ms(32_000)),
        [ServerEvent::Expired(key)]
    );
    assert_eq!(table.respond(now + ms(32_001), key, OK), Err(LateResponse));
    assert!(table.is_empty());
}

#[test]
fn second_answer_is_refused() {
    let (mut table, now, key) = (table(10), start(), some_key(1));
    table.receive(now, key, Reliability::Unreliable);
    assert_eq!(table.respond(now, key, NOT_FOUND), Ok(()));
    assert_eq!(table.respond(now, key, OK), Err(LateResponse));
    assert_eq!(
        table.receive(now, key, Reliability::Unreliable),
        Receipt::Completed(NOT_FOUND)
    );
}

#[test]
fn new_request_is_refused_when_the_table_is_full_and_known_ones_are_not() {
    let (mut table, now) = (table(2), start());
    let [one, two, three] = [1, 2, 3].map(some_key);
    table.receive(now, one, Reliability::Unreliable);
    table.receive(now, two, Reliability::Unreliable);
    assert_eq!(
        table.receive(now, three, Reliability::Unreliable),
        Receipt::Full
    );
    assert_eq!(
        table.receive(now, two, Reliability::Unreliable),
        Receipt::Absorbed
    );
    assert_eq!(table.len(), 2);
}

/// The keys of one request that came by two ways.
fn two_ways() -> [TransactionKey; 2] {
    let keys = keys();
    ["a.example", "proxy.example"].map(|host| {
        key_of(
            &keys,
            "MESSAGE",
            &format!("{host};branch=z9hG4bK1"),
            ";tag=1",
        )
    })
}

#[test]
fn rfc3261_8_2_2_2_request_that_comes_by_another_way_is_merged_until_the_first_is_over() {
    let (mut table, now, [first, second]) = (table(10), start(), two_ways());
    let merged = |table: &mut Table, after| {
        let _none = events(table, now + ms(after));
        let receipt = table.receive(now + ms(after), second, Reliability::Unreliable);
        assert_eq!(receipt, Receipt::Merged, "after {after} ms");
    };
    table.receive(now, first, Reliability::Unreliable);
    merged(&mut table, 0);
    merged(&mut table, 3500);
    assert_eq!(table.respond(now + ms(4000), second, OK), Err(LateResponse));
    assert_eq!(table.respond(now + ms(4000), first, OK), Ok(()));
    merged(&mut table, 35_999);
    assert!(table.contains(first) && !table.contains(second));
    assert_eq!(events(&mut table, now + ms(36_000)), []);
    let later = table.receive(now + ms(36_000), second, Reliability::Unreliable);
    assert_eq!(later, Receipt::New);
}

#[test]
fn rfc3263_4_3_request_that_was_refused_is_new_by_another_way() {
    let (mut table, now, [first, second]) = (table(1), start(), two_ways());
    table.receive(now, first, Reliability::Unreliable);
    table.respond(now, first, NOT_FOUND).unwrap();
    let receipt = table.receive(now + ms(1), second, Reliability::Unreliable);
    assert_eq!(receipt, Receipt::New);
    assert_eq!(table.respond(now + ms(31_000), second, OK), Ok(()));
    // Timer J of the first does not end the second.
    let _none = events(&mut table, now + ms(32_000));
    let receipt = table.receive(now + ms(32_000), second, Reliability::Unreliable);
    assert_eq!(receipt, Receipt::Completed(OK));
    assert_eq!(events(&mut table, now + ms(63_000)), []);
    assert!(table.is_empty());
}

#[test]
fn key_differs_by_branch_sent_by_method_and_origin() {
    let keys = keys();
    let via = "a.example:5060;branch=z9hG4bK1";
    let key = key_of(&keys, "MESSAGE", via, ";tag=1");
    assert_eq!(
        key,
        key_of(&keys, "MESSAGE", &format!("{via};rport"), ";tag=1")
    );
    let others = [
        key_of(&keys, "OPTIONS", via, ";tag=1"),
        key_of(&keys, "MESSAGE", via, ";tag=2"),
        key_of(&keys, "MESSAGE", &via.replace("K1", "K2"), ";tag=1"),
        key_of(&keys, "MESSAGE", &via.replace("a.", "b."), ";tag=1"),
        key_of(&keys, "MESSAGE", &via.replace("5060", "5061"), ";tag=1"),
        key_of_call(&keys, "MESSAGE", via, ";tag=1", "d\r\nCSeq: 1"),
        key_of_call(&keys, "MESSAGE", via, ";tag=1", "c\r\nCSeq: 2"),
    ];
    assert!(!others.contains(&key), "{key:?} in {others:?}");
}

#[test]
fn key_without_the_cookie_is_what_rfc_2543_compares() {
    let keys = keys();
    for via in ["a.example", "a.example;branch=1"] {
        let key = key_of(&keys, "MESSAGE", via, ";tag=1");
        assert_eq!(key, key_of(&keys, "MESSAGE", via, ";tag=1"));
        assert_ne!(key, key_of(&keys, "MESSAGE", via, ";tag=2"));
        assert_ne!(key, key_of(&keys, "MESSAGE", "b.example", ";tag=1"));
    }
}

#[test]
fn key_of_a_cancel_names_the_request_that_it_cancels() {
    let keys = keys();
    let via = "a.example;branch=z9hG4bK1";
    let text = format!(
        "CANCEL sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\nFrom: <sip:a@a.example>;tag=1\r\n\
         To: <sip:b@example.com>\r\nCall-ID: c\r\nCSeq: 1 CANCEL\r\n\r\n"
    );
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    let cancel = Request::read(&message).unwrap();
    let cancelled = keys.cancelled_by(&cancel, Method::Message);
    assert_eq!(cancelled, key_of(&keys, "MESSAGE", via, ";tag=1"));
    assert_ne!(cancelled, keys.of(&cancel));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Receive(usize),
    Respond(usize),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..6_usize).prop_map(Step::Receive),
        (0..6_usize).prop_map(Step::Respond),
        (0..9000_u64).prop_map(Step::Pass),
    ]
}

proptest! {
    #[test]
    fn request_is_new_once_in_its_life_and_nothing_leaks(
        steps in proptest::collection::vec(step(), 0..200),
        reliable in any::<bool>(),
    ) {
        let reliability = if reliable { Reliability::Reliable } else { Reliability::Unreliable };
        let requests: Vec<_> = (0..6).map(some_key).collect();
        let (mut table, mut now) = (table(100), start());
        // What the transaction should be: when it came, and when it was answered with what.
        let mut alive: HashMap<usize, (Instant, Option<(Instant, Numbered)>)> = HashMap::new();
        for (number, step) in steps.into_iter().enumerate() {
            for event in events(&mut table, now) {
                if let ServerEvent::Expired(key) = event {
                    let index = requests.iter().position(|request| *request == key).unwrap();
                    let (came, answered) = alive.remove(&index).unwrap();
                    prop_assert!(now >= came + Timers::DEFAULT.f() && answered.is_none());
                }
            }
            alive.retain(|_, (_, answered)| {
                answered.is_none_or(|(at, _)| !reliable && now < at + Timers::DEFAULT.j())
            });
            match step {
                Step::Pass(time) => now += ms(time),
                Step::Receive(index) => {
                    let receipt = table.receive(now, requests[index], reliability);
                    match alive.get(&index) {
                        None => {
                            prop_assert_eq!(receipt, Receipt::New);
                            alive.insert(index, (now, None));
                        }
                        Some((_, Some((_, answer)))) => {
                            prop_assert_eq!(receipt, Receipt::Completed(*answer));
                        }
                        Some((came, None)) if now >= *came + Timers::DEFAULT.trying() => {
                            prop_assert_eq!(receipt, Receipt::Proceeding);
                        }
                        Some(_) => prop_assert_eq!(receipt, Receipt::Absorbed),
                    }
                }
                Step::Respond(index) => {
                    let answer = Numbered { number, ..OK };
                    let open = alive.get(&index).is_some_and(|(_, answered)| answered.is_none());
                    prop_assert_eq!(table.respond(now, requests[index], answer).is_ok(), open);
                    if open {
                        alive.entry(index).and_modify(|(_, done)| *done = Some((now, answer)));
                    }
                }
            }
        }
        events(&mut table, now + ms(64_000));
        events(&mut table, now + ms(128_000));
        prop_assert!(table.is_empty());
        prop_assert_eq!(table.next_timeout(), None);
    }
}
