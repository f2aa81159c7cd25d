//! Libraries: from a file to a function table, or to a reason that one can read.

mod elf;
mod layout;
mod lookup;
pub(crate) mod manifest;
mod probe;
mod table;

use std::{
    collections::HashMap,
    ffi::c_void,
    fmt,
    fs::File,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use rialto_abi as abi;
use rialto_bridge::{
    calls::{self, Owner, Subject},
    read::{self, lend},
};
use rialto_model::ResponseStatus;

use crate::{Claim, LoadError};

pub use lookup::Lookup;
pub use manifest::{Language, Manifest};

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

/// What tells one file from another: an upgrade has the same path.
#[derive(PartialEq, Eq, Hash)]
struct Identity {
    device: u64,
    inode: u64,
    modified: (i64, i64),
}

static LOADED: OnceLock<Mutex<HashMap<Identity, Library>>> = OnceLock::new();

impl Library {
    /// Opens and checks a library; the same file is opened once.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        let unreadable = |error: std::io::Error| LoadError::Unreadable {
            path: path.to_owned(),
            why: error.to_string(),
        };
        // Absolute: a bare name would be looked for elsewhere.
        let path = &path.canonicalize().map_err(unreadable)?;
        let file = File::open(path).map_err(unreadable)?;
        let identity = identity(&file).map_err(unreadable)?;
        let mut loaded = LOADED
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(library) = loaded.get(&identity) {
            return Ok(library.clone());
        }
        elf::check(&file).map_err(|why| LoadError::NotALibrary {
            path: path.clone(),
            why,
        })?;
        probe::open_in_child(path)?;
        let library = Self {
            loaded: Arc::new(load(path)?),
        };
        loaded.insert(identity, library.clone());
        Ok(library)
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

    /// Has the plugin check an adapter's configuration and name what it claims.
    #[expect(unsafe_code, reason = "calls the plugin")]
    pub(crate) fn claims(&self, adapter: &Arc<str>, config: &str) -> Result<Vec<Claim>, LoadError> {
        let Some(claims) = self.table().claims else {
            return Ok(Vec::new());
        };
        let wrong = |problem: String| LoadError::Configuration {
            adapter: Arc::clone(adapter),
            problem,
        };
        let mut named = Named::default();
        let sink = abi::ClaimSink {
            size: size_of::<abi::ClaimSink>() as u32,
            reserved: 0,
            ctx: (&raw mut named).cast(),
            claim: Some(take_claim),
        };
        let owner = Owner::unique();
        let mut pending = calls::open(Subject::lifecycle(owner));
        if let Some(ticket) = pending.ticket() {
            // SAFETY: the table's function, called as the contract says; all arguments outlive the call.
            unsafe {
                claims(
                    lend(config.as_bytes()),
                    &raw const sink,
                    ticket.completion(),
                )
            }
        }
        match pending.take_now() {
            Some(ResponseStatus::Success) => {}
            Some(ResponseStatus::Failure(failure)) => {
                return Err(wrong(failure.detail().to_owned()));
            }
            _ => {
                return Err(wrong(
                    "the plugin gave no answer to its configuration".to_owned(),
                ));
            }
        }
        let none = |claim, problem| LoadError::NoClaim {
            adapter: Arc::clone(adapter),
            claim,
            problem,
        };
        if let Some(problem) = named.problem {
            return Err(none("something".to_owned(), problem));
        }
        let parse = |(kind, value): (u32, String)| {
            Claim::parse(kind, &value)
                .map_err(|problem| none(format!("`{}`", value.escape_debug()), problem))
        };
        named.claims.into_iter().map(parse).collect()
    }
}

/// What a plugin named. None of it may be lost: what is not known to be taken is given to somebody else.
#[derive(Default)]
struct Named {
    claims: Vec<(u32, String)>,
    problem: Option<String>,
}

impl Named {
    const MAX: usize = read::MAX_LIST;
    /// The longest claim, in bytes: no domain, address or scheme has more.
    const MAX_LEN: usize = 255;

    fn take(&mut self, kind: u32, value: &str) -> Result<(), String> {
        if value.len() > Self::MAX_LEN {
            return Err(format!("it has more than {} bytes", Self::MAX_LEN));
        }
        if self.claims.len() == Self::MAX {
            return Err(format!("it claims more than {} things", Self::MAX));
        }
        self.claims.push((kind, value.to_owned()));
        Ok(())
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Library({})", self.loaded.path.display())
    }
}

/// # Safety
/// `ctx` comes from [`Library::claims`], whose call has not returned; `claim` follows the contract.
#[expect(unsafe_code, reason = "is called by the plugin")]
unsafe extern "C" fn take_claim(ctx: *mut c_void, claim: *const abi::Claim) {
    // SAFETY: the caller's promise, for all of these.
    unsafe {
        let named = &mut *ctx.cast::<Named>();
        let taken = read::prefix(claim)
            .and_then(|claim| Ok((claim.kind, read::text("a claim", claim.value)?)))
            .map_err(|error| error.to_string())
            .and_then(|(kind, value)| named.take(kind, value));
        if let Err(problem) = taken {
            named.problem.get_or_insert(problem);
        }
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
fn load(path: &Path) -> Result<Loaded, LoadError> {
    // SAFETY: runs the library's constructors. Whoever configures a plugin trusts it; a child has survived them.
    let library =
        unsafe { libloading::Library::new(path) }.map_err(|error| LoadError::NotALibrary {
            path: path.to_owned(),
            why: words(&error),
        })?;
    // Whatever comes of it, its constructors have run: threads of its own may use it.
    let library = std::mem::ManuallyDrop::new(library);
    // SAFETY: only its address is used before the mark is seen.
    let symbol = unsafe { library.get::<*const abi::Plugin>("RIALTO_PLUGIN") };
    let exported = *symbol.map_err(|error| LoadError::NotAPlugin {
        path: path.to_owned(),
        why: words(&error),
    })?;
    // SAFETY: the symbol is a plugin's table, or reading stops at the mark.
    let table = unsafe { table::read(path, exported) }?;
    // SAFETY: only its presence is used.
    let language = match unsafe { library.get::<*const ()>(layout::RUST_SYMBOL) } {
        Ok(_) => Language::Rust,
        Err(_) => Language::Other,
    };
    // SAFETY: the table's promise.
    unsafe { layout::check(path, &table, exported, language) }?;
    // SAFETY: the table's texts are constants of a library that is never unloaded.
    let manifest =
        unsafe { Manifest::read(&table, language) }.map_err(|problem| LoadError::Manifest {
            path: path.to_owned(),
            problem,
        })?;
    Ok(Loaded {
        path: path.to_owned(),
        manifest,
        table,
    })
}

fn words(error: &libloading::Error) -> String {
    use std::error::Error as _;
    error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string)
}
