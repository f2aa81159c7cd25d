//! What it costs to write to many domains: a gateway that finds each of them by DNS, with NSD and a SIP user of ours behind.
//!
//! ```sh
//! cargo build --release --workspace && cargo bench -p rialto-tests --bench domains
//! ```
//!
//! Each line is a round of messages, a window of them at a time, each to the next of so many domains. CPU is that of the gateway
//! alone, user and system; memory is its proportional set. Every message is answered 200 or the run ends.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for people; it ends when it cannot go on"
)]

use std::{
    net::{SocketAddr, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use rialto_tests::{
    dns::Nsd,
    gateway::{self, Gateway, GatewayConfig},
    peers::sipp::SIP_HOST,
    ports::Port,
};

/// Messages of a round.
const ROUND: usize = 100_000;
/// How many wait for their answer at a time.
const WINDOW: usize = 64;
const PATIENCE: Duration = Duration::from_secs(10);

fn main() {
    println!("domains   round   messages/s   CPU s/10,000   memory MiB");
    for domains in [1, 1_000, 10_000, 100_000] {
        let bench = Bench::new();
        for round in 1..=3 {
            let before = bench.gateway.cpu_seconds();
            let took = bench.round(domains, round);
            let cpu = (bench.gateway.cpu_seconds() - before) * 10_000.0 / ROUND as f64;
            let rate = ROUND as f64 / took.as_secs_f64();
            let memory = bench.gateway.memory_mib();
            println!("{domains:7} {round:7} {rate:12.0} {cpu:14.3} {memory:12.1}");
        }
    }
}

/// A gateway with a user on each side.
struct Bench {
    gateway: Gateway,
    sender: UdpSocket,
    near: SocketAddr,
    _dns: Nsd,
    _port: Port,
}

impl Bench {
    fn new() -> Self {
        let receiver = UdpSocket::bind((SIP_HOST, 0)).expect("a port");
        let at = receiver.local_addr().expect("its address");
        thread::spawn(move || answer(&receiver));
        // Every name beneath the zone has the same records.
        let records = format!(
            "* IN SRV 10 0 {} host\n* IN A {SIP_HOST}\nhost IN A {SIP_HOST}",
            at.port()
        );
        let dns = Nsd::start(&[("many.example", &records)]);
        let port = Port::take();
        let near = gateway::address(&port);
        let resolver = format!("name_servers = [\"{}\"]\ndenied = []", dns.address());
        let config = GatewayConfig::new()
            .with_sip("sip", &[near], &[])
            .with_settings(&["trusted = [\"127.0.0.0/8\"]"])
            .with_route("sip.example", "sip", Some("udp:127.0.0.1:9"))
            .with_resolver(&resolver);
        let sender = UdpSocket::bind((SIP_HOST, 0)).expect("a port");
        sender.set_read_timeout(Some(PATIENCE)).expect("a time");
        Self {
            gateway: Gateway::start(&config),
            sender,
            near,
            _dns: dns,
            _port: port,
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a benchmark needs the time")]
    fn round(&self, domains: usize, round: usize) -> Duration {
        let began = Instant::now();
        let mut buffer = [0; 2048];
        for number in 0..ROUND + WINDOW {
            if number >= WINDOW {
                let len = self.sender.recv(&mut buffer).expect("an answer");
                let answer = String::from_utf8_lossy(buffer.get(..len).unwrap_or_default());
                assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
            }
            if number < ROUND {
                let message = message(number % domains, round, number);
                let sent = self.sender.send_to(message.as_bytes(), self.near);
                sent.expect("a message sent");
            }
        }
        began.elapsed()
    }
}

fn message(domain: usize, round: usize, number: usize) -> String {
    format!(
        "MESSAGE sip:bob@d{domain}.many.example SIP/2.0\r\n\
         Via: SIP/2.0/UDP {SIP_HOST};rport;branch=z9hG4bK{round}-{number}\r\n\
         From: <sip:alice@sip.example>;tag={round}\r\nTo: <sip:bob@d{domain}.many.example>\r\n\
         Call-ID: {round}-{number}\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\n\
         Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
    )
}

/// Answers each request with 200.
fn answer(socket: &UdpSocket) {
    let mut buffer = [0; 4096];
    while let Ok((len, from)) = socket.recv_from(&mut buffer) {
        let request = String::from_utf8_lossy(buffer.get(..len).unwrap_or_default());
        let wanted = ["Via", "From", "To", "Call-ID", "CSeq"];
        let is_wanted = |line: &&str| {
            let name = line.split(':').next().unwrap_or_default();
            wanted.contains(&name)
        };
        let head: Vec<_> = request
            .split("\r\n")
            .take_while(|line| !line.is_empty())
            .filter(is_wanted)
            .collect();
        let answer = format!(
            "SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n",
            head.join("\r\n")
        );
        if socket.send_to(answer.as_bytes(), from).is_err() {
            return;
        }
    }
}
