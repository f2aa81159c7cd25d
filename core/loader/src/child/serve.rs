//! The child: one adapter, run for the gateway that started this process.
//!
//! One thread reads, and calls the plugin as the gateway's threads would; whoever answers writes.
#![expect(
    unsafe_code,
    reason = "takes over the descriptor that the gateway placed"
)]

use std::{
    fs::File,
    io,
    os::{
        fd::{FromRawFd, OwnedFd},
        unix::net::UnixStream,
    },
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    thread,
    time::{Duration, Instant},
};

use nix::{
    libc,
    sys::socket::{AddressFamily, SockaddrLike, SockaddrStorage, getsockname},
    unistd::Pid,
};
use rialto_abi as abi;
use rialto_model::{Failure, FailureReason, Origin, ResponseStatus};
use tokio::runtime::{Builder, Runtime};

use super::{
    MARK, MAX_READABLE, START,
    frame::{self, Frame, FrameError, Kind},
    inbox::Inbox,
    operations::{LentOperation, Lists, read_answer},
    outbox::Outbox,
    process::{LIBRARY, SOCKET},
    refusals, sandbox,
    upstream::Upstream,
};
use crate::{Adapter, AdapterId, ClaimTable, Library, LoadError, Loaded, StopError, log};

/// Answers are written at the latest after this time, so that a slow call does not hold those of others.
const BATCH: Duration = Duration::from_micros(200);
/// How long what a released plugin has left behind may still speak.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Runs one adapter for the gateway that started this process; returns when that has no use for it any more.
///
/// For programs that [`Program`](super::Program) names, before they do anything else: this process gives up most of what it may do.
pub fn run() -> Result<(), String> {
    let (socket, library) =
        placed().ok_or("this is for the gateway to start, and not for people")?;
    let child = Child::declared(socket, library).and_then(Child::serve);
    child.map_err(|error| error.to_string())
}

/// The socket and the library that the gateway placed; `None`: it did not.
fn placed() -> Option<(UnixStream, File)> {
    let address: SockaddrStorage = getsockname(SOCKET).ok()?;
    // SAFETY: a system call without pointers.
    let has_library = unsafe { libc::fcntl(LIBRARY, libc::F_GETFD) } >= 0;
    if address.family() != Some(AddressFamily::Unix) || !has_library {
        return None;
    }
    // SAFETY: both are open, as was just seen, and nobody else's: this process has only begun.
    let (socket, library) =
        unsafe { (OwnedFd::from_raw_fd(SOCKET), OwnedFd::from_raw_fd(LIBRARY)) };
    Some((socket.into(), library.into()))
}

/// This process, once it knows what it is for.
struct Child {
    inbox: Inbox<UnixStream>,
    upstream: Arc<Upstream>,
    loaded: Option<Loaded>,
    adapter: Arc<OnceLock<Adapter>>,
    lists: Lists,
}

impl Child {
    /// Hears what it is for, gives up what it does not need for that, and opens the plugin.
    fn declared(socket: UnixStream, library: File) -> io::Result<Self> {
        let mut inbox = Inbox::new(socket.try_clone()?);
        let declaration = Declaration::read(wait(&mut inbox)?).map_err(io::Error::other)?;
        // Before any other thread begins.
        let folder = declaration.library.parent().map(Path::to_owned);
        let readable = folder.iter().chain(&declaration.readable);
        let sandboxed = sandbox::enter(readable, declaration.gateway, declaration.memory);
        let outbox = Outbox::start(socket, "rialto-answers".to_owned())?;
        let hello = |out: &mut Vec<u8>| {
            frame::put(out, Kind::Hello, 0, |frame| {
                frame.number(MARK).number(std::process::id().into());
            })
        };
        outbox.put(0, hello).map_err(|_| gone())?;
        let loaded = sandboxed
            .map_err(|problem| declaration.cannot(problem))
            .and_then(|missing| declaration.load(&library, &outbox, &missing));
        drop(library);
        let said = match &loaded {
            Ok(loaded) => outbox.put(0, |out| refusals::put_claims(out, loaded.claims())),
            Err(error) => outbox.put(0, |out| refusals::put_refused(out, error)),
        };
        said.map_err(|_| gone())?;
        Ok(Self {
            inbox,
            upstream: Upstream::new(outbox),
            loaded: loaded.ok(),
            adapter: Arc::default(),
            lists: Lists::default(),
        })
    }

