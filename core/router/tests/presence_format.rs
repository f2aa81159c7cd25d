//! What crosses of presence information, and what does not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use rialto_model::{
    Authentication, Bytes, NotifyOperation, Package, PidfReader, PresenceDocument, ResponseStatus,
    Status, SubscriptionState, TransactionId,
};
use rialto_router::AdapterId;

use self::support::{
    SIP, XMPP, decided,
    gallery::{
        ALICE, BOB, CAROL, Gallery, HELEN, pidf, presentity, publish, seconds, settings, subscribe,
        text,
    },
    operation,
};

const ACTIVE: SubscriptionState = SubscriptionState::Active;
const SUCCESS: ResponseStatus = ResponseStatus::Success;

/// What no writer of ours would write in this way.
const SIGNED: &str = "<?xml version='1.0'?>\r\n<!-- as it was signed --><p:presence entity='sip:bob@jabber.example'\n\
    xmlns:p='urn:ietf:params:xml:ns:pidf' xmlns:x='urn:x'><p:tuple id='x1'><p:status><p:basic>open</p:basic>\
    <x:dial p:mustUnderstand='1'>7</x:dial></p:status></p:tuple><Signature xmlns='http://www.w3.org/2000/09/xmldsig#'>\
    <SignatureValue>4pGx\n9A==</SignatureValue></Signature></p:presence>\n";

#[test]
fn rfc2779_3_1_4_and_5_1_4_and_5_3_1_document_is_shown_byte_for_byte_when_it_comes_and_when_it_was_kept()
 {
    let signed = PresenceDocument::pidf(Bytes::from_static(SIGNED.as_bytes()));
    let mut gallery = Gallery::watched();
    gallery.hear(Some(signed.clone()), ACTIVE);
    assert_eq!(gallery.take_told()[0].document(), Some(&signed));
    gallery.restart();
    assert_eq!(gallery.take_told()[0].document(), Some(&signed));
}

#[test]
fn document_of_another_type_is_shown_as_it_came() {
    let other = PresenceDocument::new(
        "application/x-shelf".into(),
        Bytes::from_static(b"\x00\xff").into(),
    );
    let mut gallery = Gallery::watched();
    gallery.hear(Some(other.clone()), ACTIVE);
    assert_eq!(gallery.take_told()[0].document(), Some(&other));
}

#[test]
fn rfc2779_4_4_3_tuples_of_all_media_keep_their_own_open_and_closed() {
    let tuple = |id: &str, basic: &str, uri: &str| {
        format!(
            "<tuple id='{id}'><status><basic>{basic}</basic></status><contact>{uri}</contact></tuple>"
        )
    };
    let document = |tuples: &[String]| {
        let tuples = tuples.concat();
        PresenceDocument::pidf(Bytes::from(format!(
            "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='{HELEN}'>{tuples}</presence>"
        )))
    };
    let mut gallery = Gallery::new();
    let phone = [
        tuple("a", "open", "im:helen@home.example"),
        tuple("b", "closed", "tel:+358-555-1234567"),
    ];
    gallery.publish(SIP, publish("phone", 1, document(&phone)));
    let desk = [
        tuple("a", "closed", "sip:helen@home.example"),
        tuple("b", "open", "mailto:helen@mail.example"),
    ];
    gallery.publish(SIP, publish("desk", 1, document(&desk)));
    gallery.subscribe(SIP, subscribe(ALICE, HELEN, "s1"));
    let shown = gallery.take_told();
    let shown = shown[0].document().unwrap().payload().as_bytes();
    let information = PidfReader::new().read(shown).unwrap().into_information();
    let mut statuses: Vec<_> = information
        .tuples()
        .iter()
        .map(|tuple| {
            (
                tuple
                    .contact()
                    .unwrap()
                    .contact_address()
                    .as_text()
                    .to_string(),
                tuple.status(),
            )
        })
        .collect();
    statuses.sort_by(|one, other| one.0.cmp(&other.0));
    let [open, closed] = [Some(Status::Open), Some(Status::Closed)];
    let expected = [
        ("im:helen@home.example", open),
        ("mailto:helen@mail.example", open),
        ("sip:helen@home.example", closed),
        ("tel:+358-555-1234567", closed),
    ];
    assert_eq!(
        statuses,
        expected.map(|(uri, status)| (uri.to_owned(), status))
    );
}

