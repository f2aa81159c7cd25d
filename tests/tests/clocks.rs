//! Clocks that are set while the gateway runs, and between two runs.

use std::{fs, path::PathBuf};

use rialto_tests::{
    peers::{self, Prosody, XmppServer},
    raw_sip::RawSip,
    raw_xmpp::RawXmpp,
    transcript::holds,
    world::{ALICE, JULIET_SEEN, World, WorldSettings},
};
use tempfile::TempDir;

const EACH_KEPT: &[&str] = &["[adapters.sip.custody]", "patience = \"0s\""];

/// What the gateway takes for the time of day; it stands still.
struct Clock(TempDir);

impl Clock {
    fn showing(time: &str) -> Self {
        let clock = Self(tempfile::tempdir().expect("a folder"));
        clock.set(time);
        clock
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("now")
    }

    /// Replaced at once: it is read all the time.
    fn set(&self, time: &str) {
        let next = self.0.path().join("next");
        fs::write(&next, time).expect("the clock can be set");
        fs::rename(&next, self.file()).expect("the clock can be set");
    }
}

fn start(clock: &Clock) -> World<Prosody> {
    World::start(&WorldSettings {
        sip_lines: EACH_KEPT,
        clock: Some(clock.file()),
        keeps_offline: true,
        ..WorldSettings::default()
    })
}

/// Sends a text that is kept; the socket hears what becomes of it.
fn keep(world: &World<Prosody>, text: &str) -> RawSip {
    let alice = RawSip::new();
    let gateway = world.gateway_sip();
    alice.send(gateway, ALICE, JULIET_SEEN, "text/plain", text.as_bytes());
    assert_eq!(alice.receive().status(), Some(202), "{text}");
    alice
}

#[test]
fn cpim_3_4_persist_clock_that_is_set_while_the_gateway_runs_and_set_back_between_runs_ends_no_message()
 {
    if !peers::are_wanted() {
        return;
    }
    let clock = Clock::showing("2030-06-01 12:00:00");
    let mut world = start(&clock);
    world.xmpp.stop();
    let mut senders = vec![keep(&world, "in 2030")];
    for year in ["2035", "2025"] {
        clock.set(&format!("{year}-06-01 12:00:00"));
        senders.push(keep(&world, &format!("in {year}")));
        // What the gateway logs of its server shows that it sees the clock.
        world.xmpp.start_again();
        let gateway = world.gateway.process();
        gateway.await_stderr("year of the log", holds(&format!("{year}-06-01T12:00:00")));
        world.gateway.await_nothing_kept();
        world.xmpp.stop();
        senders.push(keep(&world, &format!("later in {year}")));
    }
    let kept = |world: &World<Prosody>| {
        world.gateway.ask(&["status"])["custody"]["kept_messages"].as_u64()
    };
    assert_eq!(kept(&world), Some(1));
    // To the new process these records are of the future.
    clock.set("2020-06-01 12:00:00");
    world.gateway.kill();
    world.gateway.start_again();
    assert_eq!(kept(&world), Some(1));
    world.xmpp.start_again();
    let juliet = RawXmpp::login(&world.xmpp, "juliet");
    let texts = juliet.await_messages("message of each year", |messages| {
        let texts: Vec<_> = messages.iter().map(|one| one.body.clone()).collect();
        (texts.len() >= senders.len()).then_some(texts)
    });
    let all = [
        "in 2030",
        "in 2035",
        "later in 2035",
        "in 2025",
        "later in 2025",
    ];
    assert_eq!(texts, all);
}

#[test]
fn rfc2779_5_4_1_time_that_is_over_when_the_gateway_starts_again_is_told_to_the_sender() {
    if !peers::are_wanted() {
        return;
    }
    let clock = Clock::showing("2030-06-01 12:00:00");
    let mut world = start(&clock);
    world.xmpp.stop();
    let alice = keep(&world, "for an hour");
    world.gateway.kill();
    clock.set("2030-06-01 12:59:00");
    world.gateway.start_again();
    let kept = &world.gateway.ask(&["status"])["custody"]["kept_messages"];
    assert_eq!(kept.as_u64(), Some(1), "a minute is left");
    world.gateway.kill();
    clock.set("2030-06-01 13:01:00");
    world.gateway.start_again();
    let told = alice.receive();
    assert_eq!(told.uri("From"), Some(JULIET_SEEN));
    let words = String::from_utf8_lossy(told.body()).into_owned();
    assert!(words.contains("was not delivered"), "{words}");
}
