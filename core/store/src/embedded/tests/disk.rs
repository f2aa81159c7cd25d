//! A disk that keeps what it was told to keep, loses of the rest what it likes, and fails when it is told to.

use std::{
    io,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rand::{Rng, rngs::SmallRng};
use redb::{BackendError, Builder, Database, ReadOnlyDatabase, StorageBackend};

use super::super::{medium::Medium, trouble::Trouble};

/// A file on a disk of a test's own; its clones are the same file.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What is surely on the disk.
    kept: Vec<u8>,
    /// What whoever reads it sees.
    seen: Vec<u8>,
    /// What was done since the last synchronisation.
    pending: Vec<Change>,
    /// Writes, changes of length and synchronisations so far.
    operations: u64,
    /// The end of what was ever written.
    reaches: u64,
    /// What may be written beyond the end, while the disk is full.
    reserve: u64,
    fault: Option<Fault>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

/// When and how the disk fails.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// From this operation on, nothing is done any more.
    After(u64, io::ErrorKind),
    /// This operation alone.
    Once(u64, io::ErrorKind),
    /// What is written behind this place.
    Beyond(u64, io::ErrorKind),
}

/// What a disk writes as a whole.
const SECTOR: usize = 512;

const RESERVE: u64 = 200_000;

impl Disk {
    pub(super) fn fail(&self, fault: Fault) {
        self.lock().fault = Some(fault);
    }

    pub(super) fn heal(&self) {
        self.lock().fault = None;
    }

    pub(super) fn operations(&self) -> u64 {
        self.lock().operations
    }

    fn length(&self) -> u64 {
        self.lock().seen.len() as u64
    }

    /// The end of what was ever written.
    pub(super) fn reaches(&self) -> u64 {
        self.lock().reaches
    }

    /// Whether these bytes are surely on the disk.
    pub(super) fn keeps(&self, needle: &[u8]) -> bool {
        let state = self.lock();
        state
            .kept
            .windows(needle.len())
            .any(|window| window == needle)
    }

    /// Changes what is there, where these bytes are, behind everybody's back; how often they were found.
    pub(super) fn flip(&self, needle: &[u8]) -> usize {
        let state = &mut *self.lock();
        let places: Vec<_> = state
            .seen
            .windows(needle.len())
            .enumerate()
            .filter(|(_, window)| *window == needle)
            .map(|(at, _)| at)
            .collect();
        for at in &places {
            state.seen[*at] ^= 1;
            state.kept[*at] ^= 1;
        }
        places.len()
    }

    /// The disk after a power failure: of what was not synchronised, each sector may have been written or not.
    pub(super) fn after_power_failure(&self, rng: &mut SmallRng) -> Self {
        let state = self.lock();
        let mut kept = state.kept.clone();
        for change in &state.pending {
            match change {
                Change::Length(length) => {
                    if rng.random() {
                        kept.resize(*length, 0);
                    }
                }
                Change::Write(at, data) => {
                    for (n, sector) in data.chunks(SECTOR).enumerate() {
                        if rng.random() {
                            put(&mut kept, at + n * SECTOR, sector);
                        }
                    }
                }
            }
        }
        Self(Arc::new(Mutex::new(State {
            seen: kept.clone(),
            kept,
            ..State::default()
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn operate(&mut self, reaches: u64) -> io::Result<()> {
        match self.fault {
            Some(Fault::After(operations, kind)) if self.operations >= operations => {
                Err(kind.into())
            }
            Some(Fault::Once(operations, kind)) if self.operations >= operations => {
                self.fault = None;
                Err(kind.into())
            }
            Some(Fault::Beyond(length, kind)) if reaches > length + self.reserve => {
                Err(kind.into())
            }
            _ => {
                self.operations += 1;
                self.reaches = self.reaches.max(reaches);
                Ok(())
            }
        }
    }
}

fn put(into: &mut Vec<u8>, at: usize, data: &[u8]) {
    let end = at + data.len();
    if into.len() < end {
        into.resize(end, 0);
    }
    into[at..end].copy_from_slice(data);
}

impl Medium for Disk {
    fn open(&self, builder: &Builder) -> Result<Database, Trouble> {
        Ok(builder.create_with_backend(self.clone())?)
    }

    fn open_read_only(&self, builder: &Builder) -> Result<ReadOnlyDatabase, Trouble> {
        Ok(builder.open_read_only_with_backend(self.clone())?)
    }

    fn disk(&self) -> u64 {
        self.length()
    }

    fn lend_reserve(&self) {
        self.lock().reserve = RESERVE;
    }

    fn keep_reserve(&self) -> Result<(), Trouble> {
        self.lock().reserve = 0;
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.length())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.lock();
        let from = state.seen.get(offset as usize..offset as usize + out.len());
        out.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.lock();
        state.operate(0)?;
        state.seen.resize(len as usize, 0);
        state.pending.push(Change::Length(len as usize));
        Ok(())
    }

    /// When it fails, what was to be written is forgotten, though whoever reads still sees it: so do systems that mark
    /// such pages as clean.
    fn sync_data(&self) -> io::Result<()> {
        let state = &mut *self.lock();
        if let Err(error) = state.operate(0) {
            state
                .pending
                .retain(|change| matches!(change, Change::Length(_)));
            return Err(error);
        }
        for change in state.pending.drain(..) {
            match change {
                Change::Length(length) => state.kept.resize(length, 0),
                Change::Write(at, data) => put(&mut state.kept, at, &data),
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        state.operate(offset + data.len() as u64)?;
        put(&mut state.seen, offset as usize, data);
        let change = Change::Write(offset as usize, data.to_vec());
        state.pending.push(change);
        Ok(())
    }

    fn try_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn unlock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }
}
