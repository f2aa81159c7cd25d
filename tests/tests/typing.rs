//! Who is typing, seen in real clients of the other network (RFC 7573 §6).

use rialto_tests::{
    peers::{self, Ejabberd, Prosody, Transport, XmppServer},
    world::{ALICE_SEEN, JULIET_SEEN, World, WorldSettings},
};

const IS_COMPOSING: &str = "application/im-iscomposing+xml";

#[test]
fn xmpp_users_typing_is_shown_to_sip_users_through_prosody() {
    xmpp_users_typing_is_shown_to_sip_users::<Prosody>();
}

#[test]
fn xmpp_users_typing_is_shown_to_sip_users_through_ejabberd() {
    xmpp_users_typing_is_shown_to_sip_users::<Ejabberd>();
}

fn xmpp_users_typing_is_shown_to_sip_users<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    for (state, word) in [("composing", "active"), ("paused", "idle")] {
        juliet.write(&format!(
            "<message to='{ALICE_SEEN}' type='chat' id='{state}'>\
             <{state} xmlns='http://jabber.org/protocol/chatstates'/></message>"
        ));
        let message = world.sip.receive(Transport::Udp);
        assert_eq!(message.header("Content-Type"), Some(IS_COMPOSING));
        let document = String::from_utf8_lossy(message.body()).into_owned();
        assert!(
            document.contains(&format!("<state>{word}</state>")),
            "{document}"
        );
    }
    // Pager mode has no session that could be left.
    juliet.write(&format!(
        "<message to='{ALICE_SEEN}' type='chat' id='gone'>\
         <gone xmlns='http://jabber.org/protocol/chatstates'/></message>"
    ));
    juliet.send(ALICE_SEEN, "Good night");
    assert_eq!(world.sip.receive(Transport::Udp).body(), b"Good night");
    assert!(juliet.unread().is_empty(), "no chat state is answered");
}

#[test]
fn sip_users_typing_is_shown_to_xmpp_users_through_prosody() {
    sip_users_typing_is_shown_to_xmpp_users::<Prosody>();
}

#[test]
fn sip_users_typing_is_shown_to_xmpp_users_through_ejabberd() {
    sip_users_typing_is_shown_to_xmpp_users::<Ejabberd>();
}

fn sip_users_typing_is_shown_to_xmpp_users<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<S>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    for (word, state) in [("active", "composing"), ("idle", "active")] {
        let answer = world.send_typing_from_sip(JULIET_SEEN, word);
        assert_eq!(answer.status(), Some(200), "{}", answer.start_line());
        let stanza = juliet.receive();
        assert_eq!(stanza.kind(), "chat");
        assert_eq!(stanza.bare_from(), ALICE_SEEN);
        let element = format!("<{state} xmlns=\"http://jabber.org/protocol/chatstates\"");
        assert!(stanza.xml().contains(&element), "{}", stanza.xml());
        assert_eq!(stanza.body(), None);
    }
}

#[test]
fn typing_is_not_kept_for_xmpp_users_who_are_away_from_prosody() {
    typing_is_not_kept_for_xmpp_users_who_are_away::<Prosody>();
}

#[test]
fn typing_is_not_kept_for_xmpp_users_who_are_away_from_ejabberd() {
    typing_is_not_kept_for_xmpp_users_who_are_away::<Ejabberd>();
}

fn typing_is_not_kept_for_xmpp_users_who_are_away<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<S>::start(&WorldSettings::default());
    world.send_typing_from_sip(JULIET_SEEN, "active");
    let mut juliet = world.login("juliet");
    assert_eq!(
        world.send_from_sip(JULIET_SEEN, "Juliet?").status(),
        Some(200)
    );
    assert_eq!(
        juliet.receive().body(),
        Some("Juliet?"),
        "nothing came before it"
    );
}
