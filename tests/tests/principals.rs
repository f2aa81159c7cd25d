//! Principals rule over their inboxes by writing to the gateway, each from the client that it has.

use rialto_tests::{
    gateway::{Gateway, GatewayConfig, address},
    peers::{
        self, Ejabberd, Prosody, Reply, SippClient, SippServer, Transport, XmppServer,
        XmppSettings,
        sipp::{Outgoing, SIP_HOST},
        slixmpp::Draft,
    },
    ports::Port,
};

const ALICE: &str = "sip:alice@sip.example";
const MALLORY: &str = "sip:mallory@sip.example";
const JULIET: &str = "sip:juliet@xmpp.example";
/// The gateway's own inbox, as each network writes it.
const INBOX_ON_XMPP: &str = "gateway@sip.example";
const INBOX_ON_SIP: &str = "sip:gateway@xmpp.example";

const SECTIONS: &str =
    "[inbox]\naddresses = [\"im:gateway@sip.example\", \"im:gateway@xmpp.example\"]\n";

struct World<S> {
    gateway: Gateway,
    xmpp: S,
    sip: SippServer,
    client: SippClient,
}

impl<S: XmppServer> World<S> {
    fn start() -> Self {
        let xmpp = S::start(XmppSettings::new("sip.example"));
        let sip = SippServer::start(SIP_HOST, &Reply::Status("200 OK"));
        let port = Port::take();
        let listen = address(&port);
        let trusted = format!("trusted = [\"{SIP_HOST}\"]");
        let config = GatewayConfig::new()
            .with_sip("sip", &[listen], &["xmpp.example"])
            .with_settings(&[&trusted])
            .with_xmpp("xmpp", &xmpp.link(), &["sip.example"])
            .with_settings(&["inbox = \"im:gateway@sip.example\""])
            .with_route("xmpp.example", "xmpp", None)
            .with_route("sip.example", "sip", Some(&sip.next_hop(Transport::Udp)))
            .with_sections(SECTIONS);
        Self {
            gateway: Gateway::start(&config),
            xmpp,
            sip,
            client: SippClient::new(SIP_HOST, Transport::Udp, listen),
        }
    }

    fn status(&self, from: &str, to: &str, text: &str) -> Option<u16> {
        self.client.send(Outgoing::text(from, to, text)).status()
    }
}

#[test]
fn rfc2779_5_4_10_and_2_3_5_xmpp_user_keeps_a_sip_user_out_by_writing_to_the_gateway_over_its_death()
 {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start();
    let mut juliet = world.xmpp.login("juliet");
    assert_eq!(world.status(MALLORY, JULIET, "before"), Some(200));
    assert_eq!(juliet.receive().body(), Some("before"));

    juliet.send(INBOX_ON_XMPP, "Refuse messages from mallory@sip.example");
    let answer = juliet.receive();
    assert_eq!(answer.bare_from(), INBOX_ON_XMPP);
    assert_eq!(
        answer.body(),
        Some("Done: refuse messages from mallory@sip.example")
    );
    assert_eq!(world.status(MALLORY, JULIET, "after"), Some(403));
    assert_eq!(world.status(ALICE, JULIET, "from another"), Some(200));
    assert_eq!(juliet.receive().body(), Some("from another"));

    world.gateway.kill();
    world.gateway.start_again();
    assert_eq!(world.status(MALLORY, JULIET, "after its death"), Some(403));
    juliet.send_draft(&Draft {
        to: INBOX_ON_XMPP,
        body: "rules",
        extension: Some("<origin-id xmlns='urn:xmpp:sid:0' id='letter-1'/>"),
        ..Draft::default()
    });
    let answer = juliet.receive();
    assert_eq!(
        answer.body(),
        Some("These rules hold:\nrefuse messages from mallory@sip.example")
    );
    let traced = world
        .gateway
        .ask(&["trace", "juliet@xmpp.example letter-1"]);
    let life = traced["lives"][0].as_array().expect("it is remembered");
    let steps: Vec<_> = life.iter().map(|step| step["step"].as_str()).collect();
    assert_eq!(steps, [Some("received"), Some("answered")], "{traced}");
    juliet.send(INBOX_ON_XMPP, "forget mallory@sip.example");
    assert_eq!(
        juliet.receive().body(),
        Some("Done: no rule says anything of mallory@sip.example any more.")
    );
    assert_eq!(world.status(MALLORY, JULIET, "again"), Some(200));
    assert_eq!(juliet.receive().body(), Some("again"));
}

