//! Delayed delivery (XEP-0203).

use bytestring::ByteString;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::{Payload, PayloadError, required};
use crate::{Element, Node, WriteError, namespace};

/// Says that a stanza was kept somewhere, and when it was sent (XEP-0203 §2).
///
/// Anybody on the way may have written it: it is no proof. A stanza that was kept twice has two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delay {
    /// When the stanza was sent.
    pub stamp: OffsetDateTime,
    /// Who kept it.
    pub from: Option<ByteString>,
    /// Why, in words for people; without white space around them.
    pub reason: Option<ByteString>,
}

const DELAY: &str = "delay";
const STAMP: &str = "stamp";

impl Delay {
    /// A delay since `stamp` of which nothing else is known.
    pub fn new(stamp: OffsetDateTime) -> Self {
        Self {
            stamp,
            from: None,
            reason: None,
        }
    }

    fn read(element: &Element) -> Result<Self, PayloadError> {
        let stamp = required(element, (namespace::DELAY, DELAY), STAMP)?;
        let stamp = OffsetDateTime::parse(&stamp, &Rfc3339).map_err(|_| PayloadError::Value {
            namespace: namespace::DELAY,
            element: DELAY,
            attribute: STAMP,
        })?;
        let text = element.text();
        let reason = text.trim();
        Ok(Self {
            stamp,
            from: element.attribute("from").cloned(),
            reason: (!reason.is_empty()).then(|| text.slice_ref(reason)),
        })
    }
}

impl Payload for Delay {
    fn from_element(element: &Element) -> Option<Result<Self, PayloadError>> {
        element
            .is(namespace::DELAY, DELAY)
            .then(|| Self::read(element))
    }

    /// Writes the time in UTC, as the specification demands.
    fn to_element(&self) -> Result<Element, WriteError> {
        let utc = self.stamp.checked_to_offset(UtcOffset::UTC);
        let stamp = utc.and_then(|stamp| stamp.format(&Rfc3339).ok());
        let stamp = stamp.ok_or(WriteError::DateTime)?;
        let mut element = Element::new(namespace::known(namespace::DELAY), DELAY)?;
        if let Some(from) = &self.from {
            element = element.with_attribute("from", from.clone())?;
        }
        element = element.with_attribute(STAMP, stamp)?;
        Ok(match &self.reason {
            Some(reason) => element.with_node(Node::Text(reason.clone())),
            None => element,
        })
    }
}
