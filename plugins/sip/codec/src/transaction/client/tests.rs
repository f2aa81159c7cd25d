use std::time::Duration;

use proptest::prelude::*;

use super::*;

type Table = ClientTransactions<usize>;

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
    ClientTransactions::new(Timers::DEFAULT, limit)
}

fn unreliably() -> Sending {
    Sending::Unreliably(Bytes::from_static(b"request"))
}

fn branch(number: u128) -> Branch {
    Branch::new(number)
}

/// Runs the table by its own timeouts until `end`; gives the ms of retransmissions and time-outs.
fn run(table: &mut Table, start: Instant, end: Instant) -> (Vec<u128>, Vec<u128>) {
    let (mut retransmitted, mut timed_out) = (Vec::new(), Vec::new());
    while let Some(now) = table.next_timeout().filter(|at| *at <= end) {
        while let Some(event) = table.poll(now) {
            let at = (now - start).as_millis();
            match event {
                ClientEvent::Retransmit(_, bytes) => {
                    assert_eq!(bytes, "request");
                    retransmitted.push(at);
                }
                ClientEvent::TimedOut(_) => timed_out.push(at),
            }
        }
    }
    (retransmitted, timed_out)
}

#[test]
fn request_over_udp_is_sent_eleven_times_in_all_and_times_out_after_32_s() {
    let (mut table, now) = (table(10), start());
    table.start(now, branch(1), unreliably(), 7).unwrap();
    let (retransmitted, timed_out) = run(&mut table, now, now + ms(100_000));
    let expected = [
        500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ];
    assert_eq!(retransmitted, expected);
    assert_eq!(timed_out, [32_000]);
    assert!(table.is_empty());
}

#[test]
fn request_over_tcp_is_sent_once_and_times_out_after_32_s() {
    let (mut table, now) = (table(10), start());
    table.start(now, branch(1), Sending::Reliably, 7).unwrap();
    assert_eq!(
        run(&mut table, now, now + ms(100_000)),
        (vec![], vec![32_000])
    );
    assert!(table.is_empty());
}

#[test]
fn provisional_response_stretches_timer_e_to_t2_but_stops_nothing() {
    let (mut table, now) = (table(10), start());
    table.start(now, branch(1), unreliably(), 7).unwrap();
    let trying = table.receive(now + ms(100), branch(1), StatusCode::TRYING);
    assert_eq!(trying, Received::Provisional);
    let (retransmitted, timed_out) = run(&mut table, now, now + ms(100_000));
    assert_eq!(
        retransmitted,
        [500, 4500, 8500, 12_500, 16_500, 20_500, 24_500, 28_500]
    );
    assert_eq!(timed_out, [32_000]);
}

#[test]
fn final_response_ends_retransmissions_and_copies_of_it_are_absorbed_for_t4() {
    let (mut table, now) = (table(10), start());
    table.start(now, branch(1), unreliably(), 7).unwrap();
    assert_eq!(
        table.receive(now, branch(1), StatusCode::OK),
        Received::Final(7)
    );
    assert_eq!(run(&mut table, now, now + ms(4999)), (vec![], vec![]));
    assert_eq!(
        table.receive(now + ms(4999), branch(1), StatusCode::OK),
        Received::Absorbed
    );
    assert_eq!(run(&mut table, now, now + ms(5000)), (vec![], vec![]));
    assert_eq!(
        table.receive(now + ms(5000), branch(1), StatusCode::OK),
        Received::Stray
    );
    assert!(table.is_empty());
}

#[test]
fn timer_k_is_zero_on_a_reliable_transport() {
    let (mut table, now) = (table(10), start());
    table.start(now, branch(1), Sending::Reliably, 7).unwrap();
    assert_eq!(
        table.receive(now, branch(1), StatusCode::NOT_FOUND),
        Received::Final(7)
    );
    assert!(table.is_empty());
}

#[test]
fn response_that_nobody_waits_for_is_a_stray() {
    let (mut table, now) = (table(10), start());
    assert_eq!(
        table.receive(now, branch(1), StatusCode::OK),
        Received::Stray
    );
    table.start(now, branch(1), unreliably(), 7).unwrap();
    run(&mut table, now, now + ms(32_000));
    assert_eq!(
        table.receive(now + ms(32_001), branch(1), StatusCode::OK),
        Received::Stray
    );
}

#[test]
fn request_is_refused_when_the_table_is_full_of_waiting_ones() {
    let (mut table, now) = (table(2), start());
    table.start(now, branch(1), unreliably(), 1).unwrap();
    table.start(now, branch(2), unreliably(), 2).unwrap();
    assert_eq!(table.start(now, branch(3), unreliably(), 3), Err(3));
    table.receive(now, branch(1), StatusCode::OK);
    assert_eq!(table.start(now, branch(3), unreliably(), 3), Ok(()));
    assert_eq!(table.len(), 2);
}

#[test]
fn failed_request_gives_back_what_was_kept_and_ends() {
    let (mut table, now) = (table(10), start());
    table.start(now, branch(1), unreliably(), 1).unwrap();
    table.start(now, branch(2), unreliably(), 2).unwrap();
    assert_eq!(table.fail(branch(1)), Some(1));
    assert_eq!(table.fail(branch(1)), None);
    assert_eq!(table.fail_all(|kept| *kept == 2), [2]);
    assert!(table.is_empty());
    assert_eq!(run(&mut table, now, now + ms(100_000)), (vec![], vec![]));
}

proptest! {
    #[test]
    fn each_request_ends_once_and_nothing_leaks(
        requests in proptest::collection::vec(
            (0..2000_u64, any::<bool>(), proptest::option::of(0..40_000_u64)), 0..60),
    ) {
        let (mut table, mut now) = (table(1000), start());
        let mut responses = Vec::new();
        let mut ended = vec![0; requests.len()];
        for (index, (pause, reliable, response)) in requests.iter().enumerate() {
            now += ms(*pause);
            while let Some(event) = table.poll(now) {
                if let ClientEvent::TimedOut(kept) = event {
                    ended[kept] += 1;
                }
            }
            let sending = if *reliable { Sending::Reliably } else { unreliably() };
            table.start(now, branch(index as u128), sending, index).unwrap();
            responses.extend(response.map(|after| (now + ms(after), index)));
        }
        responses.sort_unstable();
        for (at, index) in responses {
            now = now.max(at);
            while let Some(event) = table.poll(now) {
                if let ClientEvent::TimedOut(kept) = event {
                    ended[kept] += 1;
                }
            }
            if let Received::Final(kept) = table.receive(now, branch(index as u128), StatusCode::OK) {
                ended[kept] += 1;
            }
        }
        while let Some(event) = table.poll(now + ms(200_000)) {
            if let ClientEvent::TimedOut(kept) = event {
                ended[kept] += 1;
            }
        }
        prop_assert!(ended.iter().all(|times| *times == 1), "{:?}", ended);
        prop_assert!(table.is_empty());
        prop_assert_eq!(table.next_timeout(), None);
    }
}
