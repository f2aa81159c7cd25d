//! Subscriptions through the real gateway, between networks that the test plays: what the gateway alone does, over its death too.

use std::collections::BTreeSet;

use rialto_tests::{
    gateway::{Gateway, GatewayConfig},
    stage::Stage,
};
use serde_json::{Value, json};

const ALICE: &str = "pres:alice@near.example";
const BOB: &str = "pres:bob@far.example";
const HELEN: &str = "pres:helen@home.example";

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

/// What a watcher is told that says this; before it, that nothing is known yet.
fn told(near: &mut Stage, text: &str) -> Value {
    loop {
        let told = near.next_of("told");
        if says(&told, text) {
            return told;
        }
        assert!(told["document"].is_null(), "{told}");
    }
}

#[test]
fn subscription_crosses_and_every_change_comes_back_until_it_ends() {
    let mut world = World::start("");
    let asked = world.watch();
    assert_eq!(
        (&asked["watcher"], &asked["target"]),
        (&ALICE.into(), &BOB.into())
    );
    let first = told(&mut world.near, "at my desk");
    assert_eq!(
        (&first["id"], &first["state"]),
        (&"s1".into(), &"active".into())
    );
    assert_eq!(first["reference"], "dialog of s1");

    world
        .far
        .notify(&asked, "active", Some(&pidf("closed", "gone home")));
    let second = told(&mut world.near, "gone home");
    assert!(second["version"].as_u64() > first["version"].as_u64());

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

/// The steps of the one life that has an identifier, and what each says of something.
fn traced(gateway: &Gateway, identifier: &str, detail: &str) -> Vec<(String, Value)> {
    let traced = gateway.ask(&["trace", identifier]);
    let lives = traced["lives"].as_array().expect("lives");
    assert_eq!(lives.len(), 1, "{traced}");
    let steps = lives[0].as_array().expect("steps").iter();
    let step = |step: &Value| {
        (
            step["step"].as_str().expect("a word").to_owned(),
            step[detail].clone(),
        )
    };
    steps.map(step).collect()
}

#[test]
fn rfc2779_5_1_4_and_5_3_1_and_5_3_3_trace_has_what_crossed_on_both_hops_and_who_vouched() {
    let mut world = World::start("");
    let asked = world.watch();
    told(&mut world.near, "at my desk");
    let leg = asked["id"].as_str().expect("a name").to_owned();
    // By its name on either side.
    for identifier in ["s1", &leg] {
        let digests = traced(&world.gateway, identifier, "document");
        let of = |word: &str| {
            let mut steps = digests
                .iter()
                .filter(|(step, digest)| step == word && !digest.is_null());
            steps.next_back().map(|(_, digest)| digest.clone())
        };
        let heard = of("heard").expect("a digest of what was heard");
        assert_eq!(Some(heard), of("told"), "{digests:?}");
        let vouched = traced(&world.gateway, identifier, "vouched_for");
        assert!(
            vouched.contains(&("heard".to_owned(), "true".into())),
            "{vouched:?}"
        );
        let adapters = traced(&world.gateway, identifier, "adapter");
        for of in [
            ("received", "near"),
            ("handed over", "far"),
            ("heard", "far"),
            ("told", "near"),
        ] {
            let step = (of.0.to_owned(), of.1.into());
            assert!(adapters.contains(&step), "{of:?} in {adapters:?}");
        }
    }
}

#[test]
fn subscription_survives_a_crash_once_and_what_changed_meanwhile_is_told() {
    let mut world = World::start("");
    let asked = world.watch();
    let before = told(&mut world.near, "at my desk");
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
        news["version"].as_u64() > before["version"].as_u64(),
        "{news}"
    );

    let doubled = world.near.subscribe("s2", ALICE, BOB, 600);
    assert_eq!(world.near.answer(doubled)["reason"], "AlreadySubscribed");
    let refreshed = world.near.subscribe("s1", ALICE, BOB, 600);
    assert_eq!(world.near.answer(refreshed)["status"], "success");
}

#[test]
fn operator_sees_who_watches_whom_and_how_far_both_sides_are() {
    let mut world = World::start("");
    assert_eq!(world.gateway.say(&["subs", "list"]), "nobody watches\n");
    world.watch();
    told(&mut world.near, "at my desk");
    let all = world.gateway.ask(&["subs", "list"]);
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
    let entry = &all[0];
    assert_eq!(
        (&entry["watcher"], &entry["presentity"]),
        (&ALICE.into(), &BOB.into())
    );
    assert_eq!(
        (&entry["state"], &entry["handling"]),
        (&"active".into(), &"allow".into())
    );
    assert_eq!(
        (&entry["adapter"], &entry["leg"]["adapter"]),
        (&"near".into(), &"far".into())
    );
    assert_eq!(
        (&entry["leg"]["state"], &entry["has_document"]),
        (&"held".into(), &true.into())
    );
    let id = entry["id"].to_string();
    assert_eq!(
        world.gateway.ask(&["subs", "show", &id])["subscription_id"],
        "s1"
    );
    for (option, some, none) in [
        ("--watcher", "near.example", "far.example"),
        ("--presentity", "bob@far.example", ALICE),
        ("--adapter", "near", "far"),
    ] {
        let count = |of| {
            let found = world.gateway.ask(&["subs", "list", option, of]);
            found.as_array().unwrap().len()
        };
        assert_eq!((count(some), count(none)), (1, 0), "{option}");
    }
    let status = world.gateway.ask(&["status"]);
    assert_eq!(status["presence"]["subscriptions"], 1);
}

