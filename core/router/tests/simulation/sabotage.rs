//! Faults that a router could have, planted between it and its caller.

use std::collections::VecDeque;

use rialto_model::{Responder, ResponseStatus};
use rialto_router::Action;

/// One kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    DoubleResponse,
    SwallowResponse,
    SwapTransactionIds,
    ReorderDeliveries,
    DoubleDelivery,
    InventSuccess,
    SwallowCancel,
    /// Planted in the table instead.
    IgnoreRules,
}

/// What came of one action: none, one or two of them.
#[derive(Debug)]
pub(crate) enum Tampered {
    Deliver(Delivery),
    Respond {
        ticket: u64,
        response: rialto_model::Response,
    },
    Cancel(rialto_router::AttemptId),
    Resolve(rialto_model::Domain),
}

#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) attempt: rialto_router::AttemptId,
    pub(crate) operation: rialto_model::MessageOperation,
}

/// Passes actions on, or not quite.
#[derive(Debug, Default)]
pub(crate) struct Saboteur {
    fault: Option<Fault>,
    held: Option<Delivery>,
    last_id: Option<rialto_model::TransactionId>,
    out: VecDeque<Tampered>,
}

impl Saboteur {
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        Self {
            fault,
            ..Self::default()
        }
    }

    pub(crate) fn poll(&mut self, mut source: impl FnMut() -> Option<Action>) -> Option<Tampered> {
        while self.out.is_empty() {
            let Some(action) = source() else {
                return self.held.take().map(Tampered::Deliver);
            };
            self.take(action);
        }
        self.out.pop_front()
    }

    fn take(&mut self, action: Action) {
        match action {
            Action::Deliver {
                attempt, operation, ..
            } => self.deliver(Delivery { attempt, operation }),
            Action::Respond {
                ticket, response, ..
            } => self.respond(ticket.number(), response),
            Action::Resolve { domain, .. } => self.out.push_back(Tampered::Resolve(domain)),
            Action::Cancel { attempt, .. } if self.fault != Some(Fault::SwallowCancel) => {
                self.out.push_back(Tampered::Cancel(attempt));
            }
            _ => {}
        }
    }

    fn deliver(&mut self, delivery: Delivery) {
        match self.fault {
            Some(Fault::ReorderDeliveries) => match self.held.take() {
                None => self.held = Some(delivery),
                Some(held) => {
                    self.out.push_back(Tampered::Deliver(delivery));
                    self.out.push_back(Tampered::Deliver(held));
                }
            },
            Some(Fault::DoubleDelivery) => {
                self.out.push_back(Tampered::Deliver(delivery.clone()));
                self.out.push_back(Tampered::Deliver(delivery));
            }
            _ => self.out.push_back(Tampered::Deliver(delivery)),
        }
    }

    fn respond(&mut self, ticket: u64, response: rialto_model::Response) {
        let own = *response.transaction_id();
        let response = match self.fault {
            Some(Fault::SwallowResponse) if ticket % 16 == 3 => return,
            Some(Fault::DoubleResponse) if ticket % 16 == 3 => {
                self.out.push_back(Tampered::Respond {
                    ticket,
                    response: response.clone(),
                });
                response
            }
            Some(Fault::SwapTransactionIds) => {
                let other = self.last_id.unwrap_or(own);
                Responder::resume(other).respond(response.into_status())
            }
            Some(Fault::InventSuccess) => Responder::resume(own).respond(ResponseStatus::Success),
            _ => response,
        };
        self.last_id = Some(own);
        self.out.push_back(Tampered::Respond { ticket, response });
    }
}
