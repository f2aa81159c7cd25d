//! Reports that come by mail: what became of what was sent.

use rialto_email_codec::{
    ForwardPath, Mailbox, ReversePath,
    limits::MAX_REPORT,
    message::Mail,
    report::{
        Action, DeliveryReport, DispositionReport, DispositionType as Mdn, RecipientReport, Report,
        ReportFormat,
    },
    smtp::{Envelope, Reply},
    smtp_reply,
};
use rialto_sdk::model::{
    Disposition, DispositionOperation, DispositionType, Failure, FailureClass, InstantInbox,
    ResponseStatus, TransactionId,
};

use super::{Reports, TRANSACTION, is_hex};
use crate::{
    failures::{reason_of, reply},
    mapping::address::{destination_inbox, source_inbox},
};

/// What a mail says of another.
#[derive(Debug)]
pub(crate) enum About {
    /// What became of a message of ours.
    Ours(Box<DispositionOperation>),
    /// Something that no sender need hear, as that a message is late.
    Nothing,
    /// Something of a message that is none of ours.
    Foreign,
}

impl Reports {
    /// Reads a mail as a report; nothing, if it is an ordinary mail.
    ///
    /// Which message it is about, its envelope says, or what it returns of that: all of these hang on an identifier that only those
    /// know who have seen the message.
    pub(crate) fn read(&self, mail: &Mail<'_>, envelope: &Envelope) -> Option<About> {
        let by_envelope =
            envelope
                .recipients
                .iter()
                .find_map(|recipient| match &recipient.forward_path {
                    ForwardPath::Mailbox(mailbox) => self.concerned_by(mailbox),
                    _ => None,
                });
        let report = mail.report();
        let Some(report) = report else {
            // An automatic answer to a mailbox that is nobody's, as "I am on holiday".
            return by_envelope.map(|_| About::Nothing);
        };
        let concerning = by_envelope.or_else(|| self.concerning(mail, &report));
        let Some(concerning) = concerning else {
            return self.is_certain(&report, envelope).then_some(About::Foreign);
        };
        Some(match self.operation(mail, envelope, &report, concerning) {
            Some(operation) => About::Ours(Box::new(operation)),
            None => About::Nothing,
        })
    }

    /// Hands a report on.
    pub(crate) async fn take(&self, about: About) -> Reply {
        let taken = || smtp_reply!(250, 0, 0, "the report is taken");
        let operation = match about {
            About::Ours(operation) => *operation,
            About::Nothing => return taken(),
            About::Foreign => {
                let text = "the report is about no message of this system";
                return smtp_reply!(554, 6, 0, text);
            }
        };
        self.host.count("rialto_email_reports_received_total", 1);
        match self.host.submit_disposition(operation).await.into_status() {
            ResponseStatus::Failure(failure)
                if failure.reason().class() == FailureClass::Temporary =>
            {
                reply(&failure)
            }
            // Nobody waits for it any more: nothing is gained if it comes again.
            ResponseStatus::Failure(_) => {
                self.host.count("rialto_email_reports_unknown_total", 1);
                taken()
            }
            ResponseStatus::Success | ResponseStatus::Indeterminant => taken(),
        }
    }

    fn concerning(&self, mail: &Mail<'_>, report: &Report) -> Option<TransactionId> {
        let (id, envelope_id) = match report {
            Report::Delivery(report) => (&report.message_id, report.envelope_id.as_deref()),
            Report::Disposition(report) => (&report.message_id, None),
            _ => return None,
        };
        let by_id = id.as_ref().and_then(|id| self.concerned_by_id(id));
        let by_envelope_id = || {
            let id = envelope_id.filter(|id| id.len() == TRANSACTION)?;
            TransactionId::parse(id.as_bytes()).ok()
        };
        // Some programs answer by In-Reply-To alone.
        let by_answer = || {
            let answered = mail.in_reply_to();
            answered.iter().find_map(|id| self.concerned_by_id(id))
        };
        by_id
            .or_else(by_envelope_id)
            .or_else(by_answer)
            .or_else(|| self.named_in(mail.raw()))
    }

