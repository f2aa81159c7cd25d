//! Versions of plugins follow each other under load, between real peers: nothing is lost, and nothing comes twice.
//!
//! `RIALTO_SWAPS=100` has each plugin replaced a hundred times instead of a few.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    peers::{
        self, MailServer as _, MailSettings, Postfix, Prosody,
        mail::{self, Aiosmtpd, Swaks, raw_mail},
    },
    ports::Port,
    raw_smtp::RawSmtp,
    raw_xmpp::{RawStanza, RawXmpp},
    sip_callers::{Pace, SipCallers, Written, out_of_order},
    sip_sink::SipSink,
    world::{JULIET_SEEN, World, WorldSettings},
};
use serde_json::Value;

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
    let swaps = swaps();
    let sink = Arc::new(SipSink::start());
    let world = World::<Prosody>::start(&WorldSettings {
        next_hop: Some(sink.next_hop()),
        is_isolated,
        ..WorldSettings::default()
    });
    let juliet = RawXmpp::login(&world.xmpp, "juliet");
    let mut romeo = RawXmpp::login(&world.xmpp, "romeo");
    let mut benvolio = RawXmpp::login(&world.xmpp, "benvolio");
    let mut sent_by_xmpp = swaps * BURST;
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
        if is_isolated {
            world.gateway.say(&["plugins", "upgrade", "xmpp"]);
        } else {
            sent_by_xmpp += replace_under(&mut benvolio, &world, &sink);
        }
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
    assert_eq!(at_sink.len(), sent_by_xmpp, "{at_sink:?}");
    assert_eq!(twice(&at_sink), [""; 0]);
    for user in [&romeo, &benvolio] {
        assert_eq!(user.messages(), [], "no error, also from the server itself");
    }
}

/// Replaces XMPP's plugin while a user of XMPP writes, one burst after another; how many messages that were.
fn replace_under(user: &mut RawXmpp, world: &World<Prosody>, sink: &SipSink) -> usize {
    let begun = sink.arrived().len();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut sent = 0;
            while sent == 0 || !is_over.load(Ordering::Relaxed) {
                for _ in 0..BURST {
                    sent += 1;
                    let text = format!("y{}", begun + sent);
                    user.send("bob@sip.example", &text, &text);
                }
                sink.await_text(&format!("y{}", begun + sent));
            }
            sent
        });
        world.gateway.say(&["plugins", "upgrade", "xmpp"]);
        is_over.store(true, Ordering::Relaxed);
        writing.join().expect("all of them arrive")
    })
}

fn swaps() -> usize {
    let given = env::var("RIALTO_SWAPS").ok().and_then(|n| n.parse().ok());
    given.unwrap_or(3)
}

#[test]
fn no_mail_is_refused_or_comes_twice_while_its_plugin_is_replaced() {
    replace_mail(GatewayConfig::new());
}

#[test]
fn no_mail_is_refused_or_comes_twice_while_its_plugin_in_a_process_of_its_own_is_replaced() {
    replace_mail(GatewayConfig::new().isolated());
}

/// Mail comes from programs that send one at a time, from a mail server, and from clients that are slow; it goes to another mail server.
fn replace_mail(config: GatewayConfig) {
    if !mail::are_wanted() {
        return;
    }
    let ports = [(); 3].map(|()| Port::take());
    let [sip, smtp, lmtp] = ports.each_ref().map(gateway::address);
    let sink = SipSink::start();
    let postfix = Postfix::start(MailSettings::new("mail.example", lmtp, &["sip.example"]));
    let mut server = Aiosmtpd::start("smtp");
    let listen = [format!("smtp:{smtp}"), format!("lmtp:{lmtp}")];
    let config = config
        .with_sip("sip", &[sip], &["mail.example"])
        .with_email("mail", &listen, &["sip.example"], &server.address())
        .with_route("sip.example", "sip", Some(&sink.next_hop()))
        .with_route("mail.example", "mail", None);
    let gateway = Gateway::start(&config);
    let callers = SipCallers::start(sip, "sip:bob@mail.example", CALLERS, Pace::Steady);
    let is_over = AtomicBool::new(false);
    let write = |name: &str, server| {
        let mut sent = Vec::new();
        while !is_over.load(Ordering::Relaxed) {
            sent.push(format!("{name}-{}", sent.len()));
            write_mail(server, &sent[sent.len() - 1]);
        }
        sent
    };
    let mut sent = thread::scope(|scope| {
        let writers = ["one", "two"].map(|name| scope.spawn(move || write(name, smtp)));
        let relayed = scope.spawn(|| write("relayed", postfix.address()));
        let mut slow = Vec::new();
        for swap in 0..swaps() {
            callers.await_answers(callers.answers() + BETWEEN);
            let (mut idle, mut busy) = (RawSmtp::connect(smtp), RawSmtp::connect(smtp));
            let text = format!("slow-{swap}");
            busy.begin_mail("bob@mail.example", "alice@sip.example");
            busy.send(&format!("From: bob@mail.example\r\n\r\n{text}\r\n"));
            let upgrade = scope.spawn(|| gateway.say(&["plugins", "upgrade", "mail"]));
            assert_eq!(idle.reply(), "421 4.3.2 the gateway is shutting down");
            assert_eq!(busy.say("."), "250 2.6.0 the message is taken");
            assert_eq!(busy.reply(), "421 4.3.2 the gateway is shutting down");
            let _printed = upgrade.join();
            slow.push(text);
        }
        is_over.store(true, Ordering::Relaxed);
        for writer in writers.into_iter().chain([relayed]) {
            slow.extend(writer.join().unwrap_or_default());
        }
        slow
    });
    let written = callers.stop();
    for text in &sent {
        sink.await_text(text);
    }
    let mut arrived: Vec<_> = sink.arrived().into_iter().map(|one| one.text).collect();
    sent.sort_unstable();
    arrived.sort_unstable();
    assert_eq!(arrived, sent);
    let refused = written
        .iter()
        .find(|one| !matches!(one.status, Some(200 | 202)));
    assert_eq!(refused, None);
    let mails: Vec<_> = written.iter().map(|_| text_of(&server.receive())).collect();
    assert_eq!(twice(&mails), [""; 0]);
    let wanted: BTreeSet<_> = written.into_iter().map(|one| one.text).collect();
    assert_eq!(mails.into_iter().collect::<BTreeSet<_>>(), wanted);
}

fn write_mail(server: SocketAddr, text: &str) {
    let mail = raw_mail("bob@mail.example", "alice@sip.example", "", text);
    let swaks = Swaks {
        server,
        from: "bob@mail.example",
        to: &["alice@sip.example"],
        mail: &mail,
        options: &[],
    };
    swaks.send_well();
}

/// The text of a mail that a server has taken.
fn text_of(mail: &Value) -> String {
    let mail = mail["mail"].as_str().unwrap_or_default();
    let (_, text) = mail.split_once("\r\n\r\n").unwrap_or_default();
    text.trim_end().to_owned()
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
