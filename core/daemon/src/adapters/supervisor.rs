//! Whom an order is for, and who is started again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rialto_loader::{Adapter, ClaimTable, LoadError, Loaded};
use tokio::{
    sync::{MutexGuard, Notify},
    time::sleep_until,
};
use tracing::info;

use super::{Of, Order, Standing, unit::Unit};
use crate::{
    config::{AdapterConfig, Config},
    gateway::{self, Gateway},
};

/// Starts, stops and replaces adapters.
pub(crate) struct Supervisor {
    pub(super) gateway: Arc<Gateway>,
    pub(super) config: Arc<Config>,
    pub(super) claims: ClaimTable,
    units: Vec<Unit>,
    /// A start has failed, or been called off: who waits for the next one waits for another time.
    pub(super) changed: Notify,
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
            // It has its place, but no process any more, nor another by itself.
            Order::Start if self.gateway.measures.of(unit.id).is_disabled => {
                self.restart(unit).await
            }
            Order::Start => self.start_anew(unit).await,
            Order::Restart => self.restart(unit).await,
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
            let is_due = || unit.again().is_some_and(|at| at <= gateway::now());
            if !is_due() {
                continue; // whoever is busy with it is not waited for
            }
            let _turn = unit.turn.lock().await;
            if is_due() && !self.is_closed.load(Ordering::Acquire) {
                // What is wrong is in the log, and in the adapter's standing.
                drop(self.start_anew(unit).await);
            }
        }
    }

    pub(super) fn running(&self, unit: &Unit) -> Option<Arc<Adapter>> {
        self.gateway.slot(unit.id)?.running()
    }

    pub(super) fn unit(&self, name: &str) -> Option<&Unit> {
        let id = self.gateway.table().adapter_id(name)?;
        self.units.iter().find(|unit| unit.id == id)
    }

    pub(super) fn config_of(&self, unit: &Unit) -> Result<&AdapterConfig, String> {
        let config = self.config.adapters.get(unit.index);
        config.ok_or_else(|| "it is not configured".to_owned())
    }

    fn of(&self, unit: &Unit) -> Of {
        let (standing, why) = unit.standing();
        let said = self.gateway.measures.of(unit.id);
        let running = self.running(unit);
        let (state, why) = match (standing, said.degraded) {
            (Standing::Up, Some(why)) if said.is_disabled => (Standing::Failed, Some(why)),
            (Standing::Up, Some(why)) => (Standing::Degraded, Some(why)),
            (Standing::Up, None) => match self.complaint(unit) {
                Some(why) => (Standing::Degraded, Some(why)),
                None => (standing, why),
            },
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
