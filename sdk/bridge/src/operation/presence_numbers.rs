//! The numbers that stand for packages, and for how far subscriptions are.

use rialto_abi as abi;
use rialto_model::{Package, SubscriptionState, TerminationReason};

use crate::{
    durations::{limit, limit_ms},
    read::Malformed,
};

const PACKAGES: [(Package, u32); Package::ALL.len()] = [
    (Package::Presence, abi::PACKAGE_PRESENCE),
    (
        Package::WatcherInformation,
        abi::PACKAGE_WATCHER_INFORMATION,
    ),
];

const REASONS: [(TerminationReason, u32); TerminationReason::ALL.len()] = [
    (TerminationReason::Deactivated, abi::TERMINATION_DEACTIVATED),
    (TerminationReason::Probation, abi::TERMINATION_PROBATION),
    (TerminationReason::Rejected, abi::TERMINATION_REJECTED),
    (TerminationReason::Timeout, abi::TERMINATION_TIMEOUT),
    (TerminationReason::GiveUp, abi::TERMINATION_GIVE_UP),
    (TerminationReason::NoResource, abi::TERMINATION_NO_RESOURCE),
    (TerminationReason::Invariant, abi::TERMINATION_INVARIANT),
];

/// A package that is newer than this side crosses as one that nobody knows.
pub(super) fn package_number(package: Package) -> u32 {
    let found = PACKAGES.iter().find(|(known, _)| *known == package);
    found.map_or(u32::MAX, |(_, number)| *number)
}

pub(super) fn package(number: u32) -> Result<Package, Malformed> {
    let found = PACKAGES.iter().find(|(_, known)| *known == number);
    found
        .map(|(package, _)| *package)
        .ok_or(Malformed::Unknown {
            what: "the package",
            number,
        })
}

/// The state of a notification: itself, why it is the last, and when to come back.
pub(super) fn say_state(presence: &mut abi::Presence, state: SubscriptionState) {
    presence.state = match state {
        SubscriptionState::Pending => abi::SUBSCRIPTION_PENDING,
        SubscriptionState::Active => abi::SUBSCRIPTION_ACTIVE,
        SubscriptionState::Terminated {
            reason,
            retry_after,
        } => {
            presence.reason = reason_number(reason);
            presence.retry_after_ms = limit_ms(retry_after);
            abi::SUBSCRIPTION_TERMINATED
        }
        _ => abi::SUBSCRIPTION_NONE,
    };
}

pub(super) fn state(presence: &abi::Presence) -> Result<SubscriptionState, Malformed> {
    match presence.state {
        abi::SUBSCRIPTION_PENDING => Ok(SubscriptionState::Pending),
        abi::SUBSCRIPTION_ACTIVE => Ok(SubscriptionState::Active),
        abi::SUBSCRIPTION_TERMINATED => Ok(SubscriptionState::Terminated {
            reason: reason(presence.reason),
            retry_after: limit(presence.retry_after_ms),
        }),
        number => Err(Malformed::Unknown {
            what: "the state of the subscription",
            number,
        }),
    }
}

fn reason_number(reason: TerminationReason) -> u32 {
    let found = REASONS.iter().find(|(known, _)| *known == reason);
    found.map_or(abi::TERMINATION_NONE, |(_, number)| *number)
}

/// What is not known leaves the watcher free to subscribe again, as one without a reason does. RFC 6665 §4.1.3.
fn reason(number: u32) -> TerminationReason {
    let found = REASONS.iter().find(|(_, known)| *known == number);
    found.map_or(TerminationReason::Timeout, |(reason, _)| *reason)
}
