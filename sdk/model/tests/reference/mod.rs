//! The folder of other people's test data.

use std::path::PathBuf;

/// The folder that `RIALTO_REFERENCE` names; without it the test has nothing to do.
pub(crate) fn folder() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("RIALTO_REFERENCE") else {
        println!("RIALTO_REFERENCE is not set: this test does nothing");
        return None;
    };
    let folder = PathBuf::from(folder);
    assert!(
        folder.is_dir(),
        "RIALTO_REFERENCE names no folder: {}",
        folder.display()
    );
    Some(folder)
}
