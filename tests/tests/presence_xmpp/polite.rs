//! One who is blocked politely sees what everybody sees of one who is not there.

use rialto_tests::peers::{self, Ejabberd, Prosody, SlixmppClient, XmppServer};

use super::{ALICE_SEEN, World, away, closed};

#[test]
fn rfc2779_5_1_15_politely_blocked_watcher_on_prosody_sees_the_bytes_that_one_of_an_offline_presentity_does()
 {
    politely_blocked_sees_what_one_of_an_offline_presentity_does::<Prosody>();
}

#[test]
fn rfc2779_5_1_15_politely_blocked_watcher_on_ejabberd_sees_the_bytes_that_one_of_an_offline_presentity_does()
 {
    politely_blocked_sees_what_one_of_an_offline_presentity_does::<Ejabberd>();
}

/// Juliet is blocked, and Alice is there; Romeo is not blocked, and Alice is not there.
fn politely_blocked_sees_what_one_of_an_offline_presentity_does<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<S>::start();
    let block = [
        "rules",
        "polite-block",
        "alice@near.example",
        "juliet@xmpp.example",
    ];
    world.gateway.say(&block);
    let (mut juliet, mut romeo) = (world.xmpp.login("juliet"), world.xmpp.login("romeo"));

    // Neither waits for Alice's network, which is asked for Romeo alone and says nothing for now.
    let blocked = first_words(&mut juliet);
    let offline = first_words(&mut romeo);
    assert_eq!(blocked, offline);
    let asked = world.near.next_of("asked");
    assert_eq!(asked["watcher"], "pres:romeo@xmpp.example");
    world
        .near
        .notify(&asked, "active", Some(&closed("gone home")));

    // A server asks again, as it does whenever its user comes back.
    let blocked = probed(&mut juliet);
    assert_eq!(blocked, probed(&mut romeo));
    assert!(blocked.contains("unavailable"), "{blocked}");

    // Alice comes. Romeo sees it; to Juliet, everything is as it was.
    world.near.notify(&asked, "active", Some(&away("back")));
    assert_eq!(
        romeo.presence_until(ALICE_SEEN, "available").status(),
        Some("back")
    );
    assert_eq!(probed(&mut juliet), blocked);
}

/// What a client reads when its user begins to watch Alice.
fn first_words(client: &mut SlixmppClient) -> [String; 3] {
    client.write(&format!("<presence to='{ALICE_SEEN}' type='subscribe'/>"));
    let granted = client.presence_until(ALICE_SEEN, "subscribed");
    let shown = [(); 2].map(|()| client.presence_of(ALICE_SEEN));
    let [resource, user] = shown;
    [granted, resource, user].map(|stanza| anonymous(client, stanza.xml()))
}

/// What a client reads when its user asks how Alice is.
fn probed(client: &mut SlixmppClient) -> String {
    client.write(&format!("<presence to='{ALICE_SEEN}' type='probe'/>"));
    let shown = client.presence_of(ALICE_SEEN);
    anonymous(client, shown.xml())
}

/// The stanza as it was read, but for the watcher's name, random letters, and the order of attributes, which Prosody does not keep.
fn anonymous(client: &SlixmppClient, xml: &str) -> String {
    let (user, _) = client.bare_jid().split_once('@').unwrap_or_default();
    let xml = xml.replace(user, "watcher");
    let (head, rest) = xml.split_once('>').unwrap_or_default();
    let mut attributes: Vec<_> = head.split("\" ").map(without_letters).collect();
    attributes.sort_unstable();
    format!("{attributes:?}{rest}")
}

fn without_letters(attribute: &str) -> String {
    match attribute.split_once("id=\"") {
        Some((before, id)) => format!("{before}id of {} letters", id.len()),
        None => attribute.trim_end_matches(['"', ' ', '/']).to_owned(),
    }
}
