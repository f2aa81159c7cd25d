//! What one request hands to the gateway: mostly one operation.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use rialto_sdk::{
    model::FailureClass,
    prelude::{Response, ResponseStatus},
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
        }
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
                None => return Poll::Ready(ended),
            }
        }
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
