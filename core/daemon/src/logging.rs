//! Where log lines go: standard error, as text or JSON, one line for each event.

use std::io::{self, Write};

use tracing_subscriber::fmt;

use crate::{
    config::{LogConfig, LogFormat},
    exit::Exit,
};

/// Installs the log for the whole process.
pub(crate) fn install(config: &LogConfig) -> Result<(), Exit> {
    let builder = fmt()
        .with_env_filter(config.filter.clone())
        // It would tell of a log that nobody reads by a panic, on whatever thread has something to say.
        .log_internal_errors(false)
        .with_writer(|| OneLine(io::stderr()));
    let installed = match config.format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    installed.map_err(|error| Exit::Internal(format!("the log cannot be installed: {error}")))
}

/// `text` without control characters, so that nobody's words can look like a line of ours.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

/// Writes each event as one line. Events are handed over whole.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = one_line(text.strip_suffix('\n').unwrap_or(&text)) + "\n";
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_is_one_line_whatever_a_peer_said() {
        let mut log = Vec::new();
        let event = "WARN peer failed why=a\nINFO forged\u{1b}[2J\u{9b}\r ünd\n";
        OneLine(&mut log).write_all(event.as_bytes()).unwrap();
        let text = String::from_utf8(log).unwrap();
        assert_eq!(
            text,
            "WARN peer failed why=a\\nINFO forged\\u{1b}[2J\\u{9b}\\r ünd\n"
        );
    }
}
