//! Records that are damaged or missing, and the dump of a store.

use super::*;

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
