//! What is kept of each adapter's messages: as the operator says, else as its plugin does.

use std::{num::NonZeroUsize, time::Duration};

use rialto_loader::Manifest;
use rialto_router::{CustodyLimits, CustodyPolicy, CustodySettings, RetryLimits, RoutingTable};

use crate::{
    config::{AdapterConfig, Config, Patience, PolicyConfig, TemporaryFailures},
    shard::Token,
};

/// Most messages on which a later word is waited for, in memory, over all shards.
const MOST_AWAITED: usize = 1 << 18;

/// Most messages that are remembered because a system on their way has taken them, over all shards.
const MOST_PASSED_ON: usize = 1 << 15;

/// Most reports that wait for their adapters where no store is, over all shards: they are in memory alone.
const MOST_REPORTS_WITHOUT_STORE: usize = 1 << 16;

/// What all custodians go by; `manifests` are those of the adapters' plugins.
pub(crate) fn settings(
    config: &Config,
    manifests: &[(&str, &Manifest)],
    table: &RoutingTable,
    shards: NonZeroUsize,
) -> CustodySettings {
    let share = |of: usize| of.div_ceil(shards.get()).min(Token::MAX_OPERATIONS);
    let custody = &config.custody;
    let has_store = config.store.enabled;
    let max_kept = match has_store {
        true => custody.max_messages,
        false => MOST_REPORTS_WITHOUT_STORE,
    };
    let (shortest, longest) = custody.retry_waits;
    let retries = RetryLimits::default()
        .with_waits(shortest, longest)
        .with_max_per_destination(custody.max_per_destination);
    let limits = CustodyLimits::default()
        .with_retries(retries)
        .with_max_in_flight(custody.max_in_flight.div_ceil(shards.get() as u32))
        .with_max_kept(share(max_kept))
        .with_max_identities(share(custody.max_messages))
        .with_max_awaited(share(MOST_AWAITED))
        .with_max_passed_on(share(MOST_PASSED_ON))
        .with_awaited_time(custody.report_time);
    let mut settings = CustodySettings::new(limits);
    if !has_store {
        settings = settings.in_memory();
    }
    for adapter in &config.adapters {
        let manifest = manifests.iter().find(|(name, _)| *name == adapter.name);
        if let (Some(id), Some((_, manifest))) = (table.adapter_id(&adapter.name), manifest) {
            settings = settings.with_policy(id, policy(config, adapter, manifest.patience()));
        }
    }
    settings
}

/// The policy for one adapter; `plugin_patience` is what its plugin says.
pub(crate) fn policy(
    config: &Config,
    adapter: &AdapterConfig,
    plugin_patience: Option<Duration>,
) -> CustodyPolicy {
    if !config.store.enabled {
        return CustodyPolicy::NEVER;
    }
    let said = adapter.custody.over(&config.custody.policy);
    let time_to_live = said.time_to_live.unwrap_or(PolicyConfig::TIME_TO_LIVE);
    let identity_time = said.identity_time.unwrap_or(PolicyConfig::IDENTITY_TIME);
    let policy = CustodyPolicy::NEVER
        .with_time_to_live(time_to_live)
        .with_identity_time(identity_time);
    let patience = match said.patience {
        Some(Patience::Never) => None,
        Some(Patience::For(time)) => Some(time),
        None => plugin_patience,
    };
    let policy = match patience {
        Some(time) => policy.with_patience(time),
        None => policy,
    };
    match said.temporary_failures {
        Some(TemporaryFailures::Keep) => policy.keeping_temporary_failures(),
        Some(TemporaryFailures::Tell) | None => policy,
    }
}
