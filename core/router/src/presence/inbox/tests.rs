//! Commands are understood, and answers end.

use std::time::Duration;

use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{Authentication, Bytes, Domain, TransactionId};

use super::*;
use crate::{Adapter, Alias, PrincipalRules, Route, RulesChange};

fn command(text: &str) -> InboxCommand {
    text.parse().unwrap()
}

fn refused(text: &str) -> String {
    text.parse::<InboxCommand>().unwrap_err().to_string()
}

#[test]
fn commands_are_understood_as_people_write_them() {
    assert_eq!(command("Help"), InboxCommand::Help);
    assert_eq!(
        command(" rules \n\n-- \nBob\nhead of sales"),
        InboxCommand::Rules(RulesPart::All)
    );
    assert_eq!(
        command("Who may write"),
        InboxCommand::Rules(RulesPart::Senders)
    );
    assert_eq!(
        command("end im:Eve@a.example"),
        InboxCommand::End("pres:Eve@a.example".parse().unwrap())
    );
    let change = |text: &str| match command(text) {
        InboxCommand::Change(change) => change,
        other => panic!("{other:?}"),
    };
    let polite = "polite-block eve@a.example".parse().unwrap();
    assert_eq!(
        change("Polite-block eve@a.example"),
        RulesChange::First(polite)
    );
    let eve = "eve@a.example".parse().unwrap();
    assert_eq!(change("forget eve@a.example"), RulesChange::Without(eve));
    let text = "allow a@a.example\nblock anyone\n";
    let rules = text.parse().unwrap();
    assert_eq!(
        change(&format!("Set rules\n{text}")),
        RulesChange::Replaced(rules)
    );
    assert_eq!(
        change("set rules"),
        RulesChange::Replaced(PrincipalRules::default())
    );
}

#[test]
fn several_rules_may_stand_in_one_message_and_the_last_decides() {
    let text =
        "polite-block eve@a.example\n\nrefuse messages from eve@a.example\nforget bob@a.example\n";
    let InboxCommand::Change(change) = command(text) else {
        panic!("no change");
    };
    let before: PrincipalRules = "allow bob@a.example\nblock anyone".parse().unwrap();
    let after = before.changed(change.clone()).unwrap();
    assert_eq!(
        after.to_string(),
        "polite-block eve@a.example\nblock anyone\nrefuse messages from eve@a.example\n"
    );
    assert_eq!(
        answer::done(&change),
        "Done: polite-block eve@a.example\nDone: refuse messages from eve@a.example\n\
         Done: no rule says anything of bob@a.example any more."
    );
}

#[test]
fn addresses_are_meant_as_the_principal_s_network_knows_them() {
    let mut scene = Scene::new();
    let mut written = |text: &str| match scene.bob_writes(text).unwrap().command.unwrap() {
        InboxCommand::Change(change) => PrincipalRules::default()
            .changed(change)
            .unwrap()
            .to_string(),
        InboxCommand::End(watcher) => watcher.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        written("block Ann@people.example"),
        "block ann@voice.example\n"
    );
    assert_eq!(written("block *@people.example"), "block *@voice.example\n");
    assert_eq!(
        written(
            "set rules\nlet ann@people.example publish\nrefuse messages from sip=voice.example/ann@relay.example"
        ),
        "refuse messages from ann@voice.example\nlet ann@voice.example publish\n"
    );
    assert_eq!(written("end ann@people.example"), "pres:ann@voice.example");
    assert_eq!(
        written("block eve@elsewhere.example"),
        "block eve@elsewhere.example\n"
    );
}

#[test]
fn command_of_a_program_is_answered_under_its_name() {
    let mut scene = Scene::new();
    let asked = CommandMessage::new("n1", "help").unwrap();
    let (from, source) = (XMPP, "im:bob@jabber.example");
    let request = scene.write(from, source, Authentication::Network, asked.to_message());
    let request = request.unwrap();
    assert_eq!(
        (request.name.as_deref(), request.command),
        (Some("n1"), Ok(InboxCommand::Help))
    );
    assert_eq!(scene.bob_writes("help").unwrap().name, None);
    let wrong = CommandMessage::new("n2", "hello").unwrap();
    let refused = scene.write(from, source, Authentication::Network, wrong.to_message());
    assert!(
        refused
            .unwrap_err()
            .detail()
            .contains("no command begins with `hello`")
    );
}