#[test]
fn rules_hold_at_once_for_those_who_watch_already_and_over_a_crash() {
    let mut world = World::start("");
    let asked = world.watch();
    told(&mut world.near, "at my desk");
    world
        .gateway
        .say(&["rules", "polite-block", BOB, "alice@near.example"]);
    let closed = world.near.next_of("told");
    assert!(
        says(&closed, "closed") && !says(&closed, "at my desk"),
        "{closed}"
    );
    assert_eq!(
        world.far.next_of("asked")["duration"],
        0,
        "his network need not know"
    );
    world
        .far
        .notify(&asked, "active", Some(&pidf("open", "at my desk again")));

    world
        .gateway
        .say(&["rules", "add", BOB, "show", "status-only", "to", "anyone"]);
    let rules = world.gateway.say(&["rules", "show", "bob@far.example"]);
    assert_eq!(
        rules,
        "show status-only to anyone\npolite-block alice@near.example\n"
    );
    world.crash();
    assert_eq!(world.gateway.say(&["rules", "show", BOB]), rules);

    world.gateway.say(&["rules", "forget", BOB, "anyone"]);
    world
        .gateway
        .say(&["rules", "block", BOB, "alice@near.example"]);
    let refused = world.near.subscribe("s9", ALICE, BOB, 600);
    assert_eq!(world.near.answer(refused)["reason"], "NotPermitted");
}

#[test]
fn hosted_presentity_is_what_is_published_of_it_over_a_crash_too() {
    let mut world = World::start("[presence]\nhosted = [\"home.example\"]\n");
    let subscribed = world.near.subscribe("s1", ALICE, HELEN, 600);
    assert_eq!(world.near.answer(subscribed)["status"], "success");
    assert!(says(&world.near.next_of("told"), "closed"));

    let document = pidf("open", "in the garden").replace(BOB, HELEN);
    let published = world.far.cue(json!({
        "do": "publish", "id": "phone", "presentity": HELEN, "publisher": HELEN,
        "document": document, "duration": 600, "version": 1,
    }));
    let answer = world.far.answer(published);
    assert_eq!(
        (&answer["status"], &answer["duration"]),
        (&"success".into(), &600.into())
    );
    told(&mut world.near, "in the garden");

    world.crash();
    told(&mut world.near, "in the garden");
    let removed = world.far.cue(json!({
        "do": "publish", "id": "phone", "presentity": HELEN, "publisher": HELEN,
        "duration": 0, "expected": 1, "version": 2,
    }));
    assert_eq!(world.far.answer(removed)["status"], "success");
    assert!(says(&world.near.next_of("told"), "closed"));
    let stranger = world.far.cue(json!({
        "do": "publish", "id": "forged", "presentity": HELEN, "publisher": BOB,
        "document": document, "duration": 600, "version": 1,
    }));
    assert_eq!(world.far.answer(stranger)["reason"], "NotPermitted");
}

#[test]
fn rfc2779_2_2_5_and_3_2_3_change_of_a_presentity_reaches_each_of_a_thousand_watchers_once() {
    const WATCHERS: usize = 1_000;
    let mut world = World::start("[presence]\nhosted = [\"home.example\"]\n");
    let pairs = (0..WATCHERS).map(|number| {
        let watcher = format!("pres:w{number}@near.example");
        (format!("s{number}"), watcher, HELEN.to_owned())
    });
    assert_eq!(world.near.subscribe_all(pairs, 200), WATCHERS);
    let document = pidf("open", "in the garden").replace(BOB, HELEN);
    let published = world.far.cue(json!({
        "do": "publish", "id": "phone", "presentity": HELEN, "publisher": HELEN,
        "document": document, "duration": 600, "version": 1,
    }));
    assert_eq!(world.far.answer(published)["status"], "success");
    let mut told = BTreeSet::new();
    while told.len() < WATCHERS {
        let news = world.near.next_of("told");
        if says(&news, "in the garden") {
            let watcher = news["watcher"].as_str().unwrap_or_default().to_owned();
            assert!(told.insert(watcher), "once more: {news}");
        }
    }
}

#[test]
fn rfc2779_2_2_4_each_watcher_of_hundreds_of_presentities_is_told_of_each() {
    const WATCHERS: usize = 10;
    const EACH: usize = 300;
    let (mut near, mut far) = (Stage::new(), Stage::new());
    let config = near.add(
        GatewayConfig::new(),
        "near",
        &["far.example"],
        &["quiet = true"],
    );
    let open = ["quiet = true", "open = true"];
    let config = far.add(config, "far", &["near.example"], &open);
    let gateway = Gateway::start(&config);
    near.take_connection();
    far.take_connection();
    let pairs = (0..WATCHERS * EACH).map(|number| {
        let (watcher, presentity) = (number / EACH, number % EACH);
        (
            format!("s{number}"),
            format!("pres:w{watcher}@near.example"),
            format!("pres:p{presentity}@far.example"),
        )
    });
    assert_eq!(near.subscribe_all(pairs, 200), WATCHERS * EACH);
    let figure = |adapter: &str, metric: &str| {
        let status = gateway.ask(&["status"]);
        status["adapters"][adapter]["figures"][metric]["count"].as_u64()
    };
    let all = Some((WATCHERS * EACH) as u64);
    let all_told = || figure("near", "notified") >= all;
    gateway.process().await_state("word to each", all_told);
    assert_eq!(figure("far", "asked"), all, "each once");
}
