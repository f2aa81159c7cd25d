//! An adapter's process: how it is started, watched and ended.
#![expect(unsafe_code, reason = "prepares a process between fork and exec")]

use std::{
    fmt,
    fs::{self, File},
    io,
    os::{
        fd::{AsRawFd, OwnedFd, RawFd},
        unix::process::{CommandExt, ExitStatusExt},
    },
    path::PathBuf,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    libc,
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

/// Where the child finds its socket: not among the standard three, which a plugin may read or write.
pub(super) const SOCKET: RawFd = 3;
/// Where it finds its library, behind the socket.
pub(super) const LIBRARY: RawFd = SOCKET + 1;

/// A program that becomes an adapter's process: one that calls [`run`](crate::child::run).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<String>,
}

impl Program {
    /// This process's own program, whatever has become of its file, with these arguments.
    pub fn own<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            path: "/proc/self/exe".into(),
            arguments: arguments.into_iter().map(str::to_owned).collect(),
        }
    }

    /// Starts the process in a group of its own, with an empty environment and two descriptors beside the standard three.
    ///
    /// It is killed when the thread that calls this ends.
    pub(super) fn start(
        &self,
        name: &str,
        socket: &OwnedFd,
        library: &File,
    ) -> io::Result<Process> {
        let mut command = Command::new(&self.path);
        command
            .arg0(format!("rialto-{name}"))
            .args(&self.arguments)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0);
        let (socket, library) = (socket.as_raw_fd(), library.as_raw_fd());
        // SAFETY: makes system calls only, which are allowed after a fork; both are open until `spawn` has returned.
        unsafe { command.pre_exec(move || hand_over(socket, library)) };
        command.spawn().map(Process)
    }
}

/// Puts both in their places, and has all other descriptors closed as the program begins.
fn hand_over(socket: RawFd, library: RawFd) -> io::Result<()> {
    const FIRST: RawFd = LIBRARY + 1;
    // SAFETY: system calls without pointers. What `dup2` makes is not closed then.
    let done = unsafe {
        // Out of the way first: each may stand where the other belongs.
        let socket = libc::fcntl(socket, libc::F_DUPFD, FIRST);
        let library = libc::fcntl(library, libc::F_DUPFD, FIRST);
        let placed = libc::dup2(socket, SOCKET) >= 0 && libc::dup2(library, LIBRARY) >= 0;
        // What the standard library waits for the beginning with is closed by it as well.
        let flags = libc::CLOSE_RANGE_CLOEXEC.cast_signed();
        let others = libc::syscall(libc::SYS_close_range, FIRST.unsigned_abs(), u32::MAX, flags);
        placed && others == 0
    };
    if done {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// A process that runs; killed when dropped.
#[derive(Debug)]
pub(super) struct Process(Child);

impl Process {
    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(super) fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.0.stderr.take()
    }

    /// Bytes that it holds in memory now.
    pub(super) fn resident(&self) -> Option<u64> {
        const PAGE: u64 = 4096;
        let statm = fs::read_to_string(format!("/proc/{}/statm", self.id())).ok()?;
        let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
        Some(pages * PAGE)
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }

    /// Ends it, with all in its group, and says how it ended.
    pub(super) fn kill(&mut self) -> Option<ExitStatus> {
        // Not reaped before `wait`, so the number is still its own.
        let group = Pid::from_raw(self.id().cast_signed());
        killpg(group, Signal::SIGKILL).unwrap_or_default();
        self.0.wait().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How an adapter's process came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It exited, with this code.
    Exited(i32),
    /// A signal ended it.
    Signalled(i32),
    /// It did not answer for so long, and was killed.
    Hung(Duration),
    /// It held so many bytes, which is more than it may, and was killed.
    Memory { held: u64, limit: u64 },
    /// It wrote what makes no sense, and was killed.
    Broke(String),
    /// It did not come as far as it had to.
    Start(String),
}

impl Ending {
    pub(super) fn of(status: Option<ExitStatus>) -> Self {
        match status.map(|status| (status.code(), status.signal())) {
            Some((Some(code), _)) => Self::Exited(code),
            Some((None, Some(signal))) => Self::Signalled(signal),
            _ => Self::Start("the process is lost".to_owned()),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "its process exits with code {code}"),
            Self::Signalled(signal) => write!(f, "its process dies of {}", signal_name(*signal)),
            Self::Hung(limit) => write!(f, "its process does nothing for {limit:?}"),
            Self::Memory { held, limit } => {
                let (held, limit) = (held >> 20, limit >> 20);
                write!(
                    f,
                    "its process holds {held} MiB, of {limit} MiB that it may"
                )
            }
            Self::Broke(what) => write!(f, "its process makes no sense: {what}"),
            Self::Start(why) => f.write_str(why),
        }
    }
}

pub(super) fn signal_name(number: i32) -> String {
    Signal::try_from(number).map_or_else(|_| format!("signal {number}"), |name| name.to_string())
}
