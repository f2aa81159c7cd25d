//! The secret by which messages are named, kept beside the store.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rand::RngCore;
use rialto_router::NamingKey;
use thiserror::Error;

/// Why there is no secret.
#[derive(Debug, Error)]
pub(crate) enum NamingKeyError {
    #[error("{} cannot be read or written ({why}); give the gateway's user the right to", path.display())]
    File { path: PathBuf, why: io::Error },
    #[error(
        "{} is no key of a gateway, which has {} bytes; remove it: what was on its way may then be delivered under another name",
        path.display(), NamingKey::LEN
    )]
    NotAKey { path: PathBuf },
}

const FILE: &str = "names.key";
const NEXT: &str = "names.key.new";

/// The secret of the gateway whose store is in this folder; made when there is none. The store has to be open: its lock keeps others away.
pub(crate) fn key(folder: &Path) -> Result<NamingKey, NamingKeyError> {
    let path = folder.join(FILE);
    let failed = |why| NamingKeyError::File {
        path: path.clone(),
        why,
    };
    match File::open(&path) {
        Ok(file) => read(file).map_err(failed)?.ok_or_else(|| {
            let path = path.clone();
            NamingKeyError::NotAKey { path }
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => make(folder, &path).map_err(failed),
        Err(error) => Err(failed(error)),
    }
}

fn read(file: File) -> io::Result<Option<NamingKey>> {
    let mut secret = Vec::new();
    file.take(NamingKey::LEN as u64 + 1)
        .read_to_end(&mut secret)?;
    Ok(secret.try_into().ok().map(NamingKey::new))
}

/// Writes a new one beside its place first: a crash leaves a whole one or none.
fn make(folder: &Path, path: &Path) -> io::Result<NamingKey> {
    let mut secret = [0; NamingKey::LEN];
    rand::rng().fill_bytes(&mut secret);
    let next = folder.join(NEXT);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&next)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    fs::rename(&next, path)?;
    File::open(folder)?.sync_all()?;
    Ok(NamingKey::new(secret))
}
