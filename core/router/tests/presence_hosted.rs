//! Presentities that are hosted here: what their devices publish, and what is shown of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{
    Authentication, FailureReason, PidfReader, PublishOperation, ResponseStatus, TransactionId,
};
use rialto_router::{Handling, PresenceLimits, PrincipalRules};

use self::support::{
    SIP, XMPP, builder,
    gallery::{
        ALICE, BOB, CAROL, Gallery, HELEN, pidf, presentity, publish, seconds, settings, sid,
        subscribe, text,
    },
    rules::{alice, online, rules},
};

const SUCCESS: ResponseStatus = ResponseStatus::Success;

#[test]
fn rfc2779_2_3_4_only_whom_the_rules_name_may_publish_for_another() {
    let mut gallery = Gallery::new();
    let by_carol = |version| {
        let operation = PublishOperation::new(
            TransactionId::parse(b"p").unwrap(),
            sid("carols"),
            presentity(HELEN),
            presentity(CAROL),
        );
        operation
            .with_document(pidf(HELEN, "open", "by carol"))
            .with_version(version)
            .with_authentication(Authentication::Network)
    };
    gallery.publish(SIP, by_carol(1));
    assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
    let named = PrincipalRules::default().with_publishers(["carol@voice.example".parse().unwrap()]);
    gallery.rules(HELEN, Some(named.unwrap()));
    gallery.publish(SIP, by_carol(1));
    assert_eq!(*gallery.last_response().status(), SUCCESS);
    // Nobody vouches that it is Helen.
    gallery.publish(
        SIP,
        online("forged").with_authentication(Authentication::None),
    );
    assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
}

#[test]
fn rfc2779_3_1_1_and_3_1_2_hosted_presentity_is_shown_as_pidf_by_the_name_that_its_watcher_knows() {
    let mut gallery = Gallery::new();
    gallery.publish(SIP, online("one"));
    let desk = publish(
        "desk",
        1,
        pidf("pres:somebody@else.example", "closed", "two"),
    );
    gallery.publish(SIP, desk);
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    let told = gallery.take_told();
    let document = told[0].document().unwrap();
    assert_eq!(&**document.content_type(), "application/pidf+xml");
    let reading = PidfReader::new()
        .read(document.payload().as_bytes())
        .unwrap();
    assert_eq!(reading.forgiven(), []);
    let information = reading.into_information();
    assert_eq!(information.presentity(), &presentity(HELEN));
    assert_eq!(
        information.tuples().len(),
        2,
        "one of each device, whatever they are called"
    );
}

#[test]
fn rfc2779_3_1_3_and_3_1_4_contacts_and_extensions_of_a_device_are_shown() {
    let xml = format!(
        "<presence xmlns='urn:ietf:params:xml:ns:pidf' xmlns:x='urn:x' entity='{HELEN}'><tuple id='a'><status>\
         <basic>open</basic><x:mood>calm</x:mood></status><contact priority='0.8'>tel:+1</contact></tuple></presence>"
    );
    let document = rialto_model::PresenceDocument::pidf(rialto_model::Bytes::from(xml));
    let mut gallery = Gallery::new();
    gallery.publish(SIP, publish("phone", 1, document));
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    let shown = text(gallery.take_told()[0].document());
    assert!(
        shown.contains("tel:+1") && shown.contains("0.8") && shown.contains("calm"),
        "{shown}"
    );
}

#[test]
fn rfc2779_3_2_5_device_that_does_not_refresh_is_gone() {
    let mut gallery = Gallery::new();
    gallery.publish(SIP, online("x").with_duration(seconds(60)));
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    gallery.take_told();
    gallery.pass(seconds(61));
    let told = gallery.take_told();
    assert_eq!(told.len(), 1);
    assert!(text(told[0].document()).contains("<basic>closed</basic>"));
}

#[test]
fn rfc2779_3_3_1_publication_holds_over_a_restart() {
    let mut gallery = Gallery::new();
    gallery.publish(SIP, online("x"));
    gallery.restart();
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    assert!(text(gallery.take_told()[0].document()).contains("open"));
    gallery.pass(seconds(3_601));
    assert!(text(gallery.take_told()[0].document()).contains("closed"));
}

#[test]
fn publication_is_replaced_and_ended_only_by_one_who_knows_its_version() {
    let mut gallery = Gallery::new();
    gallery.publish(SIP, online("one"));
    for operation in [online("again"), online("x").with_expected_version(7)] {
        gallery.publish(SIP, operation);
        assert_eq!(gallery.last_failure(), FailureReason::Refused);
    }
    gallery.publish(
        SIP,
        publish("phone", 2, pidf(HELEN, "open", "two")).with_expected_version(1),
    );
    assert_eq!(*gallery.last_response().status(), SUCCESS);
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    let shown = text(gallery.take_told()[0].document());
    assert!(shown.contains("two") && !shown.contains("one"));
    let end = online("x")
        .with_expected_version(2)
        .with_duration(seconds(0));
    gallery.publish(SIP, end);
    assert!(text(gallery.take_told()[0].document()).contains("closed"));
}

#[test]
fn publication_that_is_not_safe_is_shown_to_nobody() {
    let mut gallery = Gallery::new();
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    gallery.take_told();
    gallery.is_full = true;
    gallery.publish(SIP, online("x"));
    assert_eq!(gallery.last_failure(), FailureReason::Overloaded);
    assert!(gallery.told.is_empty());
}

