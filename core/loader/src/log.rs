//! Lines that plugins write to the gateway's log.

use std::fmt;

use rialto_abi as abi;
use rialto_bridge::read::{self, Malformed};
use tracing::Level;

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
            let fields = read::list("the list of fields", raw.fields, raw.fields_len)?;
            let field = |field: &abi::LogField| -> Result<_, Malformed> {
                Ok((
                    read::text("a field's name", field.name)?,
                    read::text("a field's value", field.value)?,
                ))
            };
            Ok(Self {
                level: level(raw.level),
                target: read::text("the target", raw.target)?,
                message: read::text("the message", raw.message)?,
                fields: fields.iter().map(field).collect::<Result<_, _>>()?,
            })
        }
    }

    /// Writes the line to this process's log.
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
                    self.message,
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

struct Fields<'a>(&'a [(&'a str, &'a str)]);

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.0.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{name}={value}")?;
        }
        Ok(())
    }
}

const fn level(number: u32) -> Level {
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
