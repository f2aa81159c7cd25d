//! What became of a message: receipts, markers, errors; and dispositions (XEP-0184, XEP-0333, RFC 6120 §8.3; RFC 5438).

use rialto_sdk::model::{
    ByteString, Disposition, DispositionOperation, Failure, FailureReason, InstantInbox,
    TransactionId,
};
use rialto_xmpp_codec::{Jid, Marker, Message, MessageType, Receipt};

use super::OwnDomains;
use super::address::{destination_inbox, destination_jid, source_inbox};
use super::content::unsupported;
use super::reference::Reference;
use crate::failures::stanza_error;

/// Whether a stanza reports on a message: it is never answered, whatever it says.
pub(super) fn is_report(message: &Message) -> bool {
    let is_receipt = |receipt| !matches!(receipt, Ok(Receipt::Request));
    let is_marker = |marker| !matches!(marker, Ok(Marker::Markable));
    message.payloads().any(is_receipt) || message.payloads().any(is_marker)
}

/// The reports in a stanza: of receipts and of markers, the first each; none twice.
///
/// A name that is no transaction identifier was never given by this gateway.
pub(super) fn reports(
    message: &Message,
    id: impl Fn() -> TransactionId,
) -> Vec<DispositionOperation> {
    let Some((source, destination)) = inboxes(message) else {
        return Vec::new();
    };
    let mut said = [receipt(message), marker(message)];
    if said[0] == said[1] {
        said[1] = None;
    }
    let report = |(concerning, disposition): (ByteString, _)| {
        let concerning = TransactionId::parse(concerning.as_bytes()).ok()?;
        let (source, destination) = (source.clone(), destination.clone());
        let id = id();
        Some(DispositionOperation::new(
            id,
            concerning,
            source,
            destination,
            disposition,
        ))
    };
    said.into_iter().flatten().filter_map(report).collect()
}

fn receipt(message: &Message) -> Option<(ByteString, Disposition)> {
    let mut receipts = message.payloads::<Receipt>().flatten();
    receipts.find_map(|receipt| match receipt {
        Receipt::Received(id) => Some((id, Disposition::Delivered)),
        _ => None,
    })
}

/// `received` and `acknowledged` come from clients of XEP-0333 before its version 1.0.
fn marker(message: &Message) -> Option<(ByteString, Disposition)> {
    let mut markers = message.payloads::<Marker>().flatten();
    markers.find_map(|marker| match marker {
        Marker::Received(id) => Some((id, Disposition::Delivered)),
        Marker::Displayed(id) | Marker::Acknowledged(id) => Some((id, Disposition::Displayed)),
        _ => None,
    })
}

/// The report that a message was not taken after all; `None` if the error does not say whose inbox it speaks of.
pub(crate) fn late_failure(
    error: &Message,
    failure: Failure,
    id: impl FnOnce() -> TransactionId,
) -> Option<DispositionOperation> {
    let concerning = TransactionId::parse(error.id.as_deref()?.as_bytes()).ok()?;
    let (source, destination) = inboxes(error)?;
    Some(DispositionOperation::failed(
        id(),
        concerning,
        source,
        destination,
        failure,
    ))
}

/// Who reports, and to whom.
fn inboxes(message: &Message) -> Option<(InstantInbox, InstantInbox)> {
    let jid = |text: &Option<ByteString>| Jid::parse(text.as_deref()?).ok();
    let source = source_inbox(&jid(&message.from)?).ok()?;
    let destination = destination_inbox(&jid(&message.to)?).ok()?;
    Some((source, destination))
}

/// Makes the stanza that tells a sender on XMPP what became of the message.
///
/// It goes to the device that sent it, in the name that it wrote to; where that is not known any more, to the user.
pub(crate) fn stanza_from_disposition(
    operation: &DispositionOperation,
    own: &OwnDomains,
) -> Result<Message, Failure> {
    let about = about(operation, own)?;
    let report = Message {
        from: Some(about.to),
        to: Some(about.from),
        id: Some(operation.transaction_id().as_str().into()),
        type_: about.type_,
        ..Message::default()
    };
    let nameless = || unsupported("xmpp: the message had no id by which a receipt could name it");
    let report = match operation.disposition() {
        Disposition::Delivered => {
            report.with_payload(&Receipt::Received(about.id.ok_or_else(nameless)?))
        }
        Disposition::Displayed => {
            report.with_payload(&Marker::Displayed(about.id.ok_or_else(nameless)?))
        }
        Disposition::Failed => {
            let unknown = Failure::new(FailureReason::Refused);
            let failure = operation.failure().unwrap_or(&unknown);
            Ok(Message {
                id: about.id,
                type_: MessageType::Error,
                error: Some(stanza_error(failure)),
                ..report
            })
        }
        _ => return Err(unsupported("xmpp: there is no word for this disposition")),
    };
    report.map_err(|error| unsupported(format!("xmpp: {error}")))
}

fn about(operation: &DispositionOperation, own: &OwnDomains) -> Result<Reference, Failure> {
    let kept = operation.reference().and_then(Reference::read);
    // Domains may have been taken from the component since: the server would end the stream.
    if let Some(kept) = kept.filter(|kept| own.speak_as(&kept.to)) {
        return Ok(kept);
    }
    Ok(Reference {
        from: destination_jid(operation.destination(), None)?.into_text(),
        to: own.source_jid(operation.source(), None)?.into_text(),
        type_: MessageType::Normal,
        id: operation.message_id().map(|id| id.as_text().clone()),
    })
}
