//! What the daemon does for a custodian.

use super::*;

impl World {
    pub(super) fn carry_out(&mut self, action: Action) -> Result<(), Violation> {
        match action {
            Action::Deliver {
                attempt,
                adapter,
                operation,
                ..
            } => self.hand_over(attempt, adapter, operation),
            Action::Respond {
                ticket, response, ..
            } => self.respond(ticket.number(), response),
            Action::Cancel { attempt, .. } => {
                if let Some(message) = self.attempts.get(&attempt).copied() {
                    self.ledger.of(message).in_doubt = true;
                    self.end(attempt);
                }
                Ok(())
            }
            Action::Resolve { domain, .. } => {
                self.questions.push(domain);
                Ok(())
            }
            Action::Write { write, changes, .. } => {
                if self.fault == Some(Fault::LyingDisk) {
                    self.custodian.handle_written(self.now, write, Ok(()));
                }
                self.disk.write(write, changes);
                Ok(())
            }
            Action::Load { key, .. } => {
                self.loads.push(key);
                Ok(())
            }
            Action::DeliverDisposition {
                report,
                disposition,
                ..
            } => self.tell(report, disposition),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn respond(
        &mut self,
        number: u64,
        response: rialto_model::Response,
    ) -> Result<(), Violation> {
        use rialto_model::Responder;
        let response = match self.fault {
            Some(Fault::SwallowedResponse) if number % 16 == 3 => return Ok(()),
            Some(Fault::DoubledResponse) if number % 16 == 3 => {
                self.ledger.responded(number, response.clone())?;
                response
            }
            Some(Fault::InventedSuccess) if *response.status() == ResponseStatus::Indeterminant => {
                Responder::resume(*response.transaction_id()).respond(ResponseStatus::Success)
            }
            _ => response,
        };
        self.ledger.responded(number, response)
    }

    pub(super) fn hand_over(
        &mut self,
        attempt: AttemptId,
        adapter: AdapterId,
        operation: MessageOperation,
    ) -> Result<(), Violation> {
        match self.fault {
            Some(Fault::RenamedDelivery) if self.dice.random_ratio(1, 4) => {
                let id = TransactionId::random(&mut StdRng::from_rng(&mut self.dice));
                let (renamed, responder) = operation.clone().into_forward(id);
                drop(responder);
                self.deliver(attempt, adapter, &operation)?;
                self.deliver(attempt, adapter, &renamed)
            }
            _ => self.deliver(attempt, adapter, &operation),
        }
    }
}
