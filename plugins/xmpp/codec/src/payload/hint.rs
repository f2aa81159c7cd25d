//! Message processing hints (XEP-0334).

use super::{Payload, PayloadError};
use crate::{Element, WriteError, namespace};

/// Says what the sender wishes those on the way to do with a message, or not to do (XEP-0334 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hint {
    /// Keep it in no archive.
    NoPermanentStore,
    /// Keep it nowhere, not even until the recipient is back.
    NoStore,
    /// Give it to no other device.
    NoCopy,
    /// Keep it, although it has no body.
    Store,
}

impl Hint {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::NoPermanentStore,
        Self::NoStore,
        Self::NoCopy,
        Self::Store,
    ];

    /// The element's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoPermanentStore => "no-permanent-store",
            Self::NoStore => "no-store",
            Self::NoCopy => "no-copy",
            Self::Store => "store",
        }
    }
}

impl Payload for Hint {
    fn from_element(element: &Element) -> Option<Result<Self, PayloadError>> {
        let mut all = Self::ALL.into_iter();
        all.find(|hint| element.is(namespace::HINTS, hint.name()))
            .map(Ok)
    }

    fn to_element(&self) -> Result<Element, WriteError> {
        Element::new(namespace::known(namespace::HINTS), self.name())
    }
}
