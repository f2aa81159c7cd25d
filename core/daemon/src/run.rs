//! The life of the gateway, from its configuration to its last adapter's goodbye.

use std::{fs, num::NonZeroUsize, path::Path, sync::Arc, time::Duration};

use rialto_loader::{ClaimTable, Loaded};
use rialto_router::OwnAddresses;
use tokio::{
    runtime::Handle,
    signal::unix::{Signal, SignalKind, signal},
    task::JoinSet,
};
use tracing::{info, warn};

use crate::{
    adapters::{LOOK, Supervisor, stop_all, vain_canaries},
    config::{Config, ConfigErrors, Draft},
    control::Control,
    dns::{self, Dns},
    exit::Exit,
    gateway::Gateway,
    logging, plugins, policies, storage,
};

/// How long a task of ours that a plugin holds may keep the process.
const LAST_TASKS: Duration = Duration::from_secs(1);

/// Runs until told to stop.
pub(crate) fn run(draft: Draft, ready_file: Option<&Path>) -> Result<(), Exit> {
    logging::install(&draft.config.log)?;
    let claims = ClaimTable::new();
    let (config, loaded) = load_with(draft, &claims)?;
    let gateway = build(&config, &loaded)?;
    let supervisor = Supervisor::new(Arc::clone(&gateway), Arc::new(config), claims);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // Timers, signals and the control socket; messages run on the adapters' threads. Two, since a timer or an
        // operator's message may call a plugin that does not return, and signals have to be heard all the same.
        .worker_threads(2)
        .thread_name("rialto")
        .enable_all()
        .build()
        .map_err(|error| Exit::Internal(format!("the runtime cannot be made: {error}")))?;
    let ended = runtime.block_on(live(&supervisor, loaded, gateway, ready_file));
    runtime.shutdown_timeout(LAST_TASKS);
    ended
}

async fn live(
    supervisor: &Arc<Supervisor>,
    loaded: Vec<Loaded>,
    gateway: Arc<Gateway>,
    ready_file: Option<&Path>,
) -> Result<(), Exit> {
    let config = supervisor.config();
    // First: whoever sees the gateway ready may tell it to stop, and whoever tires of waiting for that may too.
    let mut signals = StopSignals::listen()?;
    // Before the adapters: a second gateway of the same configuration shall not touch the network.
    let control = config.gateway.control_socket.as_deref().map(Control::bind);
    let control = control.transpose().map_err(Exit::unavailable)?;
    let mut tasks = JoinSet::new();
    gateway.run_in(Handle::current());
    tasks.spawn(Arc::clone(&gateway).keep_time());
    let up = async {
        // Before the adapters as well: what is kept goes before what comes.
        if let Some((store, key)) = storage::open(&config.store).await? {
            tasks.spawn(storage::tend(Arc::clone(&store), *gateway.clock()));
            storage::take_up(store, key, &gateway).await?;
        }
        start(loaded, supervisor).await?;
        if let Some(journal) = gateway.journal() {
            journal.open();
        }
        gateway.begin_watching();
        announce(&gateway, ready_file)
    };
    let started = tokio::select! {
        started = up => Some(started),
        () = signals.next() => None,
    };
    if let Some(Ok(())) = started {
        tasks.spawn(Arc::clone(supervisor).keep_up());
        tasks.spawn(Arc::clone(supervisor).send_canaries());
        tasks.spawn(serve(control, Arc::clone(&gateway), Arc::clone(supervisor)));
        signals.next().await;
        drain(&gateway, config.gateway.drain, &mut signals).await;
    }
    // Nobody starts one while they stop.
    let _closed = supervisor.close().await;
    stop_all(&gateway).await;
    if let Some(store) = gateway.store() {
        storage::flush(store).await;
    }
    info!("stopped");
    started.unwrap_or(Ok(()))
}

async fn serve(control: Option<Control>, gateway: Arc<Gateway>, supervisor: Arc<Supervisor>) {
    if let Some(control) = control {
        control.serve(gateway, supervisor).await;
    }
}

/// Loads every plugin; says all that is wrong with them, and with the rest of the configuration.
pub(crate) fn load(draft: Draft) -> Result<(Config, Vec<Loaded>), Exit> {
    load_with(draft, &ClaimTable::new())
}