#[test]
fn what_is_no_command_is_refused_where_it_stands() {
    for (text, expected) in [
        (
            "hello there",
            "line 1, column 1: no command begins with `hello`: write `help`",
        ),
        (
            "",
            "line 1, column 1: the line ends where a command, such as `help`, is expected",
        ),
        (
            "\n\nblock",
            "line 3, column 6: the line ends where an address",
        ),
        ("help me", "line 1, column 6: `me` stands behind the end"),
        (
            "who may sleep",
            "line 1, column 9: `sleep` stands where `watch`, `write` or `publish`",
        ),
        (
            "end *@a.example",
            "line 1, column 5: `*@a.example` stands where the address of one watcher",
        ),
        (
            "rules\nblock b@a.example",
            "line 2, column 1: beside other lines only rules",
        ),
        (
            "block a@a.example\n\nhelp",
            "line 3, column 1: beside other lines only rules",
        ),
        (
            "block a@a.example\nblock b@a.example\nblock",
            "line 3, column 6: the line ends where",
        ),
        (
            "set rules\nallow a@a.example\nallow",
            "line 3, column 6: the line ends",
        ),
        ("\nset rules\nallow", "line 3, column 6: the line ends"),
    ] {
        let said = refused(text);
        assert!(said.starts_with(expected), "{text:?}: {said}");
    }
}

const SIP: AdapterId = AdapterId::new(0);
const XMPP: AdapterId = AdapterId::new(1);

fn addresses() -> OwnAddresses {
    OwnAddresses::new(["im:Gateway@relay.example".parse().unwrap()])
}

/// An inbox, and a network of which Bob is.
struct Scene {
    inbox: OwnInbox,
    table: RoutingTable,
    now: Instant,
}

impl Scene {
    fn new() -> Self {
        let domain = |name| Domain::parse(name).unwrap();
        let table = RoutingTable::builder()
            .with_adapter(Adapter::new("sip", "sip"))
            .with_adapter(Adapter::new("xmpp", "xmpp"))
            .with_route(Route::new(domain("voice.example"), "sip"))
            .with_route(Route::new(domain("jabber.example"), "xmpp"))
            .with_relay_domain(domain("relay.example"))
            .with_alias(Alias::new(
                "*@voice.example".parse().unwrap(),
                "*@people.example".parse().unwrap(),
            ))
            .build()
            .unwrap();
        let settings = PresenceSettings::default().with_hosted(domain("home.example"));
        Self {
            inbox: OwnInbox::new(addresses(), settings),
            table,
            now: WALL.with(|now| *now),
        }
    }

    fn write(
        &mut self,
        from: AdapterId,
        source: &str,
        authentication: Authentication,
        message: InstantMessage,
    ) -> Result<InboxRequest, Failure> {
        let operation = MessageOperation::new(
            TransactionId::random(&mut StdRng::seed_from_u64(1)),
            source.parse().unwrap(),
            "im:gateway@relay.example".parse().unwrap(),
            message,
        );
        let operation = operation.with_authentication(authentication);
        let taken = self
            .inbox
            .handle_message(self.now, &self.table, from, &operation);
        drop(operation.respond(rialto_model::ResponseStatus::Indeterminant));
        taken
    }

    fn bob_writes(&mut self, text: &str) -> Result<InboxRequest, Failure> {
        let message = InstantMessage::text(text.to_owned());
        self.write(
            XMPP,
            "im:bob@jabber.example",
            Authentication::Network,
            message,
        )
    }
}

thread_local! {
    #[expect(clippy::disallowed_methods, reason = "an instant cannot be had otherwise; no test looks at its value")]
    static WALL: Instant = Instant::now();
}

#[test]
fn inbox_is_for_what_is_written_to_any_of_its_names() {
    let is_for = |uri: &str| addresses().contain(&uri.parse().unwrap());
    assert!(is_for("im:gateway@relay.example") && is_for("im:GATEWAY@relay.example"));
    assert!(!is_for("im:gateway@jabber.example") && !is_for("im:bob@relay.example"));
}

