//! The steps of an adapter's life: its plugin is opened, it starts, it gets its place, it loses it, it ends.

use std::{sync::Arc, time::Duration};

use rialto_loader::{Adapter, Legacy, LoadError, Loaded, StopError};
use tokio::{
    task::{self, JoinSet},
    time::{sleep, timeout},
};
use tracing::{Level, info, level_filters::LevelFilter, warn};

use super::{HAND_OVER, LIMIT, LOOK, QUIET, Standing, Supervisor, unit::Unit};
use crate::{
    gateway::{self, Gateway},
    plugins,
};

impl Supervisor {
    pub(super) async fn start_anew(self: &Arc<Self>, unit: &Unit) -> Result<(), String> {
        if self.running(unit).is_some() {
            return Err("it runs already".to_owned());
        }
        let plugin = unit.plugin(self.config_of(unit)?);
        unit.becomes(Standing::Starting);
        let started = match self.load(unit, plugin).await {
            Ok(loaded) => self
                .start(unit, loaded)
                .await
                .map_err(|error| error.to_string()),
            Err(why) => Err(why),
        };
        match started {
            Ok(adapter) => {
                drop(self.put(unit, adapter));
                Ok(())
            }
            Err(why) => Err(self.start_failed(unit, why)),
        }
    }

    /// Ends an adapter and starts it again; what is for it waits meanwhile.
    pub(super) async fn restart(self: &Arc<Self>, unit: &Unit) -> Result<(), String> {
        if let Some(former) = self.clear(unit) {
            unit.becomes(Standing::Stopping);
            self.let_go(unit, former, self.config.gateway.drain).await;
        }
        self.start_anew(unit).await
    }

    pub(super) async fn stop(&self, unit: &Unit, drain: Duration) -> Result<(), String> {
        let former = self.gateway.detach(unit.id);
        let was_there = former.is_some() || unit.again().is_some();
        unit.becomes(Standing::Stopping);
        if let Some(former) = former {
            self.let_go(unit, former, drain).await;
        }
        unit.becomes(Standing::Stopped);
        self.gateway.presence_lost(unit.id);
        self.changed.notify_one();
        match was_there {
            true => Ok(()),
            false => Err("it did not run".to_owned()),
        }
    }

    /// Opens a plugin for an adapter: on a thread that may wait.
    pub(super) async fn load(
        self: &Arc<Self>,
        unit: &Unit,
        plugin: String,
    ) -> Result<Loaded, String> {
        let path = plugins::find(&plugin, &self.config.gateway.plugin_dirs)?;
        let config = self.config_of(unit)?;
        let declared = plugins::declare(config, path, &self.config.trust).replacing();
        let this = Arc::clone(self);
        blocking(move || declared.load(&this.claims)).await
    }

    pub(super) async fn start(&self, unit: &Unit, loaded: Loaded) -> Result<Adapter, LoadError> {
        let generation = self.gateway.slot(unit.id).map_or(0, |slot| slot.begin());
        let id = gateway::to_loader(unit.id, generation);
        let level = LevelFilter::current().into_level().unwrap_or(Level::ERROR);
        // Unless it follows one that is.
        if unit.standing().0 != Standing::Up {
            unit.becomes(Standing::Starting);
        }
        let gateway = Arc::clone(&self.gateway);
        loaded.start(id, gateway, level, LIMIT).await
    }

    /// Gives an adapter its place; who had it before.
    pub(super) fn put(&self, unit: &Unit, adapter: Adapter) -> Option<Arc<Adapter>> {
        info!(
            adapter.name = &**adapter.name(),
            plugin.name = adapter.manifest().name(),
            plugin.version = adapter.manifest().version(),
            process.id = adapter.process(),
            "adapter started"
        );
        let id = adapter.id();
        let former = self.gateway.attach(unit.id, Arc::new(adapter));
        self.gateway.hear(id);
        unit.becomes(Standing::Up);
        former
    }

    /// Takes its place from an adapter, for one that comes soon: what is for it waits for that one.
    pub(super) fn clear(&self, unit: &Unit) -> Option<Arc<Adapter>> {
        self.gateway.slot(unit.id)?.clear()
    }

    /// Waits until one that has lost its place has answered all that it was handed.
    pub(super) async fn await_answers(&self, former: &Arc<Adapter>) {
        // Two hold it: whoever asks, and its place among those that leave. Whoever else does, is calling it.
        const OURS: usize = 2;
        while Arc::strong_count(former) > OURS || former.in_flight() > 0 {
            sleep(LOOK).await;
        }
    }

