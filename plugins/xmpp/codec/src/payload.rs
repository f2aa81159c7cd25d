//! What small extensions say inside of a message.
//!
//! A [`Message`] keeps every extension as an [`Element`] in [`other`](Message::other), known or not, in its order. What this
//! module knows is read from there when somebody asks, and put there to be written; so a message that is only passed
//! on is never changed, and one that nobody asks costs nothing.
//!
//! | type | element | specification |
//! |---|---|---|
//! | [`Receipt`] | `<request/>`, `<received/>` | XEP-0184 |
//! | [`Marker`] | `<markable/>`, `<received/>`, `<displayed/>`, `<acknowledged/>` | XEP-0333, with what its version 0.4 had |
//! | [`ChatState`] | `<active/>`, `<composing/>`, `<paused/>`, `<inactive/>`, `<gone/>` | XEP-0085 |
//! | [`Delay`] | `<delay/>` | XEP-0203 |
//! | [`Nick`] | `<nick/>` | XEP-0172 |
//! | [`StanzaId`] | `<stanza-id/>` | XEP-0359 |
//! | [`Hint`] | `<no-store/>`, `<no-permanent-store/>`, `<no-copy/>`, `<store/>` | XEP-0334 |

use bytestring::ByteString;

use crate::{Element, Message, WriteError};

mod chat_state;
mod delay;
mod hint;
mod marker;
mod nick;
mod receipt;
mod stanza_id;

pub use chat_state::ChatState;
pub use delay::Delay;
pub use hint::Hint;
pub use marker::Marker;
pub use nick::Nick;
pub use receipt::Receipt;
pub use stanza_id::StanzaId;

/// Is what one element of a known extension says.
pub trait Payload: Sized {
    /// Takes an element for what it says; `None` if it is of another extension, or not known to be of this one.
    ///
    /// # Errors
    /// [`PayloadError`] if it lacks what its specification demands.
    fn from_element(element: &Element) -> Option<Result<Self, PayloadError>>;

    /// The element that says this.
    ///
    /// # Errors
    /// [`WriteError`] if it has no form on the wire. Characters are checked when the stanza is written.
    fn to_element(&self) -> Result<Element, WriteError>;
}

/// Says why an element of a known extension is not what its specification demands.
///
/// Content is never part of the error. The limits that hold are those of the stream
/// ([`Limits`](crate::Limits)): what crosses them is refused before it comes here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// An attribute is not there, or empty.
    #[error("<{element}/> of {namespace} has no attribute `{attribute}`")]
    Missing {
        /// The extension.
        namespace: &'static str,
        /// The element.
        element: &'static str,
        /// What it should have.
        attribute: &'static str,
    },
    /// An attribute's value is malformed.
    #[error("the attribute `{attribute}` of <{element}/> of {namespace} is malformed")]
    Value {
        /// The extension.
        namespace: &'static str,
        /// The element.
        element: &'static str,
        /// The attribute.
        attribute: &'static str,
    },
}

impl Message {
    /// What the message says in the extension `P`: each element of it, in order.
    pub fn payloads<P: Payload>(&self) -> impl Iterator<Item = Result<P, PayloadError>> {
        self.other.iter().filter_map(P::from_element)
    }

    /// What the message says first in the extension `P`.
    ///
    /// # Errors
    /// [`PayloadError`] if that element lacks what its specification demands.
    pub fn payload<P: Payload>(&self) -> Result<Option<P>, PayloadError> {
        self.payloads().next().transpose()
    }

    /// Adds what an extension says, behind all others.
    ///
    /// # Errors
    /// [`WriteError`] if it has no form on the wire.
    pub fn with_payload(mut self, payload: &impl Payload) -> Result<Self, WriteError> {
        self.other.push(payload.to_element()?);
        Ok(self)
    }
}

/// The attribute of an element of an extension that demands it.
fn required(
    found: &Element,
    (namespace, element): (&'static str, &'static str),
    attribute: &'static str,
) -> Result<ByteString, PayloadError> {
    let value = found.attribute(attribute).filter(|value| !value.is_empty());
    value.cloned().ok_or(PayloadError::Missing {
        namespace,
        element,
        attribute,
    })
}
