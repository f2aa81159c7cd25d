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
pub(super) struct Submissions<S> {
    current: S,
    others: Vec<S>,
    ended: Option<Ended>,
    /// What is tried once more.
    otherwise: Option<Otherwise>,
    last: Option<Last>,
}

/// An operation that may not be needed.
struct Otherwise {
    after: FailureReason,
    begin: Box<dyn FnOnce() -> Last + Send>,
}

/// The response to an operation that is handed to the gateway now, or in a moment.
type Last = Pin<Box<dyn Future<Output = Response> + Send>>;

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
            last: None,
        }
    }

    /// Hands something else to the gateway, once, if all ends in this failure.
    pub(super) fn after<F>(
        mut self,
        failure: FailureReason,
        begin: impl FnOnce() -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Response> + Send + 'static,
    {
        self.otherwise = Some(Otherwise {
            after: failure,
            begin: Box::new(|| Box::pin(begin())),
        });
        self
    }

    /// What is tried once more, if this is what it is kept for.
    fn last_after(&mut self, status: &ResponseStatus) -> Option<Last> {
        let ResponseStatus::Failure(failure) = status else {
            return None;
        };
        let is_it = |otherwise: &mut Otherwise| otherwise.after == failure.reason();
        let otherwise = self.otherwise.take_if(is_it)?;
        Some((otherwise.begin)())
    }
}

impl<S: Future<Output = Response> + Unpin> Future for Submissions<S> {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        loop {
            let polled = match &mut self.last {
                Some(last) => last.as_mut().poll(context),
                None => Pin::new(&mut self.current).poll(context),
            };
            let Poll::Ready(response) = polled else {
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
                None => match self.last_after(&ended.0) {
                    Some(last) => self.last = Some(last),
                    None => return Poll::Ready(ended),
                },
            }
        }
    }
}

impl<S> fmt::Debug for Submissions<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Submissions")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
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
