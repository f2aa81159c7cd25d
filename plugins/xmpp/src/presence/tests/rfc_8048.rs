//! The stanzas of RFC 8048 §5 and §7 as they are printed; what is in documents is in `mapping::presence`.

use rialto_sdk::model::TerminationReason;
use rialto_sdk::serde_json::json;

use super::*;
use crate::mapping::example_presence as parsed;

macro_rules! example {
    ($file:literal) => {
        include_str!(concat!("../../../fixtures/rfc8048/", $file))
    };
}

/// A component that speaks for Romeo's domain in the RFC.
fn rig() -> Rig {
    Rig::with(json!({ "domains": ["example.net"] }), 64 * 1024)
}

fn romeo() -> Presentity {
    Presentity::parse("pres:romeo@example.net").unwrap()
}

/// The addresses and the type, which is all that the RFC's stanzas have.
fn head(presence: &Presence) -> Presence {
    Presence {
        from: presence.from.clone(),
        to: presence.to.clone(),
        type_: presence.type_.clone(),
        ..Presence::default()
    }
}

#[tokio::test(start_paused = true)]
async fn example_5_contact_has_granted_it() {
    let mut rig = rig();
    let mut server = rig.join().await;
    server
        .send("<presence from='juliet@example.com' to='romeo@example.net' type='subscribe'/>")
        .await;
    let kept = rig.wish().await.grant(ResponseStatus::Indeterminant);
    let done = rig.notify(notification(&kept, SubscriptionState::Active, None));
    let expected = example!("ex05-xmpp-user-receives-acknowledgement-from-sip-cont.xmpp.xml");
    assert_eq!(head(&server.presence().await), head(&parsed(expected)));
    drop((server, done));
}

#[tokio::test(start_paused = true)]
async fn example_7_unsubscribe_is_a_subscription_of_no_duration() {
    let mut rig = rig();
    let mut server = rig.join().await;
    server
        .send(example!(
            "ex07-xmpp-user-unsubscribes-from-sip-contact-f16.xmpp.xml"
        ))
        .await;
    let end = rig.wish().await.operation;
    assert!(end.is_of_no_duration());
    assert_eq!((end.watcher(), end.target()), (&juliet(), &romeo()));
}

#[tokio::test(start_paused = true)]
async fn examples_12_and_15_subscription_is_asked_for_and_refused() {
    let mut rig = rig();
    let mut server = rig.join().await;
    let wish = SubscribeOperation::new(id("t1"), name("leg"), romeo(), juliet());
    let done = rig.subscribe(wish);
    let expected = example!("ex12-xmpp-transformation-of-sip-subscribe-f28.xmpp.xml");
    assert_eq!(head(&server.presence().await), head(&parsed(expected)));
    server
        .send(example!(
            "ex15-xmpp-user-rejects-presence-authorization-request.xmpp.xml"
        ))
        .await;
    let rejected = SubscriptionState::terminated(TerminationReason::Rejected);
    assert_eq!(rig.report().await.state(), rejected);
    drop(done);
}

#[tokio::test(start_paused = true)]
async fn example_22_probe_of_who_is_known_is_a_fetch() {
    let mut rig = rig();
    let mut server = rig.join().await;
    server
        .send("<presence from='juliet@example.com' to='romeo@example.net' type='subscribe'/>")
        .await;
    let kept = rig.wish().await.grant(ResponseStatus::Success);
    server
        .send(example!(
            "ex22-xmpp-server-sends-presence-probe-on-behalf-of-xm.xmpp.xml"
        ))
        .await;
    let fetch = rig.wish().await.operation;
    assert!(fetch.is_of_no_duration());
    assert_ne!(fetch.subscription_id(), kept.subscription_id());
    assert_eq!((fetch.watcher(), fetch.target()), (&juliet(), &romeo()));
}
