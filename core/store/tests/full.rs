//! Disks without room, and folders that cannot be written: real ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![expect(
    clippy::print_stdout,
    reason = "one test tells its child's figures to another"
)]

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::Command,
};

use rialto_store::{
    Batch, CommitError, Done, EmbeddedStore, Health, Limits, OpenError, Store, Table, check,
};
use support::{child, commit, folder};
use tempfile::TempDir;

mod support;

fn limits() -> Limits {
    Limits::default().with_max_disk(16 << 20)
}

fn put(number: u64) -> Batch {
    let mut batch = Batch::new();
    batch.put(
        Table::Operations,
        number.to_be_bytes().to_vec(),
        vec![7; 3000],
    );
    batch
}

fn delete(number: u64) -> Batch {
    let mut batch = Batch::new();
    batch.delete(Table::Operations, number.to_be_bytes().to_vec());
    batch
}

fn tend(store: &EmbeddedStore) -> Result<(), CommitError> {
    let (sender, answer) = std::sync::mpsc::channel();
    let done = Done::call(move |result| sender.send(result).unwrap());
    store.tend(std::time::UNIX_EPOCH, done);
    answer.recv().unwrap()
}

/// Puts until there is no room; how many there are then.
fn fill(store: &EmbeddedStore) -> u64 {
    let refused = (0..).find_map(|number| Some((number, commit(store, put(number)).err()?)));
    let (records, error) = refused.unwrap();
    assert!(matches!(error, CommitError::Full(_)), "{error}");
    assert!(matches!(*store.health().borrow(), Health::Full(_)));
    let again = commit(store, put(records)).unwrap_err();
    assert!(matches!(again, CommitError::Full(_)), "{again}");
    records
}

/// The first half is deleted, which is taken, and makes room.
fn make_room(store: &EmbeddedStore, records: u64) {
    for number in 0..records / 2 {
        assert_eq!(
            commit(store, delete(number)),
            Ok(()),
            "{number} of {records}"
        );
    }
    assert_eq!(tend(store), Ok(()));
    assert_eq!(*store.health().borrow(), Health::Good);
    assert_eq!(commit(store, put(records)), Ok(()));
}

#[test]
fn own_limit_of_the_disk_is_a_state_that_deleting_ends() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits::default().with_max_disk(4 << 20);
    let store = EmbeddedStore::open(folder.path(), limits).unwrap();
    let records = fill(&store);
    assert!(records > 400, "{records}");
    assert!(taken(folder.path()) <= 4 << 20, "{}", taken(folder.path()));
    make_room(&store, records);
    drop(store);
    let report = check(folder.path()).unwrap();
    assert!(report.is_sound());
    assert_eq!(report.tables[0].records, records - records / 2 + 1);
}

/// The bytes of the disk that a folder's files take.
fn taken(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).unwrap();
    files
        .map(|file| file.unwrap().metadata().unwrap().blocks() * 512)
        .sum()
}

#[test]
fn limit_that_the_system_sets_on_files_is_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut limited = Command::new("bash");
    // The signal would end the process before the error could be seen.
    let script = r#"trap "" XFSZ; ulimit -f 4096; exec "$@""#;
    let filler = child("filler", folder.path());
    limited
        .args(["-c", script, "bash"])
        .arg(filler.get_program());
    limited.args(filler.get_args());
    for (name, value) in filler.get_envs() {
        limited.env(name, value.unwrap());
    }
    let ended = limited.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success(), "{said}");
    let records = said.lines().find_map(|line| line.strip_prefix("full at "));
    let records: u64 = records.unwrap().parse().unwrap();

    let store = EmbeddedStore::open(folder.path(), limits()).unwrap();
    assert_eq!(store.usage().records, records);
    assert_eq!(commit(&store, put(records)), Ok(()));
}

#[test]
#[ignore = "fills a store, started by the test above"]
fn filler() {
    let store = EmbeddedStore::open(folder(), limits()).unwrap();
    println!("\nfull at {}", fill(&store));
}

/// A small file system of its own, or nothing where we may not have one.
struct Mount(TempDir);

impl Mount {
    fn new() -> Option<Self> {
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            println!("skipped: only root may mount; the limit on files stands in for it");
            return None;
        }
        let mount = Self(tempfile::tempdir().unwrap());
        run(
            &["mount", "-t", "tmpfs", "-o", "size=8m", "rialto-store"],
            mount.path(),
        );
        Some(mount)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run(&["umount", "--lazy"], self.path());
    }
}

fn run(command: &[&str], path: &Path) {
    let mut program = Command::new(command[0]);
    let ended = program.args(&command[1..]).arg(path).status();
    assert!(ended.unwrap().success(), "{command:?}");
}

#[test]
fn full_disk_is_a_state_that_deleting_ends() {
    let Some(mount) = Mount::new() else { return };
    let store = EmbeddedStore::open(mount.path(), limits()).unwrap();
    let records = fill(&store);
    assert!(records > 500, "{records}");
    make_room(&store, records);
    drop(store);
    assert!(check(mount.path()).unwrap().is_sound());
}

#[test]
fn disk_that_others_filled_is_a_state_that_ends_when_they_make_room() {
    let Some(mount) = Mount::new() else { return };
    let store = EmbeddedStore::open(mount.path(), limits()).unwrap();
    commit(&store, put(0)).unwrap();
    let other = mount.path().join("of another program");
    drop(fs::write(&other, vec![1; 16 << 20]));
    let records = (1..).find(|number| commit(&store, put(*number)).is_err());
    let records = records.unwrap();
    assert!(matches!(*store.health().borrow(), Health::Full(_)));
    drop(store);
    // A restart changes nothing of it.
    let store = EmbeddedStore::open(mount.path(), limits()).unwrap();
    assert_eq!(store.usage().records, records);
    assert!(matches!(*store.health().borrow(), Health::Full(_)));

    fs::remove_file(&other).unwrap();
    assert_eq!(tend(&store), Ok(()));
    assert_eq!(*store.health().borrow(), Health::Good);
    assert_eq!(commit(&store, put(records)), Ok(()));
}

#[test]
fn folder_that_cannot_be_written_is_refused_with_what_to_do() {
    let root = Mount::new();
    let own = tempfile::tempdir().unwrap();
    let path = root.as_ref().map_or_else(|| own.path(), Mount::path);
    drop(EmbeddedStore::open(path, limits()).unwrap());
    if root.is_some() {
        run(&["mount", "-o", "remount,ro"], path);
    } else {
        set_mode(&path.join("store.redb"), 0o400);
        set_mode(path, 0o500);
    }
    for path in [path.to_owned(), path.join("new")] {
        let refused = EmbeddedStore::open(path, limits()).unwrap_err();
        assert!(matches!(refused, OpenError::ReadOnly { .. }), "{refused}");
        let said = refused.to_string();
        assert!(said.contains("give the gateway's user the right"), "{said}");
    }
    set_mode_back(path, root.is_some());
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// So that it can be removed.
fn set_mode_back(path: &Path, is_mount: bool) {
    if !is_mount {
        set_mode(path, 0o700);
    }
}
