//! The presence format: PIDF with its data model and rich presence, read tolerantly, written strictly.
//!
//! Words are RFC 2778's: [`PresenceInformation`] holds any number of [`PresenceTuple`]s, each with a [`Status`], a
//! [`CommunicationAddress`] and [`OtherMarkup`]. Persons and devices are RFC 4479's, what they do and where they are is
//! RFC 4480's; elements of other namespaces are kept whole, with their namespaces.
//!
//! Who watches a presentity is told in documents of another kind: [`watchers`].
//!
//! What is read can be written, and reads the same again with nothing to forgive; only where mending a faulty document, or
//! its escapes and namespaces, would make it larger than is read, it is [`PidfWriteError::TooLarge`]. What is written is valid by the schemas of
//! RFC 3863, 4479 and 4480; where RFC 4480's own example is not (a `<sphere>` in words), an element of
//! [`namespace::RIALTO`] holds the words.

mod characteristic;
mod characteristic_kind;
mod class;
mod communication_address;
mod content;
mod data_model;
mod element_id;
mod entity;
mod error;
mod extension;
mod information;
mod markup;
pub mod namespace;
mod note;
mod presence_tuple;
mod priority;
mod read;
mod reading;
mod rich;
mod status;
mod timestamp;
mod understanding;
mod uri;
pub mod watchers;
mod write;
mod xml;

pub use characteristic::{Characteristic, CharacteristicValue, Qualifiers};
pub use characteristic_kind::CharacteristicKind;
pub use class::Class;
pub use communication_address::CommunicationAddress;
pub use content::CONTENT_TYPE;
pub use data_model::{Device, Person};
pub use element_id::ElementId;
pub use error::{
    PidfError, PidfWriteError, PresenceContentError, PresenceError, PresenceWriteError,
};
pub use extension::Extension;
pub use information::PresenceInformation;
pub use markup::{Markup, OtherMarkup};
pub use note::Note;
pub use presence_tuple::PresenceTuple;
pub use priority::{Priority, PriorityError};
pub use read::PidfReader;
pub use reading::{Forgiven, Forgiveness, Reading};
pub use rich::{PlaceIs, StatusIcon, TimeOffset, UserInput};
pub use status::Status;
pub use timestamp::{Timestamp, TimestampError};
pub use uri::{Uri, UriError};
pub use watchers::{Watcher, WatcherInformation, WatcherList};

/// The largest document taken or written, in bytes.
pub const MAX_LEN: usize = 256 * 1024;

/// The longest name or value of an attribute taken, in bytes.
pub const MAX_TOKEN_LEN: usize = 8 * 1024;

/// How deep elements may stand inside each other, the root among them.
pub const MAX_DEPTH: usize = 32;

/// The most attributes of one element taken; of namespace declarations, twice as many.
pub const MAX_ATTRIBUTES: usize = 32;

/// The most elements taken.
pub const MAX_ELEMENTS: usize = 4096;

/// The most faults that are listed one by one; all are counted.
pub const MAX_FORGIVEN: usize = 64;
