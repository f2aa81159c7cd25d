//! How fast a notification is beside a message, over the same pair of adapters: RFC 2779 §3.4.1 wants the one transported as rapidly as the other.
//!
//! ```sh
//! cargo build --release --workspace && cargo bench -p rialto-tests --bench notifying
//! ```
//!
//! Bob, in one SIP network, by turns writes to Alice, in another, and says something new of himself to her, who watches him: one at a time, `RIALTO_ROUNDS` (10,000) of each.
//! The time is that from the request of his to the one that she gets; the gateway answers each before the next.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for people; it ends when it cannot go on"
)]

use std::{
    env,
    net::SocketAddr,
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    peers::sipp::SIP_HOST,
    ports::Port,
    sip_message::SipMessage,
    sip_presence::{SipPresentity, SipWatcher},
};

const ALICE: &str = "sip:alice@near.example";
const BOB: &str = "sip:bob@far.example";
/// What is not counted: until everything has its memory and its place in the caches.
const WARM_UP: usize = 500;

fn main() {
    let said = env::var("RIALTO_ROUNDS").ok();
    let rounds: usize = said.map_or(10_000, |text| text.parse().expect("a number"));
    let bench = Bench::new();
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..WARM_UP + rounds {
        let both = [bench.message(round), bench.notification(round)];
        if round >= WARM_UP {
            for (times, time) in times.iter_mut().zip(both) {
                times.push(time);
            }
        }
    }
    println!("               p50 µs   p99 µs");
    let medians = ["message", "notification"].iter().zip(&mut times);
    let medians: Vec<f64> = medians.map(|(name, times)| show(name, times)).collect();
    if let [message, notification] = medians[..] {
        println!(
            "a notification takes {:.2} of a message's time",
            notification / message
        );
    }
}

/// Prints the figures; yields the median.
fn show(name: &str, times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    let percentile = |of: usize| {
        let time = times.get(times.len() * of / 100).expect("there are rounds");
        time.as_secs_f64() * 1e6
    };
    println!("{name:12} {:8.0} {:8.0}", percentile(50), percentile(99));
    percentile(50)
}

/// A gateway between two SIP networks with one user each.
struct Bench {
    _gateway: Gateway,
    bob: SipPresentity,
    asked: SipMessage,
    /// What Alice gets, and when.
    arrived: Receiver<(SipMessage, Instant)>,
    far: SocketAddr,
    _ports: [Port; 2],
}

impl Bench {
    fn new() -> Self {
        let (alice, bob) = (SipWatcher::new(ALICE, BOB), SipPresentity::new(BOB));
        let ports = [Port::take(), Port::take()];
        let [near, far] = ports.each_ref().map(gateway::address);
        let [hers, his] = [alice.address(), bob.address()].map(|at| format!("udp:{at}"));
        let trusted = format!("trusted = [\"{SIP_HOST}\"]");
        let config = GatewayConfig::new()
            .with_sip("near", &[near], &["far.example"])
            .with_settings(&[&trusted])
            .with_sip("far", &[far], &["near.example"])
            .with_settings(&[&trusted])
            .with_route("near.example", "near", Some(&hers))
            .with_route("far.example", "far", Some(&his));
        let gateway = Gateway::start(&config);
        alice.ask(near, "");
        let asked = bob.grant(far);
        bob.notify(far, &asked, &document("first"));
        alice.next_with("first");
        let (arrives, arrived) = mpsc::channel();
        thread::spawn(move || {
            loop {
                let message = alice.socket.receive();
                if arrives.send((message, now())).is_err() {
                    return;
                }
            }
        });
        Self {
            _gateway: gateway,
            bob,
            asked,
            arrived,
            far,
            _ports: ports,
        }
    }

    fn message(&self, round: usize) -> Duration {
        let address = self.bob.address();
        let text = document(&format!("message {round}"));
        let request = format!(
            "MESSAGE {ALICE} SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bK-m{round}\r\n\
             Max-Forwards: 70\r\nFrom: <{BOB}>;tag=raw\r\nTo: <{ALICE}>\r\nCall-ID: m{round}\r\nCSeq: 1 MESSAGE\r\n\
             Content-Type: application/pidf+xml\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        );
        let began = now();
        self.bob.socket.write(self.far, request.as_bytes());
        let time = self.arrival(&text).duration_since(began);
        assert_eq!(self.bob.socket.receive().status(), Some(200));
        time
    }

    fn notification(&self, round: usize) -> Duration {
        let text = document(&format!("notification {round}"));
        let began = now();
        self.bob.notify(self.far, &self.asked, &text);
        self.arrival(&text).duration_since(began)
    }

    /// When what has this body came.
    fn arrival(&self, body: &str) -> Instant {
        loop {
            let (message, at) = self.arrived.recv().expect("alice listens");
            if message.body() == body.as_bytes() {
                return at;
            }
        }
    }
}

/// A message has the same body, so that both carry as much.
fn document(note: &str) -> String {
    format!(
        "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='pres:bob@far.example'>\
         <tuple id='desk'><status><basic>open</basic></status><note>{note}</note></tuple></presence>"
    )
}

#[expect(clippy::disallowed_methods, reason = "a benchmark needs the time")]
fn now() -> Instant {
    Instant::now()
}
