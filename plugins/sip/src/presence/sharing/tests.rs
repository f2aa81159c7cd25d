use proptest::prelude::*;
use rialto_sdk::{
    model::{SubscriptionState, TerminationReason},
    prelude::TransactionId,
};

use super::*;

const NOW: Second = 1000;

fn device(number: u8, until: Second) -> Device {
    let text = format!(
        "1 217728000 udp:192.0.2.1:5060 \ncall-{number}\nours sip:juliet@xmpp.example\ntheirs sip:romeo@sip.example\nsip:romeo@192.0.2.1:5060"
    );
    let watcher = text.parse().unwrap();
    Device { until, watcher }
}

fn name(number: u8) -> SubscriptionId {
    device(number, NOW).watcher.name().unwrap()
}

fn alone(number: u8) -> Found {
    let devices = Devices::of(Device::alone(device(number, NOW).watcher));
    Found {
        id: name(number),
        watcher: Presentity::parse("pres:romeo@sip.example").unwrap(),
        devices,
    }
}

fn notification(of: &Found, state: SubscriptionState) -> NotifyOperation {
    let id = TransactionId::parse(b"t").unwrap();
    let target = Presentity::parse("pres:juliet@xmpp.example").unwrap();
    NotifyOperation::new(id, of.id, of.watcher.clone(), target, state)
}

fn asked(number: u8) -> Pair {
    Pair::of_notified(&notification(&alone(number), SubscriptionState::Active))
}

#[test]
fn whoever_looks_out_learns_of_the_next_notification_of_the_pair_and_of_no_other() {
    let mut sharing = Sharing::new(9);
    sharing.look_out(asked(0), "second", |_| false);
    let other = notification(&alone(0), SubscriptionState::Active)
        .with_package(Package::WatcherInformation);
    assert_eq!(sharing.tell(&other, alone(0).devices, NOW).1, [""; 0]);
    let end = SubscriptionState::terminated(TerminationReason::Timeout);
    let end = notification(&alone(0), end);
    assert_eq!(sharing.tell(&end, alone(0).devices, NOW).1, [""; 0]);
    let told = notification(&alone(0), SubscriptionState::Active);
    let (found, waiting) = sharing.tell(&told, alone(0).devices, NOW);
    assert_eq!((found, waiting), (alone(0), vec!["second"]));
    assert_eq!(sharing.tell(&told, alone(0).devices, NOW).1, [""; 0]);
}

#[test]
fn device_that_joined_is_told_and_renews_what_all_share() {
    let mut sharing = Sharing::<()>::new(9);
    assert_eq!(sharing.renew(device(0, NOW + 9)), Ok(None));
    let first = alone(0).ending(NOW, Duration::from_secs(600));
    let shared = sharing.join(&first, device(1, NOW + 60), NOW).unwrap();
    assert_eq!((shared.id, shared.devices.until()), (name(0), NOW + 600));
    let told = notification(&shared, SubscriptionState::Active);
    let (found, _) = sharing.tell(&told, alone(0).devices, NOW);
    assert_eq!(found, shared, "the reference may be older");
    assert_eq!(sharing.watcher_of(&device(1, NOW)), Some(&first.watcher));
    assert_eq!(sharing.watcher_of(&device(2, NOW)), None);
    let renewed = sharing.renew(device(1, NOW + 3600)).unwrap().unwrap();
    assert_eq!((renewed.id, renewed.devices.until()), (name(0), NOW + 3600));
}

#[test]
fn who_shares_is_learned_again_from_the_reference() {
    let mut before = Sharing::<()>::new(9);
    let shared = before.join(&alone(0), device(1, NOW + 60), NOW).unwrap();
    let mut after = Sharing::<()>::new(9);
    let told = notification(&shared, SubscriptionState::Active);
    let (found, _) = after.tell(&told, shared.devices.clone(), NOW);
    assert_eq!(found, shared);
    let renewed = after.renew(device(1, NOW + 90)).unwrap().unwrap();
    assert_eq!(renewed.id, name(0));
}

#[test]
fn subscriptions_that_are_shared_are_bounded_and_those_that_are_over_make_room() {
    let mut sharing = Sharing::<()>::new(2);
    let join = |sharing: &mut Sharing<()>, number: u8, now| {
        let found = Found {
            devices: Devices::of(device(number, NOW + 60)),
            ..alone(number)
        };
        let joins = device(number + 100, NOW + 60);
        sharing.join(&found, joins, now).is_some()
    };
    assert!(join(&mut sharing, 0, NOW) && join(&mut sharing, 1, NOW));
    assert!(!join(&mut sharing, 2, NOW));
    assert!(join(&mut sharing, 2, NOW + 60));
    assert_eq!(sharing.shared.len(), 1);
    assert_eq!(sharing.joined.len(), 2);
}

#[test]
fn look_outs_are_bounded_and_those_that_nobody_waits_for_make_room() {
    let mut sharing = Sharing::new(1);
    let winfo = Pair {
        package: Package::WatcherInformation,
        ..asked(0)
    };
    sharing.look_out(asked(0), 1, |_| false);
    sharing.look_out(winfo.clone(), 2, |_| false);
    assert!(!sharing.lookouts.contains_key(&winfo));
    sharing.look_out(winfo.clone(), 3, |who| *who == 1);
    assert_eq!(sharing.lookouts[&winfo], [3]);
    for who in 4..100 {
        sharing.look_out(winfo.clone(), who, |_| false);
    }
    assert_eq!(sharing.lookouts[&winfo].len(), Devices::MAX);
}

#[derive(Clone, Debug)]
enum Step {
    Join(u8, u8),
    Renew(u8),
    Part(u8, Vec<u8>),
    Tell(u8),
    End(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3_u8, 3..9_u8).prop_map(|(of, who)| Step::Join(of, who)),
        (0..9_u8).prop_map(Step::Renew),
        (0..3_u8, prop::collection::vec(0..9_u8, 0..4)).prop_map(|(of, gone)| Step::Part(of, gone)),
        (0..3_u8).prop_map(Step::Tell),
        (0..3_u8).prop_map(Step::End),
    ]
}

proptest! {
    /// A device leads to a subscription that it is told by, if to any; one that is in two is told by both, until either ends.
    #[test]
    fn devices_lead_to_subscriptions_that_are_there_whatever_happens(steps in prop::collection::vec(step(), 0..40)) {
        let mut sharing = Sharing::<()>::new(2);
        for step in steps {
            match step {
                Step::Join(of, who) => drop(sharing.join(&alone(of), device(who, NOW + 60), NOW)),
                Step::Renew(who) => drop(sharing.renew(device(who, NOW + 90))),
                Step::Part(of, gone) => {
                    let gone: Vec<_> = gone.into_iter().map(name).collect();
                    sharing.part(&name(of), &gone);
                }
                Step::Tell(of) => {
                    let told = notification(&alone(of), SubscriptionState::Active);
                    let (found, _) = sharing.tell(&told, alone(of).devices, NOW);
                    prop_assert!(found.devices.iter().count() >= 1);
                }
                Step::End(of) => {
                    let end = SubscriptionState::terminated(TerminationReason::Timeout);
                    sharing.tell(&notification(&alone(of), end), alone(of).devices, NOW);
                    prop_assert!(!sharing.shared.contains_key(&name(of)));
                }
            }
            prop_assert!(sharing.shared.len() <= 2);
            prop_assert!(sharing.joined.len() <= 2 * Devices::MAX);
            for id in sharing.joined.values() {
                prop_assert!(sharing.shared.contains_key(id));
            }
        }
    }
}
