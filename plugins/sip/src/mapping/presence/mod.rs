//! From SUBSCRIBE, NOTIFY, PUBLISH and REGISTER to the operations of presence (RFC 3856, RFC 3859 §3.4, RFC 8048).
//!
//! | SIP | operation |
//! |---|---|
//! | Event | package |
//! | Request-URI of a first SUBSCRIBE, To within a dialog | target |
//! | From | watcher; of PUBLISH the publisher |
//! | Call-ID, both tags, `id` of Event | subscription |
//! | Expires | duration |
//! | Subscription-State | state, how much longer it lasts |
//! | body, byte for byte | document |
//! | SIP-If-Match | publication, expected version |

mod contact;
mod devices;
mod event;
mod notification;
mod publication;
mod registration;
mod watcher;
mod watching;

pub(crate) use self::{
    contact::OwnContact,
    devices::{Device, Devices, TooMany},
    event::{CONTENT_TYPES, DEFAULT_DURATION, PACKAGES, event},
    notification::word_from_sip,
    publication::{EntityTag, publication_from_sip},
    registration::{Registration, lasts, registration_from_sip},
    watcher::{Second, Watcher, second},
    watching::watching_from_sip,
};

#[cfg(test)]
mod tests;
