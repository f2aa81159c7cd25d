//! `[store]`: where messages are kept that the gateway has taken responsibility for.

use std::path::PathBuf;

use rialto_store::Limits;

use super::section::Section;

/// `[store]`
#[derive(Clone, Debug)]
pub(crate) struct StoreConfig {
    /// Whether there is one; without it, nothing is ever kept.
    pub(crate) enabled: bool,
    /// Its folder, made when it is not there.
    pub(crate) folder: PathBuf,
    /// How large its files may grow, in bytes.
    pub(crate) max_size: u64,
}

impl StoreConfig {
    const FOLDER: &str = "store";
    const MAX_SIZE: u64 = 4 << 30;
    /// Below this the tree of the database and the reserve leave no room for messages.
    const SMALLEST: u64 = 16 << 20;
    /// Of the files, so much may be messages: the rest is the tree, and what is being rewritten.
    const LIVE_PART: u64 = 2;

    pub(super) fn read(mut section: Section<'_>) -> Self {
        let enabled = section.value("enabled").unwrap_or(true);
        let folder: Option<PathBuf> = section.value("folder");
        if folder
            .as_ref()
            .is_some_and(|path| path.as_os_str().is_empty())
        {
            section.report(
                "folder",
                "this names no folder",
                "write a path, or leave the key out",
            );
        }
        let max_size = section.size("max_size").unwrap_or(Self::MAX_SIZE);
        if max_size < Self::SMALLEST {
            section.report("max_size", "out of range", "16MiB or more");
        }
        // Not from the folder that the command runs in: whoever starts it elsewhere would find an empty queue.
        let folder = section.beside(folder.unwrap_or_else(|| Self::FOLDER.into()));
        section.finish();
        Self {
            enabled,
            folder,
            max_size,
        }
    }

    /// How much the store may hold.
    pub(crate) fn limits(&self) -> Limits {
        Limits::default()
            .with_max_disk(self.max_size)
            .with_max_bytes(self.max_size / Self::LIVE_PART)
    }
}
