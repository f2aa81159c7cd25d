//! A child process: a group of its own, output followed, waits with deadlines, killed on drop.

use std::{
    io::Write,
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use nix::{
    sys::{
        signal::{Signal, killpg},
        wait::{Id, WaitPidFlag, WaitStatus, waitid},
    },
    unistd::Pid,
};

use crate::transcript::{Silence, Transcript};

/// How long the rig waits for anything; far more than any peer needs on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(45);

const TURN: Duration = Duration::from_millis(10);
const TAIL_LINES: usize = 40;

/// A running program; all of its process group is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Arc<Transcript>,
    stderr: Arc<Transcript>,
    exit: Arc<Exit>,
}

/// A command that the kernel kills when the thread that started it ends, even by a signal.
///
/// Without it a test that is killed for its time would leave its peers behind.
pub fn tethered(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", program]);
    command
}

impl Process {
    /// Starts the command under a name for messages.
    ///
    /// # Panics
    /// When there is no such program.
    pub fn spawn(name: &str, mut command: Command) -> Self {
        let mut child = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        let exit = Arc::new(Exit::default());
        let (pid, seen) = (pid_of(&child), Arc::clone(&exit));
        thread::spawn(move || seen.watch(pid));
        Self {
            name: name.to_owned(),
            stdin: child.stdin.take(),
            stdout: child
                .stdout
                .take()
                .map_or_else(Arc::default, Transcript::follow),
            stderr: child
                .stderr
                .take()
                .map_or_else(Arc::default, Transcript::follow),
            child,
            exit,
        }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes to the process's standard input.
    ///
    /// # Panics
    /// When the process no longer reads.
    pub fn write(&mut self, bytes: &[u8]) {
        let written = self.stdin.as_mut().map(|stdin| stdin.write_all(bytes));
        if !matches!(written, Some(Ok(()))) {
            self.fail("it does not read its standard input");
        }
    }

    /// Waits until `find` answers something about the standard output.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn await_stdout<T>(&self, what: &str, find: impl FnMut(&[u8]) -> Option<T>) -> T {
        let found = self.stdout.wait_for(PATIENCE, find);
        found.unwrap_or_else(|silence| self.fail_silent(what, silence))
    }

