//! The document: lists of watchers.

use std::time::Duration;

use bytestring::ByteString;

use super::{MAX_LEN, MAX_WATCHERS, NAMESPACE, Watcher, WatcherEvent, WatcherId, WatcherStatus};
use crate::{
    Bytes, PresenceDocument,
    presence::{Note, Uri, namespace},
    xml::{Bounds, Element, MAX_DEPTH, XmlError, XmlWriteError},
};

/// Who watches, or what has changed among them since the document before. RFC 3858.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatcherInformation {
    version: u32,
    state: WatcherState,
    lists: Vec<WatcherList>,
}

/// Whether a document tells of all watchers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "it does, or it does not")]
pub enum WatcherState {
    /// Of all.
    Full,
    /// Of those alone that have changed since the document before.
    Partial,
}

/// The watchers of one presentity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatcherList {
    resource: Uri,
    package: ByteString,
    watchers: Vec<Watcher>,
}

const WATCHER_INFORMATION: &str = "watcherinfo";
const VERSION: &str = "version";
const STATE: &str = "state";
const WATCHER_LIST: &str = "watcher-list";
const RESOURCE: &str = "resource";
const PACKAGE: &str = "package";
const WATCHER: &str = "watcher";
const ID: &str = "id";
const STATUS: &str = "status";
const EVENT: &str = "event";
const DISPLAY_NAME: &str = "display-name";
const EXPIRATION: &str = "expiration";
const DURATION_SUBSCRIBED: &str = "duration-subscribed";
const LANG: &str = "lang";

const BOUNDS: Bounds = Bounds {
    len: MAX_LEN,
    depth: MAX_DEPTH,
    elements: MAX_WATCHERS,
};

impl WatcherInformation {
    /// The media type.
    pub const CONTENT_TYPE: &str = "application/watcherinfo+xml";

    /// Tells of nobody yet. Versions begin with 0, and grow by one with each document that a subscription sends.
    pub const fn new(version: u32, state: WatcherState) -> Self {
        Self {
            version,
            state,
            lists: Vec::new(),
        }
    }

    /// Adds the watchers of a presentity.
    pub fn with_list(mut self, list: WatcherList) -> Self {
        self.lists.push(list);
        self
    }

    /// Reads a document.
    ///
    /// An event that is missing or not known is read as the usual one of the status, and numbers of seconds or languages that are none as not
    /// told.
    pub fn parse(document: &[u8]) -> Result<Self, XmlError> {
        let root = Element::parse_within(document, BOUNDS)?;
        if !root.is(NAMESPACE, WATCHER_INFORMATION) {
            return Err(XmlError::Root {
                expected: WATCHER_INFORMATION,
            });
        }
        let version = root.required_attribute(VERSION)?.trim().parse();
        Ok(Self {
            version: version.map_err(|_| root.malformed_attribute(VERSION))?,
            state: state(&root)?,
            lists: root.all(WATCHER_LIST).map(list).collect::<Result<_, _>>()?,
        })
    }

    /// Writes the document.
    pub fn to_document(&self) -> Result<Vec<u8>, XmlWriteError> {
        let root = element(WATCHER_INFORMATION)?
            .with_attribute(VERSION, self.version.to_string())?
            .with_attribute(STATE, self.state.as_str())?;
        let mut lists = self.lists.iter();
        lists
            .try_fold(root, |root, list| Ok(root.with_child(written_list(list)?)))?
            .to_document_within(BOUNDS)
    }

    /// Writes what a notification carries.
    pub fn to_presence_document(&self) -> Result<PresenceDocument, XmlWriteError> {
        let content_type = ByteString::from_static(Self::CONTENT_TYPE);
        let document = Bytes::from(self.to_document()?);
        Ok(PresenceDocument::new(content_type, document.into()))
    }

    /// Its number among the documents of a subscription.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Whether it tells of all watchers.
    pub const fn state(&self) -> WatcherState {
        self.state
    }

    /// The watchers, by presentity.
    pub fn lists(&self) -> &[WatcherList] {
        &self.lists
    }
}

impl WatcherState {
    const ALL: [Self; 2] = [Self::Full, Self::Partial];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
        }
    }
}

impl WatcherList {
    /// A list of nobody. `package` is what is watched, by SIP's name: [`Package::as_str`](crate::Package::as_str).
    pub fn new(resource: Uri, package: impl Into<ByteString>) -> Self {
        Self {
            resource,
            package: package.into(),
            watchers: Vec::new(),
        }
    }