#[test]
fn rfc2779_5_4_10_sip_user_whom_its_proxy_vouches_for_rules_over_itself_and_nobody_else_does() {
    if !peers::are_wanted() {
        return;
    }
    let mut world = World::<Prosody>::start();
    let mut juliet = world.xmpp.login("juliet");
    let refuse = "refuse messages from *@xmpp.example";
    assert_eq!(world.status(ALICE, INBOX_ON_SIP, refuse), Some(200));
    let answer = world.sip.receive(Transport::Udp);
    let body = String::from_utf8_lossy(answer.body()).into_owned();
    assert_eq!(body, format!("Done: {refuse}"));
    let from = answer.uri("From").unwrap_or_default();
    assert!(from.starts_with(INBOX_ON_SIP), "{from}");

    let id = juliet.send("alice@sip.example", "may I?");
    let error = juliet.receive();
    assert_eq!((error.id(), error.kind()), (Some(&*id), "error"));
    juliet.send("bob@sip.example", "and you?");
    let arrived = world.sip.receive(Transport::Udp);
    assert_eq!(arrived.body(), b"and you?");

    // By another network's name, and by a name that nobody has proven.
    assert_eq!(world.status(JULIET, INBOX_ON_SIP, "set rules"), Some(403));
    assert_eq!(
        world.status("sip:eve@far.example", INBOX_ON_SIP, "rules"),
        Some(403)
    );
    assert!(juliet.unread().is_empty());
}

#[test]
fn rfc2779_5_4_10_and_2_3_5_user_of_prosody_blocks_and_unblocks_by_xmpp_s_own_command() {
    user_blocks_and_unblocks::<Prosody>();
}

#[test]
fn rfc2779_5_4_10_and_2_3_5_user_of_ejabberd_blocks_and_unblocks_by_xmpp_s_own_command() {
    user_blocks_and_unblocks::<Ejabberd>();
}

fn user_blocks_and_unblocks<S: XmppServer>() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<S>::start();
    let mut juliet = world.xmpp.login("juliet");
    let item = "<item jid='mallory@sip.example'/>";
    let blocking =
        |name: &str, items: &str| format!("<{name} xmlns='urn:xmpp:blocking'>{items}</{name}>");
    let mut ask = |kind: &str, name: &str, items: &str| {
        juliet.ask(kind, "sip.example", &blocking(name, items))
    };

    let answer = ask("set", "block", item);
    assert_eq!(answer.kind(), "result", "{}", answer.xml());
    assert_eq!(world.status(MALLORY, JULIET, "blocked"), Some(403));
    assert_eq!(world.status(ALICE, JULIET, "from another"), Some(200));
    let list = ask("get", "blocklist", "");
    assert!(list.xml().contains("mallory@sip.example"), "{}", list.xml());
    let refused = ask("set", "block", "<item jid='mallory@sip.example/phone'/>");
    assert_eq!(refused.error_condition(), Some("not-acceptable"));

    assert_eq!(ask("set", "unblock", "").kind(), "result");
    assert!(!ask("get", "blocklist", "").xml().contains("mallory"));
    assert_eq!(world.status(MALLORY, JULIET, "unblocked"), Some(200));
    assert_eq!(juliet.receive().body(), Some("from another"));
    assert_eq!(juliet.receive().body(), Some("unblocked"));
    assert!(
        juliet.unread().is_empty(),
        "the gateway's answers are the answers to the questions"
    );
}

#[test]
fn rfc2779_2_3_1_user_of_prosody_rules_by_filling_in_forms() {
    user_rules_by_filling_in_forms::<Prosody>();
}

#[test]
fn rfc2779_2_3_1_user_of_ejabberd_rules_by_filling_in_forms() {
    user_rules_by_filling_in_forms::<Ejabberd>();
}

