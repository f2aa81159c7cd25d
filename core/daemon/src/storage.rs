//! The store in the life of the gateway: opened before the network is touched, tended, watched.

use std::{sync::Arc, time::Duration};

use rialto_router::{NamingKey, WallClock};
use rialto_store::{Batch, Done, EmbeddedStore, Health, Store, Usage};
use serde::{Deserialize, Serialize};
use tokio::{runtime::Handle, sync::oneshot};
use tracing::{info, warn};

use crate::{
    config::StoreConfig,
    exit::Exit,
    gateway::{Gateway, now},
    journal::{self, Journal},
    naming,
};

/// How often what has expired is removed.
const TEND: Duration = Duration::from_secs(30);
/// How often a store that fails is tried again.
const MEND: Duration = Duration::from_secs(2);
/// How long the last changes may take to become safe.
const LAST_WRITES: Duration = Duration::from_secs(10);

/// How a store is, for operators.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct StoreStatus {
    /// `good`, or one of the states in which not everything is taken.
    pub(crate) state: String,
    /// Why it is in another state, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) disk: u64,
    /// Batches that are not safe yet.
    pub(crate) waiting: u64,
}

/// Opens the store, if one is wanted; every page of it is verified.
pub(crate) async fn open(
    config: &StoreConfig,
) -> Result<Option<(Arc<dyn Store>, NamingKey)>, Exit> {
    if !config.enabled {
        warn!("no store is wanted: nothing is kept, and each sender waits for the outcome");
        return Ok(None);
    }
    let (folder, limits) = (config.folder.clone(), config.limits());
    let opened = tokio::task::spawn_blocking(move || EmbeddedStore::open(folder, limits)).await;
    let cannot = |error| Exit::Internal(format!("the store cannot be opened: {error}"));
    let store = opened.map_err(cannot)?.map_err(Exit::unavailable)?;
    let Usage { records, bytes, .. } = store.usage();
    info!(folder = %config.folder.display(), records, bytes, "store opened");
    let key = naming::key(&config.folder).map_err(Exit::unavailable)?;
    Ok(Some((Arc::new(store), key)))
}

/// Gives the gateway the store, and what it kept there when it ran before; none of it is delivered yet.
pub(crate) async fn take_up(
    store: Arc<dyn Store>,
    key: NamingKey,
    gateway: &Arc<Gateway>,
) -> Result<(), Exit> {
    let journal = Journal::new(Arc::clone(&store), gateway, &Handle::current());
    gateway.keep_in(journal);
    gateway.name_by(&key);
    let gateway = Arc::clone(gateway);
    let taken_up = tokio::task::spawn_blocking(move || journal::restore(&gateway, &*store)).await;
    let cannot = |error| Exit::Internal(format!("the journal cannot be taken up: {error}"));
    taken_up.map_err(cannot)?.map_err(Exit::unavailable)
}

/// Removes what has expired, and tries again what has failed, for as long as the gateway runs.
pub(crate) async fn tend(store: Arc<dyn Store>, clock: WallClock) {
    let mut health = store.health();
    tell(&health.borrow_and_update());
    let mut every = TEND;
    loop {
        let changed = tokio::time::timeout(every, health.changed()).await;
        match changed {
            Ok(Ok(())) => tell(&health.borrow_and_update()),
            Ok(Err(_)) => return, // the store is closed
            Err(_) => store.tend(clock.at(now()), Done::ignore()),
        }
        every = if health.borrow().is_good() {
            TEND
        } else {
            MEND
        };
    }
}

/// Waits until all that was given to the store is safe: nobody closes it when the process ends.
pub(crate) async fn flush(store: &dyn Store) {
    let (sender, answer) = oneshot::channel();
    // An empty batch is a barrier.
    let done = Done::call(move |result| drop(sender.send(result)));
    store.commit(Batch::new(), done);
    match tokio::time::timeout(LAST_WRITES, answer).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(error))) => warn!(error = %error, "store does not take what came last"),
        _ => warn!("store is too slow for what came last"),
    }
}

impl StoreStatus {
    pub(crate) fn of(store: &dyn Store) -> Self {
        let (usage, receiver) = (store.usage(), store.health());
        let (state, why) = words(&receiver.borrow());
        Self {
            state: state.to_owned(),
            why,
            records: usage.records,
            bytes: usage.bytes,
            disk: usage.disk,
            waiting: usage.waiting as u64,
        }
    }
}

fn tell(health: &Health) {
    match words(health) {
        (state, None) => info!(state, "store takes everything"),
        (state, Some(why)) => warn!(state, why, "store does not take everything"),
    }
}

fn words(health: &Health) -> (&'static str, Option<String>) {
    let (word, reason) = match health {
        Health::Good => return ("good", None),
        Health::Full(reason) => ("full", reason),
        Health::ReadOnly(reason) => ("read-only", reason),
        Health::Corrupt(reason) => ("corrupt", reason),
        Health::Failing(reason) => ("failing", reason),
        other => return ("unknown", Some(other.to_string())),
    };
    (word, Some(reason.to_string()))
}
