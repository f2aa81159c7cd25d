//! Persons and devices. RFC 4479.

use super::{ElementId, Note, OtherMarkup, Timestamp, Uri};

/// The human behind a presentity, whatever they are reached by. RFC 4479 §3.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub(super) id: ElementId,
    pub(super) markup: OtherMarkup,
    pub(super) notes: Vec<Note>,
    pub(super) timestamp: Option<Timestamp>,
}

/// A thing that services run on. RFC 4479 §3.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub(super) id: ElementId,
    pub(super) device_id: Uri,
    pub(super) markup: OtherMarkup,
    pub(super) notes: Vec<Note>,
    pub(super) timestamp: Option<Timestamp>,
}

impl Person {
    /// Makes one of whom nothing is said yet.
    pub const fn new(id: ElementId) -> Self {
        Self {
            id,
            markup: OtherMarkup::new(),
            notes: Vec::new(),
            timestamp: None,
        }
    }
}

impl Device {
    /// Makes one of which nothing is said yet; `device_id` is a URN that is the same in all documents.
    pub const fn new(id: ElementId, device_id: Uri) -> Self {
        Self {
            id,
            device_id,
            markup: OtherMarkup::new(),
            notes: Vec::new(),
            timestamp: None,
        }
    }

    /// What identifies it in all documents.
    pub const fn device_id(&self) -> &Uri {
        &self.device_id
    }
}

macro_rules! component {
    ($type:ident) => {
        impl $type {
            /// Gives it another name: in a document with others each needs its own.
            pub fn with_id(mut self, id: ElementId) -> Self {
                self.id = id;
                self
            }

            /// Says what there is to say: activities, mood and so on.
            pub fn with_markup(mut self, markup: OtherMarkup) -> Self {
                self.markup = markup;
                self
            }

            /// Adds a remark.
            pub fn with_note(mut self, note: Note) -> Self {
                self.notes.push(note);
                self
            }

            /// Says when it became so.
            pub const fn with_timestamp(mut self, timestamp: Timestamp) -> Self {
                self.timestamp = Some(timestamp);
                self
            }

            /// Its name in the document.
            pub const fn id(&self) -> &ElementId {
                &self.id
            }

            /// What is said: activities, mood and so on.
            pub const fn markup(&self) -> &OtherMarkup {
                &self.markup
            }

            /// The remarks.
            pub fn notes(&self) -> &[Note] {
                &self.notes
            }

            /// When it became so.
            pub const fn timestamp(&self) -> Option<Timestamp> {
                self.timestamp
            }
        }
    };
}

component!(Person);
component!(Device);
