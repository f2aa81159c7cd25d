//! Pagers, by a plugin in C of a vendor's: `examples/pager-c` with a server of its own, and users of all other networks.

use std::process::Command;

use rialto_tests::{
    gateway::{self, Gateway, GatewayConfig},
    mail_world::MailWorld,
    peers::{
        self, PagerServer, PagerUser, Prosody, SlixmppClient, XmppServer, XmppSettings, mail,
        pager::{PAGER_DOMAIN, pager_plugin},
        xmpp_server::XMPP_DOMAIN,
    },
    ports::Port,
    raw_sip::RawSip,
    texts::{self, with_line_feeds},
    world::{ALICE, ALICE_SEEN},
};

const DAVE: &str = "sip:dave@pager.example";

#[test]
fn pager_users_converse_with_sip_xmpp_and_mail_users_in_all_directions() {
    if !mail::are_wanted() {
        return;
    }
    let mut world = MailWorld::start_with_pagers();
    let mut directions = 0;
    world.for_every_ordered_pair(|writer, reader, to| {
        if !writer.has_pager() && !reader.has_pager() {
            return;
        }
        let between = format!("from {} to {}", writer.inbox, reader.inbox);
        // A line of theirs has 4,096 bytes.
        let texts = texts::all();
        for text in texts.iter().filter(|text| text.text.len() < 2000) {
            writer.send(to, &text.text);
            let question = reader.receive();
            let [sent, shown] = [&text.text, &question.text].map(|text| with_line_feeds(text));
            assert_eq!(shown.trim_end(), sent.trim_end(), "{} {between}", text.name);
        }
        writer.send(to, "Is it you?");
        let asked = reader.receive();
        reader.send(&asked.from, "It is, 今.");
        let answer = writer.receive();
        assert_eq!(answer.text, "It is, 今.", "{between}");
        assert!(answer.from.starts_with(to), "{} is not {to}", answer.from);
        directions += 1;
    });
    assert_eq!(directions, 8);
}

/// A gateway for pagers, XMPP users, and SIP users who write to them.
struct World {
    gateway: Gateway,
    pagers: PagerServer,
    dave: PagerUser,
    xmpp: Prosody,
    sip: Port,
}

impl World {
    fn start() -> Self {
        Self::start_with(GatewayConfig::new(), "")
    }

    /// Starts it with further lines for the adapter of the pagers.
    fn start_with(config: GatewayConfig, lines: &str) -> Self {
        let (pagers, sip) = (PagerServer::start(), Port::take());
        let xmpp = Prosody::start(XmppSettings::new(PAGER_DOMAIN));
        let config = config
            .with_sip("sip", &[gateway::address(&sip)], &[PAGER_DOMAIN])
            .with_xmpp("xmpp", &xmpp.link(), &[PAGER_DOMAIN])
            .with_plugin("pager", &pager_plugin(), &[XMPP_DOMAIN], &pagers.lines())
            .with_settings(&[lines])
            .with_route(XMPP_DOMAIN, "xmpp", None)
            .with_route(PAGER_DOMAIN, "pager", None);
        let gateway = Gateway::start(&config);
        pagers.await_login(1);
        let dave = pagers.user("dave");
        Self {
            gateway,
            pagers,
            dave,
            xmpp,
            sip,
        }
    }

    /// Alice sends a text; yields the status of the response.
    fn alice_writes(&self, to: &str, text: &str) -> Option<u16> {
        let user_agent = RawSip::new();
        let gateway = gateway::address(&self.sip);
        user_agent.send(gateway, ALICE, to, "text/plain", text.as_bytes());
        user_agent.receive().status()
    }

    fn juliet(&self) -> SlixmppClient {
        self.xmpp.login("juliet")
    }
}

#[test]
fn rfc2779_4_2_1_pager_user_hears_that_an_xmpp_user_got_and_read_a_message() {
    if !peers::are_wanted() {
        return;
    }
    for config in [GatewayConfig::new(), GatewayConfig::new().isolated()] {
        let world = World::start_with(config, "");
        let mut juliet = world.juliet();
        let address = juliet.bare_jid().to_owned();
        let (name, answer) = world.dave.send(&address, "dr", "Juliet?");
        assert_eq!(answer, "ACK done");
        let asked = juliet.receive();
        assert_eq!(asked.body(), Some("Juliet?"));
        assert_eq!(asked.bare_from(), world.dave.address());
        let id = asked.id().unwrap_or_default();
        for (report, what) in [
            (
                format!("<received xmlns='urn:xmpp:receipts' id='{id}'/>"),
                "delivered",
            ),
            (
                format!("<displayed xmlns='urn:xmpp:chat-markers:0' id='{id}'/>"),
                "read",
            ),
        ] {
            let to = world.dave.address();
            juliet.write(&format!("<message to='{to}' id='r'>{report}</message>"));
            let told = world.dave.told();
            assert_eq!((&*told.what, &*told.about), (what, &*name));
            assert_eq!(told.from, address);
        }
    }
}

