//! What the gateway sees of an adapter by itself: whether anything comes or goes, and whether its own message arrives.

use std::{sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{InstantMessage, MessageOperation, ResponseStatus, TransactionId};
use tokio::{task::JoinSet, time::sleep};
use tracing::{info, warn};

use super::{Supervisor, unit::Unit};
use crate::config::CanaryConfig;

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
        let operation = MessageOperation::new(
            TransactionId::random(&mut StdRng::from_os_rng()),
            canary.from.clone(),
            canary.to.clone(),
            InstantMessage::text("canary"),
        );
        let operation = operation.with_deadline(canary.every).into_ephemeral();
        let said = self.gateway.submit_own(operation).await.ok()?;
        match said.into_status() {
            ResponseStatus::Failure(failure) => Some(format!(
                "the canary to {} does not arrive: {failure}",
                canary.to
            )),
            _ => None,
        }
    }
}

fn is_quiet(quiet: Duration) -> String {
    let seconds = quiet.as_secs();
    format!("for {seconds} s nothing has come from its network, and nothing was delivered to it")
}
