//! What subscriptions cost: a gateway with many of them, between networks that the bench plays.
//!
//! ```sh
//! cargo build --release --workspace && RIALTO_SUBSCRIPTIONS=1000000 cargo bench -p rialto-tests --bench watching
//! ```
//!
//! Loads so many subscriptions (100,000 by default), `RIALTO_WATCHED` (1,000) of them to each presentity and `RIALTO_EACH` (1) of each watcher, each with a native one on the other side and a document; says what they
//! take, and what a message costs before and after; kills the gateway and says how long it takes to be there again, and until all networks have been asked and all watchers told; and has a
//! hosted presentity publish to 1,000 watchers. To be there again with millions takes longer than the rig waits: `RIALTO_PATIENCE=600` lets it. CPU is that of the gateway with its adapters, memory its proportional set, less that of the empty gateway.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for people; it ends when it cannot go on"
)]

use std::{
    env,
    net::{SocketAddr, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    peers::sipp::SIP_HOST,
    ports::Port,
    stage::Stage,
};
use serde_json::json;

/// How many subscribe operations wait for their answer at a time.
const WINDOW: usize = 2_000;
/// Messages of a round, and how many wait for their answer at a time.
const MESSAGES: usize = 50_000;
const MESSAGE_WINDOW: usize = 64;
/// Who watches the hosted presentity, and how often that says something new.
const WATCHERS: usize = 1_000;
const PUBLICATIONS: usize = 20;
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the gateway is asked how far it is.
const LOOK: Duration = Duration::from_millis(5);

fn main() {
    let number = |name, usual| {
        let said = env::var(name).ok();
        said.map_or(usual, |text| text.parse().expect("a number"))
    };
    let count = number("RIALTO_SUBSCRIPTIONS", 100_000);
    let mut bench = Bench::new(count);
    bench.messages("empty");
    let each = number("RIALTO_EACH", 1).max(1);
    bench.load(count, number("RIALTO_WATCHED", 1_000).max(1), each);
    bench.messages("with subscriptions");
    bench.publish();
    bench.restart(count);
}

/// A gateway between a network of watchers, one of presentities, and SIP users that write.
struct Bench {
    gateway: Gateway,
    near: Stage,
    far: Stage,
    sender: UdpSocket,
    sip: SocketAddr,
    _port: Port,
}

impl Bench {
    fn new(count: usize) -> Self {
        let (mut near, mut far) = (Stage::new(), Stage::new());
        let port = Port::take();
        let sip = gateway::address(&port);
        let most = count + 2 * WATCHERS;
        let config = near.add(
            GatewayConfig::new(),
            "near",
            &["far.example", "home.example"],
            &["quiet = true"],
        );
        let config = far
            .add(
                config,
                "far",
                &["near.example"],
                &["quiet = true", "open = true"],
            )
            .with_sip("sip", &[sip], &["far.example"])
            .with_settings(&["trusted = [\"127.0.0.0/8\"]"])
            .with_route("sip.example", "sip", Some("udp:127.0.0.1:9"))
            .with_sections(&format!(
                "[presence]\nmax_subscriptions = {most}\nmax_per_presentity = {most}\n\
                 hosted = [\"home.example\"]\n[store]\nmax_size = \"32GiB\"\n"
            ));
        let gateway = Gateway::start(&config);
        near.take_connection();
        far.take_connection();
        let sender = UdpSocket::bind((SIP_HOST, 0)).expect("a port");
        sender.set_read_timeout(Some(PATIENCE)).expect("a time");
        Self {
            gateway,
            near,
            far,
            sender,
            sip,
            _port: port,
        }
    }

    /// Has watchers subscribe `count` times, `each` of them so often, and `watched` times to each presentity.
    fn load(&mut self, count: usize, watched: usize, each: usize) {
        let presentities = count.div_ceil(watched);
        assert!(each <= presentities, "each watcher watches others");
        let memory = self.gateway.memory_mib();
        let ((well, cpu), time) = timed(|| {
            let before = self.gateway.cpu_seconds();
            let pairs = (0..count).map(|number| {
                let (watcher, presentity) = (number / each, number % presentities);
                (
                    format!("s{number}"),
                    format!("pres:w{watcher}@near.example"),
                    format!("pres:p{presentity}@far.example"),
                )
            });
            let well = self.near.subscribe_all(pairs, WINDOW);
            (well, self.gateway.cpu_seconds() - before)
        });
        assert_eq!(well, count, "all are granted");
        let untold = self.await_count("near", "notified", count);
        let [memory, each] = self.since(memory, count);
        let store = &self.gateway.ask(&["status"])["store"];
        let [records, bytes, disk] = ["records", "bytes", "disk"].map(|key| store[key].as_f64());
        let per = |of: Option<f64>| of.expect("a figure") / count as f64;
        println!(
            "loaded: {count} in {time:.1?}, {:.0}/s, {:.2} CPU s per 10,000; all told {untold:.1?} later",
            count as f64 / time.as_secs_f64(),
            cpu * 10_000.0 / count as f64
        );
        println!("memory: {memory:.0} MiB, {each:.0} bytes each");
        println!(
            "store: {:.1} records, {:.0} bytes, {:.0} bytes of disk each",
            per(records),
            per(bytes),
            per(disk)
        );
    }

    /// Writes messages from SIP to the other side.
    fn messages(&self, when: &str) {
        let before = self.gateway.cpu_seconds();
        let ((), time) = timed(|| {
            let mut buffer = [0; 2048];
            for number in 0..MESSAGES + MESSAGE_WINDOW {
                if number >= MESSAGE_WINDOW {
                    let len = self.sender.recv(&mut buffer).expect("an answer");
                    let answer = String::from_utf8_lossy(buffer.get(..len).unwrap_or_default());
                    assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
                }
                if number < MESSAGES {
                    let sent = self
                        .sender
                        .send_to(message(when, number).as_bytes(), self.sip);
                    sent.expect("a message sent");
                }
            }
        });
        println!(
            "messages, {when}: {:.0}/s, {:.3} CPU s per 10,000",
            MESSAGES as f64 / time.as_secs_f64(),
            (self.gateway.cpu_seconds() - before) * 10_000.0 / MESSAGES as f64
        );
    }

    /// Has a hosted presentity say something new to many watchers, again and again.
    fn publish(&mut self) {
        let pairs = (0..WATCHERS).map(|number| {
            let watcher = format!("pres:h{number}@near.example");
            (format!("h{number}"), watcher, HELEN.to_owned())
        });
        let before = self.count("near", "notified");
        assert_eq!(self.near.subscribe_all(pairs, WINDOW), WATCHERS);
        let told = before as usize + WATCHERS;
        self.await_count("near", "notified", told);
        let before = self.gateway.cpu_seconds();
        let notified = self.count("near", "notified") as usize;
        let ((), time) = timed(|| {
            for number in 1..=PUBLICATIONS {
                let published = self.far.cue(publication(number));
                assert_eq!(self.far.answer(published)["status"], "success");
                // Each is told before the next comes: otherwise the newest alone would be.
                self.await_count("near", "notified", notified + number * WATCHERS);
            }
        });
        let all = (PUBLICATIONS * WATCHERS) as f64;
        println!(
            "published: {PUBLICATIONS} times to {WATCHERS} watchers, {:.0} notifications/s at least, {:.3} CPU s per 10,000",
            all / time.as_secs_f64(),
            (self.gateway.cpu_seconds() - before) * 10_000.0 / all
        );
    }

    /// Kills the gateway, and waits until everybody has been asked and told again.
    fn restart(&mut self, count: usize) {
        self.gateway.kill();
        let ((), time) = timed(|| self.gateway.start_again());
        println!("restart: ready after {time:.1?}");
        self.near.take_connection();
        self.far.take_connection();
        let told = self.await_count("near", "notified", count);
        println!("restart: all watchers told {told:.1?} later");
        let asked = self.await_count("far", "asked", count);
        println!("restart: all networks asked {asked:.1?} later");
        let status = self.gateway.ask(&["status"]);
        let known = status["presence"]["subscriptions"].as_u64();
        assert_eq!(
            known,
            Some((count + WATCHERS) as u64),
            "none lost, none doubled"
        );
        println!("restart: {:.0} MiB", self.gateway.memory_mib());
    }

    /// Memory since then, and bytes for each of so many.
    fn since(&self, before: f64, count: usize) -> [f64; 2] {
        let memory = self.gateway.memory_mib() - before;
        [memory, memory * f64::from(1 << 20) / count as f64]
    }

    fn count(&self, adapter: &str, metric: &str) -> u64 {
        let figure = &self.gateway.ask(&["status"])["adapters"][adapter]["figures"][metric];
        figure["count"].as_u64().unwrap_or_default()
    }

    /// Waits until an adapter has counted so many; how long that took.
    fn await_count(&self, adapter: &str, metric: &str, most: usize) -> Duration {
        let ((), time) = timed(|| {
            while self.count(adapter, metric) < most as u64 {
                rest();
            }
        });
        time
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "no event says that a counter has grown"
)]
fn rest() {
    thread::sleep(LOOK);
}

const HELEN: &str = "pres:helen@home.example";

fn publication(number: usize) -> serde_json::Value {
    let document = format!(
        "<?xml version='1.0' encoding='UTF-8'?><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='{HELEN}'>\
         <tuple id='t1'><status><basic>open</basic></status><note>number {number}</note></tuple></presence>"
    );
    let expected = (number > 1).then_some(number - 1);
    json!({
        "do": "publish", "id": "desk", "presentity": HELEN, "publisher": HELEN,
        "document": document, "duration": 3600, "version": number, "expected": expected,
    })
}

fn message(round: &str, number: usize) -> String {
    let round = round.len();
    format!(
        "MESSAGE sip:p{number}@far.example SIP/2.0\r\n\
         Via: SIP/2.0/UDP {SIP_HOST};rport;branch=z9hG4bK{round}-{number}\r\n\
         From: <sip:alice@sip.example>;tag={round}\r\nTo: <sip:p{number}@far.example>\r\n\
         Call-ID: {round}-{number}\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\n\
         Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
    )
}

#[expect(clippy::disallowed_methods, reason = "a benchmark needs the time")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    (work(), began.elapsed())
}
