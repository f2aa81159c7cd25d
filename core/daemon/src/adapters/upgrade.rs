//! Another version of a plugin in the place of the one that runs.

use std::{path::Path, sync::Arc};

use rialto_loader::{Adapter, Claim, Former, Loaded};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::warn;

use super::{HAND_OVER, Standing, Supervisor, steps::blocking, unit::Unit};

impl Supervisor {
    /// Puts another version in the place of the one that runs. Whatever is wrong with the new one, the old one runs in the end,
    /// if it can.
    pub(super) async fn upgrade(
        self: &Arc<Self>,
        unit: &Unit,
        path: Option<&Path>,
    ) -> Result<(), String> {
        let Some(old) = self.running(unit) else {
            return Err(
                "it does not run; start it, and it is the version that is there".to_owned(),
            );
        };
        let config = self.config_of(unit)?;
        let plugin = match path {
            Some(path) => path
                .to_str()
                .ok_or("the library's path is no text")?
                .to_owned(),
            None => unit.plugin(config),
        };
        let new = self.load(unit, plugin.clone()).await?;
        let (speaks, spoke) = (new.manifest().protocol(), old.manifest().protocol());
        if speaks != spoke {
            return Err(format!("it speaks {speaks}, and the adapter {spoke}"));
        }
        let (way, former) = (Way::between(&new, &old), old.former(config.config.clone()));
        drop(old);
        match way {
            Way::Beside => self.run_beside(unit, new).await?,
            Way::HandOver => self.hand_over(unit, new).await?,
            Way::After => self.replace(unit, new, former).await?,
        }
        unit.runs(plugin);
        Ok(())
    }

    /// Starts the new one beside the old one, which then makes way.
    async fn run_beside(&self, unit: &Unit, new: Loaded) -> Result<(), String> {
        let adapter = self.start_beside(unit, new).await?;
        if let Some(former) = self.put(unit, adapter) {
            self.let_go(unit, former, self.config.gateway.drain).await;
        }
        Ok(())
    }

    /// As [`run_beside`](Self::run_beside), where what comes from the network reaches the new one as soon as it has started, answers to the
    /// old one too. So the old one has them all before that, and what is to be delivered meanwhile waits for the new one.
    async fn hand_over(&self, unit: &Unit, new: Loaded) -> Result<(), String> {
        let Some(former) = self.clear(unit) else {
            return Err("it does not run any more".to_owned());
        };
        if timeout(HAND_OVER, self.await_answers(&former))
            .await
            .is_err()
        {
            let (name, unanswered) = (&**former.name(), former.in_flight());
            warn!(
                adapter.name = name,
                unanswered, "adapter hands over before it has all answers"
            );
        }
        match self.start_beside(unit, new.beside()).await {
            Ok(adapter) => {
                drop(self.put(unit, adapter));
                let drain = self.config.gateway.drain;
                let until = Instant::now() + drain;
                if let Err(why) = former.make_way(drain).await {
                    let name = &**former.name();
                    warn!(adapter.name = name, %why, "adapter makes way before its network has ended what it had begun");
                }
                // What is on its way to it, or through it, comes before it is closed to that.
                drop(timeout_at(until, self.await_quiet(&former)).await);
                self.let_go(unit, former, drain).await;
                Ok(())
            }
            Err(why) => {
                drop(self.gateway.attach(unit.id, former));
                Err(why)
            }
        }
    }

    /// Starts one while another has its place, or is about to get it back; if it does not start, nothing has changed.
    async fn start_beside(&self, unit: &Unit, new: Loaded) -> Result<Adapter, String> {
        let started = self.start(unit, new).await;
        started.map_err(|error| format!("nothing has changed: {error}"))
    }

    /// Starts the new one when the old one has given back what only one can have; if that fails, the old one again.
    async fn replace(
        self: &Arc<Self>,
        unit: &Unit,
        new: Loaded,
        former: Former,
    ) -> Result<(), String> {
        let mut legacy = None;
        if let Some(old) = self.clear(unit) {
            unit.becomes(Standing::Stopping);
            if new.can_inherit() && old.can_leave() {
                legacy = self.succeed(unit, old).await;
            } else {
                self.let_go(unit, old, self.config.gateway.drain).await;
            }
        }
        let error = match self.start(unit, new.inheriting(legacy)).await {
            Ok(adapter) => {
                drop(self.put(unit, adapter));
                return Ok(());
            }
            Err(error) => error,
        };
        match self.start_former(unit, former).await {
            Ok(adapter) => {
                drop(self.put(unit, adapter));
                Err(format!("the old version runs again: {error}"))
            }
            Err(why) => {
                let why = self.start_failed(unit, why);
                Err(format!(
                    "{error}; the old version does not start again either: {why}"
                ))
            }
        }
    }

    async fn start_former(
        self: &Arc<Self>,
        unit: &Unit,
        former: Former,
    ) -> Result<Adapter, String> {
        let this = Arc::clone(self);
        let loaded = blocking(move || former.load(&this.claims)).await?;
        let started = self.start(unit, loaded).await;
        started.map_err(|error| error.to_string())
    }
}

/// How one version follows another.
enum Way {
    /// They have nothing that only one can have.
    Beside,
    /// They have, and can hand it over.
    HandOver,
    /// They have, and the old one has to end first.
    After,
}

impl Way {
    fn between(new: &Loaded, old: &Adapter) -> Self {
        let is_had = |claim: &Claim| old.claims().iter().any(|had| claim.conflicts(had));
        let hand_over = new.manifest().hands_over() && old.manifest().hands_over();
        match (new.claims().iter().any(is_had), hand_over) {
            (false, _) => Self::Beside,
            (true, true) => Self::HandOver,
            (true, false) => Self::After,
        }
    }
}
