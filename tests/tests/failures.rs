//! Nothing vanishes: whatever fails on one side, the sender on the other side hears of it.

use std::fs;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rialto_tests::{
    peers::{
        self, Ejabberd, Prosody, Reply, Transport, XmppServer,
        sipp::{Outgoing, SIP_HOST},
        slixmpp::Stanza,
    },
    ports::Port,
    process::{Process, tethered},
    sip_message::SipMessage,
    world::{ALICE, ALICE_SEEN, JULIET_SEEN, World, WorldSettings},
};

const NOBODY: &str = "sip:nobody@xmpp.example";

#[test]
fn rfc2779_5_4_1_unknown_user_of_prosody_gives_the_sip_sender_a_4xx() {
    unknown_user_gives_a_4xx::<Prosody>();
}

#[test]
fn rfc2779_5_4_1_unknown_user_of_ejabberd_gives_the_sip_sender_a_4xx() {
    unknown_user_gives_a_4xx::<Ejabberd>();
}

fn unknown_user_gives_a_4xx<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<S>::start(&WorldSettings::default());
    let answer = world.send_from_sip(NOBODY, "Is anyone there?");
    assert!(
        matches!(answer.status(), Some(400..=499)),
        "{}",
        answer.start_line()
    );
}

#[test]
fn rfc3261_8_2_2_2_message_that_comes_by_two_ways_is_delivered_once_and_refused_once() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let client = world.sip_client(Transport::Udp);
    let forked = Outgoing::text(ALICE, JULIET_SEEN, "by two ways");
    let answers = client.send_by_two_ways(forked);
    let statuses: Vec<_> = answers.iter().map(SipMessage::status).collect();
    assert_eq!(statuses, [Some(200), Some(482)]);
    client.send(Outgoing::text(ALICE, JULIET_SEEN, "another"));
    let texts = [juliet.receive(), juliet.receive()];
    let texts: Vec<_> = texts.iter().map(|stanza| stanza.body()).collect();
    assert_eq!(texts, [Some("by two ways"), Some("another")]);
}

#[test]
fn cpim_a_require_sip_sender_hears_415_with_the_name_that_is_not_understood() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<Prosody>::start(&WorldSettings::default());
    let body = b"From: <im:alice@sip.example>\r\nTo: <im:juliet@xmpp.example>\r\n\
        NS: My <urn:example:features>\r\nRequire: My.Vital\r\n\r\nContent-Type: text/plain\r\n\r\nhi";
    let answer = world.sip_client(Transport::Udp).send(Outgoing {
        content_type: "message/cpim",
        body,
        ..Outgoing::text(ALICE, JULIET_SEEN, "")
    });
    assert_eq!(answer.status(), Some(415), "{}", answer.start_line());
    let accepted = answer.header("Accept").unwrap_or_default();
    assert!(
        accepted.starts_with("text/plain, message/cpim"),
        "{accepted}"
    );
    let warning = answer.header("Warning").unwrap_or_default();
    assert!(warning.ends_with(": My.Vital\""), "{warning}");
}

#[test]
fn rfc2779_5_4_1_sip_404_gives_the_xmpp_sender_item_not_found() {
    sip_status_gives("404 Not Found", "item-not-found", "cancel");
}

#[test]
fn cpim_2_4_1_3b_sip_403_gives_the_xmpp_sender_forbidden() {
    sip_status_gives("403 Forbidden", "forbidden", "auth");
}

#[test]
fn sip_415_gives_the_xmpp_sender_not_acceptable() {
    sip_status_gives("415 Unsupported Media Type", "not-acceptable", "modify");
}

#[test]
fn sip_480_gives_the_xmpp_sender_recipient_unavailable() {
    sip_status_gives(
        "480 Temporarily Unavailable",
        "recipient-unavailable",
        "wait",
    );
}

#[test]
fn sip_486_gives_the_xmpp_sender_recipient_unavailable() {
    sip_status_gives("486 Busy Here", "recipient-unavailable", "wait");
}

#[test]
fn sip_500_gives_the_xmpp_sender_internal_server_error() {
    sip_status_gives("500 Server Internal Error", "internal-server-error", "wait");
}

fn sip_status_gives(status: &'static str, condition: &str, kind: &str) {
    if !peers::are_wanted() {
        return;
    }
    let error = error_for(Reply::Status(status));
    assert_eq!(
        (error.error_condition(), error.error_kind()),
        (Some(condition), Some(kind))
    );
}

