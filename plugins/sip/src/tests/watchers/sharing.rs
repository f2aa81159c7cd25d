//! Several devices of one watcher, who has one subscription for each presentity (RFC 3859).

use rialto_sdk::prelude::{
    Failure, FailureReason, ResponseStatus, SubscribeOperation, SubscriptionState,
};

use super::{notification, tell, within};
use crate::{
    adapter::Adapter,
    tests::{
        Fake, Peer,
        peer::{header, status},
        request, start, start_with, udp,
    },
};

const TRUSTED: &str = r#"{"trusted": ["127.0.0.1"]}"#;

/// What a phone sends that is to be told where it is.
fn subscribe(name: &str, phone: &Peer) -> String {
    super::subscribe(name, "").replace("192.0.2.9:5080", &phone.address().to_string())
}

/// Romeo's desk phone is told of Juliet, and his mobile joins.
struct Scene {
    fake: Fake,
    adapter: Adapter,
    desk: Peer,
    mobile: Peer,
    /// How each of them subscribed, and how it was answered.
    asked: [(String, String); 2],
    shared: SubscribeOperation,
}

impl Scene {
    async fn new() -> Self {
        let fake = Fake::answering(ResponseStatus::Success);
        fake.grant(3600);
        let adapter = start_with(&fake, TRUSTED);
        let [desk, mobile] = [Peer::bind().await, Peer::bind().await];
        let first = subscribe("desk", &desk);
        let answer = desk.ask(udp(&adapter), &first).await;
        let alone = fake.subscribed().remove(0);
        let second = subscribe("mobile", &mobile);
        fake.fail_next(FailureReason::AlreadySubscribed);
        let poke = async {
            fake.wait_for_subscribed(2).await;
            let told = notification(&alone, 0, SubscriptionState::Active);
            tokio::join!(tell(&adapter, told), desk.serve(200, &[]))
        };
        let (joined, _) = tokio::join!(mobile.ask(udp(&adapter), &second), poke);
        assert_eq!(status(&joined), 200, "{joined}");
        let shared = fake.subscribed().remove(2);
        Self {
            fake,
            adapter,
            desk,
            mobile,
            asked: [(first, answer), (second, joined)],
            shared,
        }
    }

    /// Tells both, who answer like this; what they were told.
    async fn tell(&self, version: u32, answers: [u16; 2]) -> (ResponseStatus, [String; 2]) {
        let told = notification(&self.shared, version, SubscriptionState::Active);
        let [first, second] = answers;
        let (told, desk, mobile) = tokio::join!(
            tell(&self.adapter, told),
            self.desk.serve(first, &[]),
            self.mobile.serve(second, &[])
        );
        (told, [desk, mobile])
    }

    async fn tell_only(&self, peer: &Peer, version: u32) -> (ResponseStatus, String) {
        let told = notification(&self.shared, version, SubscriptionState::Active);
        tokio::join!(tell(&self.adapter, told), peer.serve(200, &[]))
    }

    fn within(&self, device: usize, sequence: u32, more: &str) -> String {
        let (first, answer) = &self.asked[device];
        const EVENT: &str = "Event: presence\r\n";
        let text = within(first, answer, sequence, "");
        text.replace(EVENT, &format!("{EVENT}{more}"))
    }
}

#[tokio::test]
async fn rfc3859_second_device_of_a_watcher_joins_its_subscription_and_both_are_told() {
    let scene = Scene::new().await;
    let all = scene.fake.subscribed();
    assert_eq!(all.len(), 3);
    assert_ne!(all[1].subscription_id(), all[0].subscription_id());
    assert_eq!(all[2].subscription_id(), all[0].subscription_id());
    assert!(all[2].is_of_known() && all[2].duration().is_some());
    assert_eq!(all[2].target(), all[0].target());
    let (told, texts) = scene.tell(1, [200, 200]).await;
    assert_eq!(told, ResponseStatus::Success);
    for (text, (_, answer)) in texts.iter().zip(&scene.asked) {
        assert_eq!(header(text, "Call-ID"), header(answer, "Call-ID"));
        assert_eq!(header(text, "From"), header(answer, "To"));
        assert_eq!(header(text, "To"), header(answer, "From"));
        assert_eq!(header(text, "Subscription-State"), "active");
    }
}