    /// The operation that an identifier of ours names, wherever it stands: in a report whose parts are not where they should be.
    fn named_in(&self, octets: &[u8]) -> Option<TransactionId> {
        let octets = octets.get(..MAX_REPORT).unwrap_or(octets);
        let host = format!("@{}", self.hostname);
        let mut ends = octets
            .windows(host.len())
            .enumerate()
            .filter_map(|(at, window)| (window == host.as_bytes()).then_some(at));
        ends.find_map(|end| {
            let start = end.checked_sub(TRANSACTION)?;
            let before = start.checked_sub(1).and_then(|at| octets.get(at));
            // A longer name is another, as that of a report of ours.
            let is_whole =
                before.is_none_or(|octet| !octet.is_ascii_alphanumeric() && *octet != b'-');
            let id = octets.get(start..end)?;
            let is_ours = is_whole && id.iter().all(|octet| is_hex(*octet));
            is_ours.then(|| TransactionId::parse(id).ok())?
        })
    }

    /// A bounce in words is a guess: without a message of ours it is a mail like others.
    fn is_certain(&self, report: &Report, envelope: &Envelope) -> bool {
        let is_null = envelope.mail_from.reverse_path == ReversePath::Null;
        match report {
            Report::Delivery(report) => is_null && report.format == ReportFormat::Standard,
            Report::Disposition(_) => is_null,
            _ => false,
        }
    }

    fn operation(
        &self,
        mail: &Mail<'_>,
        envelope: &Envelope,
        report: &Report,
        concerning: TransactionId,
    ) -> Option<DispositionOperation> {
        let returned = mail.returned().unwrap_or_default();
        let (recipient, word) = match report {
            Report::Delivery(report) => delivery(report)?,
            Report::Disposition(report) => disposition(report)?,
            _ => return None,
        };
        // Whom it was sent to, not where it went from there.
        let whom = returned.to.or(recipient)?;
        let source = source_inbox(&whom).ok()?;
        let destination = returned
            .from
            .and_then(|from| destination_inbox(&from).ok())
            .or_else(|| addressee(envelope))
            .unwrap_or_else(|| source.clone());
        let id = self.host.transaction_id();
        Some(match word {
            Word::Failed(failure) => {
                DispositionOperation::failed(id, concerning, source, destination, failure)
            }
            Word::Disposition(disposition) => {
                DispositionOperation::new(id, concerning, source, destination, disposition)
            }
        })
    }
}

/// What a report says.
enum Word {
    Failed(Failure),
    Disposition(Disposition),
}

fn delivery(report: &DeliveryReport) -> Option<(Option<Mailbox>, Word)> {
    // Each message has one recipient; a server that expanded it to several may report on them in one.
    let worst = |recipient: &&RecipientReport| match recipient.action {
        Action::Failed => 0,
        Action::Delivered => 1,
        _ => 2,
    };
    let recipient = report.recipients.iter().min_by_key(worst)?;
    let word = match recipient.action {
        Action::Failed => {
            let status = recipient.status;
            let said = status.map_or_else(String::new, |status| format!(" ({status})"));
            let failure = Failure::new(reason_of(status)).with_detail(format!(
                "email: a server on the way could not deliver it{said}"
            ));
            Word::Failed(failure)
        }
        Action::Delivered => Word::Disposition(Disposition::Delivered),
        Action::Relayed | Action::Expanded => Word::Disposition(Disposition::Processed),
        _ => return None,
    };
    let names = [&recipient.original_recipient, &recipient.final_recipient];
    Some((mailbox(&names), word))
}

/// RFC 8098 §3.2.6.2. Of what was deleted unseen there is nothing to say in the words of RFC 5438.
fn disposition(report: &DispositionReport) -> Option<(Option<Mailbox>, Word)> {
    let disposition = match report.disposition {
        Mdn::Displayed if report.is_error => Disposition::Error(DispositionType::Display),
        Mdn::Displayed => Disposition::Displayed,
        Mdn::Denied => Disposition::Forbidden(DispositionType::Display),
        Mdn::Failed => Disposition::Error(DispositionType::Display),
        Mdn::Processed | Mdn::Dispatched => Disposition::Processed,
        _ => return None,
    };
    let names = [&report.original_recipient, &report.final_recipient];
    Some((mailbox(&names), Word::Disposition(disposition)))
}

fn mailbox(names: &[&Option<String>]) -> Option<Mailbox> {
    names.iter().find_map(|name| name.as_deref()?.parse().ok())
}

/// Whom the report came to, if that is somebody.
fn addressee(envelope: &Envelope) -> Option<InstantInbox> {
    let recipient = envelope.recipients.first()?;
    match &recipient.forward_path {
        ForwardPath::Mailbox(mailbox) => destination_inbox(mailbox).ok(),
        _ => None,
    }
}
