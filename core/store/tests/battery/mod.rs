//! What every engine must do. `battery!(make)` makes a test of each claim; `make` takes limits and gives a [`Rig`].

#![allow(dead_code, reason = "each file of tests uses its part")]

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex, mpsc},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rialto_store::{Batch, CommitError, Done, Health, KeyRange, Limits, Record, Store, Table};

pub(crate) mod model;

/// An engine under test.
pub(crate) trait Rig {
    /// The store that is open.
    fn store(&self) -> &dyn Store;

    /// Whether it does by itself what there is to do.
    fn has_a_thread(&self) -> bool;

    /// Lets an engine that does nothing by itself do what there is to do.
    fn settle(&self);

    /// Closes the store, and opens it again.
    fn restart(&mut self);
}

/// Commits, waits for the answer, and gives it.
pub(crate) fn commit(rig: &dyn Rig, batch: Batch) -> Result<(), CommitError> {
    let (done, answer) = channel();
    rig.store().commit(batch, done);
    rig.settle();
    answer.recv().unwrap()
}

/// Tends, waits for the answer, and gives it.
pub(crate) fn tend(rig: &dyn Rig, now: SystemTime) -> Result<(), CommitError> {
    let (done, answer) = channel();
    rig.store().tend(now, done);
    rig.settle();
    answer.recv().unwrap()
}

pub(crate) fn channel() -> (Done, mpsc::Receiver<Result<(), CommitError>>) {
    let (sender, receiver) = mpsc::channel();
    let done = Done::call(move |result| sender.send(result).unwrap());
    (done, receiver)
}

pub(crate) fn put(table: Table, key: &str, value: impl AsRef<[u8]>) -> Batch {
    let mut batch = Batch::new();
    batch.put(table, key.to_owned(), value.as_ref().to_vec());
    batch
}

pub(crate) fn delete(table: Table, key: &str) -> Batch {
    let mut batch = Batch::new();
    batch.delete(table, key.to_owned());
    batch
}

pub(crate) fn value(rig: &dyn Rig, table: Table, key: &str) -> Option<Vec<u8>> {
    let record = rig.store().get(table, key.as_bytes()).unwrap();
    record.map(|record| record.value().to_vec())
}

pub(crate) fn all(store: &dyn Store, table: Table, range: &KeyRange) -> Vec<(Vec<u8>, Record)> {
    let mut found = Vec::new();
    let scanned = store.scan(table, range, &mut |key, record| {
        found.push((key.to_vec(), record));
        ControlFlow::Continue(())
    });
    scanned.unwrap();
    found
}

pub(crate) fn keys(store: &dyn Store, table: Table, range: &KeyRange) -> Vec<String> {
    let found = all(store, table, range).into_iter();
    found
        .map(|(key, _)| String::from_utf8(key).unwrap())
        .collect()
}

pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Keeps the thread that answers, so that nothing more becomes durable until it is let go.
pub(crate) fn hold(rig: &dyn Rig) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (reached, is_held) = mpsc::channel();
    let done = Done::call(move |_| {
        reached.send(()).unwrap();
        assert!(released.recv().is_err());
    });
    rig.store().commit(Batch::new(), done);
    if rig.has_a_thread() {
        is_held.recv().unwrap();
    }
    release
}

macro_rules! battery {
    ($make:path: $($claim:ident)*) => {
        $(
            #[test]
            fn $claim() {
                $crate::battery::$claim(&|limits| Box::new($make(limits)));
            }
        )*
    };
    ($make:path) => {
        $crate::battery::battery!($make:
            what_was_acknowledged_is_there_after_a_restart
            batch_changes_several_tables
            last_change_of_a_key_counts_within_a_batch_and_within_a_group
            range_is_visited_in_order_until_the_visitor_breaks_off
            tables_do_not_share_keys
            visitor_sees_one_instant_and_may_commit
            empty_batch_is_safe_after_those_before_it
            answers_come_in_the_order_of_the_batches
            batch_beyond_a_limit_is_refused_and_the_next_is_not
            waiting_batches_are_bounded_in_number
            waiting_batches_are_bounded_in_bytes
            expired_records_are_removed_and_no_others
            record_that_was_given_more_time_lives_on
            full_store_takes_what_deletes_and_is_good_again_with_room
            last_room_is_for_batches_that_also_delete
            usage_is_the_same_after_a_restart
            random_batches_and_restarts_agree_with_a_map
        );
    };
}
pub(crate) use battery;

type Make<'a> = &'a dyn Fn(Limits) -> Box<dyn Rig>;

