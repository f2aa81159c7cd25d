//! The XMPP server, or the SIP side, dies under load, and comes back.
//!
//! `RIALTO_OUTAGE=60` has it away for a minute instead of two seconds.

use std::{collections::BTreeSet, env, ops::Range, time::Duration};

use rialto_tests::{
    peers::{self, Ejabberd, Prosody, XmppServer},
    raw_sip::RawSip,
    raw_xmpp::{RawStanza, RawXmpp},
    sip_callers::{Pace, SipCallers, Written, out_of_order},
    sip_sink::SipSink,
    world::{ALICE, JULIET_SEEN, World, WorldSettings},
};

const KEEPING: &[&str] = &["[adapters.sip.custody]", "temporary_failures = \"keep\""];

/// How many SIP users write at the same time, each one message after the other.
const CALLERS: usize = 12;

#[test]
fn cpim_3_4_persist_what_senders_were_answered_for_arrives_in_order_after_prosody_was_dead() {
    if !peers::are_wanted() {
        return;
    }
    let outage = live_through_an_outage(KEEPING);
    outage.check_what_was_kept();
    // Prosody had taken these, and nobody had them when it died.
    let lost_by_prosody = outage.missing(200);
    assert!(lost_by_prosody.len() <= CALLERS, "{lost_by_prosody:?}");
}

#[test]
fn cpim_3_4_persist_what_senders_were_answered_for_arrives_in_order_after_ejabberd_was_stopped() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = start::<Ejabberd>(KEEPING);
    let juliet = RawXmpp::login(&world.xmpp, "juliet");
    let callers = SipCallers::start(world.gateway_sip(), JULIET_SEEN, CALLERS, Pace::Steady);
    callers.await_status(200, 5 * CALLERS);
    world.xmpp.stop();
    // No more than it can store soon, however long it takes to start again.
    callers.await_status(202, 10 * CALLERS);
    let written = callers.stop();
    world.xmpp.start_again();
    let at_juliet = all_that_came(&world, &juliet);
    let outage = Outage { written, at_juliet };
    outage.check_what_was_kept();
    // It says goodbye to its clients before it stops to take messages for them.
    let lost_by_ejabberd = outage.missing(200);
    assert!(lost_by_ejabberd.len() <= CALLERS, "{lost_by_ejabberd:?}");
}

#[test]
fn cpim_3_4_persist_what_is_kept_for_a_dead_prosody_outlives_crashes_of_the_gateway_too() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = start::<Prosody>(KEEPING);
    let juliet = RawXmpp::login(&world.xmpp, "juliet");
    let callers = SipCallers::start(world.gateway_sip(), JULIET_SEEN, CALLERS, Pace::Steady);
    callers.await_status(200, CALLERS);
    world.xmpp.kill();
    for crash in 1..=3 {
        callers.await_status(202, crash * 5 * CALLERS);
        world.gateway.kill();
        world.gateway.start_again();
    }
    callers.await_status(202, 20 * CALLERS);
    let written = callers.stop();
    world.xmpp.start_again();
    let at_juliet = all_that_came(&world, &juliet);
    let outage = Outage { written, at_juliet };
    assert_eq!(outage.missing(202), [""; 0], "kept");
    assert_eq!(outage.out_of_order(), 0);
}

#[test]
fn rfc2779_5_4_1_senders_are_told_at_once_that_prosody_is_dead_unless_messages_are_kept() {
    if !peers::are_wanted() {
        return;
    }
    let outage = live_through_an_outage(&[]);
    assert_eq!(outage.out_of_order(), 0);
    let failed: Vec<_> = outage
        .written
        .iter()
        .filter(|one| matches!(one.status, Some(500..=599)))
        .collect();
    assert!(failed.len() > CALLERS, "the outage was no outage");
    // What was on its way when Prosody died is in doubt: it may have arrived, and its sender was told that it may not.
    let arrived = outage.arrived();
    let both = failed.iter().filter(|one| arrived.contains(&*one.text));
    assert!(both.count() <= CALLERS);
    let others = outage.written.len() - failed.len();
    let delivered = outage.written.iter().filter(|one| one.status == Some(200));
    assert_eq!(delivered.count(), others, "nobody hears anything else");
    assert!(outage.missing(200).len() <= CALLERS);
}

