//! What is read is what was written; anything else is refused.

use std::time::Duration;

use proptest::{collection::vec, option, prelude::*, sample::select};
use rialto_model::{
    Authentication, ContentHeader, Disposition, DispositionOperation, Failure, FailureReason,
    Header, InstantMessage, MaxForwards, MessageId, MessageOperation, Notify, Origin, Payload,
    Retry, TransactionId,
};

use super::*;
use crate::custody::clock::Millis;

fn text() -> impl Strategy<Value = ByteString> {
    any::<String>().prop_map(ByteString::from)
}

fn inbox() -> impl Strategy<Value = InstantInbox> {
    "[a-z0-9]{1,12}"
        .prop_map(|user| InstantInbox::parse(&format!("im:{user}@voice.example")).unwrap())
}

fn id() -> impl Strategy<Value = TransactionId> {
    "[!-~]{1,40}".prop_map(|id| TransactionId::parse(id.as_bytes()).unwrap())
}

fn message_id() -> impl Strategy<Value = Option<MessageId>> {
    option::of("[!-~]{1,80}".prop_map(|id| MessageId::parse(id).unwrap()))
}

fn header() -> impl Strategy<Value = Header> {
    (text(), option::of(text()), text(), text()).prop_map(|(name, language, parameters, value)| {
        let mut header = Header::new(name, value).with_parameters(parameters);
        header.language = language;
        header
    })
}

fn instant_message() -> impl Strategy<Value = InstantMessage> {
    let content_header = (text(), text()).prop_map(|(name, value)| ContentHeader::new(name, value));
    (
        vec(header(), 0..4),
        option::of(text()),
        text(),
        vec(content_header, 0..4),
        vec(any::<u8>(), 0..200),
    )
        .prop_map(
            |(headers, thread, content_type, content_headers, payload)| {
                let message = InstantMessage::new(content_type, Payload::new(payload.into()))
                    .with_headers(headers.into_iter().collect())
                    .with_content_headers(content_headers);
                match thread {
                    Some(thread) => message.with_thread(thread),
                    None => message,
                }
            },
        )
}

fn operation() -> impl Strategy<Value = MessageOperation> {
    let optional = || option::of(text());
    (
        (id(), inbox(), inbox(), instant_message()),
        (optional(), optional(), optional(), optional()),
        any::<(bool, u8)>(),
    )
        .prop_map(|(parts, optional, (is_vouched_for, hops))| {
            let (id, source, destination, message) = parts;
            let (from, to, identity, reference) = optional;
            let mut operation = MessageOperation::new(id, source, destination, message)
                .with_max_forwards(MaxForwards::new(hops));
            if is_vouched_for {
                operation = operation.with_authentication(Authentication::Network);
            }
            if let Some(instance) = from {
                operation = operation.with_source_instance(instance);
            }
            if let Some(instance) = to {
                operation = operation.with_destination_instance(instance);
            }
            if let Some(identity) = identity {
                operation = operation.with_identity(identity);
            }
            if let Some(reference) = reference {
                operation = operation.with_reference(reference);
            }
            operation
        })
}

fn failure() -> impl Strategy<Value = Failure> {
    let origins = [
        Origin::Sender,
        Origin::Peer,
        Origin::Plugin,
        Origin::Host,
        Origin::Operator,
    ];
    let retry = prop_oneof![
        Just(Retry::Never),
        Just(Retry::Backoff),
        (0..u64::MAX / 2).prop_map(|millis| Retry::After(Duration::from_millis(millis))),
    ];
    let reasons = select(FailureReason::ALL);
    (reasons, select(origins.to_vec()), retry, any::<String>()).prop_map(
        |(reason, origin, retry, detail)| {
            Failure::new(reason)
                .with_origin(origin)
                .with_retry(retry)
                .with_detail(detail)
        },
    )
}

fn report() -> impl Strategy<Value = DispositionOperation> {
    let ids = (id(), id(), inbox(), inbox());
    let asked = vec(select(&Notify::ALL[..]), 0..5);
    let disposition = select(&Disposition::ALL[..]);
    let times = option::of(0..1_u64 << 50);
    let rest = (
        option::of(failure()),
        message_id(),
        option::of(text()),
        times,
    );
    (ids, disposition, asked, rest).prop_map(|(ids, disposition, asked, rest)| {
        let (id, concerning, source, destination) = ids;
        let (failure, message_id, reference, sent_at) = rest;
        let mut report =
            DispositionOperation::new(id, concerning, source, destination, disposition)
                .with_request(asked.into_iter().collect());
        if let Some(failure) = failure {
            report = report.with_failure(failure);
        }
        if let Some(message_id) = message_id {
            report = report.with_message_id(message_id);
        }
        if let Some(reference) = reference {
            report = report.with_reference(reference);
        }
        if let Some(sent_at) = sent_at {
            report = report.with_sent_at(Millis(sent_at).time());
        }
        report
    })
}

