//! Who can change a file, or put another one in its place.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::Path,
};

use nix::unistd::{getegid, geteuid};

const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
/// In such a folder only the owner of a file removes or renames it.
const STICKY: u32 = 0o1000;
const ROOT: u32 = 0;

/// Says which of the file and the folders above it somebody else may change; `path` has no links in it.
///
/// Nobody else: root, the gateway's user, and the groups of both.
pub(super) fn check(path: &Path) -> Result<(), String> {
    for place in path.ancestors() {
        let metadata = fs::metadata(place).map_err(|error| {
            format!("it is not seen who may change {}: {error}", place.display())
        })?;
        if let Some(who) = who_else(&metadata) {
            return Err(format!("{} can be changed by {who}", place.display()));
        }
    }
    Ok(())
}

fn who_else(metadata: &Metadata) -> Option<String> {
    let (mode, owner, group) = (metadata.mode(), metadata.uid(), metadata.gid());
    if owner != ROOT && owner != geteuid().as_raw() {
        return Some(format!("its owner, user {owner}"));
    }
    if metadata.is_dir() && mode & STICKY != 0 {
        return None;
    }
    if mode & OTHERS_WRITE != 0 {
        return Some("everybody".to_owned());
    }
    let is_ours = group == ROOT || group == getegid().as_raw();
    (mode & GROUP_WRITES != 0 && !is_ours).then(|| format!("group {group}"))
}
