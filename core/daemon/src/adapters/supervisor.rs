//! Who has which place.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rialto_loader::{Adapter, Claim, ClaimTable, Health, LoadError, Loaded};
use tokio::{
    sync::{MutexGuard, Notify},
    task::{self, JoinSet},
    time::{sleep, sleep_until, timeout},
};
use tracing::{Level, info, level_filters::LevelFilter, warn};

use super::{LIMIT, LOOK, Of, Order, Standing, unit::Unit};
use crate::{
    config::{AdapterConfig, Config},
    gateway::{self, Gateway},
    plugins,
};

/// Starts, stops and replaces adapters.
pub(crate) struct Supervisor {
    gateway: Arc<Gateway>,
    config: Arc<Config>,
    claims: ClaimTable,
    units: Vec<Unit>,
    /// A start has failed, or been called off: who waits for the next one waits for another time.
    changed: Notify,
    is_closed: AtomicBool,
}

impl Supervisor {
    /// Over the adapters of a configuration, which have their claims in `claims`.
    pub(crate) fn new(gateway: Arc<Gateway>, config: Arc<Config>, claims: ClaimTable) -> Arc<Self> {
        let unit = |(index, adapter): (usize, &AdapterConfig)| {
            let id = gateway.table().adapter_id(&adapter.name)?;
            Some(Unit::new(id, index))
        };
        let units = config
            .adapters
            .iter()
            .enumerate()
            .filter_map(unit)
            .collect();
        Arc::new(Self {
            gateway,
            config,
            claims,
            units,
            changed: Notify::new(),
            is_closed: AtomicBool::new(false),
        })
    }

    /// The configuration.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Starts an adapter whose plugin is open; who could not, is not started again.
    pub(crate) async fn begin(&self, loaded: Loaded) -> Result<(), LoadError> {
        let Some(unit) = self.unit(loaded.name()) else {
            return Ok(());
        };
        let _turn = unit.turn.lock().await;
        unit.becomes(Standing::Loaded);
        let adapter = self.start(unit, loaded).await?;
        drop(self.put(unit, adapter));
        Ok(())
    }

    /// Carries out an order; what is said of it when it could not be.
    pub(crate) async fn carry_out(
        self: &Arc<Self>,
        name: &str,
        order: Order,
    ) -> Result<(), String> {
        let unit = self
            .unit(name)
            .ok_or_else(|| format!("there is no adapter `{name}`; `rialto adapters` lists them"))?;
        let _turn = unit.turn.lock().await;
        if self.is_closed.load(Ordering::Acquire) {
            return Err("the gateway is stopping".to_owned());
        }
        info!(adapter.name = name, ?order, "an operator's order");
        match order {
            Order::Drain => self.stop(unit, self.config.gateway.drain).await,
            Order::Stop => self.stop(unit, Duration::ZERO).await,
            Order::Start => self.start_anew(unit).await,
            Order::Restart => {
                if self.running(unit).is_some() {
                    self.stop(unit, self.config.gateway.drain).await?;
                }
                self.start_anew(unit).await
            }
            Order::Upgrade(path) => self.upgrade(unit, path.as_deref()).await,
        }
    }

    /// How all adapters are.
    pub(crate) fn standings(&self) -> Vec<Of> {
        self.units.iter().map(|unit| self.of(unit)).collect()
    }

    /// Starts adapters again that could not start, for as long as the gateway runs.
    pub(crate) async fn keep_up(self: Arc<Self>) {
        loop {
            let next = self.units.iter().filter_map(Unit::again).min();
            match next {
                None => self.changed.notified().await,
                Some(at) => tokio::select! {
                    () = sleep_until(at.into()) => self.start_what_failed().await,
                    () = self.changed.notified() => {}
                },
            }
        }
    }

