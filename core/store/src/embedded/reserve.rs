//! Room that is kept for the day when there is none.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// A file that takes room on the disk for nothing, and a part of what the store's file may grow to.
///
/// Both are given up when there is no room, so that what deletes can still be written.
#[derive(Clone, Debug)]
pub(crate) struct Reserve {
    file: PathBuf,
    bytes: u64,
    max_disk: u64,
    /// How far the store's file may be written at the moment.
    pub(crate) max: Arc<AtomicU64>,
}

const FILE: &str = "reserve";

/// Enough to rewrite thousands of pages at once.
const MOST: u64 = 8 << 20;

/// Of a small limit, not more than this part.
const PART: u64 = 8;

impl Reserve {
    pub(crate) fn new(folder: &Path, max_disk: u64) -> Self {
        let bytes = (max_disk / PART).min(MOST);
        Self {
            file: folder.join(FILE),
            bytes,
            max_disk,
            max: Arc::new(AtomicU64::new(max_disk - bytes)),
        }
    }

    pub(crate) fn lend(&self) {
        self.max.store(self.max_disk, Ordering::Relaxed);
        // When it cannot be removed, what deletes is refused as well, for the same reason.
        drop(fs::remove_file(&self.file));
    }

    pub(crate) fn keep(&self) -> io::Result<()> {
        if !self.is_kept() {
            self.write().inspect_err(|_| self.lend())?;
        }
        self.max
            .store(self.max_disk - self.bytes, Ordering::Relaxed);
        Ok(())
    }

    fn is_kept(&self) -> bool {
        fs::metadata(&self.file).is_ok_and(|data| data.blocks() * 512 >= self.bytes)
    }

    /// Written, and not merely made long: only then is the room taken.
    fn write(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&self.file)?;
        io::copy(&mut io::Read::take(io::repeat(0x5a), self.bytes), &mut file)?;
        file.flush()?;
        file.sync_all()
    }
}
