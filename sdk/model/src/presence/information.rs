//! PRESENCE INFORMATION as a whole.

use super::{Device, Extension, Markup, Note, OtherMarkup, Person, PresenceTuple};
use crate::Presentity;

/// What is known of a presentity: any number of presence tuples, the persons and devices behind them, remarks.
///
/// RFC 2778 §2.4; RFC 3863 and its data model, RFC 4479.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceInformation {
    pub(super) presentity: Presentity,
    pub(super) tuples: Vec<PresenceTuple>,
    pub(super) notes: Vec<Note>,
    pub(super) persons: Vec<Person>,
    pub(super) devices: Vec<Device>,
    pub(super) markup: OtherMarkup,
}

impl PresenceInformation {
    /// Makes one that says nothing yet.
    pub const fn new(presentity: Presentity) -> Self {
        Self {
            presentity,
            tuples: Vec::new(),
            notes: Vec::new(),
            persons: Vec::new(),
            devices: Vec::new(),
            markup: OtherMarkup::new(),
        }
    }

    /// Says whose it is: what one network calls by one address, another knows by its own.
    pub fn with_presentity(mut self, presentity: Presentity) -> Self {
        self.presentity = presentity;
        self
    }

    /// Adds a tuple at the end.
    pub fn with_tuple(mut self, tuple: PresenceTuple) -> Self {
        self.tuples.push(tuple);
        self
    }

    /// Changes each tuple.
    pub fn map_tuples(mut self, change: impl FnMut(PresenceTuple) -> PresenceTuple) -> Self {
        self.tuples = self.tuples.into_iter().map(change).collect();
        self
    }

    /// Adds a remark on the whole.
    pub fn with_note(mut self, note: Note) -> Self {
        self.notes.push(note);
        self
    }

    /// Adds a person.
    pub fn with_person(mut self, person: Person) -> Self {
        self.persons.push(person);
        self
    }

    /// Adds a device.
    pub fn with_device(mut self, device: Device) -> Self {
        self.devices.push(device);
        self
    }

    /// Adds an element that is not ours, at the end.
    pub fn with_extension(mut self, extension: Extension) -> Self {
        self.markup.0.push(Markup::Extension(extension));
        self
    }

    /// Whose it is.
    pub const fn presentity(&self) -> &Presentity {
        &self.presentity
    }

    /// The tuples, in order.
    pub fn tuples(&self) -> &[PresenceTuple] {
        &self.tuples
    }

    /// The remarks on the whole.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The persons; mostly one.
    pub fn persons(&self) -> &[Person] {
        &self.persons
    }

    /// The devices.
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// What else is said of the whole.
    pub const fn markup(&self) -> &OtherMarkup {
        &self.markup
    }
}
