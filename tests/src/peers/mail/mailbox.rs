//! Mailboxes in the form of Maildir, read by Python's own library.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{peers::scripts, process::PATIENCE};

/// A user's mailbox.
#[derive(Debug)]
pub struct Mailbox {
    new: PathBuf,
    seen: BTreeSet<PathBuf>,
    log: PathBuf,
}

/// A mail, as a mail program shows it.
#[derive(Debug, Clone)]
pub struct ReadMail(Value);

const TURN: Duration = Duration::from_millis(20);

impl Mailbox {
    /// The mailbox in this folder; `log` is the server's, to be shown when nothing comes.
    pub(super) fn new(maildir: &Path, log: &Path) -> Self {
        Self {
            new: maildir.join("new"),
            seen: BTreeSet::new(),
            log: log.to_owned(),
        }
    }

    /// Takes the next mail.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn receive(&mut self) -> ReadMail {
        for _ in 0..PATIENCE.as_millis() / TURN.as_millis() {
            if let Some(path) = self.unread().into_iter().next() {
                self.seen.insert(path.clone());
                return read(&path);
            }
            // No event tells of a new file.
            thread::park_timeout(TURN);
        }
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        panic!("no mail came; the server's log:\n{log}");
    }

    /// Whether nothing is there that was not taken.
    pub fn is_empty(&self) -> bool {
        self.unread().is_empty()
    }

    fn unread(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(&self.new).into_iter().flatten().flatten();
        let mut files: Vec<_> = files
            .map(|file| {
                let time = file.metadata().and_then(|data| data.modified()).ok();
                (time, file.path())
            })
            .filter(|(_, path)| !self.seen.contains(path))
            .collect();
        files.sort();
        files.into_iter().map(|(_, path)| path).collect()
    }
}

fn read(path: &Path) -> ReadMail {
    let output = Command::new("python3")
        .arg(scripts().join("mail/read_mail.py"))
        .arg(path)
        .output()
        .unwrap_or_else(|error| panic!("python3 cannot be started: {error}"));
    let value = serde_json::from_slice(&output.stdout);
    ReadMail(value.unwrap_or_else(|_| {
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        panic!("a mail cannot be read: {why}")
    }))
}

impl ReadMail {
    /// A field of what was read: `from`, `address`, `subject`, `message_id`, `in_reply_to`, `text`, `status`, `content_type`, `raw`.
    pub fn get(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    /// The text, with LF between lines and without white space at its end: mail keeps neither.
    pub fn text(&self) -> String {
        self.get("text").replace("\r\n", "\n").trim_end().to_owned()
    }

    /// The thread, the eldest first.
    pub fn references(&self) -> Vec<&str> {
        let references = self.0["references"].as_array();
        references
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }
}
