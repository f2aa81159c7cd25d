//! RPID's elements of a form of their own.

use std::{fmt, num::NonZeroU32};

use bytestring::ByteString;

use super::{Note, PresenceError, Qualifiers, Timestamp, Uri};

/// What the place that a person is at is like, for each medium. RFC 4480 §3.6.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceIs {
    pub(super) notes: Vec<Note>,
    pub(super) media: [Option<&'static str>; 3],
    pub(super) qualifiers: Qualifiers,
}

/// An image that stands for what a person or service is at. RFC 4480 §3.12.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusIcon {
    pub(super) uri: Uri,
    pub(super) qualifiers: Qualifiers,
}

/// How far a person's local time is from UTC. RFC 4480 §3.13.
#[derive(Clone, PartialEq, Eq)]
pub struct TimeOffset {
    pub(super) minutes: i32,
    pub(super) description: Option<ByteString>,
    pub(super) qualifiers: Qualifiers,
}

/// Whether somebody uses a service or a device now, and when they last did. RFC 4480 §3.14.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInput {
    pub(super) is_idle: bool,
    pub(super) idle_threshold: Option<NonZeroU32>,
    pub(super) last_input: Option<Timestamp>,
    /// Never with a period.
    pub(super) qualifiers: Qualifiers,
}

/// The media of [`PlaceIs`], in the schema's order, with what may be said of each.
pub(super) const MEDIA: [(&str, &[&str]); 3] = [
    ("audio", &["noisy", "ok", "quiet", "unknown"]),
    ("video", &["toobright", "ok", "dark", "unknown"]),
    ("text", &["uncomfortable", "inappropriate", "ok", "unknown"]),
];

impl PlaceIs {
    /// Makes one that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says what the place is like for `audio`, `video` or `text`, by RFC 4480's name.
    pub fn with(mut self, medium: &str, property: &str) -> Result<Self, PresenceError> {
        let mut media = self.media.iter_mut().zip(MEDIA);
        let (said, (_, properties)) = media
            .find(|(_, (name, _))| *name == medium)
            .ok_or(PresenceError::Value)?;
        let known = properties.iter().find(|known| **known == property);
        *said = Some(known.copied().ok_or(PresenceError::Value)?);
        Ok(self)
    }

    /// What the place is like for `audio`, `video` or `text`.
    pub fn property(&self, medium: &str) -> Option<&'static str> {
        let mut media = self.media.iter().zip(MEDIA);
        media
            .find(|(_, (name, _))| *name == medium)
            .and_then(|(said, _)| *said)
    }

    /// The remarks on it.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// When it holds.
    pub const fn qualifiers(&self) -> &Qualifiers {
        &self.qualifiers
    }
}

impl StatusIcon {
    /// Makes one of the image's URI.
    pub fn new(uri: Uri) -> Self {
        Self {
            uri,
            qualifiers: Qualifiers::default(),
        }
    }

    /// The image.
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// When it holds.
    pub const fn qualifiers(&self) -> &Qualifiers {
        &self.qualifiers
    }
}

impl TimeOffset {
    /// Makes one; east of UTC is positive.
    pub fn new(minutes: i32) -> Self {
        Self {
            minutes,
            description: None,
            qualifiers: Qualifiers::default(),
        }
    }

    /// Adds words for it, like the name of a zone.
    pub fn with_description(mut self, description: impl Into<ByteString>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// How many minutes local time is ahead of UTC.
    pub const fn minutes(&self) -> i32 {
        self.minutes
    }

    /// Words for it.
    pub const fn description(&self) -> Option<&ByteString> {
        self.description.as_ref()
    }

    /// When it holds.
    pub const fn qualifiers(&self) -> &Qualifiers {
        &self.qualifiers
    }
}

impl UserInput {
    /// Says that there is input now.
    pub fn active() -> Self {
        Self {
            is_idle: false,
            idle_threshold: None,
            last_input: None,
            qualifiers: Qualifiers::default(),
        }
    }

    /// Says that there has been none for a while.
    pub fn idle() -> Self {
        Self {
            is_idle: true,
            ..Self::active()
        }
    }

    /// Says when the last was.
    pub const fn with_last_input(mut self, last_input: Timestamp) -> Self {
        self.last_input = Some(last_input);
        self
    }

    /// Says after how many seconds without input idleness begins.
    pub const fn with_idle_threshold(mut self, seconds: NonZeroU32) -> Self {
        self.idle_threshold = Some(seconds);
        self
    }

    /// Whether there has been none for a while.
    pub const fn is_idle(&self) -> bool {
        self.is_idle
    }

    /// Since when there has been none, if it is idle and says so.
    pub fn idle_since(&self) -> Option<Timestamp> {
        self.last_input.filter(|_| self.is_idle)
    }

    /// When the last was.
    pub const fn last_input(&self) -> Option<Timestamp> {
        self.last_input
    }

    /// After how many seconds without input idleness begins.
    pub const fn idle_threshold(&self) -> Option<NonZeroU32> {
        self.idle_threshold
    }
}

/// Shows no description: what people say of themselves does not belong into logs.
impl fmt::Debug for TimeOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeOffset")
            .field("minutes", &self.minutes)
            .field("qualifiers", &self.qualifiers)
            .finish_non_exhaustive()
    }
}
