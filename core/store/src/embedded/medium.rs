//! Where the engine's file is.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io,
    ops::Bound,
    os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use redb::{
    BackendError, Builder, Database, ReadOnlyDatabase, StorageBackend, backends::FileBackend,
};

use super::{reserve::Reserve, trouble::Trouble};
use crate::Reason;

/// Where the engine's file is, so that it can be opened again after a failure.
pub(crate) trait Medium: fmt::Debug + Send + Sync {
    /// Opens the file, which must exist.
    fn open(&self, builder: &Builder) -> Result<Database, Trouble>;

    /// Opens the file without a change to it; not every file that can be opened can be opened so.
    fn open_read_only(&self, builder: &Builder) -> Result<ReadOnlyDatabase, Trouble>;

    /// The bytes that it takes on the disk.
    fn disk(&self) -> u64;

    /// Gives the engine the room that is kept for a full disk: to delete takes room as well, before it gives some.
    fn lend_reserve(&self);

    /// Takes that room back; fails while there is none.
    fn keep_reserve(&self) -> Result<(), Trouble>;
}

/// A file in a folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    file: PathBuf,
    reserve: Reserve,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It has had its first transaction before it got its name.
    Store,
    /// It is being made, and empty at first.
    Draft,
}

const FILE: &str = "store.redb";
const DRAFT: &str = ".new";

/// What each of the engine's files begins with.
const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";

impl Folder {
    pub(crate) fn new(path: &Path, max_disk: u64) -> Self {
        Self {
            path: path.to_owned(),
            file: path.join(FILE),
            reserve: Reserve::new(path, max_disk),
            kind: Kind::Store,
        }
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Makes folder and file, where they are not there yet; only their owner may read them.
    ///
    /// The file gets its name when `fill` has given it its first content, so that an empty file is known to have lost what it had. What names the
    /// file is written to the disk as well: a file that is safe, but has no name after a power failure, is lost.
    pub(crate) fn prepare(
        &self,
        fill: impl FnOnce(&Self) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        if self.file.exists() {
            return Ok(());
        }
        make_folder(&self.path).map_err(|error| Trouble::from_making(&error))?;
        let draft = Self {
            path: self.path.clone(),
            file: self.path.join(draft_name()),
            reserve: self.reserve.clone(),
            kind: Kind::Draft,
        };
        let made = draft.create().and_then(|()| fill(&draft));
        let named = made.and_then(|()| self.name(&draft));
        // What is left of a failure is in nobody's way.
        drop(fs::remove_file(&draft.file));
        // Another was faster, and may have removed our draft.
        if self.file.exists() { Ok(()) } else { named }
    }

    /// Removes drafts that a crash left; for who has the store, and so knows that nobody needs one.
    pub(crate) fn remove_drafts(path: &Path) {
        let is_draft = |name: &str| name.starts_with(FILE) && name.ends_with(DRAFT);
        for file in fs::read_dir(path).into_iter().flatten().flatten() {
            if file.file_name().to_str().is_some_and(is_draft) {
                // Else they are in nobody's way.
                drop(fs::remove_file(file.path()));
            }
        }
    }

    fn create(&self) -> Result<(), Trouble> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let created = options.open(&self.file);
        created
            .map(drop)
            .map_err(|error| Trouble::from_making(&error))
    }

    /// Names a draft, unless there is a file of that name by now.
    fn name(&self, draft: &Self) -> Result<(), Trouble> {
        match fs::hard_link(&draft.file, &self.file) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Trouble::from_making(&error));
            }
            _ => {}
        }
        sync_folder(&self.path).map_err(|error| Trouble::from_making(&error))
    }

    /// Tells other people's files from ours, whole or not.
    fn recognise(&self, file: &File) -> Result<(), Trouble> {
        let mut magic = [0; MAGIC.len()];
        match file.read_exact_at(&mut magic, 0) {
            Ok(()) if magic == MAGIC => Ok(()),
            Ok(()) => Err(Trouble::NotAStore),
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                Err(Trouble::from_io(&error))
            }
            Err(_) if self.kind == Kind::Draft => Ok(()),
            Err(_) => Err(Trouble::Corrupt(Reason::new("the file is cut off"))),
        }
    }

    fn backend(&self, options: &OpenOptions) -> Result<Bounded, Trouble> {
        let file = options
            .open(&self.file)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => Trouble::Absent,
                _ => Trouble::from_io(&error),
            })?;
        self.recognise(&file)?;
        Ok(Bounded {
            file: FileBackend::new(file)?,
            max: Arc::clone(&self.reserve.max),
        })
    }
}

/// A name that no other draft has.
fn draft_name() -> String {
    static DRAFTS: AtomicU64 = AtomicU64::new(0);
    let (process, draft) = (process::id(), DRAFTS.fetch_add(1, Ordering::Relaxed));
    format!("{FILE}.{process}.{draft}{DRAFT}")
}

/// Makes a folder, and those above it; what names them is written to the disk.
fn make_folder(path: &Path) -> io::Result<()> {
    let missing: Vec<_> = path
        .ancestors()
        .take_while(|above| !above.is_dir())
        .collect();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path)?;
    missing
        .iter()
        .filter_map(|folder| folder.parent())
        .try_for_each(sync_folder)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let here = Path::new(".");
    let path = if path.as_os_str().is_empty() {
        here
    } else {
        path
    };
    File::open(path)?.sync_all()
}

impl Medium for Folder {
    fn open(&self, builder: &Builder) -> Result<Database, Trouble> {
        let backend = self.backend(OpenOptions::new().read(true).write(true))?;
        Ok(builder.create_with_backend(backend)?)
    }

    fn open_read_only(&self, builder: &Builder) -> Result<ReadOnlyDatabase, Trouble> {
        let backend = self.backend(OpenOptions::new().read(true))?;
        Ok(builder.open_read_only_with_backend(backend)?)
    }

    fn disk(&self) -> u64 {
        fs::metadata(&self.file).map_or(0, |data| data.blocks() * 512)
    }

    fn lend_reserve(&self) {
        self.reserve.lend();
    }

    fn keep_reserve(&self) -> Result<(), Trouble> {
        self.reserve
            .keep()
            .map_err(|error| Trouble::from_making(&error))
    }
}

/// A file that refuses what is written behind a place, as a full disk would.
///
/// Its length says nothing: the engine makes it longer by far than what it writes, and what is not written takes no room.
#[derive(Debug)]
struct Bounded {
    file: FileBackend,
    max: Arc<AtomicU64>,
}

impl StorageBackend for Bounded {
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let max = self.max.load(Ordering::Relaxed);
        if offset.saturating_add(data.len() as u64) > max {
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                format!("the file has grown to the {max} bytes that it may have"),
            ));
        }
        self.file.write(offset, data)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
