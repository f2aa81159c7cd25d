//! The control socket: one JSON line asks, one JSON line answers.
//!
//! A Unix socket that only the gateway's own user may open.

use std::{
    fs, io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt},
        net,
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rialto_model::{
    ByteString, Header, InstantInbox, InstantMessage, MessageHeaders, MessageOperation, Presentity,
    TransactionId,
};
use rialto_router::{RulesChange, RulesTextError};
use thiserror::Error;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::Semaphore,
};
use tracing::warn;

use crate::{adapters::Supervisor, gateway::Gateway};

mod protocol;
mod subscriptions;

pub(crate) use protocol::{
    Done, Entry, Filter, Kept, Message, Ordered, Page, Reply, Request, Shown, Status, Traced,
    TracedStep,
};
pub(crate) use subscriptions::{
    Leg, Rules, RulesOrder, Subscription, Subscriptions, Watched, WatchedFilter,
};

/// The longest line, in bytes.
const MAX_LINE: u64 = 1 << 20;
/// Most connections at once; further ones wait.
const MAX_CONNECTIONS: usize = 16;
/// How long a connection may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// The socket cannot be had.
#[derive(Debug, Error)]
#[error("the control socket {path} cannot be opened: {source}; is another gateway running with it?", path = path.display())]
pub(crate) struct ControlError {
    path: PathBuf,
    source: io::Error,
}

/// The socket; removed when it is dropped.
#[derive(Debug)]
pub(crate) struct Control {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode: another gateway may have put its own socket there since.
    file: (u64, u64),
    owner: u32,
}

impl Control {
    /// Opens the socket; takes the place of one that nobody listens to.
    pub(crate) fn bind(path: &Path) -> Result<Self, ControlError> {
        Self::listen(path).map_err(|source| ControlError {
            path: path.to_owned(),
            source,
        })
    }

