//! What is signed or encrypted stays so: real tools verify and decrypt it at the far end.

use rialto_tests::{
    networks::Networks,
    peers::{
        self, Entity, Gpg, Openssl, Prosody, Reply, SippClient, SippServer, Transport,
        sipp::{Outgoing, SIP_HOST},
        slixmpp::Draft,
    },
    raw_sip::RawSip,
    relay::{BOB, Relay},
    world::{ALICE, ALICE_SEEN, JULIET_SEEN, World, WorldSettings},
};

/// A MIME entity, its lines ended as MIME ends them.
const LETTER: &str =
    "Content-Type: text/plain; charset=utf-8\r\n\r\nDear Bob,\r\n  今 – tonight.\r\n";

#[test]
fn rfc2779_5_4_9_signatures_of_openssl_and_gpg_verify_after_they_crossed() {
    if !peers::are_wanted() {
        return;
    }
    let (openssl, gpg) = (Openssl::new(), Gpg::new());
    let by_openssl = crossed(&openssl.sign(LETTER.as_bytes()));
    assert_eq!(openssl.verified(&by_openssl), LETTER.as_bytes());
    let by_gpg = crossed(&gpg.sign(LETTER));
    assert_eq!(gpg.verified(&by_gpg), LETTER);
}

#[test]
fn rfc2779_5_4_9_text_that_gpg_has_signed_verifies_over_every_ordered_pair() {
    if !peers::are_wanted() {
        return;
    }
    let gpg = Gpg::new();
    let text = "- begins with a dash\nbrings 今 across\n";
    let signed = gpg.sign_text(text);
    Networks::start().for_every_ordered_pair(|writer, reader, to| {
        writer.send(to, &signed);
        assert_eq!(gpg.verified_text(&reader.receive().text), text);
    });
}

#[test]
fn rfc2779_2_5_3_what_openssl_and_gpg_have_encrypted_crosses_from_sip_to_sip_unchanged() {
    if !peers::are_wanted() {
        return;
    }
    let (openssl, gpg) = (Openssl::new(), Gpg::new());
    let encrypted = openssl.encrypt(LETTER.as_bytes());
    let (alice, bob) = (RawSip::new(), RawSip::new());
    let relay = Relay::start(&format!("udp:{}", bob.address()));
    let Entity { content_type, body } = &encrypted;
    alice.send(relay.listen, ALICE, BOB, content_type, body);
    let arrived = Entity {
        content_type: content_type.clone(),
        body: bob.receive().body().to_vec(),
    };
    assert_eq!(arrived, encrypted);
    assert_eq!(openssl.decrypted(&arrived), LETTER.as_bytes());
    assert_eq!(gpg.decrypted(&crossed(&gpg.encrypt(LETTER))), LETTER);
}

#[test]
fn rfc2779_2_5_3_text_that_gpg_has_encrypted_is_decrypted_over_every_ordered_pair() {
    if !peers::are_wanted() {
        return;
    }
    let gpg = Gpg::new();
    let encrypted = gpg.encrypt_text("tonight, 今");
    Networks::start().for_every_ordered_pair(|writer, reader, to| {
        writer.send(to, &encrypted);
        assert_eq!(gpg.decrypted_text(&reader.receive().text), "tonight, 今");
    });
}

#[test]
fn rfc2779_5_4_6_what_is_signed_or_encrypted_and_cannot_cross_to_xmpp_is_refused() {
    if !peers::are_wanted() {
        return;
    }
    let (openssl, gpg) = (Openssl::new(), Gpg::new());
    let world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    let client = world.sip_client(Transport::Udp);
    let letter = LETTER.as_bytes();
    for entity in [
        openssl.encrypt(letter),
        gpg.encrypt(LETTER),
        openssl.sign(letter),
        gpg.sign(LETTER),
    ] {
        let answer = client.send(outgoing(&entity, JULIET_SEEN));
        assert_eq!(answer.status(), Some(415), "{}", entity.content_type);
    }
    let after = world.send_from_sip(JULIET_SEEN, "after");
    assert_eq!(after.status(), Some(200));
    assert_eq!(juliet.receive().body(), Some("after"), "no more has come");
}

#[test]
fn rfc2779_5_4_6_encrypted_stanza_is_refused_to_its_sender_and_its_fallback_does_not_cross() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings::default());
    let mut juliet = world.login("juliet");
    for (extension, body) in SEALED_STANZAS {
        let draft = Draft {
            to: ALICE_SEEN,
            body,
            extension: Some(extension),
            ..Draft::default()
        };
        let sent = juliet.send_draft(&draft);
        let error = juliet.receive();
        assert_eq!(
            (error.id(), error.error_condition()),
            (Some(&*sent), Some("not-acceptable")),
            "{extension}: {}",
            error.xml()
        );
    }
    juliet.send(ALICE_SEEN, "in the open");
    let message = world.sip.receive(Transport::Udp);
    assert_eq!(message.body(), b"in the open", "no fallback has come");
}

/// Elements that hold what is encrypted or signed, and the bodies that come with them.
const SEALED_STANZAS: [(&str, &str); 5] = [
    (
        "<openpgp xmlns='urn:xmpp:openpgp:0'>BASE64_OPENPGP_MESSAGE</openpgp>",
        "",
    ),
    (
        "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='27183'/><payload>BASE64</payload></encrypted>",
        "I sent you an OMEMO encrypted message but your client doesn't seem to support that.",
    ),
    (
        "<encrypted xmlns='urn:xmpp:omemo:2'><header sid='27183'/><payload>BASE64</payload></encrypted>",
        "",
    ),
    (
        "<x xmlns='jabber:x:encrypted'>BASE64</x>",
        "This message is encrypted.",
    ),
    (
        "<encryption xmlns='urn:xmpp:eme:0' namespace='urn:example:yet-another'/>",
        "This message is encrypted with something new.",
    ),
];

/// Sends it from Alice to Bob, between two SIP networks, and returns what has come.
fn crossed(entity: &Entity) -> Entity {
    let mut bob = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
    let relay = Relay::start(&bob.next_hop(Transport::Tcp));
    let client = SippClient::new(SIP_HOST, Transport::Tcp, relay.listen);
    assert_eq!(client.send(outgoing(entity, BOB)).status(), Some(200));
    let message = bob.receive(Transport::Tcp);
    let arrived = Entity {
        content_type: message
            .header("Content-Type")
            .unwrap_or_default()
            .to_owned(),
        body: message.body().to_vec(),
    };
    assert_eq!(arrived, *entity);
    arrived
}

fn outgoing<'a>(entity: &'a Entity, to: &'a str) -> Outgoing<'a> {
    Outgoing {
        content_type: &entity.content_type,
        body: &entity.body,
        ..Outgoing::text(ALICE, to, "")
    }
}