#[tokio::test]
async fn devices_refresh_one_subscription_each_for_all() {
    let scene = Scene::new().await;
    let refresh = scene.within(1, 2, "Expires: 300\r\n");
    let answer = scene.mobile.ask(udp(&scene.adapter), refresh).await;
    assert_eq!((status(&answer), header(&answer, "Expires")), (200, "300"));
    let refresh = scene.within(0, 2, "Expires: 600\r\n");
    let answer = scene.desk.ask(udp(&scene.adapter), refresh).await;
    assert_eq!((status(&answer), header(&answer, "Expires")), (200, "600"));
    let all = scene.fake.subscribed();
    for refreshed in &all[3..] {
        assert_eq!(refreshed.subscription_id(), scene.shared.subscription_id());
        let reference = refreshed.reference().unwrap();
        assert!(reference.contains("call-desk") && reference.contains("call-mobile"));
    }
    // The last device to be over says for how long.
    assert_eq!(all[4].duration().unwrap().as_secs(), 600);
}

#[tokio::test]
async fn devices_of_a_subscription_are_told_from_its_reference_alone_and_refresh_it() {
    let mut scene = Scene::new().await;
    scene.fake.stop().await;
    scene.fake = Fake::answering(ResponseStatus::Success);
    scene.adapter = start_with(&scene.fake, TRUSTED);
    let (told, _) = scene.tell(300, [200, 200]).await;
    assert_eq!(told, ResponseStatus::Success);
    let refresh = scene.within(1, 2, "");
    let answer = scene.mobile.ask(udp(&scene.adapter), refresh).await;
    assert_eq!(status(&answer), 200);
    let refreshed = scene.fake.subscribed().remove(0);
    assert_eq!(refreshed.subscription_id(), scene.shared.subscription_id());
}

/// The others would be forgotten: the gateway keeps what the last request says.
#[tokio::test]
async fn device_that_shared_and_is_not_known_yet_after_a_restart_has_to_begin_anew() {
    let mut scene = Scene::new().await;
    let (_, [_, told]) = scene.tell(1, [200, 200]).await;
    let (_, answer) = &scene.asked[1];
    let [before, now] =
        [answer, &told].map(|text| header(text, "Contact").trim_matches(['<', '>']));
    assert_eq!(now, format!("{before};shared"));
    let refresh = scene.within(1, 2, "").replace(before, now);
    scene.fake.stop().await;
    scene.fake = Fake::answering(ResponseStatus::Success);
    scene.adapter = start_with(&scene.fake, TRUSTED);
    let answer = scene.mobile.ask(udp(&scene.adapter), refresh).await;
    assert_eq!(status(&answer), 481);
    assert_eq!(scene.fake.subscribed(), []);
}

#[tokio::test]
async fn device_that_is_gone_is_told_no_more_and_the_watcher_is_gone_with_the_last() {
    let scene = Scene::new().await;
    let (told, _) = scene.tell(1, [481, 200]).await;
    assert_eq!(told, ResponseStatus::Success);
    let (told, _) = scene.tell_only(&scene.mobile, 2).await;
    assert_eq!(told, ResponseStatus::Success);
    assert_not_told(&scene.desk, &scene.adapter).await;
    let last = notification(&scene.shared, 3, SubscriptionState::Active);
    let (told, _) = tokio::join!(tell(&scene.adapter, last), scene.mobile.serve(481, &[]));
    let ResponseStatus::Failure(failure) = told else {
        panic!("{told:?}");
    };
    assert_eq!(failure.reason(), FailureReason::NoSuchInbox);
}

#[tokio::test]
async fn failure_of_one_device_that_passes_has_all_told_again() {
    let scene = Scene::new().await;
    let (told, _) = scene.tell(1, [503, 200]).await;
    assert!(matches!(told, ResponseStatus::Failure(_)), "{told:?}");
    let (told, _) = scene.tell(2, [200, 200]).await;
    assert_eq!(told, ResponseStatus::Success);
}