/// What became of what was written while the XMPP server ended and was started again.
struct Outage {
    written: Vec<Written>,
    at_juliet: Vec<RawStanza>,
}

fn live_through_an_outage(sip_lines: &'static [&'static str]) -> Outage {
    let mut world = start::<Prosody>(sip_lines);
    let juliet = RawXmpp::login(&world.xmpp, "juliet");
    let callers = SipCallers::start(world.gateway_sip(), JULIET_SEEN, CALLERS, Pace::Steady);
    callers.await_status(200, 5 * CALLERS);
    world.xmpp.kill();
    let seconds = env::var("RIALTO_OUTAGE").map_or(Ok(2), |seconds| seconds.parse());
    callers.go_on_for(Duration::from_secs(
        seconds.expect("RIALTO_OUTAGE is a number"),
    ));
    world.xmpp.start_again();
    world.gateway.await_nothing_kept();
    let direct = callers.count(200);
    callers.await_status(200, direct + CALLERS);
    let written = callers.stop();
    let at_juliet = all_that_came(&world, &juliet);
    Outage { written, at_juliet }
}

fn start<S: XmppServer>(sip_lines: &'static [&'static str]) -> World<S> {
    World::start(&WorldSettings {
        sip_lines,
        keeps_offline: true,
        ..WorldSettings::default()
    })
}

/// What Juliet had got when the server ended, and what she gets when she logs in again.
fn all_that_came<S: XmppServer>(world: &World<S>, before: &RawXmpp) -> Vec<RawStanza> {
    world.gateway.await_nothing_kept();
    let juliet = RawXmpp::login(&world.xmpp, "juliet");
    assert_eq!(world.send_from_sip(JULIET_SEEN, "last").status(), Some(200));
    juliet.await_messages("last message", |messages| {
        messages.iter().any(|one| one.body == "last").then_some(())
    });
    [before.messages(), juliet.messages()].concat()
}

impl Outage {
    /// What was answered with 202 is all there, and everything in its order; nobody heard of a failure.
    fn check_what_was_kept(&self) {
        let statuses: BTreeSet<_> = self.written.iter().map(|one| one.status).collect();
        assert_eq!(statuses, BTreeSet::from([Some(200), Some(202)]));
        assert_eq!(self.out_of_order(), 0);
        assert_eq!(self.missing(202), [""; 0], "kept");
    }

    fn out_of_order(&self) -> usize {
        out_of_order(self.at_juliet.iter().map(|one| &*one.body))
    }

    fn arrived(&self) -> BTreeSet<&str> {
        self.at_juliet.iter().map(|one| &*one.body).collect()
    }

    /// What was answered so, and has not come.
    fn missing(&self, status: u16) -> Vec<&str> {
        let arrived = self.arrived();
        let answered = self.written.iter().filter(|one| one.status == Some(status));
        answered
            .map(|one| &*one.text)
            .filter(|text| !arrived.contains(text))
            .collect()
    }
}