#[test]
fn rfc2779_2_1_3_one_identifier_reaches_the_inbox_and_the_presentity_of_a_user() {
    let mut gallery = Gallery::new();
    gallery.subscribe(SIP, subscribe(ALICE, "pres:bob@jabber.example", "s1"));
    let message = operation("im:alice@voice.example", "im:bob@jabber.example");
    let decision = decided(&support::table(), SIP, &message).unwrap();
    let (_, adapter, leg) = &gallery.asked[0];
    assert_eq!((*adapter, decision.adapter()), (XMPP, XMPP));
    assert_eq!(leg.target().mailbox(), message.destination().mailbox());
    drop(message.respond(ResponseStatus::Indeterminant));
}

#[test]
fn rfc2779_5_1_17_and_5_2_5_what_says_where_a_watcher_is_reaches_nobody_else() {
    let mut gallery = Gallery::new();
    let own = subscribe(HELEN, HELEN, "w1").with_package(Package::WatcherInformation);
    gallery.subscribe(SIP, own);
    for target in [BOB, HELEN] {
        let operation = subscribe(ALICE, target, "s1").with_reference("<sip:alice@192.0.2.7:5060>");
        gallery.subscribe(SIP, operation);
    }
    let asked = format!("{:?}", gallery.asked);
    assert!(
        asked.contains("bob@jabber.example") && !asked.contains("192.0.2.7"),
        "{asked}"
    );
    let told = gallery.take_told();
    let lists = told
        .iter()
        .filter(|of| of.package() == Package::WatcherInformation);
    let lists: String = lists.map(|of| text(of.document())).collect();
    assert!(
        lists.contains("alice@voice.example") && !lists.contains("192.0.2.7"),
        "{lists}"
    );
    // It comes back to her own network.
    let hers = told.iter().find(|of| *of.watcher() == presentity(ALICE));
    assert!(hers.unwrap().reference().unwrap().contains("192.0.2.7"));
}

#[test]
fn rfc2779_5_1_18_and_5_2_6_what_says_where_a_presentity_is_reaches_no_watcher() {
    let mut gallery = Gallery::watched();
    let (_, adapter, leg) = gallery.asked[0].clone();
    let notify = NotifyOperation::new(
        TransactionId::parse(b"n").unwrap(),
        *leg.subscription_id(),
        leg.watcher().clone(),
        leg.target().clone(),
        ACTIVE,
    );
    let notify = notify
        .with_reference("<sip:bob@192.0.2.9>")
        .with_document(pidf(BOB, "open", "new"));
    let ticket = support::ticket(1_000);
    gallery
        .service
        .handle_notify(gallery.now, adapter, notify, ticket);
    gallery.run();
    let told = format!("{:?}", gallery.take_told());
    assert!(
        told.contains("bob@jabber.example") && !told.contains("192.0.2.9"),
        "{told}"
    );
}

#[test]
fn rfc2779_5_1_12_presentity_s_network_is_told_who_watches_and_whether_somebody_vouches() {
    let mut gallery = Gallery::new();
    gallery.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    let (.., leg) = &gallery.asked[0];
    // As her address is written there.
    let shown = "pres:sip=voice.example/alice@second.example";
    assert_eq!(leg.watcher(), &presentity(shown));
    assert_eq!(leg.authentication(), Authentication::Network);
}

/// Two gateways in a row: what the first asks of a network, the second hears from it.
struct Row {
    near: Gallery,
    far: Gallery,
}