    /// Waits for the orders that are being carried out; there are no others while this is held.
    pub(crate) async fn close(&self) -> Vec<MutexGuard<'_, ()>> {
        self.is_closed.store(true, Ordering::Release);
        let mut turns = Vec::with_capacity(self.units.len());
        for unit in &self.units {
            turns.push(unit.turn.lock().await);
        }
        turns
    }

    async fn start_what_failed(self: &Arc<Self>) {
        for unit in &self.units {
            let _turn = unit.turn.lock().await;
            let is_due = unit.again().is_some_and(|at| at <= gateway::now());
            if is_due && !self.is_closed.load(Ordering::Acquire) {
                // What is wrong is in the log, and in the adapter's standing.
                drop(self.start_anew(unit).await);
            }
        }
    }

    async fn start_anew(self: &Arc<Self>, unit: &Unit) -> Result<(), String> {
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

    async fn stop(&self, unit: &Unit, drain: Duration) -> Result<(), String> {
        let former = self.gateway.slot(unit.id).and_then(|slot| slot.give(None));
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

    /// Puts another version in the place of the one that runs. Whatever is wrong with the new one, the old one runs in the end,
    /// if it can.
    async fn upgrade(self: &Arc<Self>, unit: &Unit, path: Option<&Path>) -> Result<(), String> {
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

    /// Opens a plugin for an adapter: on a thread that may wait.
    async fn load(self: &Arc<Self>, unit: &Unit, plugin: String) -> Result<Loaded, String> {
        let (this, index) = (Arc::clone(self), unit.index);
        let loading = task::spawn_blocking(move || -> Result<Loaded, String> {
            let config = this
                .config
                .adapters
                .get(index)
                .ok_or("it is not configured")?;
            let (folders, trust) = (&this.config.gateway.plugin_dirs, &this.config.trust);
            let path = plugins::find(&plugin, folders)?;
            let declared = plugins::declare(config, path, trust).replacing();
            declared
                .load(&this.claims)
                .map_err(|error| error.to_string())
        });
        match loading.await {
            Ok(loaded) => loaded,
            Err(error) => Err(format!("a fault of the gateway ended the loading: {error}")),
        }
    }

    async fn start(&self, unit: &Unit, loaded: Loaded) -> Result<Adapter, LoadError> {
        let generation = self.gateway.slot(unit.id).map_or(0, |slot| slot.begin());
        let id = gateway::to_loader(unit.id, generation);
        let level = LevelFilter::current().into_level().unwrap_or(Level::ERROR);
        if self.running(unit).is_none() {
            unit.becomes(Standing::Starting);
        }
        self.gateway.measures.forget_health(unit.id);
        let gateway = Arc::clone(&self.gateway);
        loaded.start(id, gateway, level, LIMIT).await
    }

    /// Gives an adapter its place; who had it before.
    fn put(&self, unit: &Unit, adapter: Adapter) -> Option<Arc<Adapter>> {
        info!(
            adapter.name = &**adapter.name(),
            plugin.name = adapter.manifest().name(),
            plugin.version = adapter.manifest().version(),
            process.id = adapter.process(),
            "adapter started"
        );
        unit.becomes(Standing::Up);
        self.gateway.attach(unit.id, Arc::new(adapter))
    }

    /// Ends one that has lost its place: when it has answered all that it was handed, or after a while.
    async fn let_go(&self, unit: &Unit, former: Arc<Adapter>, drain: Duration) {
        if let Some(slot) = self.gateway.slot(unit.id) {
            slot.close_to(gateway::generation(former.id()));
        }
        // Two more hold it: this, and its place among those that leave. Whoever else does, is calling it.
        const OURS: usize = 2;
        let ended = async {
            let is_called = || Arc::strong_count(&former) > OURS;
            let has_work = || former.in_flight() > 0 || self.gateway.waiting_of(former.id()) > 0;
            while is_called() || has_work() {
                sleep(LOOK).await;
            }
        };
        if timeout(drain, ended).await.is_err() && !drain.is_zero() {
            let name = &**former.name();
            let (unanswered, waiting) = (former.in_flight(), self.gateway.waiting_of(former.id()));
            warn!(
                adapter.name = name,
                unanswered, waiting, "adapter was not idle in time"
            );
        }
        if let Err(error) = former.stop(LIMIT).await {
            warn!(adapter.name = &**former.name(), error = %error, "adapter did not stop by itself");
        }
        if let Some(slot) = self.gateway.slot(unit.id) {
            slot.forget_leaving();
        }
        // The plugin releases it, which is foreign code, and gives its ports back.
        drop(task::spawn_blocking(move || drop(former)).await);
    }

    fn start_failed(&self, unit: &Unit, why: String) -> String {
        let pause = unit.failed(gateway::now(), why.clone());
        let name = self.gateway.name(unit.id);
        warn!(
            adapter.name = name,
            why,
            ?pause,
            "adapter did not start, and is tried again"
        );
        self.gateway.presence_lost(unit.id);
        self.changed.notify_one();
        format!("{why}; it is tried again in {pause:?}")
    }

    fn running(&self, unit: &Unit) -> Option<Arc<Adapter>> {
        self.gateway.slot(unit.id)?.running()
    }

    fn unit(&self, name: &str) -> Option<&Unit> {
        let id = self.gateway.table().adapter_id(name)?;
        self.units.iter().find(|unit| unit.id == id)
    }

    fn config_of(&self, unit: &Unit) -> Result<&AdapterConfig, String> {
        let config = self.config.adapters.get(unit.index);
        config.ok_or_else(|| "it is not configured".to_owned())
    }

    fn of(&self, unit: &Unit) -> Of {
        let (standing, why) = unit.standing();
        let said = self.gateway.measures.of(unit.id).degraded;
        let running = self.running(unit);
        let (state, why) = match (standing, said) {
            (Standing::Up, Some(why)) => (Standing::Degraded, Some(why)),
            (standing, _) => (standing, why),
        };
        let seconds = |time: Duration| time.as_secs();
        let now = gateway::now();
        Of {
            name: self.gateway.name(unit.id).to_owned(),
            state,
            why,
            plugin: running.as_ref().map(|adapter| {
                let manifest = adapter.manifest();
                format!("{} {}", manifest.name(), manifest.version())
            }),
            process: running.as_ref().and_then(|adapter| adapter.process()),
            in_flight: running.map_or(0, |adapter| adapter.in_flight() as u64),
            quiet_seconds: self.gateway.quiet_for(unit.id).map(seconds),
            starts_in_seconds: unit
                .again()
                .map(|at| seconds(at.saturating_duration_since(now))),
        }
    }
}

/// Whether two versions cannot run at once.
fn overlap(new: &[Claim], old: &[Claim]) -> bool {
    new.iter()
        .any(|new| old.iter().any(|old| new.conflicts(old)))
}

/// Stops all adapters that run.
pub(crate) async fn stop_all(gateway: &Gateway) {
    let mut stopping = JoinSet::new();
    for adapter in gateway.adapters() {
        stopping.spawn(async move { (adapter.name().to_owned(), adapter.stop(LIMIT).await) });
    }
    while let Some(stopped) = stopping.join_next().await {
        if let Ok((name, Err(error))) = stopped {
            warn!(adapter.name = &*name, error = %error, "adapter did not stop by itself");
        }
    }
}
