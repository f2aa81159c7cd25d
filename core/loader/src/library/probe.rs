//! Opens and reads a library in a child first: a constructor that ends the process ends that one, and so does a table that leads nowhere.
#![expect(
    unsafe_code,
    reason = "forks, and runs foreign constructors in the child"
)]

use std::{
    fs::File,
    io::Read,
    os::fd::{AsFd, FromRawFd, OwnedFd, RawFd},
    time::Instant,
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        resource::{Resource, setrlimit},
        signal::{Signal, kill},
        wait::{WaitStatus, waitpid},
    },
    unistd::{ForkResult, Pid, dup2_stderr, dup2_stdin, dup2_stdout, fork, pipe},
};

use super::{LIMIT, Source};
use crate::LoadError;

/// How much of its last words is shown.
const SHOWN: usize = 300;

/// Opens the library in a child of this process and says how that ended, if not well.
pub(super) fn open_in_child(source: &Source<'_>) -> Result<(), LoadError> {
    let crashes = |how: String| {
        Err(LoadError::Crashes {
            path: source.path.to_owned(),
            how,
        })
    };
    let Ok((ours, theirs)) = pipe() else {
        tracing::warn!("no pipe for a trial in a child: the library is opened without");
        return Ok(());
    };
    // SAFETY: the child calls only what glibc keeps usable after a fork of a process with threads: `dlopen`, `malloc` and
    // system calls; locks of ours that reading a library takes are held by this thread alone. It never returns from here.
    let child = match unsafe { fork() } {
        Ok(ForkResult::Parent { child }) => child,
        Ok(ForkResult::Child) => try_to_open(source, &theirs),
        Err(error) => {
            tracing::warn!(%error, "no child for a trial: the library is opened without");
            return Ok(());
        }
    };
    drop(theirs);
    let words = last_words(ours, child);
    // The child has ended, or is being killed: this waits for nothing else.
    let how = match waitpid(child, None) {
        // An error is found again, with its words, by this process.
        Ok(WaitStatus::Exited(_, 0)) => return Ok(()),
        Ok(WaitStatus::Exited(_, code)) => {
            format!("its constructor ends the process with code {code}")
        }
        Ok(WaitStatus::Signaled(_, Signal::SIGKILL, _)) => format!("not done after {LIMIT:?}"),
        Ok(WaitStatus::Signaled(_, signal, _)) => format!("the process dies of {signal}"),
        Ok(_) | Err(_) => "the trial process is lost".to_owned(),
    };
    match words.as_str() {
        "" => crashes(how),
        words => crashes(format!("{how}: {words}")),
    }
}

/// The child: opens the library, reads what it exports, and exits.
fn try_to_open(source: &Source<'_>, stderr: &OwnedFd) -> ! {
    let quiet = || -> nix::Result<()> {
        let null = File::open("/dev/null").map_err(|_| nix::Error::EIO)?;
        dup2_stdin(&null)?;
        dup2_stdout(&null)?;
        dup2_stderr(stderr)?;
        setrlimit(Resource::RLIMIT_CORE, 0, 0)
    };
    if quiet().is_ok() {
        std::mem::forget(super::load(source));
    }
    // SAFETY: ends the child without the destructors and handlers of its parent.
    unsafe { nix::libc::_exit(0) }
}

/// What the child writes until it ends; it is killed when that takes too long.
///
/// Its end is seen by itself, not by that of its writing: a constructor may close what it writes to, or leave it to a child of
/// its own.
fn last_words(from: OwnedFd, child: Pid) -> String {
    let mut words = Words::default();
    let mut from = Some(File::from(from));
    let end = pidfd(child);
    if end.is_none() {
        tracing::warn!(
            "no descriptor for a process: a constructor that hangs in silence is waited for"
        );
    }
    let begun = now();
    loop {
        let left = LIMIT.saturating_sub(now().duration_since(begun));
        if left.is_zero() {
            kill(child, Signal::SIGKILL).unwrap_or_default();
            break;
        }
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
        let descriptors = [
            end.as_ref().map(AsFd::as_fd),
            from.as_ref().map(AsFd::as_fd),
        ];
        let mut fds: Vec<_> = descriptors
            .into_iter()
            .flatten()
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
            .collect();
        if fds.is_empty() {
            break;
        }
        match poll(&mut fds, left) {
            Ok(0) | Err(nix::Error::EINTR) => continue,
            Ok(_) => {}
            Err(_) => break,
        }
        let has_ended = end.is_some() && fds.first().is_some_and(|fd| fd.any().unwrap_or(true));
        let speaks = from.is_some() && fds.last().is_some_and(|fd| fd.any().unwrap_or(true));
        drop(fds);
        if speaks && !from.as_mut().is_some_and(|from| words.hear(from)) {
            from = None;
        } else if has_ended && !speaks {
            break;
        }
    }
    words.shown()
}

#[expect(clippy::disallowed_methods, reason = "a constructor is foreign code")]
fn now() -> Instant {
    Instant::now()
}

/// Becomes readable when the process ends.
fn pidfd(process: Pid) -> Option<OwnedFd> {
    // SAFETY: a system call without pointers.
    let fd = unsafe { nix::libc::syscall(nix::libc::SYS_pidfd_open, process.as_raw(), 0) };
    let fd = RawFd::try_from(fd).ok().filter(|fd| *fd >= 0)?;
    // SAFETY: the system call's own, and nobody else's.
    Some(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The beginning of what the child writes.
#[derive(Default)]
struct Words(Vec<u8>);

impl Words {
    /// How much is kept.
    const MAX: usize = 1 << 14;

    /// Takes what is there. False: there will be nothing more.
    fn hear(&mut self, from: &mut File) -> bool {
        let mut chunk = [0; 1024];
        let Ok(len @ 1..) = from.read(&mut chunk) else {
            return false;
        };
        let fits = len.min(Self::MAX - self.0.len());
        self.0
            .extend_from_slice(chunk.get(..fits).unwrap_or_default());
        true
    }

    /// In one line.
    fn shown(&self) -> String {
        let words = String::from_utf8_lossy(&self.0);
        let lines: Vec<_> = words
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        lines.join(" ").chars().take(SHOWN).collect()
    }
}
