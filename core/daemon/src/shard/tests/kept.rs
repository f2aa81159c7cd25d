//! Messages that are kept: nothing is answered that is not safe.

use super::*;

/// Every message is kept before anything else.
const FIRST: CustodyPolicy = CustodyPolicy::NEVER.with_patience(Duration::ZERO);

impl Fake<'_> {
    fn written(&self, result: Result<(), Unwritten>) {
        let writes = std::mem::take(&mut *self.writes.lock().unwrap());
        self.shard.handle(self, |state| {
            for write in writes {
                state.custodian.handle_written(self.now(), write, result);
            }
        });
    }
}

#[test]
fn kept_message_is_answered_and_delivered_when_it_is_safe_and_not_before() {
    let fake = Fake::with(FIRST, 9, |fake, token, _| fake.answer(token));
    let sender = fake.submit("a", 1);
    assert!(sender.is_empty() && fake.delivered.lock().unwrap().is_empty());
    assert!(!fake.shard.is_idle());
    fake.written(Ok(()));
    assert_eq!(status(sender), ResponseStatus::Indeterminant);
    assert_eq!(fake.delivered.lock().unwrap().len(), 1);
    fake.written(Ok(())); // that it is gone
    assert!(fake.shard.is_idle());
}

#[test]
fn message_that_is_not_safe_is_neither_answered_well_nor_delivered() {
    let fake = Fake::with(FIRST, 9, |_, _, _| unreachable!("it is not kept"));
    let sender = fake.submit("a", 1);
    fake.written(Err(Unwritten));
    assert_eq!(reason(sender), Some(FailureReason::Overloaded));
    fake.written(Ok(())); // that what may be there of it is gone
    assert!(fake.shard.is_idle());
}

#[test]
fn panic_while_a_message_is_written_is_a_failure_for_its_sender() {
    let mut fake = Fake::with(FIRST, 9, |_, _, _| unreachable!("it is not kept"));
    fake.on_write = Box::new(|_, _| panic!("as intended"));
    let sender = fake.submit("a", 1);
    assert_eq!(reason(sender), Some(FailureReason::Overloaded));
    assert!(fake.shard.is_idle());
}
