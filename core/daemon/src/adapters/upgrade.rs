//! Another version of a plugin in the place of the one that runs.

use std::{path::Path, sync::Arc};

use rialto_loader::{Claim, Health, Loaded};
use tokio::task;

use super::{Standing, Supervisor, unit::Unit};

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
        let before = unit.plugin(self.config_of(unit)?);
        let plugin = match path {
            Some(path) => path
                .to_str()
                .ok_or("the library's path is no text")?
                .to_owned(),
            None => before.clone(),
        };
        let new = self.load(unit, plugin.clone()).await?;
        let (speaks, spoke) = (new.manifest().protocol(), old.manifest().protocol());
        if speaks != spoke {
            return Err(format!("it speaks {speaks}, and the adapter {spoke}"));
        }
        let is_alone = overlap(new.claims(), old.claims());
        drop(old);
        match is_alone {
            true => self.replace(unit, new, before).await?,
            false => self.run_beside(unit, new).await?,
        }
        unit.runs(plugin);
        Ok(())
    }

    /// Starts the new one beside the old one, which then makes way.
    async fn run_beside(&self, unit: &Unit, new: Loaded) -> Result<(), String> {
        let generation = self.gateway.slot(unit.id).map(|slot| slot.generation());
        let said = self.gateway.measures.of(unit.id).degraded;
        match self.start(unit, new).await {
            Ok(adapter) => {
                if let Some(former) = self.put(unit, adapter) {
                    self.let_go(unit, former, self.config.gateway.drain).await;
                }
                Ok(())
            }
            Err(error) => {
                if let (Some(slot), Some(generation)) = (self.gateway.slot(unit.id), generation) {
                    slot.return_to(generation);
                }
                unit.becomes(Standing::Up);
                let health = said.map_or(Health::Up, Health::Degraded);
                self.gateway.measures.set_health(unit.id, health);
                Err(format!("nothing has changed: {error}"))
            }
        }
    }

    /// Starts the new one when the old one has given back what only one can have; if that fails, the old one again.
    async fn replace(
        self: &Arc<Self>,
        unit: &Unit,
        new: Loaded,
        before: String,
    ) -> Result<(), String> {
        let former = self.gateway.slot(unit.id).and_then(|slot| slot.give(None));
        let mut again = None;
        if let Some(former) = former {
            // Before it goes: of its file, only this process knows that it is the same.
            let config = self.config_of(unit)?.config.clone();
            let (adapter, claims) = (Arc::clone(&former), self.claims.clone());
            let opening = task::spawn_blocking(move || adapter.again(config, &claims));
            again = opening.await.ok().flatten();
            unit.becomes(Standing::Stopping);
            self.let_go(unit, former, self.config.gateway.drain).await;
        }
        let error = match self.start(unit, new).await {
            Ok(adapter) => {
                drop(self.put(unit, adapter));
                return Ok(());
            }
            Err(error) => error,
        };
        let back = match again {
            Some(loaded) => loaded.map_err(|error| error.to_string()),
            None => self.load(unit, before).await,
        };
        let back = match back {
            Ok(loaded) => self
                .start(unit, loaded)
                .await
                .map_err(|error| error.to_string()),
            Err(why) => Err(why),
        };
        match back {
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
}

/// Whether two versions cannot run at once.
fn overlap(new: &[Claim], old: &[Claim]) -> bool {
    new.iter()
        .any(|new| old.iter().any(|old| new.conflicts(old)))
}
