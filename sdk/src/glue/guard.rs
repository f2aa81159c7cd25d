//! No panic leaves a function of the table, and no call goes unanswered.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rialto_abi as abi;
use rialto_bridge::{Answer, answer::panicked};
use rialto_model::Origin;

/// The answer of a call that may still panic.
pub(super) struct Unanswered(Option<Answer>);

impl Unanswered {
    /// The answer, to be given now or later.
    pub(super) fn take(&mut self) -> Option<Answer> {
        self.0.take()
    }
}

/// Runs `call`; if it panics, its answer, unless given away, says so.
///
/// # Safety
/// `done` is the completion of the call that is being served.
pub(super) unsafe fn answered<T>(
    done: abi::Completion,
    or: T,
    call: impl FnOnce(&mut Unanswered) -> T,
) -> T {
    // SAFETY: the caller's promise.
    let mut answer = Unanswered(Some(unsafe { Answer::new(done, Origin::Plugin) }));
    match catch_unwind(AssertUnwindSafe(|| call(&mut answer))) {
        Ok(value) => value,
        Err(payload) => {
            let status = panicked(payload);
            if let Some(answer) = answer.take() {
                answer.send(&status);
            }
            or
        }
    }
}

/// Runs `call`; a panic ends here.
pub(super) fn unanswered(call: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(call)) {
        std::mem::forget(payload); // its drop may panic as well
    }
}
