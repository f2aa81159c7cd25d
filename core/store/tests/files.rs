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

/// Changes a store with pages that are sound.
fn behind_its_back(folder: &Path, table: &str, change: impl FnOnce(&mut EngineTable<'_>)) {
    let database = redb::Database::create(file(folder)).unwrap();
    let writing = database.begin_write().unwrap();
    let table = redb::TableDefinition::<&[u8], &[u8]>::new(table);
    change(&mut writing.open_table(table).unwrap());
    writing.commit().unwrap();
}

type EngineTable<'a> = redb::Table<'a, &'static [u8], &'static [u8]>;

fn put_behind_its_back(folder: &Path, table: &str, key: &[u8], value: &[u8]) {
    behind_its_back(folder, table, |table| {
        drop(table.insert(key, value).unwrap())
    });
}

fn tend(store: &dyn Store, now: std::time::SystemTime) {
    let (sender, answer) = std::sync::mpsc::channel();
    let done = rialto_store::Done::call(move |result| sender.send(result).unwrap());
    store.tend(now, done);
    assert_eq!(answer.recv().unwrap(), Ok(()));
}

#[test]
fn damaged_record_is_named_by_reads_scans_check_and_dump_and_hides_no_other() {
    let folder = filled();
    let key = 6_u64.to_be_bytes();
    put_behind_its_back(folder.path(), "operations", &key, b"not what was sealed");
    let store = open(folder.path()).unwrap();
    let damaged = ReadError::Damaged {
        table: Table::Operations,
        key: key.to_vec(),
    };
    assert_eq!(store.get(Table::Operations, &key), Err(damaged.clone()));
    assert_eq!(read(&store), Err(damaged));
    assert!(store.get(Table::Operations, &8_u64.to_be_bytes()).is_ok());
    drop(store);

    let report = check(folder.path()).unwrap();
    assert!(!report.is_sound());
    let operations = &report.tables[0];
    assert_eq!((operations.records, operations.damaged), (KEPT / 2 - 1, 1));
    assert_eq!(operations.damaged_keys, [key.to_vec()]);

    let mut lines = Vec::new();
    let report = dump(folder.path(), &mut lines, &|_, _, _| None).unwrap();
    assert_eq!((report.records, report.damaged), (KEPT - 1, 1));
    let lines = String::from_utf8(lines).unwrap();
    let line = r#"{"damaged":true,"key":"0000000000000006","table":"operations"}"#;
    assert!(lines.lines().any(|l| l == line), "{lines}");

    let (mut sound, mut unsound) = (0, Vec::new());
    scan(folder.path(), Table::Operations, |key, record| {
        match record {
            Ok(_) => sound += 1,
            Err(_) => unsound.push(key.to_vec()),
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!((sound, unsound), (KEPT / 2 - 1, vec![key.to_vec()]));

    // Put anew, it is sound again.
    let store = open(folder.path()).unwrap();
    commit(&store, numbered(6)).unwrap();
    assert_eq!(read(&store), Ok(KEPT));
}

#[test]
fn record_that_expires_and_is_not_listed_is_found_by_a_check() {
    let folder = filled();
    let store = open(folder.path()).unwrap();
    let mut batch = Batch::new();
    let expires = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1);
    batch.put_until(
        Table::Identities,
        1_u64.to_be_bytes().to_vec(),
        content(1),
        expires,
    );
    commit(&store, batch).unwrap();
    drop(store);
    assert!(check(folder.path()).unwrap().is_sound());

    behind_its_back(folder.path(), "identities", |table| {
        drop(table.remove(&1_u64.to_be_bytes()[..]).unwrap());
    });
    let report = check(folder.path()).unwrap();
    assert_eq!((report.orphaned, report.unlisted), (1, 0));
    let store = open(folder.path()).unwrap();
    tend(&store, expires);
    drop(store);
    assert!(check(folder.path()).unwrap().is_sound());
}

#[test]
fn record_outlives_an_entry_of_the_index_that_is_not_its_own() {
    let folder = filled();
    let entry = [&1000_u64.to_be_bytes()[..], &[1], &2_u64.to_be_bytes()].concat();
    put_behind_its_back(folder.path(), "rialto.expiry", &entry, b"");
    assert_eq!(check(folder.path()).unwrap().orphaned, 1);
    let store = open(folder.path()).unwrap();
    tend(
        &store,
        std::time::UNIX_EPOCH + std::time::Duration::from_secs(1),
    );
    assert_eq!(read(&store), Ok(KEPT));
    drop(store);
    assert!(check(folder.path()).unwrap().is_sound());
}

#[test]
fn dump_has_a_line_for_each_record_with_what_the_decoder_makes_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let mut batch = Batch::new();
    batch.put(Table::Rules, "a", "\"one\"");
    let expires = std::time::UNIX_EPOCH + std::time::Duration::from_millis(1500);
    batch.put_until(Table::Identities, &b"\xff"[..], "", expires);
    commit(&store, batch).unwrap();
    drop(store);
    let mut lines = Vec::new();
    let decode = |_: Table, _: &[u8], value: &[u8]| serde_json::from_slice(value).ok();
    let report = dump(folder.path(), &mut lines, &decode).unwrap();
    assert_eq!(report.records, 2);
    assert_eq!(
        String::from_utf8(lines).unwrap(),
        "{\"expires\":1500,\"key\":\"ff\",\"length\":0,\"table\":\"identities\"}\n\
         {\"key\":\"61\",\"length\":5,\"table\":\"rules\",\"value\":\"one\"}\n"
    );
}

#[test]
fn dump_ends_where_its_lines_are_not_taken() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let folder = filled();
    let ended = dump(folder.path(), &mut Full, &|_, _, _| None);
    assert!(matches!(ended, Err(rialto_store::DumpError::Write(_))));
}

#[test]
fn dump_of_a_corrupt_store_still_gives_what_can_be_read() {
    let folder = filled();
    let mut bytes = fs::read(file(folder.path())).unwrap();
    // Inside the value of one record.
    let needle = content(12);
    let at = bytes
        .windows(needle.len())
        .rposition(|w| w == needle)
        .unwrap();
    bytes[at + 50] ^= 1;
    fs::write(file(folder.path()), bytes).unwrap();
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Corrupt { .. }), "{refused}");
    assert!(
        refused.to_string().contains("rialto queue dump"),
        "{refused}"
    );

    let mut lines = Vec::new();
    let report = dump(folder.path(), &mut lines, &|_, _, _| None).unwrap();
    assert_eq!((report.records, report.damaged), (KEPT - 1, 1));
}

#[test]
fn folder_that_cannot_be_made_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::File::create(&path).unwrap().write_all(b"x").unwrap();
    let refused = EmbeddedStore::open(path.join("store"), Limits::default()).unwrap_err();
    assert!(matches!(refused, OpenError::Failing { .. }), "{refused}");
}
