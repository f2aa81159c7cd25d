//! Romeo on SIP wants to know once how Juliet on XMPP is.

use rialto_sdk::model::{Failure, FailureReason};
use tokio::time::advance;

use super::*;

#[tokio::test(start_paused = true)]
async fn rfc_8048_examples_24_and_25_fetch_is_a_probe_and_all_resources_are_told_once() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let done = rig.subscribe(wish("fetch", "t1").with_duration(Duration::ZERO));
    assert_eq!(
        short(&server.presence().await),
        "romeo@sip.example.com probe"
    );
    server.prove().await;
    assert!(done.await.unwrap().status().is_success());
    server
        .send(&(here("balcony", "") + &here("chamber", "")))
        .await;
    let told = rig.report().await;
    assert_eq!(told.subscription_id(), &name("fetch"));
    assert_eq!(tuples(&told), ["ID-balcony open", "ID-chamber open"]);
    server.send(&gone("chamber")).await;
    nothing_else(&mut server).await;
    assert!(rig.told.try_recv().is_err(), "once");
}

#[tokio::test(start_paused = true)]
async fn fetch_of_one_who_is_watched_is_told_at_once_from_what_is_known() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    granted(&mut rig, &mut server).await;
    server.send(&here("balcony", "")).await;
    drop(rig.report().await);
    let done = rig.subscribe(wish("fetch", "t2").with_duration(Duration::ZERO));
    assert!(done.await.unwrap().status().is_success());
    let told = rig.report().await;
    assert_eq!(told.subscription_id(), &name("fetch"));
    assert_eq!(tuples(&told), ["ID-balcony open"]);
    nothing_else(&mut server).await;
}

#[tokio::test(start_paused = true)]
async fn fetch_and_subscription_of_one_contact_are_both_told() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    granted(&mut rig, &mut server).await;
    let fetch = rig.subscribe(wish("fetch", "t2").with_duration(Duration::ZERO));
    assert_eq!(
        short(&server.presence().await),
        "romeo@sip.example.com probe"
    );
    server.prove().await;
    assert!(fetch.await.unwrap().status().is_success());
    for resource in ["a", "b", "c"] {
        server.send(&here(resource, "")).await;
    }
    for tuples_of_leg in [1, 2, 3] {
        let told = rig.report().await;
        assert_eq!(told.subscription_id(), &name("leg"));
        assert_eq!(tuples(&told).len(), tuples_of_leg);
    }
    let told = rig.report().await;
    assert_eq!(told.subscription_id(), &name("fetch"));
    assert_eq!(tuples(&told).len(), 3);
    advance(Duration::from_secs(10)).await;
    rig.settle().await;
    assert!(
        rig.told.try_recv().is_err(),
        "once, however many words come"
    );
}

#[tokio::test(start_paused = true)]
async fn fetches_of_one_contact_are_bounded_and_given_up_in_time() {
    let mut rig = Rig::new();
    let mut server = rig.join().await;
    let fetch = |number: usize| {
        let name = format!("f{number}");
        wish(&name, &name).with_duration(Duration::ZERO)
    };
    let mut all = Vec::new();
    for number in 0..4 {
        all.push(rig.subscribe(fetch(number)));
        rig.settle().await;
    }
    let refused = rig.subscribe(fetch(4)).await.unwrap();
    assert_eq!(
        refused.status(),
        &Failure::new(FailureReason::Overloaded)
            .with_detail("xmpp: as many subscriptions are known as may be")
            .into()
    );
    for proven in [1, 3] {
        told(&mut server, proven).await;
    }
    for fetch in all {
        assert!(fetch.await.unwrap().status().is_success());
    }
    advance(Duration::from_secs(5)).await;
    rig.settle().await;
    server.send(&here("balcony", "")).await;
    nothing_else(&mut server).await;
    assert_eq!(rig.gateway.count("Ignored(Presence)"), 1, "nobody waits");
}