fn record() -> impl Strategy<Value = Record> {
    let times = || any::<(u64, u64)>().prop_map(|(one, other)| (Millis(one), Millis(other)));
    let message =
        (text(), times(), id(), operation()).prop_map(|(adapter, times, onward, operation)| {
            Record::Message(MessageRecord {
                adapter,
                accepted_at: times.0,
                expires_at: times.1,
                onward,
                operation,
            })
        });
    let report = (text(), times(), report()).prop_map(|(adapter, times, disposition)| {
        Record::Report(ReportRecord {
            adapter,
            accepted_at: times.0,
            expires_at: times.1,
            disposition,
        })
    });
    let identity = (text(), inbox(), inbox(), text(), times()).prop_map(
        |(adapter, source, destination, identity, times)| {
            Record::Identity(IdentityRecord {
                adapter,
                source,
                destination,
                identity,
                accepted_at: times.0,
                expires_at: times.1,
            })
        },
    );
    let places = ([text(), text(), text()], id(), id(), inbox(), inbox());
    let asked = vec(select(&Notify::ALL[..]), 0..5);
    let awaited = (
        places,
        asked,
        message_id(),
        option::of(text()),
        times(),
        any::<u8>(),
    )
        .prop_map(|(places, asked, message_id, reference, times, told)| {
            let ([adapter, deliverer, inbox], onward, id, source, destination) = places;
            Record::Awaited(AwaitedRecord {
                adapter,
                deliverer,
                inbox,
                onward,
                id,
                source,
                destination,
                request: asked.into_iter().collect(),
                message_id,
                reference,
                sent_at: times.0,
                expires_at: times.1,
                told,
            })
        });
    prop_oneof![message, report, identity, awaited]
}

proptest! {
    #[test]
    fn cpim_4_3_record_that_is_read_has_every_byte_that_was_written(record in record()) {
        let written = Bytes::from(record.write());
        prop_assert_eq!(Record::read(&written), Ok(record));
    }

    #[test]
    fn record_that_is_cut_or_has_something_behind_it_is_refused(
        record in record(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut written = record.write();
        let short = Bytes::copy_from_slice(&written[..cut.index(written.len())]);
        prop_assert!(matches!(Record::read(&short), Err(Unreadable::Damaged(_))));
        written.push(0);
        prop_assert_eq!(
            Record::read(&written.into()),
            Err(Unreadable::Damaged("something follows it"))
        );
    }

    #[test]
    fn record_with_wrong_bytes_is_read_or_refused_and_never_a_panic(
        record in record(),
        wrong in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut written = record.write();
        for (at, byte) in wrong {
            let at = at.index(written.len());
            written[at] = byte;
        }
        drop(Record::read(&written.into()));
    }

    #[test]
    fn bytes_that_are_no_record_are_refused_or_read(bytes in vec(any::<u8>(), 0..300)) {
        drop(Record::read(&bytes.into()));
    }
}

#[test]
fn record_of_another_table_or_without_a_key_is_refused() {
    let identity = IdentityRecord {
        adapter: "sip".into(),
        source: InstantInbox::parse("im:a@voice.example").unwrap(),
        destination: InstantInbox::parse("im:b@voice.example").unwrap(),
        identity: "7".into(),
        accepted_at: Millis(1),
        expires_at: Millis(2),
    };
    let written = Bytes::from(identity.write());
    let key = JournalKey::new(7).to_bytes();
    let problem = |table, key: &[u8]| match Record::restore(table, key, &written) {
        Err(RestoreError::Damaged { problem, .. }) => problem,
        other => panic!("{other:?}"),
    };
    let (here, elsewhere) = (JournalTable::Identities, JournalTable::Operations);
    assert_eq!(
        problem(elsewhere, &key),
        "it stands in another table than it should"
    );
    assert_eq!(problem(here, &key[1..]), "its key is none");
    assert!(Record::restore(here, &key, &written).is_ok());
}

#[test]
fn operators_see_who_and_how_much_and_neither_headers_nor_text() {
    let inbox = |user| InstantInbox::parse(&format!("im:{user}@voice.example")).unwrap();
    let id = |id: &str| TransactionId::parse(id.as_bytes()).unwrap();
    let subject = Header::new("Subject", "no business of theirs");
    let message = InstantMessage::text("nor this").with_headers([subject].into_iter().collect());
    let record = Record::Message(MessageRecord {
        adapter: "sip".into(),
        accepted_at: Millis(1000),
        expires_at: Millis(5000),
        onward: id("onward"),
        operation: MessageOperation::new(id("own"), inbox("a"), inbox("b"), message)
            .with_identity("call 7"),
    });
    let (key, bytes) = (JournalKey::new(7).to_bytes(), record.write().into());
    let view = RecordView::read(JournalTable::Operations, &key, &bytes).unwrap();
    assert_eq!((view.kind, &*view.adapter), ("message", "sip"));
    assert_eq!((view.source, view.destination), (inbox("a"), inbox("b")));
    let times = [view.since, view.expires_at];
    assert_eq!(times, [Millis(1000).time(), Millis(5000).time()]);
    let expected = [
        ("transaction_id", "own"),
        ("onward_transaction_id", "onward"),
        ("content_type", "text/plain;charset=utf-8"),
        ("payload_bytes", "8"),
        ("identity", "call 7"),
    ];
    let expected = expected.map(|(name, value)| (name, value.to_owned()));
    assert_eq!(view.details, expected);
}

#[test]
fn texts_that_are_remembered_of_a_message_do_not_hold_its_content() {
    let inbox = || InstantInbox::parse("im:alice@example.com").unwrap();
    let id = TransactionId::parse(b"t1").unwrap();
    let message = InstantMessage::text("x".repeat(100_000));
    let operation = MessageOperation::new(id, inbox(), inbox(), message).with_reference("a dialog");
    let written = MessageRecord::write_of("sip", [Millis(0); 2], &id, &operation);
    let bytes = Bytes::from(written);
    let Ok(Record::Message(read)) = Record::read(&bytes) else {
        panic!("it is no message");
    };
    let reference = read.operation.reference().cloned();
    drop(read);
    assert_eq!(reference.as_deref(), Some("a dialog"));
    assert!(bytes.is_unique(), "nobody else holds the record");
}
