//! Which libraries may be loaded.

mod digest;
mod hex;
mod key;
mod places;

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

pub use digest::Digest;
pub use key::TrustedKey;

use crate::LoadError;

/// Which libraries may be loaded: those that nobody else can change, and, where that is asked for, that are listed or signed.
///
/// What is listed or signed is looked at in a copy of the file that nobody can change any more, and the copy is loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    allowed: Option<Vec<Digest>>,
    keys: Vec<TrustedKey>,
}

impl Trust {
    /// The most digests, and the most keys.
    pub const MAX_LIST: usize = 1024;
    /// The largest file that is looked at; libraries with all their symbols have a tenth of it.
    const MAX_FILE: u64 = 1 << 30;

    /// Trusts what nobody else can change: neither the file nor a folder above it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only files with one of these digests.
    pub fn with_allowed(mut self, allowed: Vec<Digest>) -> Self {
        self.allowed = Some(allowed);
        self
    }

    /// Only files that the owner of one of these keys has signed: 64 bytes in a file of the same name with `.sig` behind it.
    pub fn with_keys(mut self, keys: Vec<TrustedKey>) -> Self {
        self.keys = keys;
        self
    }

    /// Looks at a file without opening it as a library; its digest.
    pub fn verify(&self, path: &Path) -> Result<Digest, LoadError> {
        let path = path.canonicalize().map_err(unreadable(path))?;
        self.check_places(&path)?;
        let bytes = read(&path).map_err(unreadable(&path))?;
        self.check(&path, &bytes)
    }

    /// Looks at a file that is to be loaded; where its bytes decide, and not only its place, these are what may be. `path` has no links in it.
    pub(crate) fn admit(&self, path: &Path) -> Result<Option<(Vec<u8>, Digest)>, LoadError> {
        self.check_places(path)?;
        if self.allowed.is_none() && self.keys.is_empty() {
            return Ok(None);
        }
        let bytes = read(path).map_err(unreadable(path))?;
        let digest = self.check(path, &bytes)?;
        Ok(Some((bytes, digest)))
    }

    /// Whether nobody else can change the file; `path` has no links in it.
    fn check_places(&self, path: &Path) -> Result<(), LoadError> {
        places::check(path).map_err(|why| {
            let hint = "take that right away (chown, chmod), or put it elsewhere";
            untrusted(path, format!("{why}; {hint}"))
        })
    }

    /// Whether these bytes, which are those of the file, may be loaded.
    fn check(&self, path: &Path, bytes: &[u8]) -> Result<Digest, LoadError> {
        let digest = Digest::of(bytes);
        let is_allowed = |allowed: &Vec<Digest>| allowed.contains(&digest);
        if !self.allowed.as_ref().is_none_or(is_allowed) {
            let why = format!(
                "{digest} is not among those of `plugins.allow`; add it there if the file is what it should be"
            );
            return Err(untrusted(path, why));
        }
        if self.keys.is_empty() {
            return Ok(digest);
        }
        let beside = signature_of(path);
        let why = match read_signature(&beside) {
            Ok(signature)
                if self
                    .keys
                    .iter()
                    .any(|key| key.has_signed(bytes, &signature)) =>
            {
                return Ok(digest);
            }
            Ok(_) => format!(
                "{} is not a signature of it by a key of `plugins.trusted_keys`; sign it again, or add the key",
                beside.display()
            ),
            Err(error) => format!(
                "its signature {} cannot be read: {error}; sign it, or take `plugins.trusted_keys` away",
                beside.display()
            ),
        };
        Err(untrusted(path, why))
    }
}

/// A whole file, if it is one, and not too large.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_all(&File::open(path)?)
}

/// As [`read`], of a file that is open, and that others may read at the same time.
pub(crate) fn read_all(file: &File) -> io::Result<Vec<u8>> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a file"));
    }
    if metadata.len() > Trust::MAX_FILE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = vec![0; metadata.len() as usize]; // at most `MAX_FILE`
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

fn signature_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".sig");
    name.into()
}

/// One byte more than a signature is too many, and all that is read.
fn read_signature(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = TrustedKey::SIGNATURE as u64 + 1;
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(crate) fn unreadable(path: &Path) -> impl Fn(io::Error) -> LoadError {
    |error| LoadError::Unreadable {
        path: path.to_owned(),
        why: error.to_string(),
    }
}

fn untrusted(path: &Path, why: String) -> LoadError {
    LoadError::Untrusted {
        path: path.to_owned(),
        why,
    }
}
