//! A library's file, held open for processes that come later.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use super::{Identity, identity, image::Image};
use crate::{LoadError, Trust, trust};

/// The file of a library as it was looked at: whatever comes to its place, this one is opened.
#[derive(Debug)]
pub(crate) struct Held {
    path: PathBuf,
    file: File,
    identity: Identity,
}

impl Held {
    /// Holds a file that may be trusted; where its bytes decide that, a sealed copy of those that were looked at.
    pub(crate) fn of(path: &Path, trust: Option<&Trust>) -> Result<Self, LoadError> {
        // Absolute, and without links: what stands above it is looked at, and a process may be elsewhere.
        let path = path.canonicalize().map_err(trust::unreadable(path))?;
        let admitted = trust.map(|trust| trust.admit(&path)).transpose()?.flatten();
        let file = match admitted {
            Some((bytes, _)) => Image::of(&bytes).map(Image::into_file),
            None => File::open(&path),
        };
        let file = file.map_err(trust::unreadable(&path))?;
        let identity = identity(&file).map_err(trust::unreadable(&path))?;
        Ok(Self {
            path,
            file,
            identity,
        })
    }

    /// Where it was.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file, unless somebody has written into it since.
    pub(crate) fn file(&self) -> Result<&File, LoadError> {
        let replaced = || LoadError::Replaced {
            path: self.path.clone(),
        };
        let now = identity(&self.file).map_err(trust::unreadable(&self.path))?;
        (now == self.identity)
            .then_some(&self.file)
            .ok_or_else(replaced)
    }
}
