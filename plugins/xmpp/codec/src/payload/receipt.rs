//! Message delivery receipts (XEP-0184).

use bytestring::ByteString;

use super::{Payload, PayloadError, required};
use crate::{Element, WriteError, namespace};

/// Asks for a receipt, or is one (XEP-0184 §5).
///
/// A message that asks must have an id; no receipt may be asked for a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Receipt {
    /// The sender wishes to know whether the message reached a client of the recipient.
    Request,
    /// The message of this id reached one.
    Received(ByteString),
}

const REQUEST: &str = "request";
const RECEIVED: &str = "received";

impl Payload for Receipt {
    fn from_element(element: &Element) -> Option<Result<Self, PayloadError>> {
        if element.namespace() != namespace::RECEIPTS {
            return None;
        }
        match element.name() {
            REQUEST => Some(Ok(Self::Request)),
            RECEIVED => {
                let id = required(element, (namespace::RECEIPTS, RECEIVED), "id");
                Some(id.map(Self::Received))
            }
            _ => None,
        }
    }

    fn to_element(&self) -> Result<Element, WriteError> {
        let element = |name| Element::new(namespace::known(namespace::RECEIPTS), name);
        match self {
            Self::Request => element(REQUEST),
            Self::Received(id) => element(RECEIVED)?.with_attribute("id", id.clone()),
        }
    }
}
