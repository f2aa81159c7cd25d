//! Files that are not what was written: used, full, read-only, damaged, older, newer, something else.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::{
    fs,
    io::Write as _,
    ops::ControlFlow,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use proptest::prelude::*;
use rialto_store::{
    Batch, EmbeddedStore, KeyRange, Limits, OpenError, ReadError, Store, Table, check, dump, scan,
};
use support::{child, commit, folder, open};
use tempfile::TempDir;

mod support;
mod files {
    use super::*;

    mod records;
}

const KEPT: u64 = 40;

/// The file of a store with some records, closed.
static FILLED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    for number in 0..KEPT {
        commit(&store, numbered(number)).unwrap();
    }
    drop(store);
    fs::read(file(folder.path())).unwrap()
});

fn filled() -> TempDir {
    with_file(&FILLED)
}

fn with_file(bytes: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(file(folder.path()), bytes).unwrap();
    folder
}

fn numbered(number: u64) -> Batch {
    let mut batch = Batch::new();
    let table = if number.is_multiple_of(2) {
        Table::Operations
    } else {
        Table::Presence
    };
    batch.put(table, number.to_be_bytes().to_vec(), content(number));
    batch
}

fn content(number: u64) -> Vec<u8> {
    vec![number as u8 | 0x40; 100 + number as usize]
}

fn file(folder: &Path) -> PathBuf {
    folder.join("store.redb")
}

/// What is in a store: every record whole, or a damage that is named.
fn read(store: &dyn Store) -> Result<u64, ReadError> {
    let mut found = 0;
    for table in Table::ALL {
        store.scan(table, &KeyRange::all(), &mut |key, record| {
            let number = u64::from_be_bytes(key.try_into().unwrap());
            assert_eq!(*record.value(), content(number), "silently wrong");
            found += 1;
            ControlFlow::Continue(())
        })?;
    }
    Ok(found)
}

#[test]
fn second_process_is_refused_and_told_why() {
    let folder = filled();
    let store = open(folder.path()).unwrap();
    let refused = child("opener", folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(
        said.contains("is in use by another process; stop that gateway"),
        "{said}"
    );
    assert_eq!(read(&store), Ok(KEPT));
    drop(store);
    let opened = child("opener", folder.path()).output().unwrap();
    assert!(String::from_utf8_lossy(&opened.stdout).contains("opened"));
}

#[test]
#[ignore = "opens the store, started by the test above"]
fn opener() {
    match open(&folder()) {
        Ok(_) => println!("opened"),
        Err(error) => println!("{error}"),
    }
}

#[test]
fn second_store_of_the_same_process_and_a_look_from_outside_are_refused() {
    let folder = filled();
    let _store = open(folder.path()).unwrap();
    let refused = [open(folder.path()).err(), check(folder.path()).err()];
    for error in refused {
        assert!(matches!(error, Some(OpenError::InUse { .. })), "{error:?}");
    }
}

#[test]
fn folder_and_file_are_for_their_owner_only() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("deep/er");
    drop(open(&folder).unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&file(&folder))), (0o700, 0o600));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bit_is_noticed_or_changes_nothing(at: prop::sample::Index, bit in 0..8_u32) {
        let mut bytes = FILLED.clone();
        // Most of the file is empty; what is written is of interest.
        let written: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        bytes[*at.get(&written)] ^= 1_u8 << bit;
        sound_or_refused(with_file(&bytes).path())?;
    }

    #[test]
    fn overwritten_part_is_noticed_or_changes_nothing(
        at: prop::sample::Index,
        noise in prop::collection::vec(any::<u8>(), 1..5000),
    ) {
        let mut bytes = FILLED.clone();
        let at = at.index(bytes.len());
        bytes.iter_mut().skip(at).zip(noise).for_each(|(byte, noise)| *byte = noise);
        sound_or_refused(with_file(&bytes).path())?;
    }

    #[test]
    fn truncated_file_is_noticed(at: prop::sample::Index) {
        let folder = with_file(&FILLED[..at.index(FILLED.len())]);
        let opened = open(folder.path());
        let refused = opened.as_ref().err();
        let named = matches!(refused, Some(OpenError::Corrupt { .. } | OpenError::NotAStore { .. }));
        prop_assert!(named, "{:?}", opened.map(|store| read(&store)));
    }
}

