//! What one resource says of itself.

use std::hash::{DefaultHasher, Hash, Hasher};

use rialto_sdk::model::ByteString;
use rialto_xmpp_codec::{
    Delay, Element, LangText, Payload, Presence, PresenceType, Show, WriteError,
};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::status;

/// A device of a user, or a way to reach them: whether it is there, and what it says of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    /// Its name; none where a network tells of the user as such.
    pub(crate) name: Option<ByteString>,
    pub(crate) is_open: bool,
    /// One of the words that RFC 6121 has.
    pub(crate) show: Option<Show>,
    /// At most one for each language, none empty.
    pub(crate) statuses: Vec<LangText>,
    pub(crate) priority: Option<i8>,
    /// Since when there was no input (XEP-0319).
    pub(crate) idle_since: Option<OffsetDateTime>,
    /// When it said so, if that was before now (XEP-0203).
    pub(crate) said_at: Option<OffsetDateTime>,
}

impl Resource {
    /// One that says nothing but whether it is there.
    pub(crate) const fn new(name: Option<ByteString>, is_open: bool) -> Self {
        Self {
            name,
            is_open,
            show: None,
            statuses: Vec::new(),
            priority: None,
            idle_since: None,
            said_at: None,
        }
    }

    /// What a presence says; `None` if it is no notification (RFC 8048 §6.2, note 1).
    pub(crate) fn of(presence: &Presence) -> Option<Self> {
        let is_open = match presence.type_ {
            PresenceType::Available => true,
            PresenceType::Unavailable => false,
            _ => return None,
        };
        let from = presence.from.as_ref()?;
        let name = from.split_once('/').map(|(_, name)| from.slice_ref(name));
        let delays = presence.other.iter().filter_map(Delay::from_element);
        Some(Self {
            show: presence
                .show
                .clone()
                .filter(|show| is_open && !matches!(show, Show::Other(_))),
            statuses: status::of(presence),
            priority: presence.priority.filter(|_| is_open),
            idle_since: presence.other.iter().find_map(idle_since),
            said_at: delays.flatten().map(|delay| delay.stamp).min(),
            ..Self::new(name, is_open)
        })
    }

    /// The presence by which the user of the bare address `from` tells `to` this.
    pub(crate) fn to(&self, from: &str, to: &ByteString) -> Result<Presence, WriteError> {
        let from = match &self.name {
            Some(name) => ByteString::from([from, "/", name].concat()),
            None => from.into(),
        };
        let type_ = if self.is_open {
            PresenceType::Available
        } else {
            PresenceType::Unavailable
        };
        let idle = self.idle_since.filter(|_| self.is_open).and_then(in_utc);
        let delay = self.said_at.map(|at| Delay::new(at).to_element());
        let idle = idle.map(|since| {
            Element::new(ByteString::from_static(IDLE), "idle")?.with_attribute("since", since)
        });
        let other = idle.into_iter().chain(delay);
        Ok(Presence {
            show: self.show.clone(),
            statuses: self.statuses.clone(),
            priority: self.priority,
            other: other.collect::<Result<_, _>>()?,
            ..Presence::new(from, to.clone(), type_)
        })
    }

    /// A digest of what it says; the time at which it said so is no part of it.
    pub(crate) fn digest(&self) -> u64 {
        let mut digest = DefaultHasher::new();
        (&self.name, self.is_open, &self.show, self.priority).hash(&mut digest);
        self.idle_since.hash(&mut digest);
        for status in &self.statuses {
            (&status.lang, &status.text).hash(&mut digest);
        }
        digest.finish()
    }

    /// Whether it says what `other` does, be it at another time.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        let timeless = |of: &Self| Self {
            said_at: None,
            ..of.clone()
        };
        timeless(self) == timeless(other)
    }
}

/// Last user interaction in presence (XEP-0319).
const IDLE: &str = "urn:xmpp:idle:1";

fn idle_since(element: &Element) -> Option<OffsetDateTime> {
    let since = element
        .attribute("since")
        .filter(|_| element.is(IDLE, "idle"))?;
    OffsetDateTime::parse(since, &Rfc3339).ok()
}

fn in_utc(time: OffsetDateTime) -> Option<String> {
    time.checked_to_offset(UtcOffset::UTC)?
        .format(&Rfc3339)
        .ok()
}