pub(crate) fn what_was_acknowledged_is_there_after_a_restart(make: Make<'_>) {
    let mut rig = make(Limits::default());
    assert_eq!(value(&*rig, Table::Operations, "a"), None);
    assert_eq!(commit(&*rig, put(Table::Operations, "a", "one")), Ok(()));
    rig.restart();
    assert_eq!(value(&*rig, Table::Operations, "a"), Some(b"one".to_vec()));
    assert_eq!(commit(&*rig, delete(Table::Operations, "a")), Ok(()));
    rig.restart();
    assert_eq!(value(&*rig, Table::Operations, "a"), None);
}

pub(crate) fn batch_changes_several_tables(make: Make<'_>) {
    let rig = make(Limits::default());
    commit(&*rig, put(Table::Operations, "a", "one")).unwrap();
    let mut batch = put(Table::Dispositions, "a", "two");
    batch.delete(Table::Operations, "a");
    batch.put(Table::Retries, "a", "");
    commit(&*rig, batch).unwrap();
    assert_eq!(value(&*rig, Table::Operations, "a"), None);
    assert_eq!(
        value(&*rig, Table::Dispositions, "a"),
        Some(b"two".to_vec())
    );
    assert_eq!(value(&*rig, Table::Retries, "a"), Some(Vec::new()));
}

pub(crate) fn last_change_of_a_key_counts_within_a_batch_and_within_a_group(make: Make<'_>) {
    let mut rig = make(Limits::default());
    let mut batch = put(Table::Operations, "a", "one");
    batch.delete(Table::Operations, "a");
    batch.put(Table::Operations, "a", "two");
    batch.put(Table::Operations, "b", "three");
    batch.delete(Table::Operations, "b");
    commit(&*rig, batch).unwrap();
    assert_eq!(value(&*rig, Table::Operations, "a"), Some(b"two".to_vec()));
    assert_eq!(value(&*rig, Table::Operations, "b"), None);

    let held = hold(&*rig);
    for n in 0..10 {
        let batch = put(Table::Operations, "c", [n]);
        rig.store().commit(batch, Done::ignore());
    }
    rig.store()
        .commit(delete(Table::Operations, "a"), Done::ignore());
    drop(held);
    commit(&*rig, Batch::new()).unwrap();
    rig.restart();
    assert_eq!(
        keys(rig.store(), Table::Operations, &KeyRange::all()),
        ["c"]
    );
    assert_eq!(value(&*rig, Table::Operations, "c"), Some(vec![9]));
}

