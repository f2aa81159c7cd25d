//! The report on a message.

use bytestring::ByteString;
use thiserror::Error;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Disposition, MessageId, MessageIdError, document};
use crate::{
    ContentHeader, InstantMessage,
    message::grammar,
    xml::{Element, XmlError, XmlWriteError},
};

/// A disposition notification: the document that reports what became of a message. RFC 5438 §11.
///
/// Read tolerantly: in any order, without a time, with one address of the two; elements of its own namespace that RFC 5438 does not
/// define, and those without a namespace, are left out. Written as its schema wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imdn {
    pub(super) message_id: MessageId,
    pub(super) disposition: Disposition,
    pub(super) date_time: Option<ByteString>,
    pub(super) recipient: Option<ImdnRecipient>,
    pub(super) extensions: Vec<Element>,
    pub(super) status_extensions: Vec<Element>,
}

/// For whom the message was, and its subject: the schema has all of these together or none.
///
/// The subject's language, which RFC 5438 §11.1.5 asks for, has no place in the schema, and is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImdnRecipient {
    pub(super) uri: ByteString,
    pub(super) original_uri: ByteString,
    pub(super) subject: Option<ByteString>,
}

/// Why bytes are no disposition notification.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ImdnError {
    /// The document is not what its schema says.
    #[error(transparent)]
    Document(#[from] XmlError),
    /// The name of the message is none.
    #[error("the text of the element `message-id` at byte {at} is malformed: {problem}")]
    MessageId {
        /// Where the element begins.
        at: usize,
        /// What is wrong with it.
        problem: MessageIdError,
    },
    /// Nothing that RFC 5438 defines is reported.
    #[error("the element at byte {at} has no notification")]
    NoNotification {
        /// Where the document's outermost element begins.
        at: usize,
    },
    /// More than one thing is reported.
    #[error("the notification at byte {at} is a second one")]
    SecondNotification {
        /// Where it begins.
        at: usize,
    },
    /// The status is none that RFC 5438 defines for this notification, or more than one.
    #[error("the status at byte {at} is not exactly one that its notification can have")]
    Status {
        /// Where it begins.
        at: usize,
    },
}

impl Imdn {
    /// The media type.
    pub const CONTENT_TYPE: &str = "message/imdn+xml";

    /// Reports that this became of the message of this name.
    pub const fn new(message_id: MessageId, disposition: Disposition) -> Self {
        Self {
            message_id,
            disposition,
            date_time: None,
            recipient: None,
            extensions: Vec::new(),
            status_extensions: Vec::new(),
        }
    }

    /// Says when the message was sent, as its header `DateTime` had it.
    pub fn with_date_time(mut self, date_time: impl Into<ByteString>) -> Self {
        let date_time = date_time.into();
        let trimmed = date_time.slice_ref(date_time.trim());
        self.date_time = (!trimmed.is_empty()).then_some(trimmed);
        self
    }

    /// Says for whom the message was.
    pub fn with_recipient(mut self, recipient: ImdnRecipient) -> Self {
        self.recipient = Some(recipient);
        self
    }

    /// Adds an element of another namespace, which says more of the report.
    pub fn with_extension(mut self, extension: Element) -> Result<Self, XmlWriteError> {
        self.extensions.push(foreign(extension)?);
        Ok(self)
    }

    /// Adds an element of another namespace, which says more of the disposition.
    pub fn with_status_extension(mut self, extension: Element) -> Result<Self, XmlWriteError> {
        self.status_extensions.push(foreign(extension)?);
        Ok(self)
    }

    /// Reads a document.
    pub fn parse(document: &[u8]) -> Result<Self, ImdnError> {
        document::read(&Element::parse(document)?)
    }

    /// Reads the document that a message carries; `None` if it carries something else.
    ///
    /// The content type decides. RFC 5438 §9 asks for `Content-Disposition: notification` too; a report without it is still none
    /// that may be answered by another.
    pub fn from_message(message: &InstantMessage) -> Result<Option<Self>, ImdnError> {
        let document = Element::of_message(message, ("message", "imdn+xml"))?;
        document.as_ref().map(document::read).transpose()
    }

    /// Writes the document.
    pub fn to_document(&self) -> Result<Vec<u8>, XmlWriteError> {
        document::write(self)?.to_document()
    }

    /// Writes the message that carries the document. RFC 5438 §7.2.1.
    ///
    /// It still wants headers: a `Message-ID` of its own, and the route that the other message recorded.
    pub fn to_message(&self) -> Result<InstantMessage, XmlWriteError> {
        let message = InstantMessage::new(
            ByteString::from_static(Self::CONTENT_TYPE),
            bytes::Bytes::from(self.to_document()?),
        );
        let disposition = ContentHeader::new("Content-Disposition", "notification");
        Ok(message.with_content_headers(vec![disposition]))
    }

    /// The message that it reports on.
    pub const fn message_id(&self) -> &MessageId {
        &self.message_id
    }

    /// What became of it.
    pub const fn disposition(&self) -> Disposition {
        self.disposition
    }

    /// When the message was sent, if that is said in the form of RFC 3339.
    pub fn date_time(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::parse(self.date_time.as_deref()?, &Rfc3339).ok()
    }

    /// When the message was sent, as written.
    pub const fn date_time_text(&self) -> Option<&ByteString> {
        self.date_time.as_ref()
    }

    /// For whom the message was.
    pub const fn recipient(&self) -> Option<&ImdnRecipient> {
        self.recipient.as_ref()
    }

    /// Elements of other namespaces, which say more of the report.
    pub fn extensions(&self) -> &[Element] {
        &self.extensions
    }

    /// Elements of other namespaces, which say more of the disposition.
    pub fn status_extensions(&self) -> &[Element] {
        &self.status_extensions
    }
}

impl ImdnRecipient {
    /// The final recipient, who is also whom the sender wrote to; `None` when `uri` is no absolute URI.
    pub fn new(uri: impl Into<ByteString>) -> Option<Self> {
        let uri = uri.into();
        grammar::is_absolute_uri(&uri).then(|| Self {
            original_uri: uri.clone(),
            uri,
            subject: None,
        })
    }

    /// Says whom the sender wrote to, if that was another; `None` when `uri` is no absolute URI.
    pub fn with_original_uri(mut self, uri: impl Into<ByteString>) -> Option<Self> {
        self.original_uri = uri.into();
        grammar::is_absolute_uri(&self.original_uri).then_some(self)
    }

    /// Repeats the message's subject.
    pub fn with_subject(mut self, subject: impl Into<ByteString>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The final recipient. RFC 5438 §11.1.3.
    pub const fn uri(&self) -> &ByteString {
        &self.uri
    }

    /// Whom the sender wrote to. RFC 5438 §11.1.4.
    pub const fn original_uri(&self) -> &ByteString {
        &self.original_uri
    }

    /// The message's subject. RFC 5438 §11.1.5.
    pub const fn subject(&self) -> Option<&ByteString> {
        self.subject.as_ref()
    }
}

fn foreign(extension: Element) -> Result<Element, XmlWriteError> {
    match document::is_foreign(&extension) {
        true => Ok(extension),
        false => Err(XmlWriteError::Namespace),
    }
}