    fn listen(path: &Path) -> io::Result<Self> {
        make_way(path)?;
        let listener = UnixListener::bind(path)?;
        // Whoever came between these two lines is turned away by its user.
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            file: file(path)?,
            owner: UnixStream::pair()?.0.peer_cred()?.uid(),
        })
    }

    /// Answers for as long as the gateway runs.
    pub(crate) async fn serve(self, gateway: Arc<Gateway>, supervisor: Arc<Supervisor>) {
        let mut connections = tokio::task::JoinSet::new();
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            while connections.try_join_next().is_some() {}
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    if !self.is_allowed(&stream) {
                        warn!("control connection of another user refused");
                        continue;
                    }
                    let (gateway, supervisor) = (Arc::clone(&gateway), Arc::clone(&supervisor));
                    connections.spawn(async move {
                        if let Err(error) = converse(stream, &gateway, &supervisor).await {
                            warn!(error = %error, "control connection ended");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    warn!(error = %error, "control connection refused");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// The gateway's own user and root, as the permissions of the file say.
    fn is_allowed(&self, stream: &UnixStream) -> bool {
        let user = stream.peer_cred().map(|peer| peer.uid());
        user.is_ok_and(|user| user == self.owner || user == 0)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if file(&self.path).is_ok_and(|file| file == self.file) {
            // Gone already when somebody cleaned up before us.
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Removes a socket that nobody listens to, and nothing else.
fn make_way(path: &Path) -> io::Result<()> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
    let is_left = || {
        let tried = net::UnixStream::connect(path);
        tried.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    };
    if is_socket && is_left() {
        fs::remove_file(path)?;
    }
    Ok(())
}

fn file(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

async fn converse(
    stream: UnixStream,
    gateway: &Gateway,
    supervisor: &Arc<Supervisor>,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        let mut bounded = (&mut stream).take(MAX_LINE);
        in_time(bounded.read_until(b'\n', &mut line)).await?;
        let is_cut = line.len() as u64 == MAX_LINE && !line.ends_with(b"\n");
        let mut reply = match serde_json::from_slice(&line) {
            _ if line.is_empty() => return Ok(()),
            _ if is_cut => {
                serde_json::to_vec(&Reply::refused("malformed", "the line is too long".into()))
            }
            Ok(request) => answer(request, gateway, supervisor).await,
            Err(error) => serde_json::to_vec(&Reply::refused("malformed", error.to_string())),
        }?;
        reply.push(b'\n');
        in_time(stream.get_mut().write_all(&reply)).await?;
        if is_cut {
            return Ok(());
        }
    }
}

async fn answer(
    request: Request,
    gateway: &Gateway,
    supervisor: &Arc<Supervisor>,
) -> serde_json::Result<Vec<u8>> {
    let done = |count| serde_json::to_vec(&Done { count });
    match request {
        Request::Status => serde_json::to_vec(&Status::of(gateway)),
        Request::Send(message) => serde_json::to_vec(&send(message, gateway).await),
        Request::Trace { id } => serde_json::to_vec(&Traced {
            lives: gateway.lives(&id),
        }),
        Request::QueueList(page) => serde_json::to_vec(&gateway.kept(&page)),
        Request::QueueShow { id } => serde_json::to_vec(&gateway.kept_in_full(id).await),
        Request::QueueRetry { id: Some(id) } => done(gateway.retry_kept(id).into()),
        Request::QueueRetry { id: None } => done(gateway.retry_all_kept()),
        Request::QueueDrop { id } => done(gateway.drop_kept(id).into()),
        Request::SubsList(page) => serde_json::to_vec(&gateway.subscriptions(&page)),
        Request::SubsShow { id } => serde_json::to_vec(&gateway.subscription_of(id)),
        Request::RulesShow { presentity } => serde_json::to_vec(&rules(&presentity, gateway)),
        Request::RulesChange { presentity, order } => serde_json::to_vec(&Ordered {
            problem: change_rules(&presentity, &order, gateway).await.err(),
        }),
        Request::Adapters => serde_json::to_vec(&supervisor.standings()),
        Request::Adapter { name, order } => serde_json::to_vec(&Ordered {
            problem: supervisor.carry_out(&name, order).await.err(),
        }),
    }
}

/// The rules of a presentity's principal, as text.
fn rules(presentity: &str, gateway: &Gateway) -> Rules {
    let rules = principal(presentity).and_then(|presentity| {
        let rules = gateway.rules_of(&presentity);
        rules.map_err(|failure| failure.to_string())
    });
    match rules {
        Ok(rules) => Rules {
            text: Some(rules.to_string()),
            problem: None,
        },
        Err(problem) => Rules {
            text: None,
            problem: Some(problem),
        },
    }
}

async fn change_rules(
    presentity: &str,
    order: &RulesOrder,
    gateway: &Gateway,
) -> Result<(), String> {
    let presentity = principal(presentity)?;
    let wrong = |error: RulesTextError| error.to_string();
    let change = match order {
        RulesOrder::First(rule) => RulesChange::First(rule.parse().map_err(wrong)?),
        RulesOrder::Without(subject) => RulesChange::Without(subject.parse().map_err(wrong)?),
        RulesOrder::Replaced(rules) => RulesChange::Replaced(rules.parse().map_err(wrong)?),
    };
    let changed = gateway.change_rules(&presentity, change).await;
    changed.map_err(|failure| failure.to_string())
}

/// The presentity of an address with or without its scheme.
fn principal(address: &str) -> Result<Presentity, String> {
    let bare = address.strip_prefix("pres:").unwrap_or(address);
    Presentity::parse(&format!("pres:{bare}")).map_err(|error| format!("`{address}`: {error}"))
}

async fn in_time<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let in_time = tokio::time::timeout(SILENCE, work).await;
    in_time.map_err(|_| io::ErrorKind::TimedOut)?
}

async fn send(message: Message, gateway: &Gateway) -> Reply {
    let Message {
        source,
        destination,
        text,
        subject,
    } = message;
    let inboxes = InstantInbox::parse(&source)
        .map_err(|error| (source, error))
        .and_then(|source| match InstantInbox::parse(&destination) {
            Ok(destination) => Ok((source, destination)),
            Err(error) => Err((destination, error)),
        });
    let (source, destination) = match inboxes {
        Ok(inboxes) => inboxes,
        Err((address, error)) => {
            return Reply::refused("invalid_address", format!("`{address}`: {error}"));
        }
    };
    let id = TransactionId::random(&mut StdRng::from_os_rng());
    let subject = subject.map(|subject| Header::new(ByteString::from_static("Subject"), subject));
    let message =
        InstantMessage::text(text).with_headers(subject.into_iter().collect::<MessageHeaders>());
    let operation = MessageOperation::new(id, source, destination, message);
    match gateway.submit_own(operation).await {
        Ok(response) => Reply::from(&response),
        Err(_) => Reply::refused("internal", "the operation was not answered".into()),
    }
}

#[cfg(test)]
mod tests;