#[test]
fn presentity_that_is_not_hosted_cannot_be_published() {
    let mut gallery = Gallery::new();
    let operation = PublishOperation::new(
        TransactionId::parse(b"p").unwrap(),
        sid("p"),
        presentity(BOB),
        presentity(BOB),
    );
    let operation = operation.with_authentication(Authentication::Network);
    gallery.publish(XMPP, operation.with_document(pidf(BOB, "open", "x")));
    assert_eq!(gallery.last_failure(), FailureReason::NoPresentity);
}

/// What a hosted presentity says of itself.
fn publish_as(uri: &str) -> PublishOperation {
    let id = TransactionId::parse(b"p").unwrap();
    PublishOperation::new(id, sid("phone"), presentity(uri), presentity(uri))
        .with_document(pidf(uri, "open", "x"))
        .with_version(1)
        .with_authentication(Authentication::Network)
}

#[test]
fn presentities_that_publish_are_bounded_and_make_room_when_they_end() {
    const OTHERS: [&str; 3] = [
        "pres:a@home.example",
        "pres:b@home.example",
        "pres:c@home.example",
    ];
    let limits = PresenceLimits::default().with_max_principals(2, 2);
    let mut gallery = Gallery::with(builder(), settings().with_limits(limits));
    gallery.publish(SIP, publish_as(OTHERS[0]).with_duration(seconds(60)));
    gallery.publish(SIP, publish_as(OTHERS[1]));
    gallery.publish(SIP, publish_as(OTHERS[2]));
    assert_eq!(gallery.last_failure(), FailureReason::Overloaded);
    // Who is among them may say more.
    let id = TransactionId::parse(b"p").unwrap();
    let [a, b] = [OTHERS[1]; 2].map(presentity);
    let desk = PublishOperation::new(id, sid("desk"), a, b).with_version(1);
    let desk = desk.with_document(pidf(OTHERS[1], "open", "y"));
    gallery.publish(SIP, desk.with_authentication(Authentication::Network));
    assert_eq!(*gallery.last_response().status(), SUCCESS);
    gallery.restart();
    gallery.publish(SIP, publish_as(OTHERS[2]));
    assert_eq!(gallery.last_failure(), FailureReason::Overloaded);
    gallery.pass(seconds(61));
    gallery.publish(SIP, publish_as(OTHERS[2]));
    assert_eq!(*gallery.last_response().status(), SUCCESS);
}

#[test]
fn principals_with_rules_are_bounded_and_make_room_when_they_take_them_back() {
    let limits = PresenceLimits::default().with_max_principals(2, 2);
    let mut gallery = Gallery::with(builder(), settings().with_limits(limits));
    let set = |gallery: &mut Gallery, of: &str| {
        gallery.rules(of, rules([(alice(), Handling::Block)]));
        gallery.rules_set.pop().expect("a result").is_ok()
    };
    assert_eq!(
        [HELEN, BOB, CAROL].map(|of| set(&mut gallery, of)),
        [true, true, false]
    );
    gallery.restart();
    assert!(!set(&mut gallery, CAROL));
    gallery.rules(BOB, rules([(alice(), Handling::Confirm)]));
    assert!(
        gallery.rules_set.pop().expect("a result").is_ok(),
        "a change is none more"
    );
    gallery.rules(BOB, None);
    assert!(set(&mut gallery, CAROL));
    assert!(!set(&mut gallery, BOB));
}

#[test]
fn presentity_of_many_spellings_is_shown_to_each_watcher_by_the_one_that_it_knows() {
    let mut gallery = Gallery::new();
    gallery.publish(SIP, online("one"));
    let spelling = |number: u32| {
        let user = "helen"
            .char_indices()
            .map(|(at, letter)| match number >> at & 1 {
                1 => letter.to_ascii_uppercase(),
                _ => letter,
            });
        format!("pres:{}@home.example", user.collect::<String>())
    };
    for number in 0..32 {
        let watcher = format!("pres:w{number}@voice.example");
        gallery.subscribe(SIP, subscribe(&watcher, &spelling(number), "s1"));
    }
    let desk = publish("desk", 1, pidf(HELEN, "open", "two"));
    for _ in 0..2 {
        let told = gallery.take_told();
        assert_eq!(told.len(), 32);
        for notify in told {
            let shown = text(notify.document());
            let entity = format!("entity=\"{}\"", notify.target());
            assert!(shown.contains(&entity), "{shown}");
        }
        if gallery.told.is_empty() {
            gallery.publish(SIP, desk.clone());
        }
    }
}

#[test]
fn rfc2779_2_2_2_each_of_a_thousand_in_one_domain_has_its_own_rules_presence_and_watchers() {
    const ENTITIES: usize = 1_000;
    let entity = |number: usize| format!("pres:u{number}@home.example");
    let mut gallery = Gallery::new();
    for number in 0..ENTITIES {
        let itself = entity(number);
        gallery.publish(SIP, publish_as(&itself));
        // Every third one has a rule that keeps Alice out.
        if number % 3 == 0 {
            gallery.rules(&itself, rules([(alice(), Handling::Block)]));
        }
    }
    gallery.restart();
    for number in 0..ENTITIES {
        gallery.subscribe(SIP, subscribe(ALICE, &entity(number), "s1"));
        let told = gallery.take_told();
        if number % 3 == 0 {
            assert_eq!(gallery.last_failure(), FailureReason::NotPermitted);
            assert!(told.is_empty());
        } else {
            assert_eq!(*gallery.last_response().status(), SUCCESS);
            let shown = text(told[0].document());
            let name = format!("entity=\"{}\"", entity(number));
            assert!(shown.contains(&name) && shown.contains("open"), "{shown}");
        }
    }
}
