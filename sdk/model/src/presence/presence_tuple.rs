//! PRESENCE TUPLE: one way to reach somebody, and whether it is open.

use super::{CommunicationAddress, ElementId, Note, OtherMarkup, Status, Timestamp, Uri};

/// A service that a presentity can be reached by: status, communication address, other markup. RFC 2778 §2.4,
/// RFC 3863 §4.1.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceTuple {
    pub(super) id: ElementId,
    pub(super) status: Option<Status>,
    pub(super) status_markup: OtherMarkup,
    pub(super) device_ids: Vec<Uri>,
    pub(super) markup: OtherMarkup,
    pub(super) contact: Option<CommunicationAddress>,
    pub(super) notes: Vec<Note>,
    pub(super) timestamp: Option<Timestamp>,
}

impl PresenceTuple {
    /// Makes one; `None` says that nothing is known of its status.
    pub const fn new(id: ElementId, status: Option<Status>) -> Self {
        Self {
            id,
            status,
            status_markup: OtherMarkup::new(),
            device_ids: Vec::new(),
            markup: OtherMarkup::new(),
            contact: None,
            notes: Vec::new(),
            timestamp: None,
        }
    }

    /// Gives it another name: in a document with others each needs its own.
    pub fn with_id(mut self, id: ElementId) -> Self {
        self.id = id;
        self
    }

    /// Says how it is reached.
    pub fn with_contact(mut self, contact: CommunicationAddress) -> Self {
        self.contact = Some(contact);
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

    /// Names a device that it runs on. RFC 4479 §3.3.
    pub fn with_device_id(mut self, device_id: Uri) -> Self {
        self.device_ids.push(device_id);
        self
    }

    /// Says more of the status.
    pub fn with_status_markup(mut self, markup: OtherMarkup) -> Self {
        self.status_markup = markup;
        self
    }

    /// Says more of the tuple.
    pub fn with_markup(mut self, markup: OtherMarkup) -> Self {
        self.markup = markup;
        self
    }

    /// Its name in the document.
    pub const fn id(&self) -> &ElementId {
        &self.id
    }

    /// Open or closed, if that is known. RFC 3863 §4.1.3.
    pub const fn status(&self) -> Option<Status> {
        self.status
    }

    /// What stands in the status beside that.
    pub const fn status_markup(&self) -> &OtherMarkup {
        &self.status_markup
    }

    /// The devices that it runs on.
    pub fn device_ids(&self) -> &[Uri] {
        &self.device_ids
    }

    /// What else it says.
    pub const fn markup(&self) -> &OtherMarkup {
        &self.markup
    }

    /// How it is reached.
    pub const fn contact(&self) -> Option<&CommunicationAddress> {
        self.contact.as_ref()
    }

    /// The remarks on it.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// When it became so.
    pub const fn timestamp(&self) -> Option<Timestamp> {
        self.timestamp
    }
}
