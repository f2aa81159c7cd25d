//! Where an adapter runs, and what it may have there.

use std::{path::PathBuf, str::FromStr};

use rialto_loader::{Isolation, Program};

use super::section::Section;
use crate::cli;

/// `isolation`, `max_memory`, `max_restarts` and `readable` of an adapter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct IsolationConfig {
    kind: Kind,
    max_memory: u64,
    max_restarts: usize,
    readable: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// In the gateway's own process.
    #[default]
    None,
    /// In a process of its own.
    Process,
}

impl IsolationConfig {
    /// With less, hardly a plugin starts.
    const LEAST_MEMORY: u64 = 64 << 20;

    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let kind = section.parsed("isolation").unwrap_or_default();
        let max_memory = section.size("max_memory");
        if max_memory.is_some_and(|bytes| bytes < Self::LEAST_MEMORY) {
            section.report("max_memory", "out of range", "at least 64MiB");
        }
        let max_restarts: Option<usize> = section.value("max_restarts");
        let readable: Option<Vec<PathBuf>> = section.value("readable");
        let settings = [
            ("max_memory", max_memory.is_some()),
            ("max_restarts", max_restarts.is_some()),
            ("readable", readable.is_some()),
        ];
        for (key, is_there) in settings {
            if is_there && kind == Kind::None {
                section.report(
                    key,
                    "means nothing in the gateway's own process",
                    "set isolation = \"process\" as well, or remove it",
                );
            }
        }
        Self {
            kind,
            max_memory: max_memory.unwrap_or(Isolation::MEMORY),
            max_restarts: max_restarts.unwrap_or(Isolation::FAILURES),
            readable: readable
                .into_iter()
                .flatten()
                .map(|path| section.beside(path))
                .collect(),
        }
    }

    /// How the adapter is run in a process of its own, if it is.
    pub(crate) fn of_process(&self) -> Option<Isolation> {
        match self.kind {
            Kind::None => None,
            Kind::Process => {
                let isolation = Isolation::new(Program::own([cli::ADAPTER]));
                Some(
                    isolation
                        .with_memory(self.max_memory)
                        .with_failures(self.max_restarts, Isolation::WINDOW)
                        .with_readable(&self.readable),
                )
            }
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "process" => Ok(Self::Process),
            _ => Err(format!(
                "`{text}` is no isolation: write `process` or `none`"
            )),
        }
    }
}
