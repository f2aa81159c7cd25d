//! A process for each clause.

use std::{
    ffi::OsString,
    fmt,
    io::{self, Read, Write},
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use crate::{
    child::{MARK, TEXT, Task},
    verdict::Verdict,
};

/// How long a clause may take: what hangs longer hangs for ever.
pub(crate) const LIMIT: Duration = Duration::from_secs(90);
/// The most that is read of what a process writes.
const MAX_OUTPUT: u64 = 4 << 20;
/// How many of its last words are shown.
const LAST_WORDS: usize = 300;

/// The program that tries one clause: it calls [`child::run`](crate::child::run).
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
}

/// What a process wrote.
struct Written {
    out: String,
    errors: String,
}

impl Program {
    /// Names a program and its arguments.
    pub fn new(
        path: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        Self {
            path: path.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
        }
    }

    /// Has a process try a clause.
    pub(crate) fn try_clause(&self, task: &Task) -> Verdict {
        let ran = self.spawn(task).and_then(wait);
        match ran {
            Ok((status, written)) => decide(status, &written),
            Err(error) => Verdict::Skip(format!("no process to try it: {error}")),
        }
    }

    fn spawn(&self, task: &Task) -> io::Result<Child> {
        let mut child = Command::new(&self.path)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let task = serde_json::to_vec(task)?;
        // Dropped here, which ends it.
        let mut input = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        input.write_all(&task)?;
        Ok(child)
    }
}

/// Waits for the end of a process, or ends it; `None` is one that was ended.
fn wait(mut child: Child) -> io::Result<(Option<ExitStatus>, Written)> {
    let (sender, receiver) = mpsc::sync_channel(2);
    let streams: [(_, Option<Box<dyn Read + Send>>); 2] = [
        (
            false,
            child.stdout.take().map(|out| Box::new(out) as Box<_>),
        ),
        (true, child.stderr.take().map(|err| Box::new(err) as Box<_>)),
    ];
    for (is_error, stream) in streams {
        let sender = sender.clone();
        thread::Builder::new().spawn(move || {
            let mut bytes = Vec::new();
            let read = stream.map(|mut stream| {
                let beginning = stream.by_ref().take(MAX_OUTPUT).read_to_end(&mut bytes);
                beginning.and_then(|_| io::copy(&mut stream, &mut io::sink()))
            });
            // Who does not wait any more does not hear it.
            drop((read, sender.send((is_error, bytes))));
        })?;
    }
    drop(sender);
    let mut written = Written {
        out: String::new(),
        errors: String::new(),
    };
    let mut is_late = false;
    for _ in 0..2 {
        let (is_error, bytes) = match receiver.recv_timeout(LIMIT) {
            Ok(read) => read,
            Err(RecvTimeoutError::Timeout) => {
                is_late = true;
                child.kill()?;
                receiver.recv().unwrap_or_default()
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match is_error {
            true => written.errors = text,
            false => written.out = text,
        }
    }
    let status = child.wait()?;
    Ok(((!is_late).then_some(status), written))
}

fn decide(status: Option<ExitStatus>, written: &Written) -> Verdict {
    if written.out.contains(TEXT) || written.errors.contains(TEXT) {
        return Verdict::Fail("the text of a message was written to a standard stream".into());
    }
    let said = written
        .out
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix(MARK));
    let verdict = said.and_then(|said| serde_json::from_str(said).ok());
    match (verdict, status) {
        (Some(verdict), _) => verdict,
        (None, None) => Verdict::Fail(format!("it hangs: ended after {LIMIT:?}")),
        (None, Some(status)) => Verdict::Fail(format!(
            "the process ended ({}){}",
            Ending(status),
            last_words(&written.errors)
        )),
    }
}

struct Ending(ExitStatus);

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.signal() {
            Some(signal) => write!(f, "signal {signal}"),
            None => write!(f, "exit code {}", self.0.code().unwrap_or_default()),
        }
    }
}

fn last_words(errors: &str) -> String {
    match errors.lines().rfind(|line| !line.trim().is_empty()) {
        Some(line) => {
            let shown: String = line.chars().take(LAST_WORDS).collect();
            format!("; its last words: {}", shown.replace(char::is_control, " "))
        }
        None => String::new(),
    }
}
