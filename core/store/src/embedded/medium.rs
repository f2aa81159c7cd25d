//! Where the engine's file is.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io,
    ops::Bound,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use redb::{BackendError, Builder, Database, StorageBackend, backends::FileBackend};

use super::trouble::Trouble;

/// Where the engine's file is, so that it can be opened again after a failure.
pub(crate) trait Medium: fmt::Debug + Send + Sync {
    /// Opens the file, which must exist.
    fn open(&self, builder: &Builder) -> Result<Database, Trouble>;

    /// The bytes that it takes on the disk.
    fn disk(&self) -> u64;
}

/// A folder of a file system.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    max_disk: u64,
}

const FILE: &str = "store.redb";

impl Folder {
    pub(crate) fn new(path: &Path, max_disk: u64) -> Self {
        Self {
            path: path.to_owned(),
            max_disk,
        }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.path.join(FILE)
    }

    /// Makes folder and file, where they are not there yet; only their owner may read them.
    ///
    /// The folders that name them are written to the disk as well: a file that is safe, but has no name after a power failure, is lost.
    pub(crate) fn prepare(&self) -> Result<(), Trouble> {
        let made = self.make().map_err(|error| Trouble::from_io(&error));
        made.map_err(|trouble| match trouble {
            Trouble::Corrupt(reason) => Trouble::Failing(reason),
            other => other,
        })
    }

    fn make(&self) -> io::Result<()> {
        if !self.path.is_dir() {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true).mode(0o700).create(&self.path)?;
            for folder in self.path.ancestors().skip(1) {
                sync_folder(folder)?;
            }
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        match options.open(self.file()) {
            Ok(file) => file.sync_all()?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        sync_folder(&self.path)
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    File::open(path)?.sync_all()
}

impl Medium for Folder {
    fn open(&self, builder: &Builder) -> Result<Database, Trouble> {
        let file = OpenOptions::new().read(true).write(true).open(self.file());
        let file = file.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Trouble::Absent,
            _ => Trouble::from_io(&error),
        })?;
        let file = Bounded {
            file: FileBackend::new(file)?,
            max: self.max_disk,
        };
        Ok(builder.create_with_backend(file)?)
    }

    fn disk(&self) -> u64 {
        fs::metadata(self.file()).map_or(0, |data| data.blocks() * 512)
    }
}

/// A file that refuses to grow beyond a size, as a full disk would.
#[derive(Debug)]
struct Bounded {
    file: FileBackend,
    max: u64,
}

impl StorageBackend for Bounded {
    fn set_len(&self, len: u64) -> io::Result<()> {
        if len > self.max && len > self.file.len()? {
            let max = self.max;
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                format!("its file would grow beyond the {max} bytes that it may have"),
            ));
        }
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

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
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