    /// Does what the gateway says, until it says that this is over or is gone itself.
    fn serve(mut self) -> io::Result<()> {
        loop {
            if self.inbox.fill()? == 0 || self.serve_batch().map_err(io::Error::other)? {
                break;
            }
        }
        let Self {
            adapter, upstream, ..
        } = self;
        drop(adapter);
        thread::park_timeout(LAST_WORDS);
        upstream.outbox().finish();
        Ok(())
    }

    /// True: it is over.
    fn serve_batch(&mut self) -> Result<bool, FrameError> {
        let upstream = Arc::clone(&self.upstream);
        let outbox = upstream.outbox();
        let mut holds = outbox.hold();
        let mut since = now();
        let mut is_over = false;
        while let Some(frame) = self.inbox.next()? {
            if frame.kind == Kind::Release {
                is_over = true;
                break;
            }
            let serving = Serving {
                upstream: &self.upstream,
                loaded: &mut self.loaded,
                adapter: &self.adapter,
                lists: &mut self.lists,
            };
            serving.serve(frame)?;
            if holds && since.elapsed() > BATCH {
                outbox.flush();
                holds = outbox.hold();
                since = now();
            }
        }
        if holds {
            outbox.flush();
        }
        Ok(is_over)
    }
}

/// What one frame is served with.
struct Serving<'a> {
    upstream: &'a Arc<Upstream>,
    loaded: &'a mut Option<Loaded>,
    adapter: &'a Arc<OnceLock<Adapter>>,
    lists: &'a mut Lists,
}

impl Serving<'_> {
    fn serve(self, mut frame: Frame<'_>) -> Result<(), FrameError> {
        let ticket = frame.ticket;
        match (frame.kind, self.adapter.get()) {
            (Kind::Deliver, Some(adapter)) => {
                let operation = LentOperation::read(&mut frame, self.lists)?;
                if let Some(waiting) = adapter.lend(&operation, ticket) {
                    self.upstream.note_delivery(ticket, waiting);
                }
            }
            (Kind::Answer, _) => self.upstream.answered(ticket, &read_answer(&mut frame)?),
            (Kind::Cancel, Some(adapter)) => {
                if let Some(waiting) = self.upstream.take_delivery(ticket) {
                    adapter.cancel(waiting);
                }
            }
            (Kind::Ping, _) => self.upstream.pong(),
            (Kind::Level, Some(adapter)) => adapter.set_level(log::level(frame.code()?)),
            (Kind::Start, None) => {
                let (level, limit) = (log::level(frame.code()?), frame.number()?);
                let is_beside = frame.number()? & abi::START_BESIDE != 0;
                if is_beside {
                    *self.loaded = self.loaded.take().map(Loaded::beside);
                }
                self.start(level, Duration::from_millis(limit));
            }
            (Kind::MakeWay, Some(adapter)) => {
                let (adapter, limit) = (adapter.clone(), Duration::from_millis(frame.number()?));
                end("make-way", self.upstream, ticket, async move {
                    adapter.make_way(limit).await.map_err(Some)
                });
            }
            (Kind::Stop, Some(adapter)) => {
                let (adapter, limit) = (adapter.clone(), Duration::from_millis(frame.number()?));
                end("stop", self.upstream, ticket, async move {
                    let stopped = adapter.stop(limit).await;
                    stopped.map_err(|error| match error {
                        StopError::Failed { failure, .. } => Some(failure),
                        // The gateway sees that by itself.
                        StopError::TimedOut { .. } => None,
                    })
                });
            }
            // Of what has not started, or has been told to leave.
            (Kind::Cancel | Kind::Level | Kind::MakeWay | Kind::Stop | Kind::Deliver, None) => {}
            (unexpected, _) => return Err(FrameError::Unexpected(unexpected)),
        }
        Ok(())
    }

    /// On a thread of its own: this one has to hear the gateway.
    fn start(self, level: tracing::Level, limit: Duration) {
        let Some(loaded) = self.loaded.take() else {
            return;
        };
        let (upstream, adapter) = (Arc::clone(self.upstream), Arc::clone(self.adapter));
        spawn("start", self.upstream, START, move || {
            let gateway = Arc::clone(&upstream);
            let starting = loaded.start(AdapterId::new(0), gateway, level, limit);
            match runtime()?.block_on(starting) {
                Ok(started) => {
                    adapter.get_or_init(|| started);
                    Ok(Some(ResponseStatus::Success))
                }
                Err(error) => Ok(start_failure(error)),
            }
        });
    }
}

