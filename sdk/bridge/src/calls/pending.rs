//! A call to be awaited.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use super::{
    Ticket, abandon,
    slots::{self, Phase, Waiter},
};
use crate::Outcome;

/// A call in flight; awaiting it yields its outcome. Dropping it ends the waiting, not the callee's work.
#[derive(Debug)]
#[must_use = "a call that is not awaited is abandoned"]
pub struct Pending {
    ticket: Option<Ticket>,
}

impl Pending {
    pub(super) const fn new(ticket: Ticket) -> Self {
        Self {
            ticket: Some(ticket),
        }
    }

    /// The call's ticket, until the outcome was taken.
    pub const fn ticket(&self) -> Option<Ticket> {
        self.ticket
    }

    /// Ends the waiting; the outcome, if the callee has answered.
    pub fn take_now(&mut self) -> Option<Outcome> {
        match slots::end(self.ticket.take()?, |_| true)? {
            Phase::Done(outcome) => Some(outcome),
            Phase::Free | Phase::Waiting(_) => None,
        }
    }

    /// Ends the waiting. The ticket, if the callee has not answered: it may be told.
    pub fn abandon(&mut self) -> Option<Ticket> {
        let ticket = self.ticket.take()?;
        if abandon(ticket) {
            return Some(ticket);
        }
        drop(slots::end(ticket, |_| true)); // answered, but nobody came for it
        None
    }
}

impl Future for Pending {
    type Output = Outcome;

    /// Stays pending after it has yielded its outcome.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let Some(ticket) = self.ticket else {
            return Poll::Pending;
        };
        let Some(mut call) = slots::lock_call(ticket) else {
            return Poll::Pending;
        };
        if let Phase::Waiting(waiter) = &mut call.phase {
            if let Waiter::Task(waker) = waiter {
                match waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    None => *waker = Some(cx.waker().clone()),
                }
            }
            return Poll::Pending;
        }
        let phase = call.close();
        drop(call);
        self.ticket = None;
        slots::give_back(ticket);
        match phase {
            Phase::Done(outcome) => Poll::Ready(outcome),
            Phase::Free | Phase::Waiting(_) => Poll::Pending,
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.abandon();
    }
}
