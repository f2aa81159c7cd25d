//! Whether somebody is composing a message: the status message of RFC 3994.

use std::{num::NonZeroU32, time::Duration};

use bytestring::ByteString;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    InstantMessage,
    xml::{Element, XmlError, XmlWriteError},
};

/// The status message: what its sender does with the message that may come next. RFC 3994.
///
/// It is worth nothing a little later: it is never stored, and the newest of a conversation replaces those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsComposing {
    state: ComposingState,
    last_active: Option<OffsetDateTime>,
    content_type: Option<ByteString>,
    refresh: Option<NonZeroU32>,
    extensions: Vec<Element>,
}

/// The states of RFC 3994 §3.1; a word for another is read as `idle` (§3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ComposingState {
    /// Is composing a message.
    Active,
    /// Is not.
    Idle,
}

const NAMESPACE: &str = "urn:ietf:params:xml:ns:im-iscomposing";
const IS_COMPOSING: &str = "isComposing";
const STATE: &str = "state";
const LAST_ACTIVE: &str = "lastactive";
const CONTENT_TYPE: &str = "contenttype";
const REFRESH: &str = "refresh";

impl ComposingState {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Idle => "idle",
        }
    }
}

impl IsComposing {
    /// The media type.
    pub const CONTENT_TYPE: &str = "application/im-iscomposing+xml";

    /// How long `active` holds where no other time is given. RFC 3994 §3.3.
    pub const DEFAULT_REFRESH: Duration = Duration::from_secs(120);

    /// Says nothing but the state.
    pub const fn new(state: ComposingState) -> Self {
        Self {
            state,
            last_active: None,
            content_type: None,
            refresh: None,
            extensions: Vec::new(),
        }
    }

    /// Says when the message was last worked on.
    pub const fn with_last_active(mut self, last_active: OffsetDateTime) -> Self {
        self.last_active = Some(last_active);
        self
    }

    /// Says what the message will be, like `text/plain` or just `audio`.
    pub fn with_content_type(mut self, content_type: impl Into<ByteString>) -> Self {
        let content_type = content_type.into();
        self.content_type = Some(content_type.slice_ref(content_type.trim()));
        self
    }

    /// Says after how many seconds `active` will be repeated, if it still holds.
    pub const fn with_refresh(mut self, seconds: NonZeroU32) -> Self {
        self.refresh = Some(seconds);
        self
    }

    /// Adds an element of another namespace, which says more.
    pub fn with_extension(mut self, extension: Element) -> Result<Self, XmlWriteError> {
        if !is_foreign(&extension) {
            return Err(XmlWriteError::Namespace);
        }
        self.extensions.push(extension);
        Ok(self)
    }

    /// Reads a document.
    ///
    /// Elements of its own namespace that RFC 3994 does not define are left out, and so is a last activity without a
    /// zone, which is no absolute time.
    pub fn parse(document: &[u8]) -> Result<Self, XmlError> {
        Self::read(&Element::parse(document)?)
    }

    /// Reads the document that a message carries; `None` if it carries something else.
    pub fn from_message(message: &InstantMessage) -> Result<Option<Self>, XmlError> {
        let document = Element::of_message(message, ("application", "im-iscomposing+xml"))?;
        document.as_ref().map(Self::read).transpose()
    }

    /// Writes the document.
    pub fn to_document(&self) -> Result<Vec<u8>, XmlWriteError> {
        self.written()?.to_document()
    }

    /// Writes the message that carries the document.
    pub fn to_message(&self) -> Result<InstantMessage, XmlWriteError> {
        let content_type = ByteString::from_static(Self::CONTENT_TYPE);
        let document = bytes::Bytes::from(self.to_document()?);
        Ok(InstantMessage::new(content_type, document))
    }

    /// What the sender does.
    pub const fn state(&self) -> ComposingState {
        self.state
    }

    /// For how long the state holds without another word; `None` if for ever. RFC 3994 §3.3.
    pub fn holds_for(&self) -> Option<Duration> {
        let refresh = self.refresh.map_or(Self::DEFAULT_REFRESH, |seconds| {
            Duration::from_secs(seconds.get().into())
        });
        (self.state == ComposingState::Active).then_some(refresh)
    }