/// What the gateway is told of a start that failed; it sees by itself that one takes too long.
fn start_failure(error: LoadError) -> Option<ResponseStatus> {
    match error {
        LoadError::Start { failure, .. } => Some(failure.into()),
        LoadError::Configuration { problem, .. } => Some(
            Failure::new(FailureReason::Internal)
                .with_origin(Origin::Operator)
                .with_detail(problem)
                .into(),
        ),
        LoadError::StartTimedOut { .. } => None,
        other => Some(
            Failure::new(FailureReason::Internal)
                .with_detail(other.to_string())
                .into(),
        ),
    }
}

/// On a thread of its own, as [`Serving::start`]; a failure without a word is not answered.
fn end(
    name: &str,
    upstream: &Arc<Upstream>,
    ticket: u64,
    ending: impl Future<Output = Result<(), Option<Failure>>> + Send + 'static,
) {
    spawn(name, upstream, ticket, move || {
        Ok(match runtime()?.block_on(ending) {
            Ok(()) => Some(ResponseStatus::Success),
            Err(failure) => failure.map(ResponseStatus::from),
        })
    });
}

/// Runs a call on a thread of its own, and answers it with what comes of it.
fn spawn(
    name: &str,
    upstream: &Arc<Upstream>,
    ticket: u64,
    call: impl FnOnce() -> io::Result<Option<ResponseStatus>> + Send + 'static,
) {
    let answering = Arc::clone(upstream);
    let fault = |error: &io::Error| {
        let failure = Failure::new(FailureReason::Internal).with_origin(Origin::Host);
        ResponseStatus::from(failure.with_detail(format!("its process has no thread: {error}")))
    };
    let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
        let status = call().unwrap_or_else(|error| Some(fault(&error)));
        if let Some(status) = status {
            answering.answer(ticket, &status.into());
        }
    });
    if let Err(error) = thread {
        upstream.answer(ticket, &fault(&error).into());
    }
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_time().build()
}

/// What the gateway has this process for.
struct Declaration {
    gateway: Pid,
    memory: u64,
    name: Arc<str>,
    library: PathBuf,
    config: String,
    readable: Vec<PathBuf>,
}

impl Declaration {
    fn read(mut frame: Frame<'_>) -> Result<Self, FrameError> {
        if frame.kind != Kind::Declare || frame.number()? != MARK {
            return Err(FrameError::Stranger);
        }
        let gateway = i32::try_from(frame.number()?).map_err(|_| FrameError::Stranger)?;
        Ok(Self {
            gateway: Pid::from_raw(gateway),
            memory: frame.number()?,
            name: frame.text()?.into(),
            library: super::path_of(frame.bytes()?),
            config: frame.text()?.to_owned(),
            readable: (0..frame.count(MAX_READABLE)?)
                .map(|_| frame.bytes().map(super::path_of))
                .collect::<Result<_, _>>()?,
        })
    }

    fn load(
        &self,
        library: &File,
        outbox: &Outbox,
        missing: &[String],
    ) -> Result<Loaded, LoadError> {
        let library = Library::open_held(&self.library, library)?;
        outbox
            .put(0, |out| refusals::put_opened(out, &library, missing))
            .map_err(|_| self.cannot("its gateway is gone".to_owned()))?;
        Loaded::here(
            Arc::clone(&self.name),
            library,
            self.config.clone(),
            &ClaimTable::new(),
        )
    }

    fn cannot(&self, problem: String) -> LoadError {
        LoadError::Process {
            adapter: Arc::clone(&self.name),
            problem,
        }
    }
}

/// The next frame, waited for.
fn wait(inbox: &mut Inbox<UnixStream>) -> io::Result<Frame<'_>> {
    while !inbox.is_ready().map_err(io::Error::other)? {
        if inbox.fill()? == 0 {
            return Err(gone());
        }
    }
    inbox.next().map_err(io::Error::other)?.ok_or_else(gone)
}

fn gone() -> io::Error {
    io::Error::other("the gateway is gone")
}

#[expect(
    clippy::disallowed_methods,
    reason = "says when to write, and decides nothing"
)]
fn now() -> Instant {
    Instant::now()
}
