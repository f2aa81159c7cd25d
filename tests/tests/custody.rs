//! Messages that the gateway answered for before their outcome was known: through crashes, full disks and an operator's hands.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![expect(
    clippy::print_stdout,
    reason = "a test says what it skipped, and what it counted"
)]

use std::{
    collections::HashSet, env, fs, iter, net::SocketAddr, path::Path, process::Command, sync::Arc,
    thread,
};

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    ports::Port,
    raw_sip::RawSip,
};
use serde_json::Value;
use tempfile::TempDir;

const ALICE: &str = "sip:alice@sip.example";
const BOB: &str = "sip:bob@other.example";

/// A gateway between two SIP networks that keeps each message of the near one before anything else.
struct Kept {
    gateway: Gateway,
    near: SocketAddr,
    /// Bob's phone, which answers only when a test has it take something.
    bob: Arc<RawSip>,
    _ports: [Port; 2],
}

impl Kept {
    fn start(sections: &str) -> Self {
        Self::patient("0s", sections)
    }

    /// One that keeps nothing of the near network before it has waited so long.
    fn patient(patience: &str, sections: &str) -> Self {
        let ports = [Port::take(), Port::take()];
        let [near, far] = ports.each_ref().map(gateway::address);
        let bob = Arc::new(RawSip::new());
        let config = GatewayConfig::new()
            .with_sip("near", &[near], &["other.example"])
            .with_sip("far", &[far], &["sip.example"])
            .with_route(
                "other.example",
                "far",
                Some(&format!("udp:{}", bob.address())),
            )
            .with_sections(&format!(
                "[adapters.near.custody]\npatience = \"{patience}\"\n{sections}"
            ));
        Self {
            gateway: Gateway::start(&config),
            near,
            bob,
            _ports: ports,
        }
    }

    /// What Alice's phone is answered.
    fn send(&self, text: &str) -> Option<u16> {
        let alice = RawSip::new();
        alice.send(self.near, ALICE, BOB, "text/plain", text.as_bytes());
        alice.receive().status()
    }

    /// What is kept of a kind: messages, or reports that are to be told.
    fn of_kind(&self, kind: &str) -> Vec<Value> {
        let list = self.gateway.ask(&["queue", "list"]);
        let entries = list.as_array().unwrap().iter();
        entries
            .filter(|entry| entry["kind"] == kind)
            .cloned()
            .collect()
    }

    /// The numbers of what is kept.
    fn queue(&self) -> Vec<u64> {
        ids(&self.gateway.ask(&["queue", "list"]))
    }

    /// Has Bob take everything until nothing is kept any more; what he saw, once where it came again at once.
    fn deliver_all(&self) -> Vec<String> {
        thread::scope(|scope| {
            let bob = scope.spawn(|| take_all(&self.bob));
            self.await_empty();
            end(&self.bob);
            let mut texts = bob.join().unwrap();
            texts.dedup();
            texts
        })
    }

    fn await_empty(&self) {
        let process = self.gateway.process();
        process.await_state("empty queue", || self.of_kind("message").is_empty());
    }
}

/// Has a phone take everything, until it is told that this is the end.
fn take_all(phone: &RawSip) -> Vec<String> {
    let text = || String::from_utf8(phone.receive().body().to_vec()).unwrap();
    iter::repeat_with(text)
        .take_while(|text| text != END)
        .collect()
}

fn end(phone: &RawSip) {
    RawSip::new().send(phone.address(), ALICE, BOB, "text/plain", END.as_bytes());
}

const END: &str = "the queue is empty";

fn ids(list: &Value) -> Vec<u64> {
    let entries = list.as_array().unwrap().iter();
    entries.map(|entry| entry["id"].as_u64().unwrap()).collect()
}

#[test]
fn cpim_3_4_persist_what_was_accepted_is_delivered_in_order_after_a_crash() {
    let mut kept = Kept::start("");
    for text in ["one", "two", "three"] {
        assert_eq!(kept.send(text), Some(202), "{text}");
    }
    let before = kept.queue();
    assert_eq!(before.len(), 3);
    kept.gateway.kill();
    assert_eq!(
        ids(&kept.gateway.ask(&["queue", "list", "--offline"])),
        before
    );
    kept.gateway.start_again();
    assert_eq!(kept.queue(), before);
    assert_eq!(kept.deliver_all(), ["one", "two", "three"]);
}