fn user_rules_by_filling_in_forms<S: XmppServer>() {
    const COMMANDS: &str = "http://jabber.org/protocol/commands";
    if !peers::are_wanted() {
        return;
    }
    let world = World::<S>::start();
    let mut juliet = world.xmpp.login("juliet");
    let features = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    assert!(
        juliet
            .ask("get", "sip.example", features)
            .xml()
            .contains(COMMANDS)
    );
    let items =
        format!("<query xmlns='http://jabber.org/protocol/disco#items' node='{COMMANDS}'/>");
    assert!(
        juliet
            .ask("get", "sip.example", &items)
            .xml()
            .contains("watchers")
    );

    let mut run = |node: &str, content: &str| {
        let command = format!("<command xmlns='{COMMANDS}' node='{node}'>{content}</command>");
        juliet.ask("set", "sip.example", &command)
    };
    let field = |name: &str, values: &[&str]| {
        let values: String = values
            .iter()
            .map(|value| format!("<value>{value}</value>"))
            .collect();
        format!("<field var='{name}'>{values}</field>")
    };
    let filled = |fields: &str| format!("<x xmlns='jabber:x:data' type='submit'>{fields}</x>");
    let form = run("rule", "");
    assert!(form.xml().contains("polite-block") && form.xml().contains("executing"));
    let rule = field("effect", &["polite-block"]) + &field("who", &["mallory@sip.example"]);
    let done = run("rule", &filled(&rule));
    assert!(
        done.xml()
            .contains("Done: polite-block mallory@sip.example"),
        "{}",
        done.xml()
    );

    let form = run("rules", "");
    assert!(
        form.xml()
            .contains("<value>polite-block mallory@sip.example</value>"),
        "{}",
        form.xml()
    );
    let lines = ["confirm anyone", "refuse messages from mallory@sip.example"];
    let done = run("rules", &filled(&field("rules", &lines)));
    assert!(done.xml().contains("completed"), "{}", done.xml());
    assert_eq!(world.status(MALLORY, JULIET, "refused"), Some(403));
    let wrong = run("rules", &filled(&field("rules", &["confirm nobody"])));
    assert_eq!(wrong.error_condition(), Some("not-acceptable"));
    assert!(wrong.xml().contains("line 2, column 9"), "{}", wrong.xml());
    assert!(run("watchers", "").xml().contains("Nobody watches you."));
}

#[test]
fn commands_that_come_in_a_burst_are_done_in_their_order() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<Prosody>::start();
    let mut juliet = world.xmpp.login("juliet");
    let rules = (1..=15).map(|number| format!("refuse messages from x{number}@sip.example"));
    let rules: Vec<String> = rules.collect();
    for rule in &rules {
        juliet.send(INBOX_ON_XMPP, rule);
    }
    for _ in &rules {
        let done = juliet.receive();
        assert!(done.body().is_some_and(|body| body.starts_with("Done: ")));
    }
    juliet.send(INBOX_ON_XMPP, "rules");
    let latest_first: Vec<_> = rules.iter().rev().map(String::as_str).collect();
    let held = format!("These rules hold:\n{}", latest_first.join("\n"));
    assert_eq!(juliet.receive().body(), Some(&*held));
}

#[test]
fn what_is_no_command_is_explained_once_and_then_an_error() {
    if !peers::are_wanted() {
        return;
    }
    let world = World::<Prosody>::start();
    let mut juliet = world.xmpp.login("juliet");
    juliet.send(INBOX_ON_XMPP, "Hello, who are you?");
    let answer = juliet.receive();
    assert_eq!(
        answer.body(),
        Some("line 1, column 1: no command begins with `Hello,`: write `help`")
    );
    // As a robot would.
    let id = juliet.send(INBOX_ON_XMPP, answer.body().unwrap_or_default());
    let error = juliet.receive();
    assert_eq!((error.id(), error.kind()), (Some(&*id), "error"));
    juliet.send(INBOX_ON_XMPP, "help");
    let help = juliet.receive();
    assert!(
        help.body()
            .unwrap_or_default()
            .starts_with("You can write:\nrules")
    );
}
