//! Time obeys the test, with real sockets.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::{cell::Cell, time::Duration};

use rialto_testkit::{Conversation, Listener, run};
use tokio::time::{interval, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn what_is_in_a_socket_is_read_before_any_timer_is_due() {
    run(async |clock| {
        let server = Listener::open().await;
        let mut client = Conversation::connect(server.address()).await;
        let mut server = server.accept().await;
        // Tokio's own paused clock would leap to the end of each of these.
        for round in 0..100 {
            client.send_line(&format!("line {round}")).await;
            let line = timeout(SECOND, server.line()).await.unwrap();
            assert_eq!(line, Some(format!("line {round}")));
        }
        assert_eq!(clock.elapsed(), Duration::ZERO);
    });
}

#[test]
fn time_goes_by_as_it_is_told_and_each_timer_has_its_turn() {
    run(async |clock| {
        let ticks = Cell::new(0);
        let ticking = async {
            let mut every_second = interval(SECOND);
            loop {
                every_second.tick().await;
                ticks.set(ticks.get() + 1);
            }
        };
        tokio::select! {
            () = ticking => {}
            () = clock.pass(SECOND * 10 + SECOND / 2) => {}
        }
        assert_eq!(ticks.get(), 11, "one at the start, then ten");
        assert_eq!(clock.elapsed(), SECOND * 10 + SECOND / 2);
    });
}

#[test]
fn what_needs_time_gets_as_much_as_it_needs() {
    run(async |clock| {
        clock.until(sleep(SECOND * 3600)).await;
        let late = clock.elapsed() - SECOND * 3600;
        assert!(late <= SECOND * 4, "a thousandth: {late:?}");
        let before = clock.elapsed();
        clock.until(async {}).await;
        assert_eq!(clock.elapsed(), before, "no more than is needed");
    });
}

#[test]
#[should_panic(expected = "has not come within")]
fn what_never_comes_is_given_up() {
    run(async |clock| clock.until(std::future::pending::<()>()).await);
}

#[test]
fn slow_peer_takes_its_time() {
    run(async |clock| {
        let server = Listener::open().await;
        let mut client = Conversation::connect(server.address()).await;
        let mut server = server.accept().await;
        let (line, ()) = tokio::join!(server.line(), client.send_slowly(&clock, "slow\n", SECOND));
        assert_eq!(line.unwrap(), "slow");
        assert_eq!(clock.elapsed(), SECOND * 5);
    });
}
