//! What the shards have counted, for operators.

use std::time::Duration;

use rialto_router::{CustodyStatistics, PresenceStatistics, Statistics};

use super::{Gateway, now};
use crate::shard::{Messages, Shard};

impl Gateway {
    /// What the routers have done, by name.
    pub(crate) fn statistics(&self) -> Vec<(&'static str, u64)> {
        let all = self.shards.iter().map(|shard| {
            let statistics = shard.look(|custodian| custodian.router().statistics());
            of_router(&statistics)
        });
        sum(all)
    }

    /// What the custodians have done, by name.
    pub(crate) fn custody(&self) -> Vec<(&'static str, u64)> {
        let all = self.shards.iter().map(|shard| {
            let statistics = shard.look(|custodian| custodian.statistics());
            of_custodian(&statistics)
        });
        sum(all)
    }

    /// What the presence services have done, by name; nothing where none is given.
    pub(crate) fn presence(&self) -> Vec<(&'static str, u64)> {
        let all = self.presence.iter().map(|shard| {
            let statistics = shard.look(|service| service.statistics());
            of_presence(&statistics)
        });
        sum(all)
    }

    /// For how long the oldest message or report has been kept.
    pub(crate) fn oldest(&self) -> Option<Duration> {
        let now = now();
        let oldest = |shard: &Shard<Messages>| {
            shard.look(|custodian| custodian.queue(now).next().map(|kept| kept.age))
        };
        self.shards.iter().filter_map(oldest).max()
    }
}

fn sum<const N: usize>(
    all: impl Iterator<Item = [(&'static str, u64); N]>,
) -> Vec<(&'static str, u64)> {
    let mut sums: Vec<(&'static str, u64)> = Vec::new();
    for named in all {
        if sums.is_empty() {
            sums.extend(named);
        } else {
            sums.iter_mut()
                .zip(named)
                .for_each(|(sum, (_, value))| sum.1 += value);
        }
    }
    sums
}

const fn of_router(statistics: &Statistics) -> [(&'static str, u64); 15] {
    [
        ("operations", statistics.operations),
        ("in_progress", statistics.in_progress),
        ("deliveries", statistics.deliveries),
        ("resolutions", statistics.resolutions),
        ("failovers", statistics.failovers),
        ("successes", statistics.successes),
        ("failures", statistics.failures),
        ("indeterminants", statistics.indeterminants),
        ("undeliverable", statistics.undeliverable),
        ("not_permitted", statistics.not_permitted),
        ("overloaded", statistics.overloaded),
        ("shutting_down", statistics.shutting_down),
        ("timed_out", statistics.timed_out),
        ("cancelled", statistics.cancelled),
        ("ignored_responses", statistics.ignored_responses),
    ]
}

const fn of_custodian(statistics: &CustodyStatistics) -> [(&'static str, u64); 19] {
    [
        ("kept_messages", statistics.kept_messages),
        ("kept_reports", statistics.kept_reports),
        ("held", statistics.held),
        ("awaited", statistics.awaited),
        ("identities", statistics.identities),
        ("accepted", statistics.accepted),
        ("not_kept", statistics.not_kept),
        ("repeated", statistics.repeated),
        ("ephemeral_dropped", statistics.ephemeral_dropped),
        ("retries", statistics.retries),
        ("delivered", statistics.delivered),
        ("failed", statistics.failed),
        ("expired", statistics.expired),
        ("dropped", statistics.dropped),
        ("lost", statistics.lost),
        ("reports_told", statistics.reports_told),
        ("reports_untold", statistics.reports_untold),
        ("reports_refused", statistics.reports_refused),
        ("failed_writes", statistics.failed_writes),
    ]
}

const fn of_presence(statistics: &PresenceStatistics) -> [(&'static str, u64); 16] {
    [
        ("subscriptions", statistics.subscriptions),
        ("in_flight", statistics.in_flight),
        ("accepted", statistics.accepted),
        ("refused", statistics.refused),
        ("refreshed", statistics.refreshed),
        ("fetched", statistics.fetched),
        ("ended", statistics.ended),
        ("notifications", statistics.notifications),
        ("notifications_failed", statistics.notifications_failed),
        ("unsolicited", statistics.unsolicited),
        ("unchanged", statistics.unchanged),
        ("published", statistics.published),
        ("ignored_responses", statistics.ignored_responses),
        ("failed_writes", statistics.failed_writes),
        ("lost_contact", statistics.lost_contact),
        ("restored", statistics.restored),
    ]
}