#[test]
fn what_was_accepted_stays_through_a_stop_that_drains() {
    let mut kept = Kept::start("");
    assert_eq!(kept.send("wait for me"), Some(202));
    let before = kept.queue();
    assert_eq!(kept.gateway.terminate(), Some(0));
    kept.gateway.start_again();
    assert_eq!(kept.queue(), before);
    assert_eq!(kept.deliver_all(), ["wait for me"]);
}

#[test]
fn cpim_3_4_persist_message_of_an_adapter_that_is_stopped_goes_on() {
    let kept = Kept::patient("60s", "");
    let alice = RawSip::new();
    alice.send(kept.near, ALICE, BOB, "text/plain", b"wait for me");
    let asked = kept.bob.receive_unanswered();
    assert_eq!(asked.body(), b"wait for me");
    assert!(kept.queue().is_empty(), "it is not late yet");
    // Without a drain: who has brought it does not wait for its end.
    kept.gateway.say(&["adapters", "stop", "near"]);
    let process = kept.gateway.process();
    process.await_state("kept message", || kept.queue().len() == 1);
    assert_eq!(kept.deliver_all(), ["wait for me"]);
    let status = kept.gateway.ask(&["status"]);
    assert_eq!(status["custody"]["delivered"], 1, "{status}");
}

#[test]
fn queue_shows_all_of_a_message_but_its_text() {
    let kept = Kept::start("");
    assert_eq!(kept.send("nobody's business"), Some(202));
    let list = kept.gateway.ask(&["queue", "list"]);
    let entry = &list[0];
    assert_eq!(entry["kind"], "message");
    assert_eq!(entry["adapter"], "near");
    assert_eq!(entry["source"], "im:alice@sip.example");
    assert_eq!(entry["destination"], "im:bob@other.example");
    let id = entry["id"].to_string();
    let shown = kept.gateway.ask(&["queue", "show", &id]);
    assert_eq!(shown["record"]["content_type"], "text/plain");
    assert_eq!(shown["record"]["payload_bytes"], "17");
    assert!(!shown.to_string().contains("business"), "{shown}");
    for (filter, value, count) in [
        ("--adapter", "near", 1),
        ("--adapter", "far", 0),
        ("--destination", "other.example", 1),
        ("--destination", "sip.example", 0),
    ] {
        let found = kept.gateway.ask(&["queue", "list", filter, value]);
        assert_eq!(ids(&found).len(), count, "{filter} {value}");
    }
    let status = kept.gateway.ask(&["status"]);
    assert_eq!(status["custody"]["kept_messages"], 1);
    assert!(status["oldest_seconds"].is_u64(), "{status}");
}

#[test]
fn queue_is_listed_in_the_order_of_acceptance_however_long_it_is() {
    const MANY: usize = 600;
    let kept = Kept::start("");
    let senders: Vec<_> = (0..MANY).map(|_| RawSip::new()).collect();
    for alice in &senders {
        alice.send(kept.near, ALICE, BOB, "text/plain", b"one of many");
    }
    assert!(
        senders
            .iter()
            .all(|alice| alice.receive().status() == Some(202))
    );
    let listed = kept.queue();
    assert_eq!(listed.len(), MANY);
    assert!(listed.is_sorted());
    let of_bob = ["queue", "list", "--destination", "bob@other.example"];
    assert_eq!(ids(&kept.gateway.ask(&of_bob)), listed);
    let said = kept.gateway.say(&["queue", "retry", "--all"]);
    assert_eq!(said, format!("{MANY} to be tried at once\n"));
}

#[test]
fn message_that_an_operator_drops_is_delivered_no_more_and_its_sender_is_told() {
    let kept = Kept::start("");
    for text in ["under way", "to be dropped", "behind it"] {
        assert_eq!(kept.send(text), Some(202), "{text}");
    }
    let dropped = kept.queue()[1].to_string();
    kept.gateway.say(&["queue", "drop", &dropped]);
    assert_eq!(kept.deliver_all(), ["under way", "behind it"]);
    // There is no way back to Alice's phone: so the word for her waits.
    let told = kept.of_kind("report");
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["adapter"], &told[0]["source"]),
        (&"near".into(), &"im:alice@sip.example".into())
    );
}

