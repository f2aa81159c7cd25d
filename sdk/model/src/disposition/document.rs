//! The elements of a disposition notification. RFC 5438 §11.1.

use bytestring::ByteString;

use super::{Disposition, DispositionType, Imdn, ImdnError, ImdnRecipient, MessageId};
use crate::{
    message::grammar,
    xml::{Element, XmlError, XmlWriteError},
};

/// The namespace of the document's elements.
const NAMESPACE: &str = "urn:ietf:params:xml:ns:imdn";

const IMDN: &str = "imdn";
const MESSAGE_ID: &str = "message-id";
const DATE_TIME: &str = "datetime";
const RECIPIENT: &str = "recipient-uri";
const ORIGINAL_RECIPIENT: &str = "original-recipient-uri";
const SUBJECT: &str = "subject";
const STATUS: &str = "status";

/// The element that stands for a type of disposition. RFC 5438 §11.1.6.
const fn notification_word(of: DispositionType) -> &'static str {
    match of {
        DispositionType::Delivery => "delivery-notification",
        DispositionType::Processing => "processing-notification",
        DispositionType::Display => "display-notification",
    }
}

/// The element in the status that stands for a disposition. RFC 5438 §11.1.7.
const fn status_word(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Delivered => "delivered",
        Disposition::Failed => "failed",
        Disposition::Processed => "processed",
        Disposition::Stored => "stored",
        Disposition::Displayed => "displayed",
        Disposition::Forbidden(_) => "forbidden",
        Disposition::Error(_) => "error",
    }
}

pub(super) fn read(root: &Element) -> Result<Imdn, ImdnError> {
    if !root.is(NAMESPACE, IMDN) {
        return Err(XmlError::Root { expected: IMDN }.into());
    }
    let message_id = message_id(root.required(MESSAGE_ID)?)?;
    let date_time = root.only(DATE_TIME)?.map(Element::trimmed);
    let recipient = recipient(root)?;
    let notification = notification(root)?;
    let status = notification.required(STATUS)?;
    Ok(Imdn {
        message_id,
        disposition: disposition(notification, status)?,
        date_time: date_time.filter(|date_time| !date_time.is_empty()),
        recipient,
        extensions: extensions(root),
        status_extensions: extensions(status),
    })
}

/// The elements in the order of the schema.
pub(super) fn write(imdn: &Imdn) -> Result<Element, XmlWriteError> {
    let date_time = imdn.date_time.clone().unwrap_or_default();
    let mut root = element(IMDN)?
        .with_child(text(MESSAGE_ID, imdn.message_id.as_text().clone())?)
        .with_child(text(DATE_TIME, date_time)?);
    if let Some(recipient) = &imdn.recipient {
        root = root
            .with_child(text(RECIPIENT, recipient.uri.clone())?)
            .with_child(text(ORIGINAL_RECIPIENT, recipient.original_uri.clone())?);
        if let Some(subject) = &recipient.subject {
            root = root.with_child(text(SUBJECT, subject.clone())?);
        }
    }
    root = root.with_child(written_notification(imdn)?);
    Ok(with_all(root, &imdn.extensions))
}

/// Whether an element may be an extension: the schema takes those that have a namespace, and another one.
pub(super) fn is_foreign(element: &Element) -> bool {
    !matches!(element.namespace(), "" | NAMESPACE)
}

fn message_id(element: &Element) -> Result<MessageId, ImdnError> {
    MessageId::parse(element.trimmed()).map_err(|problem| ImdnError::MessageId {
        at: element.at(),
        problem,
    })
}

/// The addresses; where only one is told, it stands for both. A subject beside none of them says nothing.
fn recipient(root: &Element) -> Result<Option<ImdnRecipient>, XmlError> {
    let uri = uri(root, RECIPIENT)?;
    let original_uri = self::uri(root, ORIGINAL_RECIPIENT)?;
    let subject = root.only(SUBJECT)?.map(Element::text);
    let Some(known) = uri.clone().or_else(|| original_uri.clone()) else {
        return Ok(None);
    };
    Ok(Some(ImdnRecipient {
        uri: uri.unwrap_or_else(|| known.clone()),
        original_uri: original_uri.unwrap_or(known),
        subject,
    }))
}

fn uri(root: &Element, name: &'static str) -> Result<Option<ByteString>, XmlError> {
    let Some(element) = root.only(name)? else {
        return Ok(None);
    };
    let uri = element.trimmed();
    match grammar::is_absolute_uri(&uri) {
        true => Ok(Some(uri)),
        false => Err(XmlError::Value {
            element: name,
            at: element.at(),
        }),
    }
}

fn notification(root: &Element) -> Result<&Element, ImdnError> {
    let is_notification = |child: &&Element| {
        let mut all = DispositionType::ALL.into_iter();
        all.any(|of| child.is(NAMESPACE, notification_word(of)))
    };
    let mut notifications = root.children().filter(is_notification);
    let at = root.at();
    let first = notifications
        .next()
        .ok_or(ImdnError::NoNotification { at })?;
    match notifications.next() {
        None => Ok(first),
        Some(second) => Err(ImdnError::SecondNotification { at: second.at() }),
    }
}

/// What the one element of the status says that RFC 5438 defines for this notification.
fn disposition(notification: &Element, status: &Element) -> Result<Disposition, ImdnError> {
    let mut found = Disposition::ALL.into_iter().filter(|disposition| {
        let (of, word) = (disposition.disposition_type(), status_word(*disposition));
        notification.name() == notification_word(of)
            && status.children().any(|child| child.is(NAMESPACE, word))
    });
    match (found.next(), found.next()) {
        (Some(disposition), None) => Ok(disposition),
        _ => Err(ImdnError::Status { at: status.at() }),
    }
}

fn extensions(element: &Element) -> Vec<Element> {
    let children = element.children();
    children
        .filter(|child| is_foreign(child))
        .cloned()
        .collect()
}

fn written_notification(imdn: &Imdn) -> Result<Element, XmlWriteError> {
    let status = element(STATUS)?.with_child(element(status_word(imdn.disposition))?);
    let status = with_all(status, &imdn.status_extensions);
    let notification = notification_word(imdn.disposition.disposition_type());
    Ok(element(notification)?.with_child(status))
}

fn with_all(element: Element, children: &[Element]) -> Element {
    children.iter().cloned().fold(element, Element::with_child)
}

fn text(name: &str, text: ByteString) -> Result<Element, XmlWriteError> {
    Ok(element(name)?.with_text(text))
}

fn element(name: &str) -> Result<Element, XmlWriteError> {
    Element::new(ByteString::from_static(NAMESPACE), name)
}
