//! What is read is what was written; anything else is refused.

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;

fn presentity() -> impl Strategy<Value = Presentity> {
    "[a-z0-9]{1,12}"
        .prop_map(|user| Presentity::parse(&format!("pres:{user}@voice.example")).unwrap())
}

fn id() -> impl Strategy<Value = SubscriptionId> {
    "[!-~]{1,40}".prop_map(|id| SubscriptionId::parse(id.as_bytes()).unwrap())
}

fn document() -> impl Strategy<Value = PresenceDocument> {
    (any::<String>(), vec(any::<u8>(), 0..200)).prop_map(|(content_type, bytes)| {
        PresenceDocument::new(content_type.into(), Bytes::from(bytes).into())
    })
}

fn standing() -> impl Strategy<Value = Standing> {
    let ended = select(TerminationReason::ALL.to_vec()).prop_map(Standing::Ended);
    prop_oneof![Just(Standing::Pending), Just(Standing::Active), ended]
}

prop_compose! {
    fn subscription()(
        adapter in "[a-z]{1,8}", watcher in presentity(), target in presentity(), id in id(),
        reference in option::of(any::<String>()), numbers in any::<[u64; 3]>(), versions in any::<u32>(),
        package in select(Package::ALL.to_vec()), vouched in any::<bool>(), hops in 0..=255_u8,
        standing in standing(),
    ) -> SubscriptionRecord {
        SubscriptionRecord {
            adapter: adapter.into(),
            watcher,
            target,
            id,
            reference: reference.map(ByteString::from),
            nonce: numbers[0],
            package,
            authentication: if vouched { Authentication::Network } else { Authentication::None },
            max_forwards: MaxForwards::new(hops),
            standing,
            accepted_at: Millis(numbers[1]),
            expires_at: Millis(numbers[2]),
            versions,
        }
    }
}

prop_compose! {
    fn publication()(
        presentity in presentity(), id in id(), document in document(), numbers in any::<[u64; 3]>(),
    ) -> PublicationRecord {
        PublicationRecord {
            presentity, id, version: numbers[0], document,
            begins_at: Millis(numbers[1]), expires_at: Millis(numbers[2]),
        }
    }
}

fn record() -> impl Strategy<Value = Record> {
    let told = (document(), any::<u64>()).prop_map(|(content, at)| DocumentRecord {
        content,
        at: Millis(at),
    });
    let fetched = (presentity(), presentity(), document()).prop_map(|(watcher, of, content)| {
        let document = DocumentRecord {
            content,
            at: Millis(7),
        };
        Record::Fetched(FetchedRecord {
            watcher,
            presentity: of,
            document,
        })
    });
    prop_oneof![
        subscription().prop_map(Record::Subscription),
        publication().prop_map(Record::Publication),
        told.prop_map(Record::Document),
        fetched,
    ]
}

fn write(record: &Record) -> Vec<u8> {
    match record {
        Record::Subscription(record) => record.write(),
        Record::Document(record) => record.write(),
        Record::Rules(record) => record.write(),
        Record::Fetched(record) => record.write(),
        Record::Publication(record) => {
            let publication = Publication {
                key: crate::JournalKey::new(1),
                id: record.id,
                version: record.version,
                document: record.document.clone(),
                begins_at: record.begins_at,
                expires_at: record.expires_at,
            };
            PublicationRecord::write_of(&record.presentity, &publication)
        }
    }
}

fn read(bytes: &[u8]) -> Result<Record, Unreadable> {
    Record::read(&Bytes::copy_from_slice(bytes))
}

#[test]
fn record_of_a_later_version_is_told_from_a_damaged_one() {
    assert_eq!(read(&[2, 16]), Err(Unreadable::Newer(2)));
    assert!(matches!(read(&[0, 16]), Err(Unreadable::Damaged(_))));
    assert!(matches!(read(&[1, 99]), Err(Unreadable::Damaged(_))));
    assert!(matches!(read(&[]), Err(Unreadable::Damaged(_))));
}

proptest! {
    #[test]
    fn record_is_read_as_it_was_written(record in record()) {
        prop_assert_eq!(read(&write(&record)), Ok(record));
    }

    #[test]
    fn record_that_ends_too_early_or_goes_on_is_refused(record in record(), at in any::<prop::sample::Index>()) {
        let mut bytes = write(&record);
        prop_assert!(read(&bytes[..at.index(bytes.len())]).is_err());
        bytes.push(0);
        prop_assert!(read(&bytes).is_err());
    }

    #[test]
    fn changed_record_is_refused_or_is_one_that_is_written_so(
        record in record(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = write(&record);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(record) = read(&bytes) {
            prop_assert_eq!(read(&write(&record)), Ok(record));
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..300), kind in 16..=20_u8) {
        let mut framed = vec![1, kind];
        framed.extend(bytes);
        drop(read(&framed));
    }
}
