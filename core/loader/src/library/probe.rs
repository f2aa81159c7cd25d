//! Opens a library in a child first: a constructor that ends the process ends that one.
#![expect(
    unsafe_code,
    reason = "forks, and runs foreign constructors in the child"
)]

use std::{
    fs::File,
    io::Read,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    path::Path,
    time::Duration,
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

use crate::LoadError;

/// How long a library's constructors may take.
const LIMIT: Duration = Duration::from_secs(10);
/// How much of its last words is shown.
const SHOWN: usize = 300;

/// Opens the library in a child of this process and says how that ended, if not well.
pub(super) fn open_in_child(path: &Path) -> Result<(), LoadError> {
    let crashes = |how: String| {
        Err(LoadError::Crashes {
            path: path.to_owned(),
            how,
        })
    };
    let Ok((ours, theirs)) = pipe() else {
        tracing::warn!("no pipe for a trial in a child: the library is opened without");
        return Ok(());
    };
    // SAFETY: the child calls only what glibc keeps usable after a fork of a process with threads: `dlopen`, `malloc` and
    // system calls; it never returns from here.
    let child = match unsafe { fork() } {
        Ok(ForkResult::Parent { child }) => child,
        Ok(ForkResult::Child) => try_to_open(path, &theirs),
        Err(error) => {
            tracing::warn!(%error, "no child for a trial: the library is opened without");
            return Ok(());
        }
    };
    drop(theirs);
    let words = last_words(ours, child);
    let how = match waitpid(child, None) {
        // An error of `dlopen` is found again, with its words, by this process.
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

/// The child: opens the library and exits.
fn try_to_open(path: &Path, stderr: &OwnedFd) -> ! {
    let quiet = || -> nix::Result<()> {
        let null = File::open("/dev/null").map_err(|_| nix::Error::EIO)?;
        dup2_stdin(&null)?;
        dup2_stdout(&null)?;
        dup2_stderr(stderr)?;
        setrlimit(Resource::RLIMIT_CORE, 0, 0)
    };
    if quiet().is_ok() {
        // SAFETY: runs the library's constructors, which is what this child is for.
        std::mem::forget(unsafe { libloading::Library::new(path) });
    }
    // SAFETY: ends the child without the destructors and handlers of its parent.
    unsafe { nix::libc::_exit(0) }
}

/// What the child writes until it ends; it is killed when that takes too long.
fn last_words(from: OwnedFd, child: Pid) -> String {
    let mut words = Vec::new();
    let mut file = File::from(from);
    let timeout = PollTimeout::try_from(LIMIT).unwrap_or(PollTimeout::NONE);
    loop {
        let mut fds = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
        let mut chunk = [0; 1024];
        match poll(&mut fds, timeout) {
            Ok(0) => {
                tracing::warn!(fd = file.as_raw_fd(), "a library's constructor hangs");
                kill(child, Signal::SIGKILL).unwrap_or_default();
                break;
            }
            Ok(_) => match file.read(&mut chunk) {
                Ok(0) | Err(_) => break,
                Ok(len) => words.extend_from_slice(chunk.get(..len).unwrap_or_default()),
            },
            Err(nix::Error::EINTR) => {}
            Err(_) => break,
        }
        if words.len() > 1 << 16 {
            break;
        }
    }
    let words = String::from_utf8_lossy(&words);
    let lines: Vec<_> = words
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(" ").chars().take(SHOWN).collect()
}
