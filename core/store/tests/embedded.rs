//! The embedded engine under the battery that every engine must pass.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use rialto_store::{EmbeddedStore, Limits, Store};
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
