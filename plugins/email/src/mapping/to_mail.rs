//! A message operation to a mail.

use std::time::SystemTime;

use rialto_email_codec::{
    Domain, Mailbox, ReversePath,
    message::{MessageId, NamedMailbox, NewMail, Trace, WriteError},
    smtp::{Delivery, Notify},
};
use rialto_sdk::model::{
    DispositionRequest, Failure, FailureReason, ImdnHeaders, InstantMessage, MessageOperation,
    NameAddress, Notify as Ask, TransactionId, message::IMDN_HEADERS,
};

use super::{
    address::{destination_mailbox, source_mailbox},
    content::{language, to_mail},
    threads::{Place, Threads},
    unsupported,
};
use crate::clock::seconds;

/// Writes mails.
#[derive(Debug)]
pub(crate) struct Composer {
    hostname: Domain,
    bounce_domain: Option<Domain>,
    subject: String,
}

impl Composer {
    /// `subject` is that of messages without one; `{sender}` in it is the sender's address.
    pub(crate) fn new(hostname: Domain, bounce_domain: Option<Domain>, subject: String) -> Self {
        Self {
            hostname,
            bounce_domain,
            subject,
        }
    }

    /// The mail that carries an operation's message, with the envelope that it goes in.
    ///
    /// Its Message-ID and its ENVID hang on the transaction identifier alone, so a mail that is sent once more is the same,
    /// and a report of it leads back to the operation.
    pub(crate) fn compose(
        &self,
        operation: &MessageOperation,
        threads: &Threads,
        now: SystemTime,
    ) -> Result<Delivery, Failure> {
        if operation.is_ephemeral() {
            return Err(unsupported(
                "email: what counts only now is not sent by mail",
            ));
        }
        let message = operation.message();
        check_required(message)?;
        let from = source_mailbox(operation.source())?;
        let to = destination_mailbox(operation.destination())?;
        let id = self.message_id(operation.transaction_id())?;
        let content = to_mail(message)?;
        let place = threads.leaves(operation, &id, now);
        let names = |address: Option<NameAddress>| {
            address.and_then(|address| address.display_name().map(ToString::to_string))
        };
        let name = names(message.headers().from());
        let date = message.headers().date_time();
        let date = date.map_or_else(|| seconds(now), |date| date.unix_timestamp());
        let request = request(message);
        let mut mail = NewMail::new(
            NamedMailbox::new(name.as_deref(), from.clone()),
            NamedMailbox::new(None, to.clone()),
            id.clone(),
            date,
            content.body(),
        )
        .with_subject(&self.subject_of(message, &from))
        .with_max_forwards(operation.max_forwards().hops())
        .with_trace(self.trace(operation, now));
        if let Some(tag) = language(message) {
            mail = mail.with_language(tag);
        }
        if place.parent != id {
            let Place { root, parent } = place;
            mail = mail.with_parent(parent, vec![root]);
        }
        if request.contains(Ask::Display) {
            mail = mail.with_receipt_to(from.clone());
        }
        let written = mail.write().map_err(|error| not_written(&error))?;
        let reverse_path = self.reverse_path(from, operation.transaction_id());
        let delivery = Delivery::new(reverse_path, to, written);
        Ok(delivery.with_reports(operation.transaction_id().as_str(), notify(request)))
    }

    /// The identifier of an operation's mail.
    pub(crate) fn message_id(&self, id: &TransactionId) -> Result<MessageId, Failure> {
        MessageId::of_transaction(id.as_str(), &self.hostname)
            .map_err(|_| FailureReason::Internal.into())
    }

    /// A mailbox of its own for each mail where there is a domain for it: so even a bounce that returns nothing is understood.
    fn reverse_path(&self, from: Mailbox, id: &TransactionId) -> ReversePath {
        let own = self.bounce_domain.as_ref();
        let own = own.and_then(|domain| format!("{id}@{domain}").parse().ok());
        ReversePath::Mailbox(own.unwrap_or(from))
    }

    fn subject_of(&self, message: &InstantMessage, from: &Mailbox) -> String {
        let subject = language(message)
            .and_then(|language| message.headers().subject_for(language))
            .or_else(|| message.headers().subjects().next());
        match subject {
            Some(subject) => subject.value.to_string(),
            None => self.subject.replace("{sender}", &from.to_string()),
        }
    }

    fn trace(&self, operation: &MessageOperation, now: SystemTime) -> Trace {
        let from = operation.source().domain().parse();
        Trace::new(
            from.unwrap_or_else(|_| self.hostname.clone()),
            self.hostname.clone(),
            operation.transaction_id().as_str(),
            seconds(now),
        )
    }
}

/// What the sender asks to be told; malformed headers ask for nothing.
fn request(message: &InstantMessage) -> DispositionRequest {
    ImdnHeaders::read(message.headers()).map_or(DispositionRequest::NONE, |imdn| imdn.request)
}

/// Of failure the gateway wants to hear in any case.
fn notify(request: DispositionRequest) -> Notify {
    Notify::On {
        success: request.contains(Ask::PositiveDelivery),
        failure: true,
        delay: false,
    }
}

/// The recipient would have to understand what `Require` names, and mail cannot ask; what asks for reports is understood here.
fn check_required(message: &InstantMessage) -> Result<(), Failure> {
    const UNDERSTOOD: [(&str, &str); 2] = [
        (IMDN_HEADERS, "Message-ID"),
        (IMDN_HEADERS, "Disposition-Notification"),
    ];
    match message.headers().unknown_requirement(&UNDERSTOOD) {
        Some(_) => Err(FailureReason::UnknownRequiredHeader.into()),
        None => Ok(()),
    }
}

fn not_written(error: &WriteError) -> Failure {
    unsupported(format!("email: {error}"))
}
