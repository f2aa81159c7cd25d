//! What senders do.

use super::*;

impl World {
    pub(super) fn submit(&mut self) {
        let ticket_number = self.tickets;
        self.tickets += 1;
        let again = self.sent.len() > 1 && self.dice.random_ratio(1, 6);
        let repeated = again.then(|| self.dice.random_range(0..self.sent.len()));
        let repeated = repeated.filter(|number| self.sent[*number].1.identity().is_some());
        let (from, operation, conversation) = match repeated {
            Some(number) => {
                let (from, operation) = self.sent[number].clone();
                (from, operation, 0)
            }
            None => self.compose(),
        };
        let asked = ImdnHeaders::read(operation.message().headers()).unwrap();
        let new = Message::new(
            *operation.transaction_id(),
            conversation,
            asked.request,
            operation.is_ephemeral(),
        );
        let is_known = repeated.is_none_or(|number| self.disk.knows(number));
        let repeated = repeated.map(|number| number as u64);
        self.ledger
            .submitted(ticket_number, repeated, is_known, new);
        if repeated.is_none() {
            self.sent.push((from, operation.clone()));
        }
        self.custodian
            .handle_operation(self.now, from, operation, ticket(ticket_number));
    }

    pub(super) fn compose(&mut self) -> (AdapterId, MessageOperation, usize) {
        let number = self.sent.len();
        let conversation = self.dice.random_range(0..CONVERSATIONS);
        let (from, source, destination) = stage::conversation(conversation);
        let id = TransactionId::parse(format!("m{number}").as_bytes()).unwrap();
        let mut message = InstantMessage::text(number.to_string());
        if self.dice.random_ratio(1, 3) {
            let request: DispositionRequest = Notify::ALL
                .into_iter()
                .filter(|_| self.dice.random_ratio(1, 2))
                .collect();
            let headers = ImdnHeaders::default().with_request(request);
            message = message.with_headers(headers.write(&Default::default()));
        }
        let mut operation = MessageOperation::new(id, source, destination, message)
            .with_authentication(rialto_model::Authentication::Network);
        if self.dice.random_ratio(1, 2) {
            operation = operation.with_identity(format!("native {number}"));
        }
        if self.dice.random_ratio(1, 8) {
            operation = operation.into_ephemeral();
        }
        if self.dice.random_ratio(1, 4) {
            let time = Duration::from_millis(self.dice.random_range(0..120_000));
            operation = operation.with_time_to_live(time);
        }
        (from, operation, conversation)
    }
}
