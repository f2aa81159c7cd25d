//! What a server on the way takes for another one's user, and brings back later: its sender hears it, though nobody asked.

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    peers::{
        self, Ejabberd, MailServer, MailSettings, Postfix, Prosody, XmppServer, XmppSettings,
        mail::{self, Swaks, raw_mail},
    },
    ports::Port,
    raw_sip::RawSip,
    world::{ALICE, ALICE_SEEN, JULIET_SEEN, World, WorldSettings},
};

/// A domain of a server that ejabberd looks for and does not find: it says so when it has taken the message.
const FAR: &str = "far.example";

/// No domain is the server's own, as if all users were another one's.
const NO_HOSTS: &[&str] = &["hosts = []"];

#[test]
fn rfc2779_4_2_1_sip_sender_hears_from_ejabberd_that_it_could_not_reach_another_server() {
    if !peers::are_wanted() {
        return;
    }
    let ejabberd = ejabberd("sip.example");
    let port = Port::take();
    let listen = gateway::address(&port);
    let alice = RawSip::new();
    let next_hop = format!("udp:{}", alice.address());
    let config = GatewayConfig::new()
        .with_sip("sip", &[listen], &[FAR])
        .with_xmpp("xmpp", &ejabberd.link(), &["sip.example"])
        .with_route("sip.example", "sip", Some(&next_hop))
        .with_route(FAR, "xmpp", None);
    let _gateway = Gateway::start(&config);
    let romeo = "sip:romeo@far.example";
    alice.send(listen, ALICE, romeo, "text/plain", b"Romeo?");
    assert_eq!(alice.receive().status(), Some(202), "taken, and not there");
    let told = alice.receive();
    assert_eq!(told.header("Auto-Submitted"), Some("auto-replied"));
    assert_eq!(told.uri("From"), Some(romeo));
}

#[test]
fn rfc2779_4_2_1_xmpp_sender_hears_from_ejabberd_that_it_could_not_reach_another_server() {
    if !peers::are_wanted() {
        return;
    }
    let (near, ejabberd) = (
        Prosody::start(XmppSettings::new(FAR)),
        ejabberd("xmpp.example"),
    );
    let config = GatewayConfig::new()
        .with_xmpp("near", &near.link(), &[FAR])
        .with_xmpp("xmpp", &ejabberd.link(), &["xmpp.example"])
        .with_route("xmpp.example", "near", None)
        .with_route(FAR, "xmpp", None);
    let _gateway = Gateway::start(&config);
    let mut juliet = near.login("juliet");
    let id = juliet.send("romeo@far.example", "Romeo?");
    let error = juliet.receive();
    assert_eq!((error.kind(), error.id()), ("error", Some(&*id)));
    assert_eq!(error.from(), "romeo@far.example");
    assert_eq!(error.error_condition(), Some("remote-server-not-found"));
}

#[test]
fn rfc2779_4_2_1_mail_sender_hears_from_ejabberd_that_it_could_not_reach_another_server() {
    if !mail::are_wanted() {
        return;
    }
    let ejabberd = ejabberd("mail.example");
    let port = Port::take();
    let lmtp = gateway::address(&port);
    let postfix = Postfix::start(MailSettings::new("mail.example", lmtp, &[FAR]));
    let listen = [format!("lmtp:{lmtp}")];
    let next_hop = postfix.address().to_string();
    let config = GatewayConfig::new()
        .with_email("mail", &listen, &[FAR], &next_hop)
        .with_xmpp("xmpp", &ejabberd.link(), &["mail.example"])
        .with_route("mail.example", "mail", None)
        .with_route(FAR, "xmpp", None);
    let _gateway = Gateway::start(&config);
    let mail = raw_mail(
        "bob@mail.example",
        "a@far.example",
        "Subject: far\n",
        "Romeo?",
    );
    let swaks = Swaks {
        server: postfix.address(),
        from: "bob@mail.example",
        to: &["romeo@far.example"],
        mail: &mail,
        options: &[],
    };
    swaks.send_well();
    let report = postfix.mailbox("bob").receive();
    let status = report.get("status");
    assert!(status.contains("Action: failed"), "{status}");
    assert!(status.contains("romeo@far.example"), "{status}");
}

/// One that looks for other servers.
fn ejabberd(component: &str) -> Ejabberd {
    let settings = XmppSettings::new(component).with_domain("near.example");
    Ejabberd::start(settings.with_other_servers())
}

#[test]
fn rfc2779_5_4_1_sip_sender_hears_what_a_prosody_user_brings_back_after_the_gateway_crashed() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start(&WorldSettings {
        sip_lines: &["[adapters.sip.custody]", "patience = \"0s\""],
        xmpp_lines: NO_HOSTS,
        ..WorldSettings::default()
    });
    let mut juliet = world.login("juliet");
    let alice = RawSip::new();
    alice.send(
        world.gateway_sip(),
        ALICE,
        JULIET_SEEN,
        "text/plain",
        b"Juliet?",
    );
    assert_eq!(alice.receive().status(), Some(202));
    let id = juliet.receive().id().unwrap_or_default().to_owned();
    world.gateway.await_nothing_kept();
    let is_written = || world.gateway.ask(&["status"])["store"]["waiting"] == 0;
    world.gateway.process().await_state("record", is_written);
    world.gateway.kill();
    world.gateway.start_again();
    juliet.write(&format!(
        "<message to='{ALICE_SEEN}' id='{id}' type='error'><error type='cancel'>\
         <not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
    ));
    let told = alice.receive();
    assert_eq!(told.header("Auto-Submitted"), Some("auto-replied"));
    assert_eq!(told.uri("From"), Some(JULIET_SEEN));
}
