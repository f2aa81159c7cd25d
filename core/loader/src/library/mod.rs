//! Libraries: from a file to a function table, or to a reason that one can read.

mod capabilities;
mod configuration;
mod elf;
mod fuzz;
mod held;
mod image;
mod layout;
mod lookup;
pub(crate) mod manifest;
mod probe;
mod schema;
mod table;

use std::{
    collections::HashMap,
    fmt,
    fs::File,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use rialto_abi as abi;

use crate::{Digest, LoadError, Trust, trust};
use image::Image;

pub use capabilities::{Capabilities, Capability};
#[doc(hidden)]
pub use fuzz::read_manifest;
pub(crate) use held::Held;
pub use lookup::Lookup;
pub use manifest::{Language, Manifest};
pub use schema::ConfigSchema;

/// How long a library's code may take where nobody can go on without it: its constructors, its check of a configuration.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// A checked plugin library; never unloaded. Clones are the same.
#[derive(Clone)]
pub struct Library {
    loaded: Arc<Loaded>,
}

struct Loaded {
    path: PathBuf,
    manifest: Manifest,
    table: abi::Plugin,
}

/// What tells one file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Identity {
    device: u64,
    inode: u64,
    modified: (i64, i64),
}

/// A library to open.
struct Source<'a> {
    /// What the operator calls it.
    path: &'a Path,
    /// Where its bytes are.
    from: &'a Path,
}

/// What this process has opened. To the system's loader a library is its path: opened again, that gives what was there first.
#[derive(Default)]
struct Opened {
    libraries: HashMap<Identity, Library>,
    paths: HashMap<PathBuf, Identity>,
    /// Those that were copied, by their bytes.
    copies: HashMap<Digest, Library>,
}

static OPENED: OnceLock<Mutex<Opened>> = OnceLock::new();

impl Library {
    /// Opens and checks a library; the same file is opened once, and another one in its place never.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        // Absolute: a bare name would be looked for elsewhere.
        let path = &path.canonicalize().map_err(trust::unreadable(path))?;
        let file = File::open(path).map_err(trust::unreadable(path))?;
        let identity = identity(&file).map_err(trust::unreadable(path))?;
        let mut opened = opened();
        if let Some(library) = opened.libraries.get(&identity) {
            return Ok(library.clone());
        }
        if opened.paths.get(path).is_some_and(|was| *was != identity) {
            return Err(LoadError::Replaced { path: path.clone() });
        }
        check_elf(path, &file)?;
        probe::open_in_child(&Source { path, from: path })?;
        opened.load(path, identity)
    }

    /// Opens and checks a library if it may be trusted. Where its bytes decide that, those are opened, and not the file: so
    /// another one may have come to its place, and the same bytes are opened once.
    pub fn open_trusted(path: &Path, trust: &Trust) -> Result<Self, LoadError> {
        // Absolute, and without links: what stands above it is looked at as well.
        let path = &path.canonicalize().map_err(trust::unreadable(path))?;
        match trust.admit(path)? {
            Some((bytes, digest)) => Self::open_copy(path, bytes, digest, probe::open_in_child),
            None => Self::open(path),
        }
    }

    /// As [`open`](Self::open), or [`open_trusted`](Self::open_trusted); a file in the place of one that is open is opened as well, as a
    /// copy, so that the system's loader does not take it for the other.
    pub(crate) fn open_replacing(path: &Path, trust: Option<&Trust>) -> Result<Self, LoadError> {
        let opened = match trust {
            Some(trust) => Self::open_trusted(path, trust),
            None => Self::open(path),
        };
        if !matches!(opened, Err(LoadError::Replaced { .. })) {
            return opened;
        }
        let path = &path.canonicalize().map_err(trust::unreadable(path))?;
        let bytes = trust::read(path).map_err(trust::unreadable(path))?;
        let digest = Digest::of(&bytes);
        Self::open_copy(path, bytes, digest, probe::open_in_child)
    }

    /// Opens a file that is held: by its path, where debuggers find it, if that leads to it; else its bytes. For a process that may end of it.
    pub(crate) fn open_held(path: &Path, held: &File) -> Result<Self, LoadError> {
        let checked = identity(held).map_err(trust::unreadable(path))?;
        let there = File::open(path).and_then(|there| identity(&there));
        if there.is_ok_and(|there| there == checked) {
            check_elf(path, held)?;
            return opened().load(path, checked);
        }
        let bytes = trust::read_all(held).map_err(trust::unreadable(path))?;
        let digest = Digest::of(&bytes);
        Self::open_copy(path, bytes, digest, |_| Ok(()))
    }

    /// Opens these bytes, unless they are open; `digest` is theirs.
    fn open_copy(
        path: &Path,
        bytes: Vec<u8>,
        digest: Digest,
        trial: impl FnOnce(&Source<'_>) -> Result<(), LoadError>,
    ) -> Result<Self, LoadError> {
        let mut opened = opened();
        if let Some(library) = opened.copies.get(&digest) {
            return Ok(library.clone());
        }
        let image = Image::of(&bytes).map_err(trust::unreadable(path))?;
        drop(bytes);
        check_elf(path, image.file())?;
        let from = &image.path();
        trial(&Source { path, from })?;
        opened.load_image(path, digest, image)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.loaded.path
    }

    /// What the plugin says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.loaded.manifest
    }

    pub(crate) fn table(&self) -> &abi::Plugin {
        &self.loaded.table
    }
}

