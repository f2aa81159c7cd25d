//! A PUBLISH as a publish operation (RFC 3903).

use std::fmt;

use rialto_sdk::{
    model::{Package, PublishOperation, SubscriptionId},
    prelude::{FailureReason, TransactionId},
};
use rialto_sip_codec::{HeaderName, Request, SipMessage, StatusCode, Uri};

use super::event::{document, duration, package};
use crate::mapping::{Arrival, Rejection, address::presentity, from_sip::is_secured};

/// Which publication, and what it said last: both of them names of requests, so that nothing has to be kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct EntityTag {
    publication: u64,
    version: u64,
}

impl EntityTag {
    /// The tag that the answer to a request has, which has a name of its own; `None` where it follows a tag that is none of ours.
    pub(crate) fn of(request: &SipMessage<'_>, name: u64) -> Option<Self> {
        let publication = match expected(request).ok()? {
            None => name,
            Some(expected) => expected.publication,
        };
        Some(Self {
            publication,
            version: name,
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let (publication, version) = text.split_once('.')?;
        let number = |digits: &str| match digits.len() {
            16 => u64::from_str_radix(digits, 16).ok(),
            _ => None,
        };
        Some(Self {
            publication: number(publication)?,
            version: number(version)?,
        })
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            publication,
            version,
        } = self;
        write!(formatter, "{publication:016x}.{version:016x}")
    }
}

/// Makes the operation; `name` is the request's own (RFC 3903 §6).
pub(crate) fn publication_from_sip(
    request: &Request<'_, '_>,
    arrival: &Arrival<'_>,
    name: u64,
    transaction_id: TransactionId,
) -> Result<PublishOperation, Rejection> {
    if is_secured(&request.uri()) || is_secured(&request.to().uri()) {
        return Err(Rejection::Unsecured);
    }
    if matches!(request.uri(), Uri::Tel(_)) && arrival.number_domain.is_none() {
        return Err(Rejection::Status(StatusCode::UNSUPPORTED_URI_SCHEME));
    }
    let party = |uri, invalid: FailureReason| {
        presentity(uri, arrival.number_domain).map_err(|_| Rejection::from(invalid))
    };
    let of = party(request.uri(), FailureReason::InvalidDestination)?;
    let publisher = party(request.from().uri(), FailureReason::InvalidSource)?;
    let package = match package(request)? {
        Package::Presence => Package::Presence,
        // Who watches is for the gateway to say.
        _ => return Err(Rejection::Status(StatusCode::BAD_EVENT)),
    };
    let expected = expected(request.message())?;
    let duration = duration(request, arrival.least_duration)?;
    let document = document(request, package)?;
    if document.is_none() && expected.is_none() {
        return Err(Rejection::Status(StatusCode::BAD_REQUEST));
    }
    let publication = expected.map_or(name, |expected| expected.publication);
    let id = SubscriptionId::parse(format!("{publication:016x}").as_bytes());
    let id = id.map_err(|_| Rejection::from(FailureReason::Internal))?;
    let mut operation = PublishOperation::new(transaction_id, id, of, publisher).with_version(name);
    if let Some(expected) = expected {
        operation = operation.with_expected_version(expected.version);
    }
    if let Some(document) = document {
        operation = operation.with_document(document);
    }
    if let Some(duration) = duration {
        operation = operation.with_duration(duration);
    }
    Ok(operation)
}

/// What the publication must have said last: one tag, and one that we gave.
fn expected(request: &SipMessage<'_>) -> Result<Option<EntityTag>, Rejection> {
    let Some(text) = request.text(HeaderName::SipIfMatch)? else {
        return Ok(None);
    };
    if text.contains([',', ' ', '\t']) {
        return Err(Rejection::Status(StatusCode::BAD_REQUEST));
    }
    let unknown = Rejection::Status(StatusCode::CONDITIONAL_REQUEST_FAILED);
    EntityTag::parse(&text).map(Some).ok_or(unknown)
}
