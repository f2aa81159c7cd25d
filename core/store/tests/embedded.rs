//! The embedded engine under the battery that every engine must pass.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use rialto_store::{EmbeddedStore, Limits, OpenError, Store};
use tempfile::TempDir;

mod battery;

struct Embedded {
    folder: TempDir,
    limits: Limits,
    store: Option<EmbeddedStore>,
}

fn make(limits: Limits) -> Embedded {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path(), limits.clone()).unwrap();
    Embedded {
        folder,
        limits,
        store: Some(store),
    }
}

impl battery::Rig for Embedded {
    fn store(&self) -> &dyn Store {
        self.store.as_ref().unwrap()
    }

    fn has_a_thread(&self) -> bool {
        true
    }

    fn settle(&self) {}

    fn restart(&mut self) {
        self.store = None;
        let opened = EmbeddedStore::open(self.folder.path(), self.limits.clone());
        self.store = Some(opened.unwrap());
    }
}

battery::battery!(make);

#[test]
fn closing_makes_durable_what_waits() {
    use battery::{Rig, hold, put, value};

    let mut rig = make(Limits::default());
    let held = hold(&rig);
    let (done, answer) = battery::channel();
    let batch = put(rialto_store::Table::Rules, "a", "one");
    rig.store().commit(batch, done);
    drop(held);
    rig.restart();
    assert_eq!(answer.recv(), Ok(Ok(())));
    assert!(value(&rig, rialto_store::Table::Rules, "a").is_some());
}

#[test]
fn listener_may_hold_the_last_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path(), Limits::default()).unwrap();
    let store = std::sync::Arc::new(store);
    let (sender, receiver) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let last = std::sync::Arc::clone(&store);
    let done = rialto_store::Done::call(move |result| {
        assert!(released.recv().is_err());
        drop(last);
        sender.send(result).unwrap();
    });
    store.commit(rialto_store::Batch::new(), done);
    drop(store);
    drop(release);
    assert_eq!(receiver.recv(), Ok(Ok(())));
}

#[test]
fn of_many_who_make_a_store_one_has_it_and_the_others_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new");
    let open = || EmbeddedStore::open(&path, Limits::default().with_max_disk(8 << 20));
    let opened: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let refused: Vec<_> = opened.iter().filter_map(|o| o.as_ref().err()).collect();
    assert_eq!(refused.len(), 7, "{refused:?}");
    let in_use = |e: &&OpenError| matches!(e, OpenError::InUse { .. });
    assert!(refused.iter().all(in_use), "{refused:?}");
}

#[test]
fn store_whose_making_was_cut_off_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let draft = folder.path().join("store.redb.1.0.new");
    std::fs::write(&draft, "half a st").unwrap();
    let store = EmbeddedStore::open(folder.path(), Limits::default()).unwrap();
    assert_eq!(store.usage().records, 0);
    assert!(!draft.exists());
}
