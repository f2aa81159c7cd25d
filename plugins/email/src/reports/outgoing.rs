//! Reports that go out by mail: what became of what came in.

use rialto_email_codec::{
    Mailbox, ReversePath,
    message::MessageId,
    report::{
        Action, DispositionType as Mdn, NewDeliveryReport, NewDispositionReport, RecipientFailure,
    },
    smtp::{Delivery, EnhancedStatus, OriginalRecipient, RcptTo, StatusClass},
};
use rialto_sdk::model::{
    Disposition, DispositionOperation, Failure, FailureReason, ResponseStatus,
};

use super::Reports;
use crate::{
    clock::{now, seconds},
    failures::status,
    mapping::{from_mail::Arrival, reference::Reference},
};

impl Reports {
    /// Tells the sender of a mail what became of it after it was taken.
    ///
    /// Nobody is told who did not ask, but of failure; and nobody whose address may be forged.
    pub(crate) async fn tell(&self, operation: &DispositionOperation) -> ResponseStatus {
        let reference = operation
            .reference()
            .and_then(|text| Reference::parse(text));
        let Some(reference) = reference else {
            return Failure::new(FailureReason::InvalidDestination)
                .with_detail("email: nothing is known of the mail that the report is about")
                .into();
        };
        let delivery = match operation.disposition() {
            Disposition::Displayed => self.displayed(operation, &reference),
            other => self.delivery_report(operation, &reference, other),
        };
        match delivery {
            // It is told to nobody, and that is how it shall be.
            Ok(None) => {
                self.host.count("rialto_email_reports_unwanted_total", 1);
                ResponseStatus::Success
            }
            Ok(Some(delivery)) => match self.outbound.report(delivery).await {
                Ok(()) => {
                    self.host.count("rialto_email_reports_sent_total", 1);
                    ResponseStatus::Success
                }
                Err(failure) => failure.into(),
            },
            Err(failure) => failure.into(),
        }
    }

    /// Tells the sender of a mail at once who does not get it, while its client still waits.
    pub(crate) async fn failed(
        &self,
        arrival: &Arrival<'_>,
        failures: &[(&RcptTo, &Failure)],
    ) -> Result<(), Failure> {
        let envelope = arrival.envelope;
        // Where nothing may be sent back, nothing is (RFC 5321 §4.5.5).
        let to = envelope.mail_from.reverse_path.mailbox();
        let Some(to) = to.filter(|_| arrival.may_return) else {
            self.host.count("rialto_email_reports_unwanted_total", 1);
            return Ok(());
        };
        let wanted = failures
            .iter()
            .filter(|(recipient, _)| wants_failure(recipient));
        let recipients = wanted.filter_map(|(recipient, failure)| {
            let mailbox = mailbox_of(recipient)?;
            Some(recipient_failure(
                mailbox,
                Action::Failed,
                failure,
                recipient.orcpt.clone(),
            ))
        });
        let recipients: Vec<_> = recipients.collect();
        if recipients.is_empty() {
            return Ok(());
        }
        let id = self.own_id(self.host.transaction_id().as_str())?;
        let at = seconds(arrival.at);
        let mut report =
            NewDeliveryReport::new(self.hostname.clone(), to.clone(), id, at, arrival.octets);
        report.arrival = Some(at);
        report.envelope_id = envelope.mail_from.envid.clone();
        report.ret = envelope.mail_from.ret.unwrap_or(report.ret);
        report.recipients = recipients;
        let delivery = Delivery::new(ReversePath::Null, to.clone(), report.write());
        self.outbound.report(delivery).await
    }

    fn delivery_report(
        &self,
        operation: &DispositionOperation,
        reference: &Reference,
        disposition: Disposition,
    ) -> Result<Option<Delivery>, Failure> {
        let wants = reference.wants;
        let action = match disposition {
            Disposition::Failed if wants.failure => Action::Failed,
            Disposition::Delivered if wants.success => Action::Delivered,
            Disposition::Processed if wants.success => Action::Relayed,
            Disposition::Stored if wants.delay => Action::Delayed,
            _ => return Ok(None),
        };
        let (Some(to), Some(recipient)) = (reference.return_to(), reference.recipient()) else {
            return Ok(None);
        };
        let original = reference.original_recipient();
        let recipient = match operation.failure() {
            Some(failure) => recipient_failure(recipient, action, failure, original),
            None => without_failure(recipient, action, original),
        };
        let header = reference.header();
        let id = self.own_id(operation.transaction_id().as_str())?;
        let at = seconds(now());
        let mut report = NewDeliveryReport::new(self.hostname.clone(), to.clone(), id, at, &header);
        report.arrival = Some(reference.arrival);
        report.envelope_id = reference.envelope_id().map(str::to_owned);
        report.recipients = vec![recipient];
        Ok(Some(Delivery::new(ReversePath::Null, to, report.write())))
    }

    /// A notification of display, where it was asked for (RFC 8098).
    fn displayed(
        &self,
        operation: &DispositionOperation,
        reference: &Reference,
    ) -> Result<Option<Delivery>, Failure> {
        let parts = (
            reference.receipt_to(),
            reference.recipient(),
            reference.message_id(),
        );
        let (Some(to), Some(from), Some(about)) = parts else {
            return Ok(None);
        };
        let id = self.own_id(operation.transaction_id().as_str())?;
        let report = NewDispositionReport::new(
            (from, to.clone()),
            id,
            seconds(now()),
            about,
            Mdn::Displayed,
        );
        let written = report.with_reporting_agent(&self.hostname).write();
        Ok(Some(Delivery::new(ReversePath::Null, to, written)))
    }

    fn own_id(&self, transaction: &str) -> Result<MessageId, Failure> {
        MessageId::of_transaction(&format!("report-{transaction}"), &self.hostname)
            .map_err(|_| FailureReason::Internal.into())
    }
}

fn recipient_failure(
    mailbox: Mailbox,
    action: Action,
    failure: &Failure,
    original: Option<OriginalRecipient>,
) -> RecipientFailure {
    let text = failure.reason().text();
    let made = RecipientFailure::new(mailbox, action, status(failure.reason()), text);
    match original {
        Some(original) => made.with_original_recipient(original),
        None => made,
    }
}

fn without_failure(
    mailbox: Mailbox,
    action: Action,
    original: Option<OriginalRecipient>,
) -> RecipientFailure {
    let (class, text) = match action {
        Action::Failed => (StatusClass::Permanent, "it could not be delivered"),
        Action::Delayed => (
            StatusClass::PersistentTransient,
            "it is kept and tried again",
        ),
        _ => (StatusClass::Success, "the other network has it"),
    };
    let made = RecipientFailure::new(mailbox, action, EnhancedStatus::new(class, 0, 0), text);
    match original {
        Some(original) => made.with_original_recipient(original),
        None => made,
    }
}

fn mailbox_of(recipient: &RcptTo) -> Option<Mailbox> {
    match &recipient.forward_path {
        rialto_email_codec::ForwardPath::Mailbox(mailbox) => Some(mailbox.clone()),
        _ => None,
    }
}

/// RFC 3461 §4.1: on failure, unless something else was said.
fn wants_failure(recipient: &RcptTo) -> bool {
    use rialto_email_codec::smtp::Notify;
    match recipient.notify {
        None => true,
        Some(Notify::On { failure, .. }) => failure,
        _ => false,
    }
}
