//! OTHER PRESENCE MARKUP: what is said beside status and address.

use super::{
    Characteristic, CharacteristicKind, Class, Extension, PlaceIs, StatusIcon, TimeOffset,
    UserInput,
};

/// Whatever else a tuple, a status, a person, a device or the document says, in order. RFC 2778 §2.4.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherMarkup(pub(super) Vec<Markup>);

/// One element of [`OtherMarkup`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Markup {
    /// Activities, a mood, a kind of place and the like.
    Characteristic(Characteristic),
    /// A class of the presentity's own.
    Class(Class),
    /// What the place is like.
    PlaceIs(PlaceIs),
    /// An image.
    StatusIcon(StatusIcon),
    /// How far local time is from UTC.
    TimeOffset(TimeOffset),
    /// Whether there is input.
    UserInput(UserInput),
    /// An element that is not ours, kept whole.
    Extension(Extension),
}

impl OtherMarkup {
    /// Makes one that says nothing yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds an element at the end.
    pub fn with(mut self, markup: impl Into<Markup>) -> Self {
        self.0.push(markup.into());
        self
    }

    /// All elements, in order.
    pub fn as_slice(&self) -> &[Markup] {
        &self.0
    }

    /// The first characteristic of that kind.
    pub fn characteristic(&self, kind: CharacteristicKind) -> Option<&Characteristic> {
        self.characteristics().find(|known| known.kind() == kind)
    }

    /// All characteristics; those that hold at certain times only may stand there several times.
    pub fn characteristics(&self) -> impl Iterator<Item = &Characteristic> {
        self.0.iter().filter_map(|markup| match markup {
            Markup::Characteristic(characteristic) => Some(characteristic),
            _ => None,
        })
    }

    /// The class.
    pub fn class(&self) -> Option<&Class> {
        self.0.iter().find_map(|markup| match markup {
            Markup::Class(class) => Some(class),
            _ => None,
        })
    }

    /// Whether there is input.
    pub fn user_input(&self) -> Option<&UserInput> {
        self.0.iter().find_map(|markup| match markup {
            Markup::UserInput(input) => Some(input),
            _ => None,
        })
    }

    /// The image.
    pub fn status_icon(&self) -> Option<&StatusIcon> {
        self.0.iter().find_map(|markup| match markup {
            Markup::StatusIcon(icon) => Some(icon),
            _ => None,
        })
    }

    /// The elements that are not ours.
    pub fn extensions(&self) -> impl Iterator<Item = &Extension> {
        self.0.iter().filter_map(|markup| match markup {
            Markup::Extension(extension) => Some(extension),
            _ => None,
        })
    }

    /// Those of [`extensions`](Self::extensions) that one may process who knows the elements of `known`, given as namespaces
    /// and names.
    ///
    /// All others must be ignored, though they are passed on. RFC 3863 §4.2.3.
    pub fn understood<'a>(
        &'a self,
        known: &'a [(&str, &str)],
    ) -> impl Iterator<Item = &'a Extension> {
        self.extensions()
            .filter(|extension| extension.element().is_understood(known))
    }
}

impl FromIterator<Markup> for OtherMarkup {
    fn from_iter<T: IntoIterator<Item = Markup>>(markup: T) -> Self {
        Self(markup.into_iter().collect())
    }
}

macro_rules! from {
    ($($type:ident),+) => {$(
        impl From<$type> for Markup {
            fn from(markup: $type) -> Self {
                Self::$type(markup)
            }
        }
    )+};
}

from!(
    Characteristic,
    Class,
    PlaceIs,
    StatusIcon,
    TimeOffset,
    UserInput,
    Extension
);
