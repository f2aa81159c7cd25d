//! What a process opens when it begins again: the library that its adapter was loaded with, whatever has become of the file.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    sync::Arc,
};

use rialto_loader::{Adapter, ClaimTable, Digest, Health, Trust};
use tempfile::TempDir;

use super::faults::{fatal, may_have_arrived};
use crate::support::*;

/// A library in a folder of its own, and its adapter.
async fn started(trust: Trust, gateway: &Arc<Recorder>) -> (TempDir, Adapter) {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("libc.so");
    fs::copy(fatal(), &library).unwrap();
    let loaded = declared("one", library, "{}").trusting(trust);
    let loaded = loaded.load(&ClaimTable::new()).unwrap();
    (folder, begun(loaded, gateway).await)
}

/// Ends the process, as only that library does when it is told to.
async fn end(adapter: &Adapter) {
    let why = may_have_arrived(delivered(adapter, "e").await);
    assert_eq!(why, "its process exits with code 3");
}

/// It begins again, and is what it was.
async fn begins_again_as_it_was(adapter: &Adapter, gateway: &Recorder) {
    for _ in 0..2 {
        let before = gateway.seen().health.len();
        end(adapter).await;
        let is_up = |health: &[Health]| health.len() > before && health.last() == Some(&Health::Up);
        gateway.until(|seen| is_up(&seen.health)).await;
    }
    assert!(delivered(adapter, "x").await.is_success());
}

fn put_another_there(folder: &TempDir) {
    let another = c_plugin("another", "#define SCHEMES \"another\"");
    let coming = folder.path().join("coming");
    fs::copy(another, &coming).unwrap();
    fs::rename(coming, folder.path().join("libc.so")).unwrap();
}

#[tokio::test]
async fn process_begins_again_as_it_was_when_another_library_has_come_to_the_place() {
    let gateway = Recorder::new();
    let (folder, adapter) = started(Trust::new(), &gateway).await;
    put_another_there(&folder);
    begins_again_as_it_was(&adapter, &gateway).await;
}

#[tokio::test]
async fn process_begins_again_as_it_was_when_its_library_has_moved_where_it_may_not_read() {
    let gateway = Recorder::new();
    let (folder, adapter) = started(Trust::new(), &gateway).await;
    // Beside the folder, and so on the same file system.
    let elsewhere = tempfile::tempdir().unwrap();
    fs::rename(
        folder.path().join("libc.so"),
        elsewhere.path().join("libc.so"),
    )
    .unwrap();
    begins_again_as_it_was(&adapter, &gateway).await;
}

#[tokio::test]
async fn process_begins_again_with_the_bytes_that_were_listed_when_others_have_come_to_the_place() {
    let gateway = Recorder::new();
    let trust = Trust::new().with_allowed(vec![Digest::of_file(&fatal()).unwrap()]);
    let (folder, adapter) = started(trust, &gateway).await;
    put_another_there(&folder);
    begins_again_as_it_was(&adapter, &gateway).await;
    append(&folder.path().join("libc.so"));
    begins_again_as_it_was(&adapter, &gateway).await;
}

#[tokio::test]
async fn process_does_not_begin_again_with_a_library_that_somebody_has_written_into() {
    let gateway = Recorder::new();
    let (folder, adapter) = started(Trust::new(), &gateway).await;
    append(&folder.path().join("libc.so"));
    end(&adapter).await;
    let why = "the adapter is disabled: somebody has written into its library; restart the adapter";
    let disabled = Health::Disabled(why.to_owned());
    gateway
        .until(|seen| seen.health.last() == Some(&disabled))
        .await;
}

/// Behind all segments, where nothing is run.
fn append(library: &Path) {
    let mut file = File::options().append(true).open(library).unwrap();
    file.write_all(&[0]).unwrap();
}
