//! Another wall clock for a process.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Builds the library that shows a process what the file `RIALTO_CLOCK` says, to be preloaded.
///
/// # Panics
///
/// Panics if there is no C compiler.
pub(crate) fn library(folder: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/clock.c");
    let library = folder.join("libclock.so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .status();
    let is_built = built.is_ok_and(|status| status.success());
    assert!(is_built, "cc has not built {}", source.display());
    library
}