impl Row {
    const BETWEEN: AdapterId = XMPP;

    /// The near gateway's question crosses, Bob's network says yes to the far one, and that comes back.
    fn ask(&mut self) {
        for (attempt, _, operation) in std::mem::take(&mut self.near.asked) {
            self.far.subscribe(Self::BETWEEN, operation);
            self.far.answer_last_asked(SUCCESS);
            let answered = self.far.last_response().status().clone();
            self.near.answer(attempt, answered);
        }
    }

    /// What the far gateway tells its watcher, the near one hears.
    fn tell(&mut self, leg: &rialto_model::SubscribeOperation) -> usize {
        let told = self.far.take_told();
        for notify in &told {
            let document = notify.document().cloned();
            self.near
                .hear_of(Self::BETWEEN, leg, document, notify.state());
        }
        told.len()
    }
}

#[test]
fn rfc2779_2_4_1_and_2_4_2_subscription_its_notifications_and_its_end_pass_two_gateways() {
    let mut row = Row {
        near: Gallery::new(),
        far: Gallery::with(support::builder(), settings()),
    };
    row.near.subscribe(SIP, subscribe(ALICE, BOB, "s1"));
    let leg = row.near.asked[0].2.clone();
    let hops = leg.max_forwards().hops();
    row.ask();
    assert_eq!(row.far.asked.len(), 1);
    assert_eq!(row.far.asked[0].2.max_forwards().hops(), hops - 1);
    let document = pidf(BOB, "open", "through two");
    row.far.hear(Some(document.clone()), ACTIVE);
    assert!(row.tell(&leg) > 0);
    let told = row.near.take_told();
    let last = told.last().unwrap();
    assert_eq!((last.document(), last.state()), (Some(&document), ACTIVE));

    row.near
        .subscribe(SIP, subscribe(ALICE, BOB, "s1").with_duration(seconds(0)));
    row.ask();
    let ended = row.far.asked.last().unwrap().2.duration();
    assert_eq!(ended, Some(seconds(0)), "its end has reached Bob's network");
    row.far.take_told();
    row.near.take_told();
    assert!(row.near.service.watchers(&presentity(BOB)).is_empty());
    assert!(row.far.service.watchers(&presentity(BOB)).is_empty());
}

#[test]
fn rfc2779_2_2_6_watcher_of_hundreds_of_domains_is_told_of_each_and_dns_is_asked_once_for_each() {
    const DOMAINS: usize = 300;
    let mut gallery = Gallery::with(support::builder_with_dns(), settings());
    for number in 0..DOMAINS {
        let target = format!("pres:friend@d{number}.example");
        gallery.subscribe(SIP, subscribe(CAROL, &target, &format!("s{number}")));
    }
    assert_eq!(gallery.resolve.len(), DOMAINS);
    for domain in std::mem::take(&mut gallery.resolve) {
        let hops = |_: &mut _, _: Option<AdapterId>| Ok(vec![rialto_router::Hop::new(XMPP)]);
        gallery.service.handle_resolved(gallery.now, &domain, hops);
        gallery.run();
    }
    let legs = gallery.asked.clone();
    assert_eq!(legs.len(), DOMAINS);
    for (attempt, adapter, leg) in &legs {
        gallery.answer(*attempt, SUCCESS);
        let document = pidf(leg.target().as_str(), "open", "here");
        gallery.hear_of(*adapter, leg, Some(document), ACTIVE);
    }
    let told = gallery.take_told();
    let open = told
        .iter()
        .filter(|of| text(of.document()).contains("open"));
    assert_eq!(open.count(), DOMAINS);
    // The networks granted ten minutes: each leg is refreshed before they are over.
    gallery.asked.clear();
    gallery.pass(seconds(599));
    assert!(gallery.asked.len() + gallery.resolve.len() >= DOMAINS);
    assert!(gallery.resolve.len() <= DOMAINS);
}
