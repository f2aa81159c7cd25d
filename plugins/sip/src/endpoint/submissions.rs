//! What one request hands to the gateway: mostly one operation.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use rialto_sdk::{
    model::FailureClass,
    prelude::{FailureReason, Response, ResponseStatus},
};

/// Waits for the responses to all operations of one request, and says in one what came of them.
///
/// A failure that will pass counts first, so that its sender comes again; what had been taken is known then. Success of one
/// counts more than failures that no repetition mends.
#[derive(Debug)]
pub(super) struct Submissions<S> {
    current: S,
    others: Vec<S>,
    ended: Option<Ended>,
    /// What is tried where all of that is refused.
    otherwise: Option<Otherwise<S>>,
}

/// An operation that may not be needed.
struct Otherwise<S>(Box<dyn FnOnce() -> S + Send>);

impl<S> fmt::Debug for Otherwise<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Otherwise")
    }
}

/// What came of a request, and for how long it holds.
pub(super) type Ended = (ResponseStatus, Option<Duration>);

impl<S> Submissions<S> {
    pub(super) const fn one(submission: S) -> Self {
        Self::of(submission, Vec::new())
    }

    pub(super) const fn of(submission: S, others: Vec<S>) -> Self {
        Self {
            current: submission,
            others,
            ended: None,
            otherwise: None,
        }
    }

    /// Hands this to the gateway too, if what was handed to it is refused as it is (`Refused`).
    pub(super) fn or(mut self, otherwise: impl FnOnce() -> S + Send + 'static) -> Self {
        self.otherwise = Some(Otherwise(Box::new(otherwise)));
        self
    }
}

impl<S: Future<Output = Response> + Unpin> Future for Submissions<S> {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        loop {
            let Poll::Ready(response) = Pin::new(&mut self.current).poll(context) else {
                return Poll::Pending;
            };
            let duration = response.duration();
            let status = response.into_status();
            let ended = match self.ended.take() {
                Some(before) if weight(&before.0) >= weight(&status) => before,
                _ => (status, duration),
            };
            match self.others.pop() {
                Some(next) => (self.current, self.ended) = (next, Some(ended)),
                None => match self.otherwise.take() {
                    Some(Otherwise(begin)) if is_refused(&ended.0) => self.current = begin(),
                    _ => return Poll::Ready(ended),
                },
            }
        }
    }
}

fn is_refused(status: &ResponseStatus) -> bool {
    matches!(status, ResponseStatus::Failure(failure) if failure.reason() == FailureReason::Refused)
}

fn weight(status: &ResponseStatus) -> u8 {
    match status {
        ResponseStatus::Failure(failure) => match failure.reason().class() {
            FailureClass::Permanent => 0,
            _ => 3,
        },
        ResponseStatus::Indeterminant => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use std::{future::Ready, task::Waker};

    use rialto_sdk::prelude::{Failure, FailureReason, Responder, TransactionId};

    use super::*;

    fn status(of: &[ResponseStatus]) -> ResponseStatus {
        let responder = || Responder::resume(TransactionId::parse(b"1").unwrap());
        let ready =
            |status: &ResponseStatus| std::future::ready(responder().respond(status.clone()));
        let mut all: Vec<Ready<Response>> = of.iter().map(ready).collect();
        let mut submissions = Submissions::of(all.remove(0), all);
        let polled = Pin::new(&mut submissions).poll(&mut Context::from_waker(Waker::noop()));
        match polled {
            Poll::Ready((status, _)) => status,
            Poll::Pending => panic!("all are ready"),
        }
    }

    #[test]
    fn failure_that_passes_is_answered_before_success_and_success_before_one_that_does_not() {
        let passing = ResponseStatus::from(Failure::new(FailureReason::Overloaded));
        let lasting = ResponseStatus::from(Failure::new(FailureReason::NotPermitted));
        let success = ResponseStatus::Success;
        let all = [success.clone(), passing.clone(), lasting.clone()];
        assert_eq!(status(&all), passing);
        let [first, second, third] = all;
        assert_eq!(status(&[third.clone(), first.clone()]), first);
        assert_eq!(status(&[first.clone(), third.clone()]), first);
        assert_eq!(status(&[third.clone(), second.clone()]), second);
        assert_eq!(status(&[third.clone(), third.clone()]), third);
    }
}
