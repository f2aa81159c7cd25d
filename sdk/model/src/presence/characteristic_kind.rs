//! Of what kind a characteristic is, and what RPID's schema takes of that kind.

use super::{CharacteristicValue, Extension, Note};

/// Of what kind a [`Characteristic`](super::Characteristic) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CharacteristicKind {
    /// What the person is doing. RFC 4480 §3.2.
    Activities,
    /// How the person feels. RFC 4480 §3.5.
    Mood,
    /// What kind of place the person is at; names are those of RFC 4589, as extensions. RFC 4480 §3.7.
    PlaceType,
    /// What can be said without being overheard. RFC 4480 §3.8.
    Privacy,
    /// Who answers at this contact, seen from the presentity. RFC 4480 §3.9.
    Relationship,
    /// By what service something is delivered. RFC 4480 §3.10.
    ServiceClass,
    /// In which role the person is. RFC 4480 §3.11.
    Sphere,
}

impl CharacteristicKind {
    const ALL: [Self; 7] = [
        Self::Activities,
        Self::Mood,
        Self::PlaceType,
        Self::Privacy,
        Self::Relationship,
        Self::ServiceClass,
        Self::Sphere,
    ];

    /// The name of its element.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activities => "activities",
            Self::Mood => "mood",
            Self::PlaceType => "place-type",
            Self::Privacy => "privacy",
            Self::Relationship => "relationship",
            Self::ServiceClass => "service-class",
            Self::Sphere => "sphere",
        }
    }

    /// The names that RFC 4480 has for it.
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Activities => ACTIVITIES,
            Self::Mood => MOODS,
            Self::PlaceType => &[],
            Self::Privacy => &["audio", "text", "video", "unknown"],
            Self::Relationship => &[
                "assistant",
                "associate",
                "family",
                "friend",
                "self",
                "supervisor",
                "unknown",
            ],
            Self::ServiceClass => &[
                "courier",
                "electronic",
                "freight",
                "in-person",
                "postal",
                "unknown",
            ],
            Self::Sphere => &["home", "work", "unknown"],
        }
    }

    pub(super) fn of_element(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    pub(super) fn named(self, name: &str) -> Option<&'static str> {
        self.names().iter().find(|known| **known == name).copied()
    }

    pub(super) const fn has_other(self) -> bool {
        matches!(
            self,
            Self::Activities | Self::Mood | Self::PlaceType | Self::Relationship
        )
    }

    pub(super) const fn has_notes(self) -> bool {
        !matches!(self, Self::Sphere)
    }

    pub(super) const fn is_qualified(self) -> bool {
        !matches!(self, Self::Relationship | Self::ServiceClass)
    }

    pub(super) const fn may_be_empty(self) -> bool {
        !matches!(self, Self::Mood | Self::PlaceType | Self::ServiceClass)
    }

    /// The value that says in words what this kind has no name for.
    pub(super) fn in_words(self, words: Note) -> Option<CharacteristicValue> {
        if self.has_other() {
            return Some(CharacteristicValue::Other(words));
        }
        let extension = Extension::in_words(words.text().clone())?;
        Some(CharacteristicValue::Extension(extension))
    }

    /// Brings values into the number and order that the schema has for this kind; takes away those beyond.
    pub(super) fn fit(self, values: &mut Vec<CharacteristicValue>) {
        let unknown = CharacteristicValue::Named("unknown");
        match self {
            Self::Activities | Self::Mood | Self::Privacy => {
                if values.iter().any(|value| *value != unknown) {
                    values.retain(|value| *value != unknown);
                } else {
                    values.truncate(1);
                }
                if self == Self::Privacy {
                    values.sort_by_key(|value| match value {
                        CharacteristicValue::Named(name) => *name,
                        _ => AFTER_NAMES,
                    });
                    values.dedup_by(|a, b| matches!(a, CharacteristicValue::Named(_)) && a == b);
                }
            }
            Self::PlaceType | Self::Relationship | Self::ServiceClass | Self::Sphere => {
                let is_extension = |value: &CharacteristicValue| {
                    matches!(value, CharacteristicValue::Extension(_))
                };
                if values.first().is_some_and(is_extension) {
                    values.retain(is_extension);
                } else {
                    values.truncate(1);
                }
            }
        }
    }
}

const AFTER_NAMES: &str = "~";

const ACTIVITIES: &[&str] = &[
    "appointment",
    "away",
    "breakfast",
    "busy",
    "dinner",
    "holiday",
    "in-transit",
    "looking-for-work",
    "meal",
    "meeting",
    "on-the-phone",
    "performance",
    "permanent-absence",
    "playing",
    "presentation",
    "shopping",
    "sleeping",
    "spectator",
    "steering",
    "travel",
    "tv",
    "vacation",
    "working",
    "worship",
    "unknown",
];

const MOODS: &[&str] = &[
    "afraid",
    "amazed",
    "angry",
    "annoyed",
    "anxious",
    "ashamed",
    "bored",
    "brave",
    "calm",
    "cold",
    "confused",
    "contented",
    "cranky",
    "curious",
    "depressed",
    "disappointed",
    "disgusted",
    "distracted",
    "embarrassed",
    "excited",
    "flirtatious",
    "frustrated",
    "grumpy",
    "guilty",
    "happy",
    "hot",
    "humbled",
    "humiliated",
    "hungry",
    "hurt",
    "impressed",
    "in_awe",
    "in_love",
    "indignant",
    "interested",
    "invincible",
    "jealous",
    "lonely",
    "mean",
    "moody",
    "nervous",
    "neutral",
    "offended",
    "playful",
    "proud",
    "relieved",
    "remorseful",
    "restless",
    "sad",
    "sarcastic",
    "serious",
    "shocked",
    "shy",
    "sick",
    "sleepy",
    "stressed",
    "surprised",
    "thirsty",
    "worried",
    "unknown",
];
