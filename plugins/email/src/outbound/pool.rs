//! Connections to each next hop: kept for the next message, bounded in number.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rialto_email_codec::smtp::Delivery;
use rialto_sdk::{
    model::{Failure, FailureReason},
    tokio::{
        sync::Semaphore,
        time::{Instant, interval, timeout_at},
    },
};

use super::{
    NextHop,
    connection::{Connection, Dialler, SendError},
};
use crate::failures;

/// All connections of an adapter.
#[derive(Debug)]
pub(crate) struct Pool {
    dialler: Dialler,
    connections: usize,
    queue: usize,
    idle: Duration,
    destinations: Mutex<HashMap<NextHop, Arc<Destination>>>,
}

/// One next hop.
#[derive(Debug)]
struct Destination {
    /// Who may be connected.
    places: Semaphore,
    /// Messages that are under way, or wait for a place.
    under_way: AtomicUsize,
    resting: Mutex<Vec<Connection>>,
}

/// A message that is under way.
struct UnderWay(Arc<Destination>);

/// Next hops that are known at a time.
const MAX_DESTINATIONS: usize = 4096;

impl Pool {
    pub(crate) fn new(dialler: Dialler, connections: usize, queue: usize, idle: Duration) -> Self {
        Self {
            dialler,
            connections,
            queue,
            idle,
            destinations: Mutex::default(),
        }
    }

    /// Sends a message to a next hop, and has its answer before `until`; `name` is whom its certificate must be for.
    pub(crate) async fn send(
        &self,
        hop: &NextHop,
        name: &str,
        delivery: Delivery,
        until: Instant,
    ) -> Result<(), Failure> {
        let UnderWay(destination) = &self.begin(hop)?;
        let place = timeout_at(until, destination.places.acquire()).await;
        let Ok(Ok(_place)) = place else {
            return Err(failures::unreachable(
                "no connection to the next server was free in time",
            ));
        };
        let sent = self.send_by(destination, hop, name, delivery, until).await;
        sent.map_err(|error| failure(&error))
    }

    /// Closes connections that nobody has used for a while, until the future is dropped.
    pub(crate) async fn tend(&self) {
        let mut ticks = interval(self.idle.max(Duration::from_millis(100)));
        loop {
            ticks.tick().await;
            for connection in self.expired(Instant::now()) {
                connection.quit().await;
            }
        }
    }

    /// Says goodbye to all servers.
    pub(crate) async fn close(&self) {
        let destinations = std::mem::take(&mut *lock(&self.destinations));
        for destination in destinations.into_values() {
            let resting = std::mem::take(&mut *lock(&destination.resting));
            for connection in resting {
                connection.quit().await;
            }
        }
    }

    async fn send_by(
        &self,
        destination: &Destination,
        hop: &NextHop,
        name: &str,
        delivery: Delivery,
        until: Instant,
    ) -> Result<(), SendError> {
        while let Some(mut connection) = destination.take() {
            if connection.last.elapsed() > self.idle || !connection.is_quiet().await {
                continue;
            }
            match connection.send(delivery.clone(), until).await {
                // It had gone while it was idle: nothing of the message was taken.
                Err(SendError::Broken(_) | SendError::Closed(_)) => break,
                sent => return destination.put_back(connection, sent),
            }
        }
        let mut connection = self.dialler.dial(hop, name, until).await?;
        let sent = connection.send(delivery, until).await;
        destination.put_back(connection, sent)
    }

    /// Counts a message in, if its next hop has not too many already.
    fn begin(&self, hop: &NextHop) -> Result<UnderWay, Failure> {
        let mut destinations = lock(&self.destinations);
        let destination = match destinations.get(hop) {
            Some(destination) => Arc::clone(destination),
            None => {
                let destination = self.new_destination(&mut destinations)?;
                destinations.insert(hop.clone(), Arc::clone(&destination));
                destination
            }
        };
        let before = destination.under_way.fetch_add(1, Ordering::Relaxed);
        let under_way = UnderWay(destination);
        if before >= self.connections + self.queue {
            return Err(FailureReason::Overloaded.into());
        }
        Ok(under_way)
    }

    fn new_destination(
        &self,
        known: &mut HashMap<NextHop, Arc<Destination>>,
    ) -> Result<Arc<Destination>, Failure> {
        if known.len() >= MAX_DESTINATIONS {
            known.retain(|_, destination| !destination.is_unused());
        }
        if known.len() >= MAX_DESTINATIONS {
            return Err(FailureReason::Overloaded.into());
        }
        Ok(Arc::new(Destination {
            places: Semaphore::new(self.connections),
            under_way: AtomicUsize::new(0),
            resting: Mutex::default(),
        }))
    }

    fn expired(&self, now: Instant) -> Vec<Connection> {
        let mut expired = Vec::new();
        lock(&self.destinations).retain(|_, destination| {
            let is_old =
                |connection: &mut Connection| now.duration_since(connection.last) > self.idle;
            expired.extend(lock(&destination.resting).extract_if(.., is_old));
            !destination.is_unused()
        });
        expired
    }
}

impl Destination {
    fn take(&self) -> Option<Connection> {
        lock(&self.resting).pop()
    }

    /// Keeps a connection that can be used again.
    fn put_back(
        &self,
        connection: Connection,
        sent: Result<(), SendError>,
    ) -> Result<(), SendError> {
        if matches!(
            sent,
            Ok(()) | Err(SendError::Refused(_) | SendError::CannotCarry(_))
        ) {
            lock(&self.resting).push(connection);
        }
        sent
    }

    fn is_unused(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) == 0 && lock(&self.resting).is_empty()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

fn failure(error: &SendError) -> Failure {
    match error {
        SendError::Refused(reply) | SendError::Closed(reply) => failures::failure(reply),
        // About the server, or about us; nothing is said of the recipient.
        SendError::NotReady(reply) => {
            let code = reply.code();
            failures::unreachable(&format!("the next server answered {code} before any mail"))
        }
        SendError::CannotCarry(why) => failures::cannot_carry(*why),
        SendError::NoTls(why) => {
            failures::unreachable(&format!("TLS with the next server failed: {why}"))
        }
        SendError::Broken(why) => failures::unreachable(&format!("the next server: {why}")),
        SendError::Doubt(_) => failures::doubt(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