pub(crate) fn range_is_visited_in_order_until_the_visitor_breaks_off(make: Make<'_>) {
    let rig = make(Limits::default());
    for key in ["b2", "a1", "c1", "b1", "b"] {
        commit(&*rig, put(Table::Retries, key, key)).unwrap();
    }
    let found = |range| keys(rig.store(), Table::Retries, &range);
    assert_eq!(found(KeyRange::all()), ["a1", "b", "b1", "b2", "c1"]);
    assert_eq!(found(KeyRange::prefix("b")), ["b", "b1", "b2"]);
    assert_eq!(found(KeyRange::between("b".."b2")), ["b", "b1"]);
    assert_eq!(found(KeyRange::between("b1"..="c1")), ["b1", "b2", "c1"]);
    assert_eq!(found(KeyRange::between("b2"..)), ["b2", "c1"]);
    assert!(found(KeyRange::between("c".."b")).is_empty());
    assert!(found(KeyRange::prefix("d")).is_empty());

    let mut visited = 0;
    let scanned = rig
        .store()
        .scan(Table::Retries, &KeyRange::all(), &mut |_, _| {
            visited += 1;
            if visited == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
    assert_eq!((scanned, visited), (Ok(()), 2));
}

pub(crate) fn tables_do_not_share_keys(make: Make<'_>) {
    let rig = make(Limits::default());
    for table in Table::ALL {
        commit(&*rig, put(table, "key", table.as_str())).unwrap();
    }
    commit(&*rig, delete(Table::Presence, "key")).unwrap();
    for table in Table::ALL {
        let expected = (table != Table::Presence).then(|| table.as_str().into());
        assert_eq!(value(&*rig, table, "key"), expected);
    }
}

pub(crate) fn visitor_sees_one_instant_and_may_commit(make: Make<'_>) {
    let rig = make(Limits::default());
    commit(&*rig, put(Table::Rules, "a", "")).unwrap();
    commit(&*rig, put(Table::Rules, "b", "")).unwrap();
    let mut visited = Vec::new();
    let scanned = rig
        .store()
        .scan(Table::Rules, &KeyRange::all(), &mut |key, _| {
            visited.push(key.to_vec());
            let mut batch = put(Table::Rules, "c", "");
            batch.delete(Table::Rules, "b");
            rig.store().commit(batch, Done::ignore());
            assert!(rig.store().get(Table::Rules, b"a").unwrap().is_some());
            ControlFlow::Continue(())
        });
    assert_eq!(
        (scanned, visited),
        (Ok(()), vec![b"a".to_vec(), b"b".into()])
    );
    commit(&*rig, Batch::new()).unwrap();
    let all = KeyRange::all();
    assert_eq!(keys(rig.store(), Table::Rules, &all), ["a", "c"]);
}

pub(crate) fn empty_batch_is_safe_after_those_before_it(make: Make<'_>) {
    let rig = make(Limits::default());
    rig.store()
        .commit(put(Table::Rules, "a", ""), Done::ignore());
    assert_eq!(commit(&*rig, Batch::new()), Ok(()));
    assert_eq!(value(&*rig, Table::Rules, "a"), Some(Vec::new()));
}

pub(crate) fn answers_come_in_the_order_of_the_batches(make: Make<'_>) {
    let rig = make(Limits::default());
    let answered = Arc::new(Mutex::new(Vec::new()));
    for n in 0..200_u16 {
        let answered = Arc::clone(&answered);
        let done = Done::call(move |result| answered.lock().unwrap().push((n, result)));
        let batch = put(Table::Operations, &(n % 7).to_string(), n.to_be_bytes());
        rig.store().commit(batch, done);
    }
    commit(&*rig, Batch::new()).unwrap();
    let expected: Vec<_> = (0..200).map(|n| (n, Ok(()))).collect();
    assert_eq!(*answered.lock().unwrap(), expected);
}

pub(crate) fn batch_beyond_a_limit_is_refused_and_the_next_is_not(make: Make<'_>) {
    let rig = make(Limits::default());
    let mut batch = put(Table::Rules, "a", "");
    batch.delete(Table::Rules, vec![0; Batch::MAX_KEY + 1]);
    let refused = commit(&*rig, batch).unwrap_err();
    assert!(
        matches!(refused, CommitError::TooLarge { size: 1025, .. }),
        "{refused}"
    );
    assert!(!refused.is_temporary());
    assert_eq!(value(&*rig, Table::Rules, "a"), None);
    assert_eq!(commit(&*rig, put(Table::Rules, "b", "")), Ok(()));
}

pub(crate) fn waiting_batches_are_bounded_in_number(make: Make<'_>) {
    let rig = make(Limits::default().with_max_waiting(5, usize::MAX));
    let held = hold(&*rig);
    let refused = refusals(&*rig, 10, 1);
    assert!((5..=6).contains(&refused.len()), "{refused:?}");
    let overloaded = |e: &CommitError| matches!(e, CommitError::Overloaded { waiting: 5, .. });
    assert!(refused.iter().all(overloaded), "{refused:?}");
    drop(held);
    rig.settle();
    commit_when_there_is_room(&*rig);
}

pub(crate) fn waiting_batches_are_bounded_in_bytes(make: Make<'_>) {
    let rig = make(Limits::default().with_max_waiting(1000, 100_000));
    let held = hold(&*rig);
    let refused = refusals(&*rig, 20, 10_000);
    assert!((11..=12).contains(&refused.len()), "{}", refused.len());
    drop(held);
    rig.settle();
    commit_when_there_is_room(&*rig);
}

/// Gives batches, none of which can become durable now; the answers that come at once.
fn refusals(rig: &dyn Rig, batches: usize, bytes: usize) -> Vec<CommitError> {
    let answers = Arc::new(Mutex::new(Vec::new()));
    for n in 0..batches {
        let answers = Arc::clone(&answers);
        let done = Done::call(move |result| answers.lock().unwrap().extend(result.err()));
        let batch = put(Table::Rules, &n.to_string(), vec![0; bytes]);
        rig.store().commit(batch, done);
    }
    answers.lock().unwrap().clone()
}

/// What was refused for others that wait is taken once they are safe.
fn commit_when_there_is_room(rig: &dyn Rig) {
    loop {
        match commit(rig, put(Table::Rules, "later", "")) {
            Ok(()) => return,
            Err(error) => assert!(matches!(error, CommitError::Overloaded { .. }), "{error}"),
        }
    }
}

pub(crate) fn expired_records_are_removed_and_no_others(make: Make<'_>) {
    let mut rig = make(Limits::default());
    let mut batch = put(Table::Identities, "never", "");
    for seconds in [10, 20, 30] {
        batch.put_until(Table::Identities, seconds.to_string(), "", at(seconds));
    }
    batch.put_until(Table::Presence, "10", "", at(10));
    batch.put_until(Table::Identities, "gone", "", at(10));
    commit(&*rig, batch).unwrap();
    commit(&*rig, delete(Table::Identities, "gone")).unwrap();
    rig.restart();
    let record = rig.store().get(Table::Identities, b"20").unwrap().unwrap();
    assert_eq!(record.expires(), Some(at(20)));
    assert!(record.is_expired(at(20)) && !record.is_expired(at(19)));

    assert_eq!(tend(&*rig, at(9)), Ok(()));
    assert_eq!(rig.store().usage().records, 5);
    assert_eq!(tend(&*rig, at(20)), Ok(()));
    rig.restart();
    let found = keys(rig.store(), Table::Identities, &KeyRange::all());
    assert_eq!(found, ["30", "never"]);
    assert_eq!(value(&*rig, Table::Presence, "10"), None);
}

pub(crate) fn record_that_was_given_more_time_lives_on(make: Make<'_>) {
    let rig = make(Limits::default());
    let until = |key: &'static str, seconds| {
        let mut batch = Batch::new();
        batch.put_until(Table::Identities, key, "", at(seconds));
        batch
    };
    for batch in [until("later", 10), until("sooner", 50), until("never", 10)] {
        commit(&*rig, batch).unwrap();
    }
    commit(&*rig, until("later", 50)).unwrap();
    commit(&*rig, until("sooner", 10)).unwrap();
    commit(&*rig, put(Table::Identities, "never", "")).unwrap();
    tend(&*rig, at(20)).unwrap();
    let all = KeyRange::all();
    assert_eq!(
        keys(rig.store(), Table::Identities, &all),
        ["later", "never"]
    );
    tend(&*rig, at(60)).unwrap();
    assert_eq!(keys(rig.store(), Table::Identities, &all), ["never"]);
}

pub(crate) fn full_store_takes_what_deletes_and_is_good_again_with_room(make: Make<'_>) {
    let mut rig = make(Limits::default().with_max_bytes(64 * 1024));
    let mut health = rig.store().health();
    let mut taken = Vec::new();
    let refused = loop {
        let key = taken.len().to_string();
        match commit(&*rig, put(Table::Operations, &key, vec![0; 1000])) {
            Ok(()) => taken.push(key),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, CommitError::Full(_)), "{refused}");
    assert!(refused.is_temporary());
    assert!(health.has_changed().unwrap());
    assert!(matches!(*health.borrow_and_update(), Health::Full(_)));
    assert!((55..=60).contains(&taken.len()), "{}", taken.len());
    assert!(rig.store().usage().bytes <= 64 * 1024);
    assert_eq!(commit(&*rig, Batch::new()), Ok(()));

    for key in taken.drain(..10) {
        assert_eq!(commit(&*rig, delete(Table::Operations, &key)), Ok(()));
    }
    assert!(health.has_changed().unwrap());
    assert_eq!(*health.borrow_and_update(), Health::Good);
    assert_eq!(
        commit(&*rig, put(Table::Operations, "more", vec![0; 1000])),
        Ok(())
    );
    rig.restart();
    assert_eq!(rig.store().usage().records, taken.len() as u64 + 1);
}

pub(crate) fn last_room_is_for_batches_that_also_delete(make: Make<'_>) {
    let rig = make(Limits::default().with_max_bytes(64 * 1024));
    commit(&*rig, put(Table::Operations, "a", vec![0; 60_000])).unwrap();
    commit(&*rig, put(Table::Operations, "b", vec![0; 1000])).unwrap();
    let disposition = || put(Table::Dispositions, "b", vec![0; 2000]);
    assert!(matches!(
        commit(&*rig, disposition()),
        Err(CommitError::Full(_))
    ));
    let mut batch = disposition();
    batch.delete(Table::Operations, "b");
    assert_eq!(commit(&*rig, batch), Ok(()));
}

pub(crate) fn usage_is_the_same_after_a_restart(make: Make<'_>) {
    let mut rig = make(Limits::default());
    let mut batch = put(Table::Operations, "a", "one");
    batch.put_until(Table::Identities, "b", "two", at(10));
    batch.put_until(Table::Identities, "c", "three", at(20));
    commit(&*rig, batch).unwrap();
    commit(&*rig, put(Table::Operations, "a", "longer")).unwrap();
    commit(&*rig, put(Table::Identities, "b", "for ever")).unwrap();
    tend(&*rig, at(30)).unwrap();
    let usage = rig.store().usage();
    rig.restart();
    let again = rig.store().usage();
    assert_eq!((usage.records, usage.bytes), (2, 40));
    assert_eq!((again.records, again.bytes), (2, 40));
}

pub(crate) fn random_batches_and_restarts_agree_with_a_map(make: Make<'_>) {
    model::agree(make);
}
