//! Subscriptions through the real gateway, between networks that the test plays: what the gateway alone does, over its death too.

use rialto_tests::{
    gateway::{Gateway, GatewayConfig},
    stage::Stage,
};
use serde_json::Value;

const ALICE: &str = "pres:alice@near.example";
const BOB: &str = "pres:bob@far.example";

/// A gateway between a network of watchers and one of presentities.
struct World {
    gateway: Gateway,
    near: Stage,
    far: Stage,
}

impl World {
    fn start(sections: &str) -> Self {
        let (mut near, mut far) = (Stage::new(), Stage::new());
        let config = near.add(GatewayConfig::new(), "near", &["far.example"], &[]);
        let config = far.add(config, "far", &["near.example"], &[]);
        let gateway = Gateway::start(&config.with_sections(sections));
        near.take_connection();
        far.take_connection();
        Self { gateway, near, far }
    }

    /// Has Alice watch Bob, who is open: what his network was asked.
    fn watch(&mut self) -> Value {
        let subscribed = self.near.subscribe("s1", ALICE, BOB, 600);
        let asked = self.far.next_of("asked");
        self.far
            .notify(&asked, "active", Some(&pidf("open", "at my desk")));
        let answer = self.near.answer(subscribed);
        assert_eq!(
            (&answer["status"], &answer["duration"]),
            (&"success".into(), &600.into())
        );
        asked
    }

    /// Kills the gateway, as a crash would, and starts it again.
    fn crash(&mut self) {
        self.gateway.kill();
        self.gateway.start_again();
        self.near.take_connection();
        self.far.take_connection();
    }
}

fn pidf(basic: &str, note: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='UTF-8'?><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='{BOB}'>\
         <tuple id='desk'><status><basic>{basic}</basic></status><note>{note}</note></tuple></presence>"
    )
}

fn says(told: &Value, text: &str) -> bool {
    told["document"]
        .as_str()
        .is_some_and(|document| document.contains(text))
}

#[test]
fn subscription_crosses_and_every_change_comes_back_until_it_ends() {
    let mut world = World::start("");
    let asked = world.watch();
    assert_eq!(
        (&asked["watcher"], &asked["target"]),
        (&ALICE.into(), &BOB.into())
    );
    let told = world.near.next_of("told");
    assert_eq!(
        (&told["id"], &told["state"]),
        (&"s1".into(), &"active".into())
    );
    assert_eq!(told["reference"], "dialog of s1");
    assert!(says(&told, "at my desk"), "{told}");

    world
        .far
        .notify(&asked, "active", Some(&pidf("closed", "gone home")));
    let told = world.near.next_of("told");
    assert!(says(&told, "gone home") && told["version"] == 1, "{told}");

    let ended = world.near.subscribe("s1", ALICE, BOB, 0);
    assert_eq!(world.near.answer(ended)["status"], "success");
    assert_eq!(world.near.next_of("told")["state"], "timeout");
    let parting = world.far.next_of("asked");
    assert_eq!(
        (&parting["id"], &parting["duration"]),
        (&asked["id"], &0.into())
    );
    let late = world
        .far
        .notify(&asked, "active", Some(&pidf("open", "too late")));
    assert_eq!(world.far.answer(late)["reason"], "NoPresentity");
}

#[test]
fn subscription_survives_a_crash_once_and_what_changed_meanwhile_is_told() {
    let mut world = World::start("");
    let asked = world.watch();
    let told = world.near.next_of("told");
    world.crash();

    let again = world.far.next_of("asked");
    assert_eq!(
        again["id"], asked["id"],
        "the native subscription keeps its name"
    );
    world
        .far
        .notify(&again, "active", Some(&pidf("closed", "gone home")));
    let mut news = world.near.next_of("told");
    while !says(&news, "gone home") {
        // The crash may have come before that was safe; then nothing is known, which is not that he is gone.
        let is_true = news["document"].is_null() || says(&news, "at my desk");
        assert!(is_true, "{news}");
        news = world.near.next_of("told");
    }
    assert_eq!(news["reference"], "dialog of s1");
    assert!(
        news["version"].as_u64() > told["version"].as_u64(),
        "{news}"
    );

    let doubled = world.near.subscribe("s2", ALICE, BOB, 600);
    assert_eq!(world.near.answer(doubled)["reason"], "AlreadySubscribed");
    let refreshed = world.near.subscribe("s1", ALICE, BOB, 600);
    assert_eq!(world.near.answer(refreshed)["status"], "success");
}
