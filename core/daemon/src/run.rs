//! The life of the gateway, from its configuration to its last adapter's goodbye.

use std::{fs, num::NonZeroUsize, path::Path, sync::Arc, time::Duration};

use rialto_loader::{ClaimTable, Loaded};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};
use tracing::{info, warn};

use crate::{
    config::{Config, ConfigErrors},
    control::Control,
    exit::Exit,
    gateway::{self, Gateway},
    logging, plugins,
};

/// How long an adapter may take to start, and to stop.
const ADAPTER_LIMIT: Duration = Duration::from_secs(10);
/// How often the end of a drain is looked for.
const DRAIN_LOOK: Duration = Duration::from_millis(20);

/// Runs until told to stop.
pub(crate) fn run(config: &Config, ready_file: Option<&Path>) -> Result<(), Exit> {
    logging::install(&config.log)?;
    let loaded = load(config)?;
    let gateway = build(config, &loaded)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1) // timers, signals and the control socket; messages run on the adapters' threads
        .thread_name("rialto")
        .enable_all()
        .build()
        .map_err(|error| Exit::Internal(format!("the runtime cannot be made: {error}")))?;
    runtime.block_on(live(config, loaded, gateway, ready_file))
}

async fn live(
    config: &Config,
    loaded: Vec<Loaded>,
    gateway: Arc<Gateway>,
    ready_file: Option<&Path>,
) -> Result<(), Exit> {
    let mut tasks = JoinSet::new();
    tasks.spawn(Arc::clone(&gateway).keep_time());
    // Before the adapters: whoever sees the gateway ready may tell it to stop.
    let stop = stop_signals()?;
    start(loaded, &gateway).await?;
    if let Some(path) = &config.gateway.control_socket {
        let control = Control::bind(path).map_err(|error| Exit::Unavailable(error.to_string()))?;
        tasks.spawn(control.serve(Arc::clone(&gateway)));
    }
    announce(&gateway, ready_file)?;
    stop.await;
    let late = drain(&gateway, config.gateway.drain).await;
    stop_adapters(&gateway).await;
    tasks.shutdown().await;
    info!(operations.unfinished = late, "stopped");
    Ok(())
}

/// Loads every plugin; says all that is wrong with them.
pub(crate) fn load(config: &Config) -> Result<Vec<Loaded>, Exit> {
    let claims = ClaimTable::new();
    let mut errors = Vec::new();
    let mut loaded = Vec::new();
    for adapter in &config.adapters {
        match plugins::load(adapter, &config.gateway.plugin_dirs, &claims) {
            Ok(plugin) => loaded.push(plugin),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        Ok(loaded)
    } else {
        Err(Exit::Config(ConfigErrors(errors).to_string()))
    }
}

/// Builds the gateway; nothing of it touches the network yet.
pub(crate) fn build(config: &Config, loaded: &[Loaded]) -> Result<Arc<Gateway>, Exit> {
    let protocol = |name: &str| {
        let plugin = loaded.iter().find(|plugin| &**plugin.name() == name);
        plugin.map_or_else(String::new, |plugin| {
            plugin.manifest().protocol().to_owned()
        })
    };
    let table = plugins::table(config, protocol)
        .map_err(|errors| Exit::Config(ConfigErrors(errors).to_string()))?;
    let shards = NonZeroUsize::new(config.gateway.shards).unwrap_or(NonZeroUsize::MIN);
    Ok(Gateway::new(table, shards, plugins::limits(config, shards)))
}

/// Starts the adapters one after the other; one that cannot start ends the run.
async fn start(loaded: Vec<Loaded>, gateway: &Arc<Gateway>) -> Result<(), Exit> {
    for plugin in loaded {
        let name = plugin.name().to_owned();
        let Some(id) = gateway.table().adapter_id(&name) else {
            continue;
        };
        let level = tracing::level_filters::LevelFilter::current().into_level();
        let started = plugin
            .start(
                gateway::to_loader(id),
                gateway.clone(),
                level.unwrap_or(tracing::Level::ERROR),
                ADAPTER_LIMIT,
            )
            .await;
        match started {
            Ok(adapter) => {
                info!(
                    adapter.name = &*name,
                    plugin.name = adapter.manifest().name(),
                    "adapter started"
                );
                gateway.attach(id, adapter);
            }
            Err(error) => {
                stop_adapters(gateway).await;
                return Err(Exit::Unavailable(format!(
                    "the adapter `{name}` cannot start: {error}"
                )));
            }
        }
    }
    Ok(())
}

fn announce(gateway: &Gateway, ready_file: Option<&Path>) -> Result<(), Exit> {
    let names: Vec<&str> = gateway
        .adapters()
        .map(|adapter| &**adapter.name())
        .collect();
    info!(adapters = names.join(","), "ready");
    match ready_file {
        Some(path) => fs::write(path, format!("{}\n", names.join("\n"))).map_err(|error| {
            Exit::Unavailable(format!("{} cannot be written: {error}", path.display()))
        }),
        None => Ok(()),
    }
}

fn stop_signals() -> Result<impl Future<Output = ()>, Exit> {
    let listen = |kind| {
        signal(kind).map_err(|error| Exit::Internal(format!("signals cannot be taken: {error}")))
    };
    let (mut terminate, mut interrupt) = (
        listen(SignalKind::terminate())?,
        listen(SignalKind::interrupt())?,
    );
    Ok(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "TERM",
            _ = interrupt.recv() => "INT",
        };
        info!(signal = name, "draining");
    })
}

/// Lets operations in progress end, for a while; how many did not.
async fn drain(gateway: &Gateway, limit: Duration) -> u64 {
    gateway.begin_drain();
    let ended = async {
        while !gateway.is_idle() {
            tokio::time::sleep(DRAIN_LOOK).await;
        }
    };
    match tokio::time::timeout(limit, ended).await {
        Ok(()) => 0,
        Err(_) => gateway.in_progress(),
    }
}

async fn stop_adapters(gateway: &Gateway) {
    let mut stopping = JoinSet::new();
    for adapter in gateway.adapters() {
        let adapter = adapter.clone();
        stopping
            .spawn(async move { (adapter.name().to_owned(), adapter.stop(ADAPTER_LIMIT).await) });
    }
    while let Some(stopped) = stopping.join_next().await {
        if let Ok((name, Err(error))) = stopped {
            warn!(adapter.name = &*name, error = %error, "adapter did not stop by itself");
        }
    }
}
