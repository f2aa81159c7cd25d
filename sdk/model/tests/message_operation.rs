//! Operations that are held while a copy is handed on.

#![allow(clippy::unwrap_used, reason = "helpers of tests are not seen as tests")]

use std::time::Duration;

use rialto_model::{InstantInbox, InstantMessage, MaxForwards, MessageOperation, TransactionId};

fn id(id: &str) -> TransactionId {
    TransactionId::parse(id.as_bytes()).unwrap()
}

fn inbox(uri: &str) -> InstantInbox {
    InstantInbox::parse(uri).unwrap()
}

fn operation() -> MessageOperation {
    let message = InstantMessage::text("hello");
    let [source, destination] = ["im:a@a.example", "im:b@b.example"].map(inbox);
    MessageOperation::new(id("1"), source, destination, message)
        .with_source_instance("pda")
        .with_next_hop("here")
        .with_identity("call-1")
        .with_reference("dialog-1")
}

#[test]
fn what_is_handed_on_is_the_same_whether_the_operation_is_held_meanwhile_or_not() {
    let alone = operation().into_forward(id("2")).0;
    let held = operation();
    let shared = held.clone().into_forward(id("2")).0;
    assert_eq!(shared, alone);
    assert_eq!(shared.transaction_id(), &id("2"));
    assert_eq!([shared.identity(), shared.reference()], [None; 2]);
    assert_eq!(shared.next_hop(), None);
    assert_eq!(shared.source_instance(), held.source_instance());
    assert_eq!(shared.message(), held.message());
    let again = shared.clone().into_forward(id("3")).0;
    assert_eq!(again, alone.into_forward(id("3")).0);
}

#[test]
fn what_is_changed_of_a_copy_leaves_the_operation_as_it_came() {
    let held = operation();
    let onward = held.clone().into_forward(id("2")).0;
    let changes: [fn(MessageOperation) -> MessageOperation; 8] = [
        |operation| operation.with_source(inbox("im:x@x.example")),
        |operation| operation.with_destination(inbox("im:y@y.example")),
        |operation| operation.with_max_forwards(MaxForwards::new(7)),
        |operation| operation.with_deadline(Duration::from_secs(7)),
        |operation| operation.with_next_hop("there"),
        |operation| operation.with_message(InstantMessage::text("bye")),
        |operation| operation.with_identity("call-2"),
        MessageOperation::into_ephemeral,
    ];
    for change in changes {
        assert_ne!(change(held.clone()), operation());
        assert_eq!(held, operation());
        let alone = operation().into_forward(id("2")).0;
        assert_eq!(change(onward.clone()), change(alone));
        assert_eq!(onward, operation().into_forward(id("2")).0);
    }
}

#[test]
fn a_new_name_of_a_copy_that_was_handed_on_does_not_bring_the_old_reference_back() {
    let held = operation();
    let named = held.clone().into_forward(id("2")).0.with_identity("call-2");
    assert_eq!(named.identity().unwrap(), "call-2");
    assert_eq!(named.reference(), None);
    assert_eq!(named.transaction_id(), &id("2"));
    assert_eq!(held.reference().unwrap(), "dialog-1");
}

#[test]
fn the_response_of_a_copy_bears_its_own_identifier() {
    let held = operation();
    let (onward, first) = held.clone().into_forward(id("2"));
    let status = || rialto_model::ResponseStatus::Success;
    assert_eq!(first.respond(status()).transaction_id(), &id("1"));
    assert_eq!(onward.clone().respond(status()).transaction_id(), &id("2"));
    let (message, second) = onward.into_message();
    assert_eq!(&message, held.message());
    assert_eq!(second.respond(status()).transaction_id(), &id("2"));
}
