//! An operation at a plugin.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use rialto_bridge::Pending;
use rialto_model::{Responder, Response, TransactionId};

use super::Adapter;

/// An operation at a plugin, of any kind; yields the response. Dropping it before cancels the delivery.
#[derive(Debug)]
#[must_use = "dropping a delivery cancels it"]
pub struct Delivery {
    adapter: Adapter,
    transaction_id: TransactionId,
    pending: Pending,
}

impl Delivery {
    pub(super) const fn new(
        adapter: Adapter,
        transaction_id: TransactionId,
        pending: Pending,
    ) -> Self {
        Self {
            adapter,
            transaction_id,
            pending,
        }
    }
}

impl Future for Delivery {
    type Output = Response;

    /// Stays pending after it has yielded its response.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let outcome = Pin::new(&mut self.pending).poll(cx);
        outcome.map(|outcome| outcome.respond(Responder::resume(self.transaction_id)))
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(ticket) = self.pending.abandon() {
            self.adapter.tell_cancelled(ticket);
        }
    }
}