#[test]
fn sip_503_with_retry_after_gives_the_xmpp_sender_an_error_to_wait_for() {
    if !peers::are_wanted() {
        return;
    }
    let error = error_for(Reply::StatusAndHeader(
        "503 Service Unavailable",
        "Retry-After: 7",
    ));
    assert_eq!(error.error_kind(), Some("wait"), "{}", error.xml());
}

#[test]
fn text_that_is_too_large_for_its_only_transport_gives_the_xmpp_sender_policy_violation() {
    if !peers::are_wanted() {
        return;
    }
    let unused = Port::take();
    let next_hop = Some(format!("udp:{SIP_HOST}:{}", unused.number()));
    let world = World::<Prosody>::start(&WorldSettings {
        next_hop,
        ..WorldSettings::default()
    });
    let mut juliet = world.login("juliet");
    juliet.send(ALICE_SEEN, &"long ".repeat(400));
    assert_eq!(juliet.receive().error_condition(), Some("policy-violation"));
}

#[test]
fn rfc2779_5_4_1_silent_sip_peer_gives_the_xmpp_sender_a_timeout() {
    if !peers::are_wanted() {
        return;
    }
    // Timer F, which ends the waiting, is 64 times T1.
    let settings = WorldSettings {
        sip_lines: &["t1 = \"50ms\"", "t2 = \"200ms\""],
        // What is kept is tried again until its time is over, and that is longer than anybody waits here.
        xmpp_lines: &["[adapters.xmpp.custody]", "patience = \"never\""],
        ..answering(Reply::Silent)
    };
    let error = error_in(&settings);
    assert_eq!(
        error.error_condition(),
        Some("remote-server-timeout"),
        "{}",
        error.xml()
    );
}

/// The error that Juliet gets for a message which the SIP side answers like this.
fn error_for(reply: Reply) -> Stanza {
    error_in(&answering(reply))
}

fn error_in(settings: &WorldSettings) -> Stanza {
    let mut world = World::<Prosody>::start(settings);
    let mut juliet = world.login("juliet");
    let sent = juliet.send(ALICE_SEEN, "Art thou there?");
    world.sip.receive(Transport::Udp);
    let error = juliet.receive();
    assert_eq!(
        (error.kind(), error.id()),
        ("error", Some(&*sent)),
        "{}",
        error.xml()
    );
    assert_eq!(error.bare_from(), ALICE_SEEN);
    error
}

fn answering(reply: Reply) -> WorldSettings {
    WorldSettings {
        reply,
        ..WorldSettings::default()
    }
}

#[test]
fn cpim_2_4_1_3b_stopped_prosody_is_a_failure_and_restarted_it_works_again() {
    stopped_server_is_a_failure_and_restarted_it_works_again::<Prosody>();
}

#[test]
fn cpim_2_4_1_3b_stopped_ejabberd_is_a_failure_and_restarted_it_works_again() {
    stopped_server_is_a_failure_and_restarted_it_works_again::<Ejabberd>();
}

fn stopped_server_is_a_failure_and_restarted_it_works_again<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start(&WorldSettings::default());
    world.xmpp.stop();
    assert_failed(&world.send_from_sip(JULIET_SEEN, "into the void"));
    world.xmpp.start_again();
    assert_delivered_in_the_end(&world);
}

#[test]
fn cpim_2_4_1_3b_killed_prosody_is_a_failure_and_restarted_it_works_again() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings::default());
    world.xmpp.kill();
    assert_failed(&world.send_from_sip(JULIET_SEEN, "into the void"));
    world.xmpp.start_again();
    assert_delivered_in_the_end(&world);
}

#[test]
fn adapter_whose_process_is_killed_is_a_failure_and_works_again_by_itself() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<Prosody>::start(&WorldSettings {
        is_isolated: true,
        ..WorldSettings::default()
    });
    let mut juliet = world.login("juliet");
    let answer = world.send_from_sip(JULIET_SEEN, "before");
    assert_eq!(answer.status(), Some(200), "{}", answer.head());
    assert_eq!(juliet.receive().body(), Some("before"));
    drop(juliet);
    for adapter in ["xmpp", "sip"] {
        let before = world.gateway.process_of(adapter).expect("one of its own");
        kill(before, Signal::SIGKILL).expect("it runs");
        world.gateway.process().await_state("another process", || {
            let now = world.gateway.process_of(adapter);
            now.is_some_and(|now| now != before)
        });
        assert_delivered_in_the_end(&world);
    }
}