#[test]
fn principal_is_who_its_own_network_vouches_for_and_nobody_else() {
    let mut scene = Scene::new();
    let (network, nobody) = (Authentication::Network, Authentication::None);
    let mut write = |from, source: &str, authentication| {
        let message = InstantMessage::text("rules");
        let taken = scene.write(from, source, authentication, message);
        taken.map(|of| format!("{} {}", of.principal, of.reply_to))
    };
    assert_eq!(
        write(XMPP, "im:Bob@jabber.example", network).unwrap(),
        "pres:bob@jabber.example im:Bob@jabber.example"
    );
    assert_eq!(
        write(SIP, "im:helen@home.example", network).unwrap(),
        "pres:helen@home.example im:helen@home.example"
    );
    for (from, source, authentication) in [
        (XMPP, "im:bob@jabber.example", nobody),
        (SIP, "im:bob@jabber.example", network),
        (SIP, "im:eve@far.example", network),
        (SIP, "im:gateway@relay.example", network),
        (AdapterId::GATEWAY, "im:bob@jabber.example", network),
    ] {
        let failure = write(from, source, authentication).unwrap_err();
        assert_eq!(failure.reason(), FailureReason::NotPermitted, "{source}");
    }
}

#[test]
fn texts_only_are_read() {
    let mut scene = Scene::new();
    let mut reason = |message: InstantMessage| {
        let taken = scene.write(
            XMPP,
            "im:bob@jabber.example",
            Authentication::Network,
            message,
        );
        taken.map_err(|failure| failure.reason())
    };
    for message in [
        InstantMessage::new(
            "application/im-iscomposing+xml",
            Bytes::from_static(b"<x/>"),
        ),
        InstantMessage::new("text/html", Bytes::from_static(b"help")),
        InstantMessage::new("text/plain", Bytes::from_static(b"\xff")),
    ] {
        assert_eq!(reason(message), Err(FailureReason::UnsupportedContent));
    }
    let long = "x".repeat(OwnInbox::MAX_COMMAND + 1);
    assert_eq!(
        reason(InstantMessage::text(long)),
        Err(FailureReason::TooLarge)
    );
    let plain = InstantMessage::new("Text/Plain; charset=utf-8", Bytes::from_static(b"help"));
    assert_eq!(reason(plain).unwrap().command, Ok(InboxCommand::Help));
}

#[test]
fn what_is_no_command_is_answered_once_and_then_refused_until_one_comes() {
    let mut scene = Scene::new();
    assert!(scene.bob_writes("hello").unwrap().command.is_err());
    for _ in 0..3 {
        let failure = scene.bob_writes("I am a robot").unwrap_err();
        assert_eq!(failure.reason(), FailureReason::UnsupportedContent);
    }
    assert!(scene.bob_writes("help").unwrap().command.is_ok());
    assert!(scene.bob_writes("hello").unwrap().command.is_err());
}

#[test]
fn one_who_writes_too_fast_is_told_when_to_come_again() {
    let mut scene = Scene::new();
    let taken = (0..100).take_while(|_| scene.bob_writes("help").is_ok());
    assert_eq!(taken.count(), 20);
    let failure = scene.bob_writes("help").unwrap_err();
    let rialto_model::Retry::After(wait) = failure.retry() else {
        panic!("{failure:?}");
    };
    assert_eq!(wait, Duration::from_secs(3));
    scene.now += wait;
    assert!(scene.bob_writes("help").is_ok());
}

proptest! {
    #[test]
    fn any_text_is_a_command_or_refused(text in "(help|who|may|write|forget|end|set rules|block|a@a\\.example|\n|-- | |[^\\p{Cc}]){0,12}") {
        let parsed = text.parse::<InboxCommand>();
        prop_assert!(parsed.is_ok() || !parsed.unwrap_err().to_string().is_empty());
    }

    /// A robot that sends back whatever it is told.
    #[test]
    fn no_echo_keeps_the_inbox_talking(
        text in "help|rules|hello|who may write|watchers|set rules|block a@a\\.example|end a@a\\.example",
    ) {
        let mut scene = Scene::new();
        let mut said = text;
        for turn in 0.. {
            prop_assert!(turn < 5, "it still answers to {said:?}");
            let Ok(request) = scene.bob_writes(&said) else {
                break;
            };
            said = match request.command {
                Err(error) => error.to_string(),
                Ok(InboxCommand::Help) => HELP.to_owned(),
                Ok(InboxCommand::Rules(part)) => {
                    let rules = "block a@a.example\nrefuse messages from anyone".parse().unwrap();
                    answer::rules(Some(&rules), part)
                }
                Ok(InboxCommand::Watchers) => answer::watchers(&[]),
                Ok(InboxCommand::End(watcher)) => answer::ended(&watcher, 1),
                Ok(InboxCommand::Change(change)) => answer::done(&change),
            };
        }
    }
}
