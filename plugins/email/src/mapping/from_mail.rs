//! A mail to a message operation for each recipient.

use std::time::SystemTime;

use rialto_email_codec::{
    Mailbox,
    message::{Mail, NamedMailbox},
    smtp::{Envelope, RcptTo},
};
use rialto_sdk::model::{
    Authentication, Bytes, Failure, FailureReason, Header, ImdnHeaders, InstantInbox,
    InstantMessage, MaxForwards, MessageHeaders, MessageId, MessageOperation, NameAddress,
    TransactionId,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    address::source_inbox, content::of_mail, identity::Identity, reference::Reference,
    threads::Threads,
};
use crate::{clock::seconds, config::ContentRule};

/// A mail that has come, and what is known of its sender.
#[derive(Debug)]
pub(crate) struct Arrival<'m> {
    pub(crate) mail: &'m Mail<'m>,
    pub(crate) octets: &'m Bytes,
    pub(crate) envelope: &'m Envelope,
    /// Who wrote it.
    pub(crate) author: NamedMailbox,
    pub(crate) source: InstantInbox,
    pub(crate) authentication: Authentication,
    /// Whether reports may go to the reverse-path.
    pub(crate) may_return: bool,
    pub(crate) at: SystemTime,
}

/// Received fields after which a mail goes round in circles (RFC 5321 §6.3).
const MAX_RECEIVED: usize = 100;

/// Who wrote a mail: Sender, where From names several (RFC 5322 §3.6.2).
///
/// A Sender of another domain than theirs is nobody: what vouches for From does not vouch for it, and its own domain is not asked.
pub(crate) fn author(mail: &Mail<'_>) -> Result<(NamedMailbox, InstantInbox), Failure> {
    let mut authors = mail.from();
    let sender = mail.sender().filter(|sender| {
        let mut hosts = authors.iter().map(|author| author.mailbox.host());
        hosts.any(|host| host == sender.mailbox.host())
    });
    let author = match authors.len() {
        0 | 1 => authors.pop(),
        _ => sender.or_else(|| authors.into_iter().next()),
    };
    let author = author.ok_or_else(|| {
        Failure::new(FailureReason::InvalidSource)
            .with_detail("email: From names no mailbox that an answer could go to")
    })?;
    let inbox = source_inbox(&author.mailbox)?;
    Ok((author, inbox))
}

/// The hops that are left: each server that a mail has passed counts as one, and what another gateway said counts.
pub(crate) fn max_forwards(mail: &Mail<'_>) -> Result<MaxForwards, Failure> {
    let passed = mail.received_count();
    if passed > MAX_RECEIVED {
        return Err(FailureReason::HopLimitReached.into());
    }
    let most = MaxForwards::DEFAULT.hops();
    let said = mail.max_forwards().unwrap_or(most).min(most);
    let passed = u8::try_from(passed).unwrap_or(u8::MAX);
    Ok(MaxForwards::new(said.saturating_sub(passed)))
}

impl Arrival<'_> {
    /// The operation for one recipient.
    pub(crate) fn operation(
        &self,
        id: TransactionId,
        identity: Option<&Identity>,
        recipient: &RcptTo,
        mailbox: &Mailbox,
        destination: InstantInbox,
        (threads, rule): (&Threads, &ContentRule),
    ) -> Result<MessageOperation, Failure> {
        let hops = max_forwards(self.mail)?;
        let reference = Reference::new(
            self.mail,
            self.envelope,
            recipient,
            mailbox,
            self.may_return,
            seconds(self.at),
        );
        let headers = self.headers(&reference, recipient);
        let mut message = of_mail(self.mail, self.octets, rule)?.with_headers(headers);
        if let Some(thread) = threads.arrived(self.mail, &self.source, &destination, self.at) {
            message = message.with_thread(thread);
        }
        let operation = self
            .addressed(id, destination, message)
            .with_max_forwards(hops)
            .with_reference(reference.to_text());
        Ok(match identity {
            Some(identity) => operation.with_identity(identity.as_str()),
            None => operation,
        })
    }

    fn addressed(
        &self,
        id: TransactionId,
        destination: InstantInbox,
        message: InstantMessage,
    ) -> MessageOperation {
        MessageOperation::new(id, self.source.clone(), destination, message)
            .with_authentication(self.authentication)
    }

    fn headers(&self, reference: &Reference, recipient: &RcptTo) -> MessageHeaders {
        let mut headers = MessageHeaders::new();
        if let Some(name) = self.author.name.as_deref().filter(|name| !name.is_empty()) {
            let name = one_line(name);
            let named = NameAddress::new(Some(name.into()), self.source.uri().clone());
            headers.extend_with("From", named.map(|named| named.to_string()));
        }
        headers.extend_with("DateTime", self.mail.date().and_then(date_time));
        let subject = self.mail.subject().map(one_line);
        headers.extend_with("Subject", subject.filter(|subject| !subject.is_empty()));
        let request = reference.request(recipient);
        if request.is_empty() {
            return headers;
        }
        let mut imdn = ImdnHeaders::default().with_request(request);
        let name = self.mail.message_id();
        let name = name.and_then(|name| MessageId::parse(name.as_str().to_owned()).ok());
        imdn.message_id = Some(name.unwrap_or_else(|| MessageId::random(&mut rand::rng())));
        imdn.write(&headers)
    }
}

/// Adds a header if there is something to say.
trait ExtendWith {
    fn extend_with(&mut self, name: &'static str, value: Option<String>);
}

impl ExtendWith for MessageHeaders {
    fn extend_with(&mut self, name: &'static str, value: Option<String>) {
        if let Some(value) = value {
            self.push(Header::new(name, value));
        }
    }
}

fn one_line(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect();
    line.trim().to_owned()
}

fn date_time(seconds: i64) -> Option<String> {
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    time.format(&Rfc3339).ok()
}
