//! What a sender asks to be told.

use std::fmt;

use super::{Disposition, DispositionType};

/// One thing that a sender asks to be told. RFC 5438 §7.1.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Notify {
    /// When the message was delivered.
    PositiveDelivery,
    /// When it cannot be delivered.
    NegativeDelivery,
    /// What those on the way do with it.
    Processing,
    /// When it was shown to the user.
    Display,
}

/// What the sender of a message asks to be told of it; mostly nothing. RFC 5438 §6.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DispositionRequest {
    /// A bit for each of [`Notify::ALL`].
    asked: u8,
}

impl Notify {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 4] = [
        Self::PositiveDelivery,
        Self::NegativeDelivery,
        Self::Processing,
        Self::Display,
    ];

    /// The word in the header `Disposition-Notification`. RFC 5438 §10.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PositiveDelivery => "positive-delivery",
            Self::NegativeDelivery => "negative-delivery",
            Self::Processing => "processing",
            Self::Display => "display",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl DispositionRequest {
    /// Asks for nothing.
    pub const NONE: Self = Self { asked: 0 };

    /// Reads the value of a header `Disposition-Notification`.
    ///
    /// Whatever is not known is passed over, as RFC 5438 §7.2.1 says: values, their parameters, empty places.
    pub fn read(value: &str) -> Self {
        let words = Items(value).map(|item| item.split(';').next().unwrap_or_default().trim());
        let known = |word| {
            Notify::ALL
                .into_iter()
                .find(|notify| notify.as_str() == word)
        };
        words.filter_map(known).collect()
    }

    /// Asks for one thing more.
    pub const fn with(self, notify: Notify) -> Self {
        Self {
            asked: self.asked | notify.bit(),
        }
    }

    /// Whether it asks for this.
    pub const fn contains(self, notify: Notify) -> bool {
        self.asked & notify.bit() != 0
    }

    /// Whether it asks for nothing.
    pub const fn is_empty(self) -> bool {
        self.asked == 0
    }

    /// What it asks for, in the order of [`Notify::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Notify> {
        Notify::ALL
            .into_iter()
            .filter(move |notify| self.contains(*notify))
    }

    /// Whether the sender wants to be told of this: that a message arrived only if it asked for success.
    pub const fn wants(self, disposition: Disposition) -> bool {
        let wants_delivery =
            self.contains(Notify::PositiveDelivery) || self.contains(Notify::NegativeDelivery);
        match disposition {
            Disposition::Delivered => self.contains(Notify::PositiveDelivery),
            Disposition::Failed => self.contains(Notify::NegativeDelivery),
            other => match other.disposition_type() {
                DispositionType::Delivery => wants_delivery,
                DispositionType::Processing => self.contains(Notify::Processing),
                DispositionType::Display => self.contains(Notify::Display),
            },
        }
    }
}

impl FromIterator<Notify> for DispositionRequest {
    fn from_iter<I: IntoIterator<Item = Notify>>(asked: I) -> Self {
        asked.into_iter().fold(Self::NONE, Self::with)
    }
}

/// Writes the value of a header `Disposition-Notification`.
impl fmt::Display for DispositionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, notify) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{}", notify.as_str())?;
        }
        Ok(())
    }
}

/// Splits a value at commas, but for those in the quoted value of a parameter; one that is not closed goes on to the end.
struct Items<'a>(&'a str);

impl<'a> Iterator for Items<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let (mut quoted, mut escaped) = (false, false);
        let is_end = |character: char| {
            let was_escaped = std::mem::take(&mut escaped);
            match character {
                _ if was_escaped => {}
                '\\' => escaped = quoted,
                '"' => quoted = !quoted,
                ',' => return !quoted,
                _ => {}
            }
            false
        };
        let all = self.0;
        let (item, rest) = all.split_once(is_end).unwrap_or((all, ""));
        self.0 = rest;
        Some(item)
    }
}