#[tokio::test]
async fn rfc6665_4_4_1_device_that_unsubscribes_is_told_its_end_and_the_others_go_on() {
    let scene = Scene::new().await;
    let end = scene.within(1, 2, "Expires: 0\r\n");
    let answer = scene.mobile.ask(udp(&scene.adapter), end).await;
    assert_eq!((status(&answer), header(&answer, "Expires")), (200, "0"));
    let all = scene.fake.subscribed();
    assert!(!all[3].is_of_no_duration(), "the desk phone wants more");
    let (_, [desk, mobile]) = scene.tell(1, [200, 200]).await;
    assert_eq!(header(&desk, "Subscription-State"), "active");
    let ended = "terminated;reason=timeout";
    assert_eq!(header(&mobile, "Subscription-State"), ended);
    scene.tell_only(&scene.desk, 2).await;
    assert_not_told(&scene.mobile, &scene.adapter).await;
    let end = scene.within(0, 2, "Expires: 0\r\n");
    scene.desk.ask(udp(&scene.adapter), end).await;
    let last = scene.fake.subscribed().remove(4);
    assert!(last.is_of_no_duration());
    assert_eq!(last.subscription_id(), scene.shared.subscription_id());
}

#[tokio::test]
async fn rfc2779_5_1_14_device_whose_request_is_refused_does_not_join() {
    let fake = Fake::answering(ResponseStatus::Success);
    let adapter = start_with(&fake, TRUSTED);
    let [desk, stranger] = [Peer::bind().await, Peer::bind().await];
    desk.ask(udp(&adapter), subscribe("desk", &desk)).await;
    let alone = fake.subscribed().remove(0);
    fake.fail_next(FailureReason::AlreadySubscribed);
    fake.answer_with(Failure::new(FailureReason::NotPermitted).into());
    let poke = async {
        fake.wait_for_subscribed(2).await;
        let told = notification(&alone, 0, SubscriptionState::Active);
        tokio::join!(tell(&adapter, told), desk.serve(200, &[]))
    };
    let asking = stranger.ask(udp(&adapter), subscribe("stranger", &stranger));
    let (answer, _) = tokio::join!(asking, poke);
    assert_eq!(status(&answer), 403);
    let told = notification(&alone, 1, SubscriptionState::Active);
    let (told, _) = tokio::join!(tell(&adapter, told), desk.serve(200, &[]));
    assert_eq!(told, ResponseStatus::Success);
    assert_not_told(&stranger, &adapter).await;
}

#[tokio::test(start_paused = true)]
async fn rfc2779_5_1_14_device_for_whom_nobody_vouches_does_not_join() {
    let fake = Fake::answering(ResponseStatus::Success);
    let adapter = start(&fake);
    let [desk, stranger] = [Peer::bind().await, Peer::bind().await];
    desk.ask(udp(&adapter), subscribe("desk", &desk)).await;
    let alone = fake.subscribed().remove(0);
    fake.answer_with(Failure::new(FailureReason::AlreadySubscribed).into());
    let poke = async {
        fake.wait_for_subscribed(2).await;
        let told = notification(&alone, 0, SubscriptionState::Active);
        tokio::join!(tell(&adapter, told), desk.serve(200, &[]))
    };
    let asking = stranger.ask(udp(&adapter), subscribe("stranger", &stranger));
    let (answer, _) = tokio::join!(asking, poke);
    assert_eq!(status(&answer), 480);
    for asked in fake.subscribed() {
        let reference = asked.reference().unwrap();
        assert!(!(reference.contains("call-desk") && reference.contains("call-stranger")));
    }
}

#[tokio::test]
async fn rfc2779_5_2_1_neighbour_who_knows_the_dialog_of_a_device_is_not_told_in_its_place() {
    let scene = Scene::new().await;
    let neighbour = Peer::bind().await;
    let [his, mine] = [&scene.mobile, &neighbour].map(|phone| phone.address().to_string());
    let moved = scene.within(1, 2, "Expires: 300\r\n").replace(&his, &mine);
    let from = header(&moved, "From").to_owned();
    let moved = moved.replace(&from, &from.replace("romeo@", "tybalt@"));
    let answer = neighbour.ask(udp(&scene.adapter), moved).await;
    assert_eq!(status(&answer), 403, "{answer}");
    assert_eq!(scene.fake.subscribed().len(), 3, "the service is not asked");
    let (told, _) = scene.tell(1, [200, 200]).await;
    assert_eq!(told, ResponseStatus::Success);
    assert_not_told(&neighbour, &scene.adapter).await;
}

/// What was sent to it before would come before the answer.
async fn assert_not_told(peer: &Peer, adapter: &Adapter) {
    let answer = peer
        .ask(udp(adapter), request("OPTIONS", "o", "", ""))
        .await;
    assert_eq!(header(&answer, "CSeq"), "1 OPTIONS");
}
