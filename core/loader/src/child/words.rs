//! What a process writes to its standard error: lines for the log, and its last words.

use std::{
    io::{self, BufRead, BufReader, Read},
    process::ChildStderr,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        mpsc::{self, Receiver},
    },
    thread,
    time::Duration,
};

use super::life::now;
use crate::{LogRecord, adapter::Side};

/// How long the last words of a process that has ended may take to come.
const PATIENCE: Duration = Duration::from_millis(200);
/// The longest line; a longer one is several.
const MAX_LINE: u64 = 4096;
/// Lines that come without such a pause between them belong together; the first so many of the last ones are last words, and so much of
/// them is shown.
const PAUSE: Duration = Duration::from_secs(1);
const LAST: usize = 8;
const SHOWN: usize = 300;

/// Hears what a process writes to its standard error.
#[derive(Debug)]
pub(super) struct Words {
    last: Arc<Mutex<Vec<String>>>,
    end: Receiver<()>,
}

/// Whose log the lines go to, once that is known.
pub(super) type Ears = Arc<OnceLock<&'static Side>>;

impl Words {
    pub(super) fn hear(from: ChildStderr, ears: Ears) -> io::Result<Self> {
        let last = Arc::<Mutex<Vec<_>>>::default();
        let (sender, end) = mpsc::sync_channel(0);
        let heard = Arc::clone(&last);
        let named = thread::Builder::new().name("rialto-stderr".to_owned());
        named.spawn(move || {
            let _ended = sender;
            listen(BufReader::new(from), &heard, &ears);
        })?;
        Ok(Self { last, end })
    }

    /// The last words of a process that has ended, in one line.
    pub(super) fn last(&self) -> String {
        // Its end, or the end of our patience: both will do.
        self.end.recv_timeout(PATIENCE).unwrap_or_default();
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<_> = last.iter().map(String::as_str).collect();
        lines.join(" ").chars().take(SHOWN).collect()
    }
}

fn listen(mut from: impl BufRead, last: &Mutex<Vec<String>>, ears: &Ears) {
    let (mut line, mut before) = (Vec::new(), now());
    loop {
        line.clear();
        match from.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        if let Some(side) = ears.get() {
            let record = LogRecord {
                level: tracing::Level::WARN,
                target: "stderr",
                message: text,
                fields: Vec::new(),
            };
            side.gateway().log(side.name(), &record);
        }
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let since = std::mem::replace(&mut before, now());
        if since.elapsed() > PAUSE {
            last.clear();
        }
        if last.len() < LAST {
            last.push(text.to_owned());
        }
    }
}
