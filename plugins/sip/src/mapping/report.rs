//! What is told to the sender of a message, later: a notification where one was asked for, else a text.

use std::time::UNIX_EPOCH;

use rialto_sdk::{
    model::{
        DispositionOperation, Imdn, ImdnHeaders, ImdnRecipient, MessageId, NameAddress,
        XmlWriteError,
    },
    prelude::{ByteString, ContentHeader, InstantMessage, MessageHeaders, MessageOperation},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::Reference;

/// The message that carries the notification, to be sent as message/cpim (RFC 5438 §12.1.1); `None` where none was asked for.
///
/// Its own name is the transaction identifier, so that a copy can be told (RFC 5438 §7.2.1).
pub(crate) fn notification(
    report: &DispositionOperation,
    reference: &Reference,
) -> Option<Result<MessageOperation, XmlWriteError>> {
    let message_id = report.message_id()?;
    if !report.request().wants(report.disposition()) {
        return None;
    }
    let document = document(report, reference, message_id.clone());
    Some(document.to_message().map(|message| {
        let own = MessageId::parse(report.transaction_id().as_str()).ok();
        let route = reference.route.iter().cloned();
        let route = route.filter_map(|uri| NameAddress::new(None, uri));
        let headers = ImdnHeaders::default().with_route(route.collect());
        let headers = match own {
            Some(own) => headers.with_message_id(own),
            None => headers,
        };
        let headers = headers.write(&MessageHeaders::new());
        operation(report, reference, message.with_headers(headers))
    }))
}

/// The message that tells of a failure in words.
pub(crate) fn notice(
    report: &DispositionOperation,
    reference: &Reference,
    text: String,
    language: &str,
) -> MessageOperation {
    let language = ContentHeader::new("Content-Language", language);
    let message = InstantMessage::text(text).with_content_headers(vec![language]);
    operation(report, reference, message)
}

/// When the gateway got the message, as far as a calendar goes.
pub(crate) fn got_at(report: &DispositionOperation) -> Option<OffsetDateTime> {
    let since = report.sent_at()?.duration_since(UNIX_EPOCH).ok()?;
    OffsetDateTime::UNIX_EPOCH.checked_add(since.try_into().ok()?)
}

fn document(report: &DispositionOperation, reference: &Reference, id: MessageId) -> Imdn {
    let imdn = Imdn::new(id, report.disposition());
    let got_at = || got_at(report)?.format(&Rfc3339).ok().map(ByteString::from);
    let imdn = match reference.date_time.clone().or_else(got_at) {
        Some(date_time) => imdn.with_date_time(date_time),
        None => imdn,
    };
    let to = reference
        .to
        .as_ref()
        .unwrap_or_else(|| report.source().uri());
    let original = reference.original_to.as_ref().unwrap_or(to);
    let recipient = ImdnRecipient::new(to.clone());
    match recipient.and_then(|recipient| recipient.with_original_uri(original.clone())) {
        Some(recipient) => imdn.with_recipient(recipient),
        None => imdn,
    }
}

/// From the recipient of the message to the device that sent it.
fn operation(
    report: &DispositionOperation,
    reference: &Reference,
    message: InstantMessage,
) -> MessageOperation {
    let (source, destination) = (report.source().clone(), report.destination().clone());
    let operation = MessageOperation::new(*report.transaction_id(), source, destination, message);
    match &reference.instance {
        Some(instance) => operation.with_destination_instance(instance.clone()),
        None => operation,
    }
}