    /// Adds a watcher.
    pub fn with_watcher(mut self, watcher: Watcher) -> Self {
        self.watchers.push(watcher);
        self
    }

    /// The presentity.
    pub const fn resource(&self) -> &Uri {
        &self.resource
    }

    /// What is watched.
    pub const fn package(&self) -> &ByteString {
        &self.package
    }

    /// Who watches.
    pub fn watchers(&self) -> &[Watcher] {
        &self.watchers
    }
}

fn state(root: &Element) -> Result<WatcherState, XmlError> {
    let word = root.required_attribute(STATE)?.trim();
    let is_it = |state: &WatcherState| state.as_str().eq_ignore_ascii_case(word);
    let found = WatcherState::ALL.into_iter().find(is_it);
    found.ok_or_else(|| root.malformed_attribute(STATE))
}

fn list(element: &Element) -> Result<WatcherList, XmlError> {
    let resource = Uri::parse_loose(element.required_attribute(RESOURCE)?);
    Ok(WatcherList {
        resource: resource.ok_or_else(|| element.malformed_attribute(RESOURCE))?,
        package: element.required_attribute(PACKAGE)?.clone(),
        watchers: element
            .all(WATCHER)
            .map(watcher)
            .collect::<Result<_, _>>()?,
    })
}

fn watcher(element: &Element) -> Result<Watcher, XmlError> {
    let id = WatcherId::parse(element.required_attribute(ID)?.clone());
    let status = WatcherStatus::parse(element.required_attribute(STATUS)?);
    let status = status.ok_or_else(|| element.malformed_attribute(STATUS))?;
    let event = element.attribute(EVENT);
    let event = event.and_then(|word| WatcherEvent::parse(word));
    let uri = Uri::parse_loose(&element.text());
    Ok(Watcher {
        id: id.map_err(|_| element.malformed_attribute(ID))?,
        uri: uri.ok_or_else(|| no_uri(element))?,
        status,
        event: event.unwrap_or_else(|| status.usual_event()),
        display_name: display_name(element),
        expiration: seconds(element, EXPIRATION),
        duration_subscribed: seconds(element, DURATION_SUBSCRIBED),
    })
}

const fn no_uri(watcher: &Element) -> XmlError {
    XmlError::Value {
        element: WATCHER,
        at: watcher.at(),
    }
}

fn display_name(element: &Element) -> Option<Note> {
    let name = element.attribute(DISPLAY_NAME)?;
    let language = element.attribute_of(namespace::XML, LANG);
    let in_language = language.and_then(|tag| Note::in_language(name.clone(), tag.clone()));
    Some(in_language.unwrap_or_else(|| Note::new(name.clone())))
}

fn seconds(element: &Element, name: &'static str) -> Option<Duration> {
    let seconds = element.attribute(name)?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn written_list(list: &WatcherList) -> Result<Element, XmlWriteError> {
    let element = element(WATCHER_LIST)?
        .with_attribute(RESOURCE, list.resource.as_text().clone())?
        .with_attribute(PACKAGE, list.package.clone())?;
    let mut watchers = list.watchers.iter();
    watchers.try_fold(element, |element, watcher| {
        Ok(element.with_child(written_watcher(watcher)?))
    })
}

fn written_watcher(watcher: &Watcher) -> Result<Element, XmlWriteError> {
    let mut element = element(WATCHER)?
        .with_attribute(ID, watcher.id.as_text().clone())?
        .with_attribute(STATUS, watcher.status.as_str())?
        .with_attribute(EVENT, watcher.event.as_str())?
        .with_text(watcher.uri.as_text().clone());
    if let Some(name) = &watcher.display_name {
        element = element.with_attribute(DISPLAY_NAME, name.text().clone())?;
        if let Some(language) = name.language() {
            element = element.with_attribute_of(namespace::XML, LANG, language.clone())?;
        }
    }
    for (name, duration) in [
        (EXPIRATION, watcher.expiration),
        (DURATION_SUBSCRIBED, watcher.duration_subscribed),
    ] {
        if let Some(duration) = duration {
            element = element.with_attribute(name, duration.as_secs().to_string())?;
        }
    }
    Ok(element)
}

fn element(name: &str) -> Result<Element, XmlWriteError> {
    Element::new(ByteString::from_static(NAMESPACE), name)
}