#[test]
fn processes_of_adapters_end_with_their_gateway_however_that_ends() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings {
        is_isolated: true,
        ..WorldSettings::default()
    });
    let process_of = |adapter| world.gateway.process_of(adapter).expect("one of its own");
    let processes = [process_of("sip"), process_of("xmpp")];
    world.gateway.kill();
    // What has ended has no program any more, whether or not somebody has asked how it ended.
    let program = |process: &Pid| fs::read_link(format!("/proc/{process}/exe"));
    let mut endless = tethered("sleep");
    endless.arg("infinity");
    let clock = Process::spawn("sleep", endless);
    clock.await_state("the end of both", || {
        processes.iter().all(|process| program(process).is_err())
    });
}

#[test]
fn full_gateway_answers_503_with_retry_after_and_keeps_what_it_has_taken() {
    if !peers::are_wanted() {
        return;
    }
    let settings = WorldSettings {
        sip_lines: &["max_pending = 1"],
        ..WorldSettings::default()
    };
    let world = World::<Prosody>::start(&settings);
    let mut juliet = world.login("juliet");
    world.xmpp.freeze();
    let begin = |text| {
        let message = Outgoing::text(ALICE, JULIET_SEEN, text);
        world.sip_client(Transport::Udp).begin(&[message])
    };
    let (one, other) = (begin("one"), begin("other"));
    // Whichever comes first waits for Prosody; so one of them can only end by being refused.
    let is_refused = || one.has_ended() || other.has_ended();
    world.gateway.process().await_state("refusal", is_refused);
    world.xmpp.thaw();

    let mut answers = [one.finish().remove(0), other.finish().remove(0)];
    answers.sort_by_key(SipMessage::status);
    assert_eq!(
        answers.each_ref().map(SipMessage::status),
        [Some(200), Some(503)]
    );
    let seconds = answers[1].header("Retry-After").map(str::parse::<u32>);
    assert!(matches!(seconds, Some(Ok(1..))), "{}", answers[1].head());
    assert!(juliet.receive().body().is_some(), "what was taken has come");
    assert!(juliet.unread().is_empty(), "what was refused has not");
}

#[test]
fn gateway_that_was_killed_works_again_when_it_is_started() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings::default());
    world.gateway.kill();
    world.gateway.start_again();
    let mut juliet = world.login("juliet");
    assert_eq!(
        world.send_from_sip(JULIET_SEEN, "again").status(),
        Some(200)
    );
    assert_eq!(juliet.receive().body(), Some("again"));
}

#[test]
fn gateway_that_starts_without_its_server_fails_truthfully_until_it_comes() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings::default());
    world.xmpp.stop();
    world.gateway.kill();
    world.gateway.start_again();
    assert_failed(&world.send_from_sip(JULIET_SEEN, "into the void"));
    world.xmpp.start_again();
    assert_delivered_in_the_end(&world);
}

#[test]
fn gateway_is_ready_only_once_its_adapters_are_up() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<Ejabberd>::start(&WorldSettings::default());
    let answer = world.send_from_sip(NOBODY, "as early as can be");
    // Without the component's stream it would be a 5xx.
    assert!(
        matches!(answer.status(), Some(400..=499)),
        "{}",
        answer.start_line()
    );
}

#[test]
fn gateway_that_is_told_to_end_ends_well() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings::default());
    assert_eq!(
        world
            .send_from_sip(NOBODY, "hi")
            .status()
            .map(|status| status / 100),
        Some(4)
    );
    assert_eq!(world.gateway.terminate(), Some(0));
}

/// Neither 200 nor 202: a final response that says that the message did not arrive.
fn assert_failed(answer: &SipMessage) {
    assert!(
        matches!(answer.status(), Some(400..=699)),
        "{}",
        answer.start_line()
    );
    assert_ne!(
        answer.status(),
        Some(408),
        "no MESSAGE is answered with 408 (RFC 4320 §4.2)"
    );
}

/// The gateway connects again by itself; until it has, it fails truthfully.
fn assert_delivered_in_the_end<S: XmppServer>(world: &World<S>) {
    let mut juliet = world.login("juliet");
    let delivered = (0..200)
        .map(|attempt| format!("attempt {attempt}"))
        .find(|text| {
            let answer = world.send_from_sip(JULIET_SEEN, text);
            let is_delivered = answer.status() == Some(200);
            if !is_delivered {
                assert_failed(&answer);
            }
            is_delivered
        });
    assert!(delivered.is_some(), "it never works again");
    assert_eq!(
        juliet.receive().body(),
        delivered.as_deref(),
        "what failed did not come either"
    );
}
