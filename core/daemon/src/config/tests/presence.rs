//! `[presence]` and `[messages]`.

use std::time::Duration;

use rialto_router::PresenceSettings;

use super::*;

fn settings(flags: &[&str]) -> Option<PresenceSettings> {
    let config = Folder::with(GOOD).read(flags).unwrap();
    let shards = std::num::NonZeroUsize::MIN;
    config.presence.settings(config.store.enabled, shards)
}

#[test]
fn presence_is_given_where_there_is_a_store_unless_the_operator_says_no() {
    let defaults = PresenceSettings::default();
    assert_eq!(settings(&[]), Some(defaults), "as the reference says");
    assert_eq!(settings(&["presence.enabled=false"]), None);
    assert_eq!(settings(&["store.enabled=false"]), None);
}

#[test]
fn messages_are_given_unless_the_operator_says_no() {
    let given = |flags: &[&str]| {
        let config = Folder::with(GOOD).read(flags).unwrap();
        config.messages.enabled
    };
    assert!(given(&[]));
    assert!(!given(&["messages.enabled=false"]));
    for wrong in [
        &["messages.enabeld=false"][..],
        &["messages.enabled=false", "presence.enabled=false"],
    ] {
        assert_eq!(Folder::with(GOOD).errors(wrong).len(), 1, "{wrong:?}");
    }
}

#[test]
fn presence_without_a_store_is_refused_since_rules_would_be_forgotten() {
    let flags = ["store.enabled=false", "presence.enabled=true"];
    let errors = Folder::with(GOOD).errors(&flags);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("presence.enabled"), "{errors:?}");
}

#[test]
fn figures_of_presence_are_refused_where_they_mean_nothing() {
    let folder = Folder::with(GOOD);
    for flag in [
        "presence.max_subscriptions=0",
        "presence.max_publishing=0",
        "presence.max_principals=1000000000",
        "presence.max_in_flight=1000000",
        "presence.max_document=1",
        "presence.min_duration=0s",
        "presence.min_duration=1000h",
        "presence.patience=1h",
        "presence.retry_min=1h",
        "presence.unruled=perhaps",
        "presence.hosted=[\"not a domain\"]",
        "presence.hostde=[]",
    ] {
        assert_eq!(folder.errors(&[flag]).len(), 1, "{flag}");
    }
    let crossed = ["presence.min_duration=2h", "presence.max_duration=1h"];
    assert_eq!(folder.errors(&crossed).len(), 1);
}

#[test]
fn durations_of_presence_go_by_those_that_are_said() {
    let of = |flags: &[&str]| settings(flags).unwrap();
    let seconds = |[least, usual, most]: [u64; 3]| {
        let durations = [least, usual, most].map(Duration::from_secs);
        let limits = rialto_router::PresenceLimits::default().with_durations(durations);
        PresenceSettings::default().with_limits(limits)
    };
    assert_eq!(
        of(&["presence.default_duration=5s"]),
        seconds([5, 5, 86_400])
    );
    assert_eq!(of(&["presence.max_duration=10m"]), seconds([60, 600, 600]));
    assert_eq!(
        of(&["presence.min_duration=2h"]),
        seconds([7200, 7200, 86_400])
    );
}

#[test]
fn inbox_has_names_and_needs_the_service_that_keeps_rules() {
    let folder = Folder::with(GOOD);
    let named = "inbox.addresses=[\"im:gateway@sip.example\"]";
    assert_eq!(folder.read(&[named]).unwrap().inbox.addresses.len(), 1);
    assert!(folder.read(&[]).unwrap().inbox.addresses.is_empty());
    for flags in [
        &["inbox.addresses=[\"gateway\"]"][..],
        &["inbox.address=\"im:gateway@sip.example\""],
        &[named, "presence.enabled=false"],
        &[named, "store.enabled=false"],
    ] {
        let errors = folder.errors(flags);
        assert_eq!(errors.len(), 1, "{flags:?}: {errors:?}");
        assert!(errors[0].contains("inbox.address"), "{errors:?}");
    }
}
