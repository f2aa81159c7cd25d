//! A REGISTER as a publication: who is registered is open (RFC 3261 §10).
//!
//! The gateway sends nothing to the addresses that are registered, and shows them to nobody: what is published is that the user can be
//! reached, at the address that everybody knows.

use std::{hash::Hasher as _, time::Duration};

use rialto_sdk::{
    model::presence::{
        CommunicationAddress, ElementId, PresenceInformation, PresenceTuple, Status, Uri,
    },
    prelude::{
        Bytes, FailureReason, PresenceDocument, Presentity, PublishOperation, SubscriptionId,
        TransactionId,
    },
};
use rialto_sip_codec::{Address, Contacts, Request, SipMessage, StatusCode};
use siphasher::sip::SipHasher24;

use crate::mapping::{
    Arrival, Rejection,
    address::{presentity, presentity_uri},
    from_sip::is_secured,
};

/// What a REGISTER asks.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Registration {
    /// What is registered: nothing changes.
    Query,
    /// The user can be reached by a device: the publication, under the name that the device has.
    Open(PublishOperation),
    /// Not any more.
    Closed(PublishOperation),
}

/// The most addresses of one REGISTER.
const MAX_CONTACTS: usize = 16;

/// The version of all publications of registrations: the newest counts, whatever was before.
const VERSION: u64 = 0;

/// Reads a REGISTER. A device is named by its Call-ID (RFC 3261 §10.2.4), so that each of a user's has a publication of its own.
pub(crate) fn registration_from_sip(
    request: &Request<'_, '_>,
    arrival: &Arrival<'_>,
    transaction_id: TransactionId,
) -> Result<Registration, Rejection> {
    if is_secured(&request.to().uri()) {
        return Err(Rejection::Unsecured);
    }
    let party = |uri, invalid: FailureReason| {
        presentity(uri, arrival.number_domain).map_err(|_| Rejection::from(invalid))
    };
    let user = party(request.to().uri(), FailureReason::InvalidDestination)?;
    let registrant = party(request.from().uri(), FailureReason::InvalidSource)?;
    let name = format!("{:016x}", device(request.call_id()));
    let name = SubscriptionId::parse(name.as_bytes());
    let name = name.map_err(|_| Rejection::from(FailureReason::Internal))?;
    let operation =
        PublishOperation::new(transaction_id, name, user.clone(), registrant).with_version(VERSION);
    Ok(match registered(request.message())? {
        Registered::Nothing => Registration::Query,
        Registered::For(Some(time)) if time.is_zero() => {
            let removal = operation.with_duration(time);
            Registration::Closed(removal.with_expected_version(VERSION))
        }
        Registered::For(Some(time)) if time < arrival.least_duration => {
            return Err(Rejection::Status(StatusCode::INTERVAL_TOO_BRIEF));
        }
        Registered::For(time) => {
            let document = open(&user).ok_or(FailureReason::Internal)?;
            let operation = operation.with_document(document);
            Registration::Open(match time {
                Some(time) => operation.with_duration(time),
                None => operation,
            })
        }
    })
}

/// What a REGISTER's Contact says.
enum Registered {
    Nothing,
    /// For how long, at most; none: as long as the registrar likes.
    For(Option<Duration>),
}

fn registered(message: &SipMessage<'_>) -> Result<Registered, Rejection> {
    let bad = Rejection::Status(StatusCode::BAD_REQUEST);
    // A malformed time is as good as none (RFC 3261 §10.3).
    let expires = message.expires().ok().flatten();
    let Contacts::List(contacts) = message.contacts()? else {
        return match expires {
            Some(0) => Ok(Registered::For(Some(Duration::ZERO))),
            _ => Err(bad),
        };
    };
    let mut registered = Registered::Nothing;
    for (number, contact) in contacts.enumerate() {
        if number == MAX_CONTACTS {
            return Err(Rejection::Status(StatusCode::MESSAGE_TOO_LARGE));
        }
        let time = lasts(&contact?, expires);
        registered = Registered::For(match registered {
            Registered::Nothing => time,
            // None is longer than any.
            Registered::For(before) => before.zip(time).map(|(before, time)| before.max(time)),
        });
    }
    Ok(registered)
}

/// For how long an address is to be registered.
pub(crate) fn lasts(contact: &Address<'_>, expires: Option<u32>) -> Option<Duration> {
    let own = contact.params().token("expires");
    let seconds = own.and_then(|seconds| seconds.parse().ok()).or(expires);
    seconds.map(|seconds| Duration::from_secs(seconds.into()))
}

/// The name of a device: the same after a restart, and in the next release.
fn device(call_id: &str) -> u64 {
    let mut hasher = SipHasher24::new();
    hasher.write(call_id.as_bytes());
    hasher.finish()
}

/// The document of a user who can be reached.
fn open(user: &Presentity) -> Option<PresenceDocument> {
    let address = CommunicationAddress::new(Uri::parse(presentity_uri(user)).ok()?);
    let tuple = PresenceTuple::new(ElementId::from_text("registered"), Some(Status::Open));
    let information =
        PresenceInformation::new(user.clone()).with_tuple(tuple.with_contact(address));
    let document = information.to_xml().ok()?;
    Some(PresenceDocument::pidf(Bytes::from(document)))
}