    /// When the message was last worked on.
    pub const fn last_active(&self) -> Option<OffsetDateTime> {
        self.last_active
    }

    /// What the message will be: a media type, or only its first part.
    pub const fn content_type(&self) -> Option<&ByteString> {
        self.content_type.as_ref()
    }

    /// After how many seconds `active` will be repeated.
    pub const fn refresh(&self) -> Option<NonZeroU32> {
        self.refresh
    }

    /// Elements of other namespaces, which say more.
    pub fn extensions(&self) -> &[Element] {
        &self.extensions
    }

    fn read(root: &Element) -> Result<Self, XmlError> {
        if !root.is(NAMESPACE, IS_COMPOSING) {
            return Err(XmlError::Root {
                expected: IS_COMPOSING,
            });
        }
        let state = match &*root.required(STATE)?.trimmed() {
            "active" => ComposingState::Active,
            _ => ComposingState::Idle,
        };
        let last_active = root.only(LAST_ACTIVE)?.map(last_active).transpose()?;
        let extensions = root.children().filter(|child| is_foreign(child));
        Ok(Self {
            state,
            last_active: last_active.flatten(),
            content_type: root.only(CONTENT_TYPE)?.map(Element::trimmed),
            refresh: root.only(REFRESH)?.map(seconds).transpose()?,
            extensions: extensions.cloned().collect(),
        })
    }

    /// The elements in the order of the schema. RFC 3994 §6.1.
    fn written(&self) -> Result<Element, XmlWriteError> {
        let mut root = element(IS_COMPOSING)?.with_child(text(STATE, self.state.as_str())?);
        if let Some(last_active) = self.last_active {
            root = root.with_child(text(LAST_ACTIVE, date_time(last_active)?)?);
        }
        if let Some(content_type) = &self.content_type {
            root = root.with_child(text(CONTENT_TYPE, content_type.clone())?);
        }
        if let Some(seconds) = self.refresh {
            root = root.with_child(text(REFRESH, seconds.to_string())?);
        }
        let extensions = self.extensions.iter().cloned();
        Ok(extensions.fold(root, Element::with_child))
    }
}

/// The schema takes extensions that have a namespace, and another one.
fn is_foreign(element: &Element) -> bool {
    !matches!(element.namespace(), "" | NAMESPACE)
}

/// A time of XML Schema, whose zone may be missing.
fn last_active(element: &Element) -> Result<Option<OffsetDateTime>, XmlError> {
    let text = element.trimmed();
    let parse = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    match (parse(&text), parse(&format!("{text}Z"))) {
        (Some(time), _) => Ok(Some(time)),
        (None, Some(_)) => Ok(None),
        (None, None) => Err(malformed(LAST_ACTIVE, element)),
    }
}

/// A positive integer of XML Schema, which has no upper end; here it does.
fn seconds(element: &Element) -> Result<NonZeroU32, XmlError> {
    let text = element.trimmed();
    let digits = text.strip_prefix('+').unwrap_or(&text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(malformed(REFRESH, element));
    }
    let seconds = digits.parse().unwrap_or(u32::MAX);
    NonZeroU32::new(seconds).ok_or_else(|| malformed(REFRESH, element))
}

fn date_time(time: OffsetDateTime) -> Result<String, XmlWriteError> {
    let text = time.format(&Rfc3339).ok();
    // XML Schema has no year 0.
    text.filter(|_| time.year() > 0)
        .ok_or(XmlWriteError::DateTime)
}

const fn malformed(name: &'static str, element: &Element) -> XmlError {
    XmlError::Value {
        element: name,
        at: element.at(),
    }
}

fn text(name: &str, text: impl Into<ByteString>) -> Result<Element, XmlWriteError> {
    Ok(element(name)?.with_text(text))
}

fn element(name: &str) -> Result<Element, XmlWriteError> {
    Element::new(ByteString::from_static(NAMESPACE), name)
}
