//! A copy of a library that nobody can change.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::{AsRawFd, IntoRawFd},
    path::PathBuf,
};

use nix::{
    fcntl::{FcntlArg, SealFlag, fcntl},
    sys::memfd::{MFdFlags, memfd_create},
};

/// A copy of a library in memory, sealed: what was checked is what is loaded.
#[derive(Debug)]
pub(super) struct Image(File);

impl Image {
    pub(super) fn of(bytes: &[u8]) -> io::Result<Self> {
        let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
        let mut file = File::from(memfd_create(c"rialto-plugin", flags)?);
        file.write_all(bytes)?;
        let seals = SealFlag::F_SEAL_WRITE
            | SealFlag::F_SEAL_SHRINK
            | SealFlag::F_SEAL_GROW
            | SealFlag::F_SEAL_SEAL;
        fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
        Ok(Self(file))
    }

    pub(super) const fn file(&self) -> &File {
        &self.0
    }

    pub(super) fn into_file(self) -> File {
        self.0
    }

    /// Where this process, and one that it forks, find it.
    pub(super) fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.0.as_raw_fd()).into()
    }

    /// Keeps it for as long as this process lives: the system's loader knows a library by this path, and would take another
    /// one under the same number for it.
    pub(super) fn keep(self) {
        let _descriptor = self.0.into_raw_fd();
    }
}