    /// Waits until one that nothing new reaches brings nothing any more.
    pub(super) async fn await_quiet(&self, former: &Arc<Adapter>) {
        let mut looks = 0;
        while QUIET > LOOK * looks {
            let is_quiet = self.gateway.waiting_of(former.id()) == 0;
            looks = if is_quiet { looks + 1 } else { 0 };
            sleep(LOOK).await;
        }
    }

    /// Ends one that has lost its place: when it has answered all that it was handed, and heard what became of all that it brought, or after a while.
    pub(super) async fn let_go(&self, unit: &Unit, former: Arc<Adapter>, drain: Duration) {
        let close = || {
            if let Some(slot) = self.gateway.slot(unit.id) {
                slot.close_to(gateway::generation(former.id()));
            }
        };
        let ended = async {
            self.await_answers(&former).await;
            close();
            while self.gateway.waiting_of(former.id()) > 0 {
                sleep(LOOK).await;
            }
        };
        let ended = timeout(drain, ended).await;
        close();
        if ended.is_err() && !drain.is_zero() {
            let name = &**former.name();
            let (unanswered, waiting) = (former.in_flight(), self.gateway.waiting_of(former.id()));
            warn!(
                adapter.name = name,
                unanswered, waiting, "adapter was not idle in time"
            );
        }
        self.gateway.leave_behind(former.id());
        let stopped = former.stop(LIMIT).await;
        self.has_ended(unit, former, stopped).await;
    }

    /// As [`let_go`](Self::let_go), for one that leaves its connection to the next: it hears what became of all that it brought while it stops, and what
    /// comes from its network waits in the connection.
    pub(super) async fn succeed(&self, unit: &Unit, former: Arc<Adapter>) -> Option<Legacy> {
        drop(timeout(HAND_OVER, self.await_answers(&former)).await);
        let (stopped, legacy) = former.leave(LIMIT).await;
        if let Some(slot) = self.gateway.slot(unit.id) {
            slot.close_to(gateway::generation(former.id()));
        }
        // If it has not waited for all, or not long enough.
        self.gateway.leave_behind(former.id());
        self.has_ended(unit, former, stopped).await;
        legacy
    }

    async fn has_ended(&self, unit: &Unit, former: Arc<Adapter>, stopped: Result<(), StopError>) {
        if let Err(error) = stopped {
            warn!(adapter.name = &**former.name(), error = %error, "adapter did not stop by itself");
        }
        if let Some(slot) = self.gateway.slot(unit.id) {
            slot.forget_leaving();
        }
        // The plugin releases it, which is foreign code, and gives its ports back.
        drop(task::spawn_blocking(move || drop(former)).await);
    }

    pub(super) fn start_failed(&self, unit: &Unit, why: String) -> String {
        let pause = unit.failed(gateway::now(), why.clone());
        let name = self.gateway.name(unit.id);
        warn!(
            adapter.name = name,
            why,
            ?pause,
            "adapter did not start, and is tried again"
        );
        // What has waited for it waits no longer.
        drop(self.gateway.detach(unit.id));
        self.gateway.presence_lost(unit.id);
        self.changed.notify_one();
        format!("{why}; it is tried again in {pause:?}")
    }
}

/// Has a plugin opened on a thread that may wait.
pub(super) async fn blocking(
    load: impl FnOnce() -> Result<Loaded, LoadError> + Send + 'static,
) -> Result<Loaded, String> {
    match task::spawn_blocking(load).await {
        Ok(loaded) => loaded.map_err(|error| error.to_string()),
        Err(error) => Err(format!("a fault of the gateway ended the loading: {error}")),
    }
}

/// Stops all adapters that run.
pub(crate) async fn stop_all(gateway: &Gateway) {
    let mut stopping = JoinSet::new();
    for adapter in gateway.adapters() {
        gateway.leave_behind(adapter.id());
        stopping.spawn(async move { (adapter.name().to_owned(), adapter.stop(LIMIT).await) });
    }
    while let Some(stopped) = stopping.join_next().await {
        if let Ok((name, Err(error))) = stopped {
            warn!(adapter.name = &*name, error = %error, "adapter did not stop by itself");
        }
    }
}
