//! Faults that a service could have.

/// One of them, planted between a service and its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    ForgetRecord,
    ForgetWrites,
    SwallowNotify,
    TellAfterEnd,
    TellOldDocument,
    DoubleResponse,
    SwallowResponse,
    GrantTwice,
}