    /// Waits until `find` answers something about the standard error.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn await_stderr<T>(&self, what: &str, find: impl FnMut(&[u8]) -> Option<T>) -> T {
        let found = self.stderr.wait_for(PATIENCE, find);
        found.unwrap_or_else(|silence| self.fail_silent(what, silence))
    }

    /// Waits until `is_so` says yes; for what no output tells. `RIALTO_PATIENCE` says how many seconds, for loads that take longer.
    ///
    /// # Panics
    /// When it does not in time, or the process ends.
    pub fn await_state(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let said = std::env::var("RIALTO_PATIENCE").ok();
        let said = said.and_then(|seconds| seconds.parse().ok());
        let patience = said.map_or(PATIENCE, Duration::from_secs);
        let turns = patience.as_millis() / TURN.as_millis();
        for _ in 0..turns {
            if is_so() {
                return;
            }
            // The end of the process is the event to wake up for.
            if self.exit.wait(TURN).is_some() {
                self.fail(&format!("no {what}: it has ended"));
            }
        }
        self.fail(&format!("no {what}: the time is over"));
    }

    /// What the process wrote to its standard output so far.
    pub fn stdout(&self) -> &Transcript {
        &self.stdout
    }

    /// What the process wrote to its standard error so far.
    pub fn stderr(&self) -> &Transcript {
        &self.stderr
    }

    /// Waits until the process has ended by itself and all that it wrote is here.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn await_exit(&mut self) -> ExitStatus {
        self.stdin = None;
        match self.exit.wait(PATIENCE) {
            Some(status) => {
                self.await_last_words();
                status
            }
            None => self.fail("it does not end"),
        }
    }

    /// Whether the process has ended.
    pub fn has_ended(&self) -> bool {
        self.exit.wait(Duration::ZERO).is_some()
    }

    /// Asks the process, without its children, to end, and waits until it has.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.await_exit()
    }

    /// Kills the process and its children at once, as a crash would.
    pub fn kill(&mut self) {
        // The child is reaped only below, so its group's number cannot belong to anyone else yet.
        let _gone = killpg(pid_of(&self.child), Signal::SIGKILL);
        let _reaped = self.child.wait();
        self.await_last_words();
    }

    /// Ends the test, with the tail of what the process wrote.
    ///
    /// # Panics
    /// Always.
    pub fn fail(&self, why: &str) -> ! {
        panic!("{}: {why}\n{}", self.name, self.tail());
    }

    /// Waits until both outputs have ended: then the last process that could write is gone.
    fn await_last_words(&self) {
        for output in [&self.stdout, &self.stderr] {
            let _ended = output.wait_for(PATIENCE, |_| None::<()>);
        }
    }

    /// Sends the process, without its children, a signal.
    pub fn signal(&self, signal: Signal) {
        let _gone = nix::sys::signal::kill(pid_of(&self.child), signal);
    }

    fn fail_silent(&self, what: &str, silence: Silence) -> ! {
        self.fail(&format!("no {what}: {silence}"))
    }

    fn tail(&self) -> String {
        let tail = |name: &str, transcript: &Transcript| {
            let bytes = transcript.bytes();
            let text = String::from_utf8_lossy(&bytes);
            let skipped = text.lines().count().saturating_sub(TAIL_LINES);
            let lines = text
                .lines()
                .skip(skipped)
                .map(|line| format!("  | {line}\n"));
            format!("  {} {name}:\n{}", self.name, lines.collect::<String>())
        };
        tail("stdout", &self.stdout) + &tail("stderr", &self.stderr)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("{}", self.tail());
        }
    }
}

/// The end of a process, to wait on.
#[derive(Debug, Default)]
struct Exit {
    status: Mutex<Option<ExitStatus>>,
    ended: Condvar,
}

impl Exit {
    /// Records the end, and leaves the process to be reaped by its owner.
    fn watch(&self, pid: Pid) {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        let raw = loop {
            match waitid(Id::Pid(pid), flags) {
                Ok(WaitStatus::Exited(_, code)) => break code << 8,
                Ok(WaitStatus::Signaled(_, signal, _)) => break signal as i32,
                Err(nix::errno::Errno::EINTR) | Ok(_) => {}
                Err(_) => break 0xff << 8,
            }
        };
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(ExitStatus::from_raw(raw));
        self.ended.notify_all();
    }

    fn wait(&self, within: Duration) -> Option<ExitStatus> {
        let status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, _) = self
            .ended
            .wait_timeout_while(status, within, |status| status.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        *status
    }
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::holds;

    #[test]
    fn process_is_gone_with_its_children_when_it_is_dropped() {
        let mut command = tethered("sh");
        command.args(["-c", "sleep 600 & echo $!; wait"]);
        let process = Process::spawn("sh", command);
        process.await_stdout("pid", holds("\n"));
        let output = Arc::clone(&process.stdout);
        drop(process);
        // The sleeping child holds the pipe open for as long as it lives.
        assert_eq!(
            output.wait_for(Duration::ZERO, |_| None::<()>),
            Err(Silence::Closed)
        );
    }

    #[test]
    fn process_reports_its_exit_code_and_its_signal() {
        let mut command = tethered("sh");
        command.args(["-c", "exit 7"]);
        assert_eq!(Process::spawn("sh", command).await_exit().code(), Some(7));

        let mut command = tethered("sh");
        command.args(["-c", "echo up; read line"]);
        let mut process = Process::spawn("sh", command);
        process.await_stdout("greeting", holds("up"));
        assert_eq!(process.terminate().signal(), Some(Signal::SIGTERM as i32));
    }
}
