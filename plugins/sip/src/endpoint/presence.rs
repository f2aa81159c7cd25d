//! Requests of events: what watchers ask, what is told of presentities, and what these publish.

use futures_util::future::join_all;
use rialto_sdk::prelude::{
    FailureReason, NotifyOperation, PublishOperation, SubscriptionState, TerminationReason,
};
use rialto_sip_codec::{Request, StatusCode};

use super::{
    Endpoint, Now,
    answering::{Asked, Matter},
    submissions::Submissions,
};
use crate::{
    gateway::Gateway,
    mapping::{
        DEFAULT_DURATION, Device, Registration, publication_from_sip, registration_from_sip,
        second, watching_from_sip, word_from_sip,
    },
    presence::Heard,
    responses::Answer,
};

/// What the gateway has now, or the answer without it.
pub(super) type Taken<S> = Result<(Submissions<S>, Matter), Answer>;

impl<G: Gateway> Endpoint<G> {
    /// A SUBSCRIBE; the tag of our answers is the dialog's, where it begins one.
    pub(super) fn take_subscribe(
        &mut self,
        now: Now,
        request: &Request<'_, '_>,
        asked: &Asked,
    ) -> Taken<G::Submission> {
        let local_tag = format!("{:016x}", asked.key.tag());
        let id = self.gateway.transaction_id();
        let arrival = self.arrival(now, request, asked);
        let watching = watching_from_sip(request, &arrival, &local_tag, id)?;
        self.counters.subscriptions += 1;
        let wish = watching.asked.unwrap_or(DEFAULT_DURATION);
        let device = Device::until(second(now.date), wish, watching.device);
        let operation = watching.operation;
        let authentication = self.authentication(&asked.flow, operation.watcher().domain());
        let operation = operation
            .with_deadline(self.answer_within())
            .with_authentication(authentication);
        let matter = Matter::Subscription {
            asked: wish,
            is_within: operation.is_of_known(),
        };
        let submissions = if operation.is_of_known() {
            self.renew(&operation, device, watching.is_shared, now)?
        } else if operation.is_of_no_duration() {
            Submissions::one(self.gateway.subscribe(operation))
        } else {
            self.subscribe_or_join(operation, device, now)
        };
        Ok((submissions, matter))
    }

    /// A NOTIFY: only of a subscription of ours.
    pub(super) fn take_notify(
        &mut self,
        now: Now,
        request: &Request<'_, '_>,
        asked: &Asked,
    ) -> Taken<G::Submission> {
        let word = word_from_sip(request)?;
        let (package, state, expires_in) = (word.package, word.state, word.expires_in);
        let mut legs = self.legs.lock();
        let heard = legs.hear(now.instant, request, package, state, expires_in);
        if let (Ok(heard), Some(connection)) = (&heard, asked.flow.connection()) {
            legs.spoke_over(connection, heard.call);
        }
        drop(legs);
        let Heard {
            call,
            id,
            watcher,
            target,
            is_ending,
            waiting,
        } = heard.map_err(Answer::of)?;
        if is_ending {
            return Err(Answer::OK);
        }
        self.counters.notifications += 1;
        let authentication = self.authentication(&asked.flow, target.domain());
        let transaction_id = self.gateway.transaction_id();
        let mut operation = NotifyOperation::new(transaction_id, id, watcher, target, state)
            .with_package(package)
            .with_deadline(self.answer_within())
            .with_authentication(authentication);
        if let Some(document) = word.document {
            operation = operation.with_document(document);
        }
        if let Some(expires_in) = expires_in {
            operation = operation.with_expires_in(expires_in);
        }
        let submissions = Submissions::one(self.gateway.notify(operation));
        // After it, so that the gateway has heard more than what the answer to its own request says.
        if let Some(waiting) = waiting {
            waiting.send(state).ok();
        }
        Ok((submissions, Matter::Notification { call }))
    }

    /// Has the gateway ask a phone again that closed its connection, or whose connection broke: it may be gone.
    ///
    /// As if it had ended the subscription and were to be asked again at once (RFC 6665 §4.1.3): what is known of it stays true until it
    /// does not answer.
    pub(super) fn ask_again(&self, now: Now, connection: u64, is_idle: bool) {
        let spoke = self.legs.lock().ended(now.instant, connection);
        if is_idle || spoke.is_empty() {
            return;
        }
        let end = SubscriptionState::terminated(TerminationReason::Deactivated);
        let said = spoke.into_iter().map(|of| {
            let id = self.gateway.transaction_id();
            let operation = NotifyOperation::new(id, of.id, of.watcher, of.target, end);
            self.gateway.notify(operation.with_package(of.package))
        });
        let said = join_all(said.collect::<Vec<_>>());
        self.gateway.spawn("sip phone that is gone", async {
            drop(said.await);
        });
    }

    /// A PUBLISH; the tag of our answers is its name.
    pub(super) fn take_publish(
        &mut self,
        now: Now,
        request: &Request<'_, '_>,
        asked: &Asked,
    ) -> Taken<G::Submission> {
        let id = self.gateway.transaction_id();
        let arrival = self.arrival(now, request, asked);
        let operation = publication_from_sip(request, &arrival, asked.key.tag(), id)?;
        let operation = self.vouched(operation, asked);
        let submissions = Submissions::one(self.gateway.publish(operation));
        Ok((submissions, Matter::Publication))
    }

    /// A REGISTER: replaces what the device published before, if it did.
    pub(super) fn take_register(
        &mut self,
        now: Now,
        request: &Request<'_, '_>,
        asked: &Asked,
    ) -> Taken<G::Submission> {
        let id = self.gateway.transaction_id();
        let arrival = self.arrival(now, request, asked);
        let registration = registration_from_sip(request, &arrival, id)?;
        let (operation, is_open) = match registration {
            Registration::Query => return Err(Answer::OK),
            Registration::Open(operation) => (operation, true),
            Registration::Closed(operation) => (operation, false),
        };
        let operation = self.vouched(operation, asked);
        let submissions = match is_open {
            false => Submissions::one(self.gateway.publish(operation)),
            true => {
                let again = operation.clone().with_expected_version(operation.version());
                let gateway = self.gateway.clone();
                let first = async move { gateway.publish(operation).await };
                let submissions = Submissions::one(self.gateway.publish(again));
                submissions.after(FailureReason::Refused, || first)
            }
        };
        Ok((submissions, Matter::Registration { is_open }))
    }

    /// What a presentity says of itself, with who vouches for it.
    fn vouched(&mut self, operation: PublishOperation, asked: &Asked) -> PublishOperation {
        self.counters.publications += 1;
        let authentication = self.authentication(&asked.flow, operation.publisher().domain());
        operation
            .with_deadline(self.answer_within())
            .with_authentication(authentication)
    }

    /// The answer that is due for a notification; where the gateway has no such subscription, nor have we.
    pub(super) fn answer_notification(&self, call: u128, answer: Answer) -> Answer {
        if answer.is_of(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST) {
            self.legs.lock().forget(call);
        }
        answer
    }
}
