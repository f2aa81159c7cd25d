//! How much an embedded store may hold.

/// How much an embedded store may hold, on disk and in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    pub(crate) max_bytes: u64,
    pub(crate) max_disk: u64,
    pub(crate) max_waiting: usize,
    pub(crate) max_waiting_bytes: usize,
    pub(crate) cache: usize,
}

impl Limits {
    /// The part of the bytes that is kept for batches that also delete: they end what is in progress.
    pub(crate) const RESERVE: u64 = 16;

    /// Sets how many bytes of live data there may be: keys, values, and what is kept with them.
    pub const fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets how large the files may grow. Twice the live data leaves room for the tree and for what is being rewritten.
    ///
    /// An eighth of it, at most 8 MiB, is kept for what deletes.
    pub const fn with_max_disk(mut self, bytes: u64) -> Self {
        self.max_disk = bytes;
        self
    }

    /// Sets how many batches may wait for the disk, and how many bytes they may hold.
    pub const fn with_max_waiting(mut self, batches: usize, bytes: usize) -> Self {
        (self.max_waiting, self.max_waiting_bytes) = (batches, bytes);
        self
    }

    /// Sets how many bytes of the file are kept in memory.
    pub const fn with_cache(mut self, bytes: usize) -> Self {
        self.cache = bytes;
        self
    }

    /// From here on, batches without deletions are refused.
    pub(crate) const fn without_reserve(&self) -> u64 {
        self.max_bytes - self.max_bytes / Self::RESERVE
    }

    /// Below this, a store that was full is good again.
    pub(crate) const fn good_again(&self) -> u64 {
        self.max_bytes - self.max_bytes / Self::RESERVE * 2
    }
}

impl Default for Limits {
    /// 1 GiB of live data, 4 GiB of disk, 16,384 batches or 64 MiB waiting, 64 MiB of cache.
    fn default() -> Self {
        Self {
            max_bytes: 1 << 30,
            max_disk: 4 << 30,
            max_waiting: 16_384,
            max_waiting_bytes: 64 << 20,
            cache: 64 << 20,
        }
    }
}
