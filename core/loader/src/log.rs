//! Lines that plugins write to the gateway's log.

use std::fmt::{self, Write};

use rialto_abi as abi;
use rialto_bridge::read::{self, Malformed};
use tracing::Level;

/// The longest text of a line, in bytes, and the most fields; what is beyond is left out.
const MAX_TEXT: usize = 4096;
const MAX_FIELDS: usize = 64;

/// One line of a plugin.
#[derive(Debug)]
#[non_exhaustive]
pub struct LogRecord<'a> {
    /// How grave it is.
    pub level: Level,
    /// Where in the plugin it comes from.
    pub target: &'a str,
    /// A constant sentence.
    pub message: &'a str,
    /// The data.
    pub fields: Vec<(&'a str, &'a str)>,
}

impl<'a> LogRecord<'a> {
    /// # Safety
    /// `raw` follows the contract during `'a`.
    #[expect(unsafe_code, reason = "reads what foreign pointers lead to")]
    pub(crate) unsafe fn read(raw: *const abi::LogRecord) -> Result<Self, Malformed> {
        // SAFETY: the caller's promise, for all of these.
        unsafe {
            let raw = read::prefix(raw)?;
            let text = |what, bytes| read::text(what, bytes).map(beginning);
            let fields = read::list("the list of fields", raw.fields, raw.fields_len)?;
            let field = |field: &abi::LogField| -> Result<_, Malformed> {
                Ok((
                    text("a field's name", field.name)?,
                    text("a field's value", field.value)?,
                ))
            };
            let fields = fields.iter().take(MAX_FIELDS).map(field);
            Ok(Self {
                level: level(raw.level),
                target: text("the target", raw.target)?,
                message: text("the message", raw.message)?,
                fields: fields.collect::<Result<_, _>>()?,
            })
        }
    }

    /// Writes the line to this process's log.
    ///
    /// The data stand in one field, `fields`, as `name=value name="another value"`: `tracing` knows the names of fields when it is compiled,
    /// and a plugin's are known when it speaks. What is not a plain word is quoted and escaped, so that no value looks like another
    /// field, and no line like two.
    pub fn write(&self, adapter: &str) {
        macro_rules! at {
            ($level:expr) => {
                tracing::event!(
                    target: "rialto_adapter",
                    $level,
                    adapter.name = adapter,
                    plugin.target = self.target,
                    fields = %Fields(&self.fields),
                    "{}",
                    Line(self.message),
                )
            };
        }
        match self.level {
            Level::ERROR => at!(Level::ERROR),
            Level::WARN => at!(Level::WARN),
            Level::INFO => at!(Level::INFO),
            Level::DEBUG => at!(Level::DEBUG),
            Level::TRACE => at!(Level::TRACE),
        }
    }
}

/// As much of a text as a line takes.
pub(crate) fn beginning(text: &str) -> &str {
    text.split_at(text.floor_char_boundary(MAX_TEXT)).0
}

struct Fields<'a>(&'a [(&'a str, &'a str)]);

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_char(' ')?;
            }
            word(f, name)?;
            f.write_char('=')?;
            word(f, value)?;
        }
        Ok(())
    }
}

/// As it is if it is a plain word, else quoted.
fn word(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let breaks =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '=' | '"' | '\\' | '\'');
    if text.is_empty() || text.contains(breaks) {
        write!(f, "{text:?}")
    } else {
        f.write_str(text)
    }
}

/// A text on one line.
struct Line<'a>(&'a str);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c.is_control() {
            true => write!(f, "{}", c.escape_debug()),
            false => f.write_char(c),
        })
    }
}

/// A level that has crossed.
pub(crate) const fn level(number: u32) -> Level {
    match number {
        abi::LEVEL_OFF | abi::LEVEL_ERROR => Level::ERROR,
        abi::LEVEL_WARN => Level::WARN,
        abi::LEVEL_INFO => Level::INFO,
        abi::LEVEL_DEBUG => Level::DEBUG,
        _ => Level::TRACE,
    }
}

/// A level as it crosses.
pub(crate) const fn number(level: Level) -> u32 {
    match level {
        Level::ERROR => abi::LEVEL_ERROR,
        Level::WARN => abi::LEVEL_WARN,
        Level::INFO => abi::LEVEL_INFO,
        Level::DEBUG => abi::LEVEL_DEBUG,
        Level::TRACE => abi::LEVEL_TRACE,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What the log has of a line with this message and these fields.
    fn written(message: &str, fields: &[(&str, &str)]) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .without_time()
            .finish();
        let record = LogRecord {
            level: Level::WARN,
            target: "sip",
            message,
            fields: fields.to_vec(),
        };
        tracing::subscriber::with_default(subscriber, || record.write("one"));
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn fields_of_a_plugin_are_told_apart_whatever_they_hold() {
        let line = written(
            "the peer is slow",
            &[
                ("peer.addr", "[::1]:5060"),
                ("detail", "no such user=bob"),
                ("empty", ""),
                ("a name", "\"x\" \\"),
            ],
        );
        assert!(
            line.trim_end().ends_with(
                r#"fields=peer.addr=[::1]:5060 detail="no such user=bob" empty="" "a name"="\"x\" \\""#
            ),
            "{line}"
        );
    }

    #[test]
    fn line_of_a_plugin_has_a_bounded_length() {
        let long = "é".repeat(MAX_TEXT);
        let field = abi::LogField {
            name: read::lend(b"name"),
            value: read::lend(long.as_bytes()),
        };
        let fields = [field; MAX_FIELDS + 1];
        let raw = abi::LogRecord {
            size: size_of::<abi::LogRecord>() as u32,
            level: abi::LEVEL_INFO,
            target: read::lend(b"a"),
            message: read::lend(long.as_bytes()),
            fields: fields.as_ptr(),
            fields_len: fields.len(),
        };
        // SAFETY: all of it lives until the end of this test.
        #[expect(unsafe_code, reason = "plays the plugin's side")]
        let record = unsafe { LogRecord::read(&raw const raw) }.unwrap();
        assert_eq!(record.message, "é".repeat(MAX_TEXT / 2));
        assert_eq!(record.fields.len(), MAX_FIELDS);
        assert!(
            record
                .fields
                .iter()
                .all(|(_, value)| value.len() <= MAX_TEXT)
        );
    }

    #[test]
    fn line_of_a_plugin_stays_one_line() {
        let line = written("up\n ERROR forged\u{1b}[2J", &[("why", "a\r\nb")]);
        assert_eq!(line.trim_end().lines().count(), 1, "{line}");
        assert!(line.contains(r"up\n ERROR forged\u{1b}[2J"), "{line}");
        assert!(line.contains(r#"why="a\r\nb""#), "{line}");
    }
}