/// How often the gateway is killed; more by `RIALTO_KILLS`.
const KILLS: usize = 4;
/// How many messages are sent at a time, each in a conversation of its own.
const SENT_AT_ONCE: usize = 40;

#[test]
fn rfc2779_5_4_1_nothing_that_was_acknowledged_is_lost_by_a_kill_at_any_instant() {
    let kills = env::var("RIALTO_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut kept = Kept::start("");
    let bob = Arc::clone(&kept.bob);
    let receiving = thread::spawn(move || take_all(&bob));
    let mut acknowledged = Vec::new();
    for round in 0..kills {
        let senders: Vec<_> = (0..SENT_AT_ONCE)
            .map(|number| (format!("{round}-{number}"), RawSip::new()))
            .collect();
        for (text, alice) in &senders {
            let from = format!("sip:alice{text}@sip.example");
            alice.send(kept.near, &from, BOB, "text/plain", text.as_bytes());
        }
        // Each time after another answer, while others are written, answered and delivered.
        let awaited = 7 * round % SENT_AT_ONCE;
        let first = senders[awaited].1.receive().status();
        kept.gateway.kill();
        assert_eq!(first, Some(202));
        acknowledged.push(senders[awaited].0.clone());
        for (text, alice) in &senders {
            let answer = alice.poll().and_then(|answer| answer.status());
            assert!(matches!(answer, None | Some(202)), "{answer:?}");
            acknowledged.extend(answer.map(|_| text.clone()));
        }
        kept.gateway.start_again();
    }
    kept.await_empty();
    end(&kept.bob);
    let received = receiving.join().unwrap();
    let lost = acknowledged.iter().filter(|text| !received.contains(text));
    assert_eq!(lost.collect::<Vec<_>>(), [""; 0]);
    let distinct: HashSet<_> = received.iter().collect();
    println!(
        "{kills} kills: {} acknowledged, none lost; {} delivered, {} more than once",
        acknowledged.len(),
        distinct.len(),
        received.len() - distinct.len()
    );
}

/// A small file system of its own, or nothing where we may not have one.
struct Mount(TempDir);

impl Mount {
    fn new() -> Option<Self> {
        let mount = Self(tempfile::tempdir().unwrap());
        let mounted = run(
            &["mount", "-t", "tmpfs", "-o", "size=32m", "rialto"],
            mount.0.path(),
        );
        if !mounted {
            println!("skipped: only root may mount");
            return None;
        }
        Some(mount)
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run(&["umount", "--lazy"], self.0.path());
    }
}

fn run(command: &[&str], path: &Path) -> bool {
    let mut program = Command::new(command[0]);
    let ended = program.args(&command[1..]).arg(path).status();
    ended.is_ok_and(|status| status.success())
}

#[test]
fn full_disk_is_told_to_senders_loses_nothing_and_ends_when_there_is_room() {
    let Some(mount) = Mount::new() else { return };
    let folder = mount.0.path().join("store");
    let mut kept = Kept::start(&format!(
        "[store]\nfolder = {folder:?}\nmax_size = \"16MiB\"\n"
    ));
    assert_eq!(kept.send("safe"), Some(202));
    let before = kept.queue();
    let other = mount.0.path().join("of another program");
    drop(fs::write(&other, vec![1; 64 << 20]));

    let process = kept.gateway.process();
    process.await_state("full store", || {
        kept.send("x".repeat(9000).as_str()) == Some(503)
    });
    let status = kept.gateway.ask(&["status"]);
    assert_eq!(status["store"]["state"], "full", "{status}");
    let why = status["not_ready"][0].as_str().unwrap();
    assert!(why.starts_with("the store is full: "), "{why}");
    let full = kept.queue();
    assert_eq!(full[..1], before[..]);

    fs::remove_file(&other).unwrap();
    let process = kept.gateway.process();
    process.await_state("room", || {
        kept.gateway.ask(&["status"])["store"]["state"] == "good"
    });
    assert_eq!(kept.send("safe as well"), Some(202));
    kept.gateway.kill();
    kept.gateway.start_again();
    assert_eq!(kept.queue().len(), full.len() + 1);
    let delivered = kept.deliver_all();
    let ends = [delivered.first(), delivered.last()].map(|text| text.unwrap().as_str());
    assert_eq!(
        (delivered.len(), ends),
        (full.len() + 1, ["safe", "safe as well"])
    );
}