#[test]
fn rfc2779_5_4_1_xmpp_sender_gets_an_error_for_each_message_that_a_dead_sip_side_has_not() {
    if !peers::are_wanted() {
        return;
    }
    let (mut sink, world) = world_with_a_sink(&[]);
    let mut romeo = RawXmpp::login(&world.xmpp, "romeo");
    let before = send(&mut romeo, 0..50);
    sink.await_text("20");
    sink.stop();
    let at_first = sink.arrived();
    let meanwhile = send(&mut romeo, 50..150);
    // Some are refused at once; of others that is known too late, and these are kept.
    let condition = romeo.await_messages("error", |messages| {
        let error = messages.iter().find(|one| one.kind == "error")?;
        error.condition.clone()
    });
    assert_eq!(condition, "remote-server-timeout");
    sink.start_again();
    let after = send(&mut romeo, 150..200);
    sink.await_text("199");
    // What was on its way when the port was closed is in doubt: it is kept, and tried again.
    let sent = [before, meanwhile, after].concat();
    world
        .gateway
        .process()
        .await_state("word on each message", || {
            let told: BTreeSet<_> = romeo.messages().into_iter().map(|one| one.id).collect();
            let arrived = [at_first.clone(), sink.arrived()].concat();
            let arrived: BTreeSet<_> = arrived.into_iter().map(|one| one.text).collect();
            let mut sent = sent.iter();
            sent.all(|text| arrived.contains(text) || told.contains(text))
        });
}

#[test]
fn cpim_3_4_persist_what_xmpp_sent_to_a_dead_sip_side_arrives_when_that_is_back() {
    if !peers::are_wanted() {
        return;
    }
    let (mut sink, world) = world_with_a_sink(KEEPING_XMPP);
    let mut romeo = RawXmpp::login(&world.xmpp, "romeo");
    let before = send(&mut romeo, 0..50);
    sink.await_text("20");
    sink.stop();
    let at_first = sink.arrived();
    let meanwhile = send(&mut romeo, 50..150);
    let kept = || world.gateway.ask(&["status"])["custody"]["kept_messages"].as_u64();
    let all_wait = || kept().is_some_and(|kept| kept >= meanwhile.len() as u64);
    world
        .gateway
        .process()
        .await_state("hundred that wait", all_wait);
    sink.start_again();
    world.gateway.await_nothing_kept();
    let arrived = [at_first, sink.arrived()].concat();
    let arrived: BTreeSet<_> = arrived.into_iter().map(|one| one.text).collect();
    let sent = [before, meanwhile].concat();
    let lost: Vec<_> = sent
        .iter()
        .filter(|text| !arrived.contains(*text))
        .collect();
    assert_eq!(lost, [""; 0]);
    assert_eq!(romeo.messages(), [], "nothing failed");
}

const KEEPING_XMPP: &[&str] = &["[adapters.xmpp.custody]", "temporary_failures = \"keep\""];

fn world_with_a_sink(xmpp_lines: &'static [&'static str]) -> (SipSink, World<Prosody>) {
    let sink = SipSink::start();
    let world = World::start(&WorldSettings {
        next_hop: Some(sink.next_hop()),
        xmpp_lines,
        ..WorldSettings::default()
    });
    (sink, world)
}

/// Sends numbers, each to one of four SIP users.
fn send(romeo: &mut RawXmpp, numbers: Range<usize>) -> Vec<String> {
    let texts: Vec<_> = numbers.map(|number| (number, number.to_string())).collect();
    for (number, text) in &texts {
        romeo.send(&format!("bob{}@sip.example", number % 4), text, text);
    }
    texts.into_iter().map(|(_, text)| text).collect()
}

#[test]
fn rfc2779_5_4_1_sip_sender_hears_that_the_time_of_a_message_was_over_from_a_restarted_gateway() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings {
        sip_lines: &[
            "[adapters.sip.custody]",
            "patience = \"0s\"",
            "time_to_live = \"1s\"",
        ],
        ..WorldSettings::default()
    });
    world.xmpp.kill();
    let alice = RawSip::new();
    alice.send(
        world.gateway_sip(),
        ALICE,
        JULIET_SEEN,
        "text/plain",
        b"too late",
    );
    assert_eq!(alice.receive().status(), Some(202));
    world.gateway.kill();
    world.gateway.start_again();
    let told = alice.receive();
    assert_eq!(told.uri("From"), Some(JULIET_SEEN));
    let words = String::from_utf8_lossy(told.body()).into_owned();
    assert!(words.contains("was not delivered"), "{words}");
    world.gateway.await_nothing_kept();
}
