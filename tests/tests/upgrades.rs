//! Versions of plugins follow each other under load, between real peers: nothing is lost, and nothing comes twice.
//!
//! `RIALTO_SWAPS=100` has each plugin replaced a hundred times instead of a few.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    sync::Arc,
    thread,
};

use rialto_tests::{
    peers::{self, Prosody},
    raw_xmpp::{RawStanza, RawXmpp},
    sip_callers::{Pace, SipCallers, Written, out_of_order},
    sip_sink::SipSink,
    world::{JULIET_SEEN, World, WorldSettings},
};

/// How many SIP users write at the same time, each one message after the other.
const CALLERS: usize = 12;
/// How many answers they have between one replacement and the next.
const BETWEEN: usize = 50;
/// How many messages of the XMPP user are on their way when SIP's plugin is replaced.
const BURST: usize = 20;

#[test]
fn nothing_is_lost_or_comes_twice_while_plugins_are_replaced() {
    replace(false);
}

#[test]
fn nothing_is_lost_or_comes_twice_while_plugins_in_processes_of_their_own_are_replaced() {
    replace(true);
}

fn replace(is_isolated: bool) {
    if !peers::are_wanted() {
        return;
    }
    let given = env::var("RIALTO_SWAPS").ok().and_then(|n| n.parse().ok());
    let swaps: usize = given.unwrap_or(3);
    let sink = Arc::new(SipSink::start());
    let world = World::<Prosody>::start(&WorldSettings {
        next_hop: Some(sink.next_hop()),
        is_isolated,
        ..WorldSettings::default()
    });
    let juliet = RawXmpp::login(&world.xmpp, "juliet");
    let mut romeo = RawXmpp::login(&world.xmpp, "romeo");
    let callers = SipCallers::start(world.gateway_sip(), JULIET_SEEN, CALLERS, Pace::Eager);
    for swap in 0..swaps {
        callers.await_answers(callers.answers() + BETWEEN);
        thread::scope(|scope| {
            scope.spawn(|| world.gateway.say(&["plugins", "upgrade", "sip"]));
            for number in 0..BURST {
                let text = format!("x{swap}-{number}");
                romeo.send("bob@sip.example", &text, &text);
            }
        });
        sink.await_text(&format!("x{swap}-{}", BURST - 1));
        callers.await_answers(callers.answers() + BETWEEN);
        world.gateway.say(&["plugins", "upgrade", "xmpp"]);
    }
    callers.await_answers(callers.answers() + BETWEEN);
    let written = callers.stop();
    let refused: Vec<&Written> = written
        .iter()
        .filter(|one| !matches!(one.status, Some(200 | 202)))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
    let sent: BTreeSet<_> = written.iter().map(|one| &*one.text).collect();
    let at_juliet = juliet.await_messages("message of each caller", |messages| {
        let arrived: BTreeSet<_> = messages.iter().map(|one| &*one.body).collect();
        sent.is_subset(&arrived).then(|| texts(messages))
    });
    assert_eq!(twice(&at_juliet), [""; 0]);
    assert_eq!(out_of_order(at_juliet.iter().map(|text| &**text)), 0);
    let at_sink: Vec<_> = sink.arrived().into_iter().map(|one| one.text).collect();
    assert_eq!(at_sink.len(), swaps * BURST, "{at_sink:?}");
    assert_eq!(twice(&at_sink), [""; 0]);
}

fn texts(messages: &[RawStanza]) -> Vec<String> {
    messages.iter().map(|one| one.body.clone()).collect()
}

fn twice(texts: &[String]) -> Vec<&str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    let twice = counts.into_iter().filter(|(_, count)| *count > 1);
    twice.map(|(text, _)| text).collect()
}