fn sound_or_refused(folder: &Path) -> Result<(), TestCaseError> {
    match open(folder) {
        Err(error) => {
            let named = matches!(
                error,
                OpenError::Corrupt { .. } | OpenError::NotAStore { .. }
            );
            prop_assert!(named, "{error}");
        }
        Ok(store) => match read(&store) {
            Ok(found) => prop_assert_eq!(found, KEPT),
            Err(error) => prop_assert!(matches!(error, ReadError::Damaged { .. }), "{error}"),
        },
    }
    Ok(())
}

#[test]
fn empty_file_is_one_that_lost_what_it_had() {
    let folder = with_file(b"");
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Corrupt { .. }), "{refused}");
}

#[test]
fn something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(file(folder.path()), "a letter, not a store").unwrap();
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::NotAStore { .. }), "{refused}");
    assert!(matches!(
        check(folder.path()),
        Err(OpenError::NotAStore { .. })
    ));
    assert_eq!(
        fs::read(file(folder.path())).unwrap(),
        b"a letter, not a store"
    );
}

#[test]
fn looking_makes_no_store() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(
        check(folder.path()),
        Err(OpenError::Absent { .. })
    ));
    let absent = folder.path().join("absent");
    assert!(matches!(check(&absent), Err(OpenError::Absent { .. })));
    assert!(!absent.exists());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// Tables as version 0 had them: plain values, and a number in a table of its own.
fn write_version(folder: &Path, version: u32, values: &[(&str, u64)]) {
    type Plain = redb::TableDefinition<'static, &'static [u8], &'static [u8]>;
    const META: Plain = Plain::new("rialto.meta");
    let database = redb::Database::create(file(folder)).unwrap();
    let writing = database.begin_write().unwrap();
    writing
        .open_table(META)
        .unwrap()
        .insert(&b"format"[..], &version.to_be_bytes()[..])
        .unwrap();
    for (table, number) in values {
        let table = redb::TableDefinition::<&[u8], &[u8]>::new(table);
        let mut table = writing.open_table(table).unwrap();
        let (key, value) = (number.to_be_bytes(), content(*number));
        table.insert(&key[..], &value[..]).unwrap();
    }
    writing.commit().unwrap();
}

#[test]
fn store_of_version_0_is_upgraded_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let values: Vec<_> = (0..1000)
        .map(|n| (["operations", "rules"][n as usize % 2], n))
        .collect();
    write_version(folder.path(), 0, &values);

    let looked = check(folder.path());
    assert!(
        matches!(
            looked,
            Err(OpenError::Older {
                found: 0,
                known: 1,
                ..
            })
        ),
        "{looked:?}"
    );
    let store = open(folder.path()).unwrap();
    assert_eq!(read(&store), Ok(1000));
    assert_eq!(store.usage().records, 1000);
    commit(&store, numbered(2000)).unwrap();
    drop(store);
    assert_eq!(read(&open(folder.path()).unwrap()), Ok(1001));
    assert!(check(folder.path()).unwrap().is_sound());
}

#[test]
fn store_of_a_later_release_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    write_version(folder.path(), 77, &[("operations", 1)]);
    let refused = open(folder.path()).unwrap_err();
    assert!(
        matches!(
            refused,
            OpenError::Newer {
                found: 77,
                known: 1,
                ..
            }
        ),
        "{refused}"
    );
    let said = refused.to_string();
    assert!(said.contains("start the release that wrote it"), "{said}");
    let database = redb::Database::open(file(folder.path())).unwrap();
    let reading = redb::ReadableDatabase::begin_read(&database).unwrap();
    assert_eq!(reading.list_tables().unwrap().count(), 2);
}

#[test]
fn database_of_someone_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let database = redb::Database::create(file(folder.path())).unwrap();
    let writing = database.begin_write().unwrap();
    let foreign = redb::TableDefinition::<u64, u64>::new("foreign");
    drop(writing.open_table(foreign).unwrap());
    writing.commit().unwrap();
    drop(database);
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::NotAStore { .. }), "{refused}");
}

#[test]
fn folder_that_cannot_be_made_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::File::create(&path).unwrap().write_all(b"x").unwrap();
    let refused = EmbeddedStore::open(path.join("store"), Limits::default()).unwrap_err();
    assert!(matches!(refused, OpenError::Failing { .. }), "{refused}");
}
