//! What responses to requests of events say besides.

use std::time::Duration;

use bytes::BytesMut;
use rialto_sdk::prelude::{Failure, FailureReason, ResponseStatus};
use rialto_sip_codec::{
    Address, Contacts, HeaderName, MessageWriter, Method, Request, SipMessage, StartLine,
    StatusCode,
};

use super::{Answer, Cause, Envelope};
use crate::mapping::{
    CONTENT_TYPES, DEFAULT_DURATION, EntityTag, OwnContact, PACKAGES, lasts, one_line,
};

impl Answer {
    /// What the gateway's response to a SUBSCRIBE is: 200 also while nobody has decided, which the notification says (RFC 6665 §8.3.1).
    ///
    /// No more is granted than was asked (RFC 6665 §4.2.1.1).
    pub(crate) fn of_subscription(
        status: &ResponseStatus,
        granted: Option<Duration>,
        asked: Duration,
    ) -> Self {
        match status {
            ResponseStatus::Failure(failure) => Self::of_refused_subscription(failure),
            _ => Self::granted(granted.unwrap_or(asked).min(asked)),
        }
    }

    /// The same within a dialog: where the subscription is no more, nor is the dialog (RFC 6665 §4.1.2.2).
    pub(crate) fn of_refresh(
        status: &ResponseStatus,
        granted: Option<Duration>,
        asked: Duration,
    ) -> Self {
        match status {
            ResponseStatus::Failure(failure) if failure.reason() == FailureReason::NoPresentity => {
                Self::of(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST)
            }
            _ => Self::of_subscription(status, granted, asked),
        }
    }

    fn of_refused_subscription(failure: &Failure) -> Self {
        match failure.reason() {
            // Of another dialog, which ends if it is no more: the watcher may come again soon.
            FailureReason::AlreadySubscribed => Self {
                retry_after: SUBSCRIBED_RETRY_AFTER,
                ..Self::because(
                    StatusCode::TEMPORARILY_UNAVAILABLE,
                    Cause::Reason(FailureReason::AlreadySubscribed),
                )
            },
            _ => Self::of_failure(failure),
        }
    }

    /// What the gateway's response to a NOTIFY is: where it has no such subscription, the dialog ends (RFC 6665 §4.1.3).
    pub(crate) fn of_notification(status: &ResponseStatus) -> Self {
        match status {
            ResponseStatus::Failure(failure) => match failure.reason() {
                FailureReason::NoPresentity => {
                    Self::of(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST)
                }
                _ => Self::of_failure(failure),
            },
            _ => Self::OK,
        }
    }

    /// What the gateway's response to a PUBLISH is (RFC 3903 §6).
    pub(crate) fn of_publication(status: &ResponseStatus, granted: Option<Duration>) -> Self {
        match status {
            ResponseStatus::Failure(failure) => match failure.reason() {
                FailureReason::Refused => Self::of(StatusCode::CONDITIONAL_REQUEST_FAILED),
                _ => Self::of_failure(failure),
            },
            _ => Self::granted(granted.unwrap_or(DEFAULT_DURATION)),
        }
    }

    /// What the gateway's response to a REGISTER is (RFC 3261 §10.3); what was not there needs no removal.
    pub(crate) fn of_registration(
        status: &ResponseStatus,
        granted: Option<Duration>,
        is_open: bool,
    ) -> Self {
        match status {
            ResponseStatus::Failure(failure)
                if !is_open && failure.reason() == FailureReason::Refused =>
            {
                Self::OK
            }
            ResponseStatus::Failure(failure) => Self::of_failure(failure),
            _ if is_open => Self::granted(granted.unwrap_or(DEFAULT_DURATION)),
            _ => Self::OK,
        }
    }

    fn granted(duration: Duration) -> Self {
        let expires = u32::try_from(duration.as_secs()).unwrap_or(u32::MAX);
        Self {
            expires: Some(expires),
            ..Self::OK
        }
    }
}

const SUBSCRIBED_RETRY_AFTER: u16 = 2;

/// Adds what a status obliges to say to a request of events.
pub(super) fn explain<'o>(
    writer: MessageWriter<'o, BytesMut>,
    answer: Answer,
    message: &SipMessage<'_>,
    envelope: &Envelope<'_>,
) -> MessageWriter<'o, BytesMut> {
    let StartLine::Request { method, .. } = message.start_line() else {
        return writer;
    };
    match (answer.status, method) {
        (StatusCode::OK, Method::Subscribe) => subscribed(writer, answer, message, envelope),
        (StatusCode::OK, Method::Publish) => published(writer, answer, message, envelope),
        (StatusCode::OK, Method::Register) => registered(writer, answer, message),
        (StatusCode::BAD_EVENT, _) => writer.header(HeaderName::AllowEvents, PACKAGES),
        (StatusCode::INTERVAL_TOO_BRIEF, _) => {
            let least = envelope.least_duration.as_secs().to_string();
            writer.header(HeaderName::MinExpires, &least)
        }
        (StatusCode::NOT_ACCEPTABLE | StatusCode::UNSUPPORTED_MEDIA_TYPE, _) => {
            writer.header(HeaderName::Accept, CONTENT_TYPES)
        }
        _ => writer,
    }
}

/// What begins a dialog names where we take its requests, and repeats the way (RFC 3261 §12.1.1).
fn subscribed<'o>(
    writer: MessageWriter<'o, BytesMut>,
    answer: Answer,
    message: &SipMessage<'_>,
    envelope: &Envelope<'_>,
) -> MessageWriter<'o, BytesMut> {
    let Ok(request) = Request::read(message) else {
        return writer;
    };
    let routes = message.headers_named(HeaderName::RecordRoute);
    let routes = routes.filter_map(|route| route.text().ok());
    let writer = routes.fold(writer, |writer, route| {
        writer.header(HeaderName::RecordRoute, &one_line(route))
    });
    let contact = OwnContact::of_request(&request, envelope.number_domain);
    let contact = contact.value(envelope.locals, envelope.hop);
    expiring(writer, answer).header(HeaderName::Contact, &contact)
}

fn published<'o>(
    writer: MessageWriter<'o, BytesMut>,
    answer: Answer,
    message: &SipMessage<'_>,
    envelope: &Envelope<'_>,
) -> MessageWriter<'o, BytesMut> {
    let writer = expiring(writer, answer);
    match EntityTag::of(message, envelope.to_tag) {
        Some(tag) => writer.header(HeaderName::SipETag, &tag.to_string()),
        None => writer,
    }
}

/// What the request registers, with the time that is granted: what else is registered is not known here.
fn registered<'o>(
    writer: MessageWriter<'o, BytesMut>,
    answer: Answer,
    message: &SipMessage<'_>,
) -> MessageWriter<'o, BytesMut> {
    let (Some(granted), Ok(Contacts::List(contacts))) = (answer.expires, message.contacts()) else {
        return writer;
    };
    let expires = message.expires().ok().flatten();
    let is_open = |contact: &Address<'_>| lasts(contact, expires) != Some(Duration::ZERO);
    let open = contacts.map_while(Result::ok).filter(is_open);
    open.fold(writer, |writer, contact| {
        let bound = format!("<{}>;expires={granted}", contact.uri_text());
        writer.header(HeaderName::Contact, &bound)
    })
}

fn expiring(writer: MessageWriter<'_, BytesMut>, answer: Answer) -> MessageWriter<'_, BytesMut> {
    match answer.expires {
        Some(expires) => writer.header(HeaderName::Expires, &expires.to_string()),
        None => writer,
    }
}
