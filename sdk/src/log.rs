//! Logs of this library, forwarded to the gateway's.

use std::{
    cell::Cell,
    fmt::{self, Write},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use rialto_abi as abi;
use rialto_bridge::read::lend;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
};

use crate::{Host, host::Shared};

/// Which lines the gateway wants; the last adapter to be told decides for the library.
static LEVEL: AtomicU32 = AtomicU32::new(abi::LEVEL_INFO);
/// Whose lines those of threads are that no adapter made.
static FIRST: OnceLock<&'static Shared> = OnceLock::new();
thread_local! {
    static CURRENT: Cell<Option<&'static Shared>> = const { Cell::new(None) };
}

/// Makes `tracing` of this library write to the gateway's log; the first call counts.
pub(crate) fn install(host: &Host) {
    if FIRST.set(host.shared()).is_ok() {
        // A test may have set one of its own before.
        drop(tracing::subscriber::set_global_default(Forward));
    }
}

/// Sets which lines are wanted.
pub(crate) fn set_level(level: u32) {
    if LEVEL.swap(level, Ordering::Relaxed) != level {
        tracing::callsite::rebuild_interest_cache();
    }
}

/// Lines of this thread are the adapter's until the return value is dropped.
pub(crate) fn enter(host: &Host) -> Entered {
    Entered(CURRENT.replace(Some(host.shared())))
}

/// Lines of this thread are the adapter's.
pub(crate) fn adopt(host: &Host) {
    CURRENT.set(Some(host.shared()));
}

pub(crate) struct Entered(Option<&'static Shared>);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

/// Hands events to the gateway; spans are not kept.
struct Forward;

impl Subscriber for Forward {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && number(*metadata.level()) <= LEVEL.load(Ordering::Relaxed)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match LEVEL.load(Ordering::Relaxed) {
            abi::LEVEL_OFF => LevelFilter::OFF,
            abi::LEVEL_ERROR => LevelFilter::ERROR,
            abi::LEVEL_WARN => LevelFilter::WARN,
            abi::LEVEL_INFO => LevelFilter::INFO,
            abi::LEVEL_DEBUG => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        })
    }

    fn event(&self, event: &Event<'_>) {
        let Some(shared) = CURRENT.get().or_else(|| FIRST.get().copied()) else {
            return;
        };
        let mut line = Line::default();
        event.record(&mut line);
        let fields: Vec<_> = line.fields.iter().map(field).collect();
        Host::of(shared).log(&abi::LogRecord {
            size: size_of::<abi::LogRecord>() as u32,
            level: number(*event.metadata().level()),
            target: lend(event.metadata().target().as_bytes()),
            message: lend(line.message.as_bytes()),
            fields: fields.as_ptr(),
            fields_len: fields.len(),
        });
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[derive(Default)]
struct Line {
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a `String` fails only if the value's own `Debug` does: what it wrote has to do.
            write!(self.message, "{value:?}").unwrap_or_default();
        } else {
            self.fields.push((field.name(), format!("{value:?}")));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            self.fields.push((field.name(), value.to_owned()));
        }
    }
}

fn field((name, value): &(&'static str, String)) -> abi::LogField {
    abi::LogField {
        name: lend(name.as_bytes()),
        value: lend(value.as_bytes()),
    }
}

const fn number(level: Level) -> u32 {
    match level {
        Level::ERROR => abi::LEVEL_ERROR,
        Level::WARN => abi::LEVEL_WARN,
        Level::INFO => abi::LEVEL_INFO,
        Level::DEBUG => abi::LEVEL_DEBUG,
        Level::TRACE => abi::LEVEL_TRACE,
    }
}
