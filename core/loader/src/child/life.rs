//! One process, from its start to its end.

use std::{
    fs::File,
    io,
    os::{fd::OwnedFd, unix::ffi::OsStrExt, unix::net::UnixStream},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rialto_model::{Failure, FailureReason, Origin, ResponseStatus};

use super::{
    MARK, START,
    frame::{self, Frame, FrameError, Kind},
    inbox::Inbox,
    link::Link,
    operations::{Lists, read_answer},
    outbox::{NotTaken, Outbox},
    plan::{Account, Plan},
    process::{Ending, Process, signal_name},
    pulse::Pulse,
    words::{Ears, Words},
};
use crate::{LoadError, library::LIMIT};

/// How often a process is asked whether it is there, and looked at.
const LOOK: Duration = Duration::from_secs(1);
/// What a child has, beyond a limit that it keeps itself, to say so.
const GRACE: Duration = Duration::from_millis(500);
/// How long a process that closed its socket has to end.
const END: Duration = Duration::from_millis(500);
/// How long a released process has to leave.
const LEAVE: Duration = Duration::from_secs(2);

/// A process that has opened its plugin.
#[derive(Debug)]
pub(super) struct Life {
    process: Process,
    words: Words,
    inbox: Inbox<UnixStream>,
    socket: UnixStream,
    pub(super) outbox: Arc<Outbox>,
    ears: Ears,
}

/// What is heard of a process that has been told to start.
pub(super) trait Listener {
    /// How the start ended.
    fn started(&mut self, status: ResponseStatus);
    /// Until when it may take to start; `None`: it has started.
    fn starts_until(&self) -> Option<Instant>;
    /// Since when it is no longer wanted.
    fn released_since(&self) -> Option<Instant>;
}

impl Life {
    /// Starts a process and has it open the plugin and check the configuration.
    pub(super) fn begin(plan: &Plan) -> Result<(Self, Account), LoadError> {
        let cannot = |error: io::Error| plan.failed(format!("cannot be started: {error}"));
        let mut life = Self::start(plan, plan.library.file()?).map_err(cannot)?;
        let account = life
            .hear_account(plan)
            .map_err(|end| life.refusal(plan, end))?;
        Ok((life, account))
    }

    fn start(plan: &Plan, library: &File) -> io::Result<Self> {
        let (socket, theirs) = UnixStream::pair()?;
        let theirs = OwnedFd::from(theirs);
        let mut process = plan.isolation.program.start(&plan.name, &theirs, library)?;
        drop(theirs);
        let ears = Ears::default();
        let stderr = process
            .take_stderr()
            .ok_or_else(|| io::Error::other("no pipe"))?;
        let words = Words::hear(stderr, Arc::clone(&ears))?;
        let outbox = Outbox::start(socket.try_clone()?, format!("to-{}", plan.name))?;
        let life = Self {
            inbox: Inbox::new(socket.try_clone()?),
            process,
            words,
            socket,
            outbox,
            ears,
        };
        match life.declare(plan) {
            Ok(()) => Ok(life),
            Err(_) => Err(io::Error::other("the configuration is too long")),
        }
    }

    /// Says what the process is for.
    fn declare(&self, plan: &Plan) -> Result<(), NotTaken> {
        let readable = &plan.isolation.readable;
        self.outbox.put(0, |out| {
            frame::put(out, Kind::Declare, 0, |frame| {
                frame
                    .number(MARK)
                    .number(std::process::id().into())
                    .number(plan.isolation.memory)
                    .text(&plan.name)
                    .bytes(plan.library.path().as_os_str().as_bytes())
                    .text(&plan.config)
                    .number(readable.len() as u64);
                for path in readable {
                    frame.bytes(path.as_os_str().as_bytes());
                }
            })
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Names whom its standard error is for.
    pub(super) fn listen_for(&self, link: &Link) {
        self.ears.get_or_init(|| link.side());
    }

    fn hear_account(&mut self, plan: &Plan) -> Result<Account, End> {
        let id = self.process.id();
        let mut frame = self.expect(Stage::Begins, LIMIT)?;
        if frame.kind == Kind::Hello {
            if frame.number()? != MARK || frame.number()? != u64::from(id) {
                return Err(FrameError::Stranger.into());
            }
            frame = self.expect(Stage::Opens, LIMIT)?;
        }
        if frame.kind == Kind::Refused {
            return Err(End::Refused(plan.read_refused(&mut frame)?));
        }
        let opened = plan.read_opened(&mut frame)?;
        let manifest = opened.manifest.map_err(|problem| {
            End::Refused(LoadError::Manifest {
                path: plan.library.path().to_owned(),
                problem,
            })
        })?;
        plan.warn_of(&opened.missing);
        let mut frame = self.expect(Stage::Checks, LIMIT + GRACE)?;
        if frame.kind == Kind::Refused {
            return Err(End::Refused(plan.read_refused(&mut frame)?));
        }
        let claims = plan.read_claims(&mut frame)?.map_err(End::Refused)?;
        Ok(Account { manifest, claims })
    }

    /// The next frame, waited for.
    fn expect(&mut self, stage: Stage, limit: Duration) -> Result<Frame<'_>, End> {
        let until = now() + limit;
        while !self.inbox.is_ready()? {
            let left = until.saturating_duration_since(now());
            if left.is_zero() {
                return Err(End::TimedOut(stage, limit));
            }
            // Fails only for a time of zero.
            self.socket.set_read_timeout(Some(left)).unwrap_or_default();
            match self.inbox.fill() {
                Ok(0) => return Err(End::Ended(stage)),
                Ok(_) => {}
                Err(error) if is_pause(&error) => {}
                Err(_) => return Err(End::Ended(stage)),
            }
        }
        self.inbox.next()?.ok_or(End::Ended(stage))
    }

    fn refusal(&mut self, plan: &Plan, end: End) -> LoadError {
        let (stage, ending) = match end {
            End::Refused(error) => return error,
            End::Frame(error) => return plan.failed(Ending::Broke(error.to_string()).to_string()),
            End::TimedOut(Stage::Opens, limit) => {
                return plan.crashes(format!("not done after {limit:?}"));
            }
            End::TimedOut(Stage::Begins, limit) => {
                return plan.failed(format!("has not begun after {limit:?}"));
            }
            End::TimedOut(Stage::Checks, limit) => {
                return LoadError::ConfigurationTimedOut {
                    adapter: Arc::clone(&plan.name),
                    limit,
                };
            }
            End::Ended(stage) => (stage, self.ending()),
        };
        match (stage, ending) {
            (Stage::Opens, Ending::Exited(code)) => plan.crashes(
                self.with_last_words(format!("its constructor ends the process with code {code}")),
            ),
            (Stage::Opens, Ending::Signalled(signal)) => plan.crashes(
                self.with_last_words(format!("the process dies of {}", signal_name(signal))),
            ),
            (Stage::Checks, ending) => {
                let problem = format!("{ending} as it checks the configuration");
                plan.failed(self.with_last_words(problem))
            }
            (_, ending) => plan.failed(self.with_last_words(ending.to_string())),
        }
    }

    /// Hears what the process says until it ends, and how it ends.
    pub(super) fn serve(
        &mut self,
        plan: &Plan,
        link: &Arc<Link>,
        listener: &mut impl Listener,
    ) -> Ending {
        let look = LOOK.min(plan.isolation.silence / 2);
        // Fails only for a time of zero.
        self.socket.set_read_timeout(Some(look)).unwrap_or_default();
        let (mut pulse, mut lists) = (Pulse::new(now()), Lists::default());
        loop {
            match self.inbox.fill() {
                Ok(0) => return self.ending(),
                Ok(_) => {}
                Err(error) if is_pause(&error) => {}
                Err(_) => return self.ending(),
            }
            let begun = now();
            if let Err(error) = self.hear_all(link, listener, &mut pulse, &mut lists) {
                self.process.kill();
                return Ending::Broke(error.to_string());
            }
            let ended = now();
            pulse.was_not_heard(ended - begun);
            if let Some(ending) = self.look(plan, link, listener, &mut pulse, ended, look) {
                self.process.kill();
                return ending;
            }
        }
    }

    fn hear_all(
        &mut self,
        link: &Arc<Link>,
        listener: &mut impl Listener,
        pulse: &mut Pulse,
        lists: &mut Lists,
    ) -> Result<(), FrameError> {
        while let Some(mut frame) = self.inbox.next()? {
            match frame.kind {
                Kind::Pong => pulse.heard(),
                Kind::Answer if frame.ticket == START => {
                    listener.started(read_answer(&mut frame)?.status);
                }
                _ => {
                    // A panic of the gateway's must not end an adapter.
                    let heard = catch_unwind(AssertUnwindSafe(|| link.hear(frame, lists)));
                    heard.unwrap_or_else(|payload| {
                        std::mem::forget(payload); // its drop may panic as well
                        tracing::error!("the gateway panicked as it heard of an adapter");
                        Ok(())
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Whether it has to be ended.
    fn look(
        &self,
        plan: &Plan,
        link: &Link,
        listener: &impl Listener,
        pulse: &mut Pulse,
        now: Instant,
        every: Duration,
    ) -> Option<Ending> {
        if let Some(since) = listener.released_since() {
            let is_late = now.saturating_duration_since(since) > LEAVE;
            return is_late.then_some(Ending::Hung(LEAVE));
        }
        if pulse.silence(now) > plan.isolation.silence {
            return Some(Ending::Hung(plan.isolation.silence));
        }
        if listener.starts_until().is_some_and(|until| until < now) {
            return Some(Ending::Start("its plugin is not ready in time".to_owned()));
        }
        if !pulse.is_due(now, every) {
            return None;
        }
        if pulse.ask(now) {
            link.say(Kind::Ping, 0, |_| {});
        }
        let (held, limit) = (self.process.resident()?, plan.isolation.memory);
        (held > limit).then_some(Ending::Memory { held, limit })
    }

    /// How a process ends that does not speak any more.
    fn ending(&mut self) -> Ending {
        let until = now() + END;
        while now() < until {
            if let Some(status) = self.process.ended() {
                return Ending::of(Some(status));
            }
            thread::park_timeout(Duration::from_millis(1));
        }
        Ending::of(self.process.kill())
    }

    /// What is said of its end, with its own words.
    pub(super) fn with_last_words(&self, how: String) -> String {
        match self.words.last().as_str() {
            "" => how,
            words => format!("{how}: {words}"),
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.outbox.close();
    }
}

/// Where a process is on its way to being started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Begins,
    Opens,
    Checks,
}

/// Why a process has not opened its plugin.
enum End {
    Refused(LoadError),
    Frame(FrameError),
    TimedOut(Stage, Duration),
    Ended(Stage),
}

impl From<FrameError> for End {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}

/// A failure to start that is the process's own.
pub(super) fn start_failure(why: String) -> Failure {
    Failure::new(FailureReason::Internal)
        .with_origin(Origin::Plugin)
        .with_detail(why)
}

/// Whether reading goes on after this.
fn is_pause(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

#[expect(
    clippy::disallowed_methods,
    reason = "here the clock comes in: a process is foreign code"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}