#[test]
fn rfc2779_4_2_1_xmpp_user_hears_that_a_pager_user_got_and_read_a_message() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::start();
    let mut juliet = world.juliet();
    for (asking, receipts, what, element) in [
        (
            "<request xmlns='urn:xmpp:receipts'/>",
            "d",
            "delivered",
            "<received xmlns=\"urn:xmpp:receipts\"",
        ),
        (
            "<markable xmlns='urn:xmpp:chat-markers:0'/>",
            "r",
            "read",
            "<displayed xmlns=\"urn:xmpp:chat-markers:0\"",
        ),
    ] {
        let id = juliet.send_draft(&peers::slixmpp::Draft {
            to: world.dave.address(),
            body: "Dave?",
            extension: Some(asking),
            ..Default::default()
        });
        let page = world.dave.receive();
        assert_eq!((&*page.receipts, &*page.text), (receipts, "Dave?"));
        assert_eq!(world.dave.tell(&page, what), "ACK done");
        let receipt = juliet.receive();
        let element = format!("{element} id=\"{id}\"");
        assert!(receipt.xml().contains(&element), "{}", receipt.xml());
        // It was not asked for.
        let other = if what == "read" { "delivered" } else { "read" };
        assert!(world.dave.tell(&page, other).starts_with("NAK "));
    }
}

#[test]
fn rfc2779_4_2_1_pager_user_hears_that_a_kept_message_was_lost() {
    if !peers::are_wanted() {
        return;
    }
    let custody = "[adapters.pager.custody]\npatience = \"0s\"";
    let world = World::start_with(GatewayConfig::new(), custody);
    let nobody = format!("nobody@{XMPP_DOMAIN}");
    let (name, answer) = world.dave.send(&nobody, "-", "Anybody?");
    assert_eq!(answer, "ACK kept");
    let told = world.dave.told();
    assert_eq!((&*told.what, told.about), ("lost", name));
    assert_eq!(told.from, nobody);
}

#[test]
fn sender_hears_why_a_pager_cannot_have_a_message() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::start();
    assert_eq!(
        world.alice_writes("sip:nobody@pager.example", "x"),
        Some(404)
    );
    assert_eq!(world.alice_writes(DAVE, &"x".repeat(4096)), Some(413));
    assert_eq!(world.alice_writes(DAVE, "a\0b"), Some(415));
    assert_eq!(world.dave.unread(), 0);
    assert_eq!(world.alice_writes(DAVE, &"x".repeat(3900)), Some(200));
    assert_eq!(world.dave.receive().text.len(), 3900);
}

#[test]
fn pager_server_cannot_speak_for_users_of_other_networks() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::start();
    let juliet = world.juliet();
    world.pagers.write(&format!(
        "SEND x1 {ALICE_SEEN} {} 70 - I am Alice",
        juliet.bare_jid()
    ));
    assert_eq!(
        world.dave.send(juliet.bare_jid(), "-", "I am Dave").1,
        "ACK done"
    );
    let mut juliet = juliet;
    assert_eq!(juliet.receive().body(), Some("I am Dave"));
    assert!(juliet.unread().is_empty());
}

#[test]
fn sender_hears_that_the_connection_broke_behind_a_message_and_the_next_one_goes_well() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::start();
    world.pagers.fall_silent();
    let user_agent = RawSip::new();
    let gateway = gateway::address(&world.sip);
    user_agent.send(gateway, ALICE, DAVE, "text/plain", b"Dave?");
    assert_eq!(world.dave.receive().text, "Dave?");
    world.pagers.hang_up();
    assert_eq!(user_agent.receive().status(), Some(504));
    world.pagers.await_login(2);
    world.pagers.speak_again();
    assert_eq!(world.alice_writes(DAVE, "Again, Dave."), Some(200));
    assert_eq!(world.dave.receive().text, "Again, Dave.");
}

#[test]
fn server_that_sends_what_is_no_line_is_hung_up_on_and_connected_to_again() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::start();
    let long = "x".repeat(4096);
    for (times, line) in ["SEND", "\u{1}", &*long, "WELCOME 1", "ACK 1 2 3"]
        .iter()
        .enumerate()
    {
        world.pagers.write(line);
        world.pagers.await_login(times + 2);
    }
    world.pagers.write("FROB of a later version");
    assert_eq!(world.alice_writes(DAVE, "Dave?"), Some(200));
}

#[test]
fn gateway_with_pagers_ends_in_order_and_says_goodbye() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::start();
    assert_eq!(world.alice_writes(DAVE, "Dave?"), Some(200));
    assert_eq!(world.gateway.terminate(), Some(0));
    world.pagers.await_goodbye();
}

#[test]
fn parsers_of_the_pager_plugin_stand_hostile_bytes_under_the_sanitizers() {
    let folder = tempfile::tempdir().expect("a folder");
    let makefile = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/pager-c/Makefile");
    let checked = Command::new("make")
        .current_dir(folder.path())
        .args(["-f", makefile, "check"])
        .output()
        .expect("make is there");
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}
