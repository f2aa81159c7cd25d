//! What the gateway sees of an adapter by itself: whether anything comes or goes, and whether its own message arrives.

use std::{sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{InstantMessage, MessageOperation, ResponseStatus, TransactionId};
use rialto_router::{AdapterId, RoutingTable, Verdict};
use tokio::{task::JoinSet, time::sleep};
use tracing::{info, warn};

use super::{Supervisor, unit::Unit};
use crate::config::{AdapterConfig, CanaryConfig, Config, ConfigError};

/// The canaries that tell nothing of their adapters, whatever happens: they never get as far, or go another way.
pub(crate) fn vain_canaries(config: &Config, table: &RoutingTable) -> Vec<ConfigError> {
    let vain = config.adapters.iter().filter_map(|adapter| {
        let canary = adapter.watch.canary.as_ref()?;
        let (problem, hint) = why_vain(adapter, canary, table)?;
        let error = ConfigError::new(&canary.key, problem).at(canary.place.clone());
        Some(error.hint(hint))
    });
    vain.collect()
}

fn why_vain(
    adapter: &AdapterConfig,
    canary: &CanaryConfig,
    table: &RoutingTable,
) -> Option<(String, &'static str)> {
    let operation = operation(canary);
    let verdict = table.decide(AdapterId::GATEWAY, &operation);
    // It was never sent.
    drop(operation.respond(ResponseStatus::Indeterminant));
    let id = table.adapter_id(&adapter.name)?;
    let of_this_network = "name somebody of this adapter's network";
    match verdict {
        Ok(Verdict::Decided(decision)) if decision.adapter() == id => None,
        Ok(Verdict::Decided(decision)) => {
            let other = table.adapter(decision.adapter())?.name();
            let problem =
                format!("the canary goes by adapter {other}, and tells nothing of this one");
            Some((problem, of_this_network))
        }
        Ok(Verdict::Undecided(undecided))
            if undecided.only().is_none_or(|only| only == id)
                && table.found_by_dns().contains(&id) =>
        {
            None
        }
        Ok(Verdict::Undecided(_)) => {
            let problem = "the canary goes where DNS leads it, which is never to this adapter";
            Some((problem.to_owned(), of_this_network))
        }
        Err(failure) => {
            let problem = format!("the canary never arrives: {failure}");
            Some((problem, "`rialto resolve` says why a message goes where"))
        }
    }
}

impl Supervisor {
    /// Sends canaries, for as long as the gateway runs.
    pub(crate) async fn send_canaries(self: Arc<Self>) {
        let mut sending = JoinSet::new();
        for adapter in &self.config().adapters {
            if let Some(canary) = &adapter.watch.canary {
                let this = Arc::clone(&self);
                sending.spawn(this.send_canary(adapter.name.clone(), canary.clone()));
            }
        }
        while sending.join_next().await.is_some() {}
    }

    /// Why an adapter that says it is up is not what it should be.
    pub(super) fn complaint(&self, unit: &Unit) -> Option<String> {
        let watch = &self.config_of(unit).ok()?.watch;
        let quiet = || {
            // Before the first event, since it came up.
            let up = unit.up_for();
            let quiet = self
                .gateway
                .quiet_for(unit.id)
                .map_or(up, |quiet| quiet.min(up));
            (quiet > watch.quiet?).then(|| is_quiet(quiet))
        };
        unit.canary().or_else(quiet)
    }

    async fn send_canary(self: Arc<Self>, name: String, canary: CanaryConfig) {
        let Some(unit) = self.unit(&name) else {
            return;
        };
        loop {
            sleep(canary.every).await;
            if self.running(unit).is_none() {
                unit.set_canary(None);
                continue;
            }
            let problem = self.problem_with(&canary).await;
            if unit.canary() != problem {
                match &problem {
                    Some(why) => warn!(adapter.name = name, why, "canary did not arrive"),
                    None => info!(adapter.name = name, "canary arrives"),
                }
                unit.set_canary(problem);
            }
        }
    }

    /// Sends one, which is not kept and not tried again.
    async fn problem_with(&self, canary: &CanaryConfig) -> Option<String> {
        let said = self.gateway.submit_own(operation(canary)).await.ok()?;
        match said.into_status() {
            ResponseStatus::Failure(failure) => Some(format!(
                "the canary to {} does not arrive: {failure}",
                canary.to
            )),
            _ => None,
        }
    }
}

fn operation(canary: &CanaryConfig) -> MessageOperation {
    let operation = MessageOperation::new(
        TransactionId::random(&mut StdRng::from_os_rng()),
        canary.from.clone(),
        canary.to.clone(),
        InstantMessage::text("canary"),
    );
    operation.with_deadline(canary.every).into_ephemeral()
}

fn is_quiet(quiet: Duration) -> String {
    let seconds = quiet.as_secs();
    format!("for {seconds} s nothing has come from its network, and nothing was delivered to it")
}