/// As [`load`], with what the adapters claim in this table.
pub(crate) fn load_with(draft: Draft, claims: &ClaimTable) -> Result<(Config, Vec<Loaded>), Exit> {
    let mut loaded = Vec::new();
    let mut errors = draft.errors.0;
    let mut is_configuration = !errors.is_empty();
    for adapter in &draft.config.adapters {
        let (folders, trust) = (&draft.config.gateway.plugin_dirs, &draft.config.trust);
        match plugins::load(adapter, folders, trust, claims) {
            Ok(plugin) => loaded.push(plugin),
            Err(refusal) => {
                is_configuration |= refusal.is_configuration;
                errors.extend(refusal.errors);
            }
        }
    }
    if !errors.is_empty() {
        let conflicts = plugins::conflicts_among_rules(&draft.config);
        is_configuration |= !conflicts.is_empty();
        errors.extend(conflicts);
    }
    match (errors.is_empty(), is_configuration) {
        (true, _) => Ok((draft.config, loaded)),
        (false, true) => Err(Exit::config(ConfigErrors(errors))),
        (false, false) => Err(Exit::unavailable(ConfigErrors(errors))),
    }
}

/// Builds the gateway; nothing of it touches the network yet.
pub(crate) fn build(config: &Config, loaded: &[Loaded]) -> Result<Arc<Gateway>, Exit> {
    let manifests: Vec<_> = loaded
        .iter()
        .map(|plugin| (&**plugin.name(), plugin.manifest()))
        .collect();
    let one = |error| Exit::config(ConfigErrors(vec![error]));
    let found_by_dns = dns::adapters(&config.resolver, &manifests).map_err(one)?;
    let table = plugins::table(config, &manifests, &found_by_dns)
        .map_err(|errors| Exit::config(ConfigErrors(errors)))?;
    let vain = vain_canaries(config, &table);
    if !vain.is_empty() {
        return Err(Exit::config(ConfigErrors(vain)));
    }
    let dns = Dns::new(&config.resolver, &table, &manifests).map_err(one)?;
    let shards = NonZeroUsize::new(config.gateway.shards).unwrap_or(NonZeroUsize::MIN);
    let limits = plugins::limits(config, shards);
    let settings = policies::settings(config, &manifests, &table, shards);
    let presence = config.presence.settings(config.store.enabled, shards);
    let gateway = Gateway::new(table, shards, limits, &settings, presence, dns);
    if !config.inbox.addresses.is_empty() {
        gateway.open_inbox(OwnAddresses::new(config.inbox.addresses.iter().cloned()));
    }
    Ok(gateway)
}

/// Starts the adapters one after the other; one that cannot start ends the run.
async fn start(loaded: Vec<Loaded>, supervisor: &Supervisor) -> Result<(), Exit> {
    for plugin in loaded {
        match supervisor.begin(plugin).await {
            Ok(()) => {}
            Err(error) if error.is_configuration() => return Err(Exit::config(error)),
            Err(error) => return Err(Exit::unavailable(error)),
        }
    }
    Ok(())
}

fn announce(gateway: &Gateway, ready_file: Option<&Path>) -> Result<(), Exit> {
    let names: Vec<_> = gateway
        .adapters()
        .map(|adapter| adapter.name().to_string())
        .collect();
    if names.is_empty() {
        warn!("no adapter is configured");
    }
    info!(adapters = names.join(","), "ready");
    match ready_file {
        Some(path) => fs::write(path, format!("{}\n", names.join("\n"))).map_err(|error| {
            Exit::Unavailable(format!("{} cannot be written: {error}", path.display()))
        }),
        None => Ok(()),
    }
}

/// What asks the gateway to stop.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn listen() -> Result<Self, Exit> {
        let listen = |kind| {
            let cannot = |error| Exit::Internal(format!("signals cannot be taken: {error}"));
            signal(kind).map_err(cannot)
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        let name = tokio::select! {
            _ = self.terminate.recv() => "TERM",
            _ = self.interrupt.recv() => "INT",
        };
        info!(signal = name, "told to stop");
    }
}

/// Lets operations in progress end, for a while, or until a second signal.
async fn drain(gateway: &Gateway, limit: Duration, signals: &mut StopSignals) {
    gateway.begin_drain();
    let ended = async {
        while !gateway.is_idle() {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        _ = tokio::time::timeout(limit, ended) => {}
        () = signals.next() => {}
    }
    info!(operations.unfinished = gateway.in_progress(), "drained");
}