impl Opened {
    /// Loads the file that was checked, if it is still the one at its path.
    fn load(&mut self, path: &Path, checked: Identity) -> Result<Library, LoadError> {
        let loaded = load(&Source { path, from: path });
        if !matches!(loaded, Err(LoadError::NotALibrary { .. })) {
            self.paths.insert(path.to_owned(), checked);
        }
        let library = Library {
            loaded: Arc::new(loaded?),
        };
        let now = File::open(path).and_then(|file| identity(&file)).ok();
        if now != Some(checked) {
            return Err(LoadError::Replaced {
                path: path.to_owned(),
            });
        }
        self.libraries.insert(checked, library.clone());
        Ok(library)
    }

    /// Loads what was checked, from where nobody can change it.
    fn load_image(
        &mut self,
        path: &Path,
        digest: Digest,
        image: Image,
    ) -> Result<Library, LoadError> {
        let from = &image.path();
        let loaded = load(&Source { path, from });
        if !matches!(loaded, Err(LoadError::NotALibrary { .. })) {
            image.keep();
        }
        let library = Library {
            loaded: Arc::new(loaded?),
        };
        self.copies.insert(digest, library.clone());
        Ok(library)
    }
}

fn opened() -> MutexGuard<'static, Opened> {
    OPENED
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

fn check_elf(path: &Path, file: &File) -> Result<(), LoadError> {
    elf::check(file).map_err(|why| LoadError::NotALibrary {
        path: path.to_owned(),
        why,
    })
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Library({})", self.loaded.path.display())
    }
}

fn identity(file: &File) -> std::io::Result<Identity> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(std::io::Error::other("not a file"));
    }
    Ok(Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
    })
}

#[expect(
    unsafe_code,
    reason = "runs the library's constructors and reads its symbol"
)]
fn load(source: &Source<'_>) -> Result<Loaded, LoadError> {
    let path = source.path;
    // SAFETY: runs the library's constructors. Whoever configures a plugin trusts it; a child has survived them.
    let library = unsafe { libloading::Library::new(source.from) }.map_err(|error| {
        LoadError::NotALibrary {
            path: path.to_owned(),
            why: words(&error, source.from),
        }
    })?;
    // Whatever comes of it, its constructors have run: threads of its own may use it.
    let library = std::mem::ManuallyDrop::new(library);
    // SAFETY: only its address is used before the mark is seen.
    let symbol = unsafe { library.get::<*const abi::Plugin>("RIALTO_PLUGIN") };
    let exported = *symbol.map_err(|error| LoadError::NotAPlugin {
        path: path.to_owned(),
        why: words(&error, source.from),
    })?;
    // SAFETY: the symbol is a plugin's table, or reading stops at the mark.
    let table = unsafe { table::read(path, exported) }?;
    // SAFETY: only its presence is used.
    let language = match unsafe { library.get::<*const ()>(layout::RUST_SYMBOL) } {
        Ok(_) => Language::Rust,
        Err(_) => Language::Other,
    };
    // SAFETY: the table's promise.
    unsafe { layout::check(source, &table, exported, language) }?;
    // SAFETY: the table's texts, and the schema, are constants of a library that is never unloaded.
    let manifest = unsafe {
        let schema = ConfigSchema::read(schema::of(&table));
        schema.and_then(|schema| Manifest::read(&table, schema, language))
    };
    let manifest = manifest.map_err(|problem| LoadError::Manifest {
        path: path.to_owned(),
        problem,
    })?;
    Ok(Loaded {
        path: path.to_owned(),
        manifest,
        table,
    })
}

/// What the system's loader says of a library, which whoever hears it knows already.
fn words(error: &libloading::Error, of: &Path) -> String {
    use std::error::Error as _;
    let words = error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string);
    let name = format!("{}: ", of.display());
    words.strip_prefix(&name).unwrap_or(&words).to_owned()
}
