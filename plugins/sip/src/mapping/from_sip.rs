//! A MESSAGE request as a message operation (RFC 7572 §5).

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use rialto_sdk::{
    model::{DispositionOperation, Imdn, NameAddress},
    prelude::{
        ByteString, Bytes, ContentHeader, Domain, FailureReason, Header, InstantInbox,
        InstantMessage, MaxForwards, MessageHeaders, MessageOperation, TransactionId,
    },
};
use rialto_sip_codec::{
    Address, DecodeError, HeaderName, Host, Request, StatusCode, Uri, uri::Security,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    address::{Party, party},
    content::Content,
    is_content, reference,
};
use crate::config::Hop;

/// What a request becomes.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Incoming {
    /// A message for its recipient.
    Message(MessageOperation),
    /// A word on a message that went out before, and more where several came together (RFC 5438 §8.3).
    Dispositions(DispositionOperation, Vec<DispositionOperation>),
}

/// How a request came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<'a> {
    /// When: a message that has expired is rejected (RFC 3428 §7).
    pub(crate) now: OffsetDateTime,
    /// Where its sender's network takes requests.
    pub(crate) hop: Hop,
    /// Where `tel:` URIs name inboxes; without it they are refused.
    pub(crate) number_domain: Option<&'a Domain>,
    /// For how long one subscribes or publishes at least.
    pub(crate) least_duration: Duration,
}

/// Why a request does not become an operation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Rejection {
    /// For a reason that the gateway has a word for.
    Reason(FailureReason),
    /// For one that only SIP has.
    Status(StatusCode),
    /// Its body has no Content-Type (RFC 3261 §20.15).
    Untyped,
    /// Its message/cpim is malformed.
    Cpim,
    /// Its disposition notification is malformed (RFC 5438 §11).
    Imdn,
    /// It has expired (RFC 3428 §7).
    Expired,
    /// Every hop to a `sips:` address must be secured, and of those on other networks nothing is known (RFC 7247 §8, RFC 3261 §26.2.2).
    Unsecured,
}

impl From<FailureReason> for Rejection {
    fn from(reason: FailureReason) -> Self {
        Self::Reason(reason)
    }
}

impl From<DecodeError> for Rejection {
    fn from(defect: DecodeError) -> Self {
        Self::Status(defect.reject().unwrap_or(StatusCode::BAD_REQUEST))
    }
}

/// Makes the operation; texts and payload are parts of `bytes`, which the request was read from.
pub(crate) fn message_from_sip(
    request: &Request<'_, '_>,
    bytes: &Bytes,
    arrival: &Arrival<'_>,
    transaction_id: impl Fn() -> TransactionId,
) -> Result<Incoming, Rejection> {
    let shared = Shared(bytes);
    if is_secured(&request.uri()) || is_secured(&request.to().uri()) {
        return Err(Rejection::Unsecured);
    }
    let party = |uri, invalid: FailureReason| {
        party(uri, arrival.number_domain).map_err(|_| Rejection::from(invalid))
    };
    let destination = match request.uri() {
        uri @ (Uri::Sip(_) | Uri::Im(_)) => party(uri, FailureReason::InvalidDestination)?,
        uri @ Uri::Tel(_) if arrival.number_domain.is_some() => {
            party(uri, FailureReason::InvalidDestination)?
        }
        // `pres:` names whom one watches, a number without a domain nobody that this gateway reaches.
        _ => return Err(Rejection::Status(StatusCode::UNSUPPORTED_URI_SCHEME)),
    };
    let source = party(request.from().uri(), FailureReason::InvalidSource)?;
    let to = party(request.to().uri(), FailureReason::InvalidDestination).ok();
    let time = Time::of(request, arrival.now)?;
    let headers = headers(request, shared, &time, &source, &destination, to.as_ref())?;
    let (content_type, is_cpim) = content_type(request, shared)?;
    let message = InstantMessage::new(content_type, shared.bytes(request.message().body()))
        .with_headers(headers)
        .with_thread(shared.text(thread(request.call_id())))
        .with_content_headers(content_headers(request, shared)?);
    let message = match is_cpim {
        false => message,
        true => message.open_cpim().map_err(|_| Rejection::Cpim)?,
    };
    let content = Content::of(&message).map_err(|_| Rejection::Imdn)?;
    if let Content::Notifications(notifications) = &content {
        return dispositions(notifications, &source, &destination, transaction_id);
    }
    let operation =
        MessageOperation::new(transaction_id(), source.inbox, destination.inbox, message);
    let operation = operation.with_max_forwards(max_forwards(request));
    let operation = match source.instance {
        Some(instance) => operation.with_source_instance(instance),
        None => operation,
    };
    let operation = match destination.instance {
        Some(instance) => operation.with_destination_instance(instance),
        None => operation,
    };
    let operation = match time.to_live {
        Some(time_to_live) => operation.with_time_to_live(time_to_live),
        None => operation,
    };
    Ok(Incoming::Message(match content {
        Content::Composing => operation.into_ephemeral(),
        _ => reference::with_reference(operation, request, arrival.hop),
    }))
}

/// What notifications say, each of a message that left under the transaction identifier of its operation.
///
/// One that cannot have come from here is left out, so that it is answered like one of a message that is forgotten.
fn dispositions(
    notifications: &[Imdn],
    source: &Party,
    destination: &Party,
    transaction_id: impl Fn() -> TransactionId,
) -> Result<Incoming, Rejection> {
    let disposition = |imdn: &Imdn| {
        let concerning = TransactionId::parse(imdn.message_id().as_str().as_bytes()).ok()?;
        let (source, destination) = (source.inbox.clone(), destination.inbox.clone());
        Some(DispositionOperation::new(
            transaction_id(),
            concerning,
            source,
            destination,
            imdn.disposition(),
        ))
    };
    let mut dispositions = notifications.iter().filter_map(disposition);
    match dispositions.next() {
        Some(first) => Ok(Incoming::Dispositions(first, dispositions.collect())),
        None => Err(FailureReason::NotPermitted.into()),
    }
}

pub(super) fn max_forwards(request: &Request<'_, '_>) -> MaxForwards {
    let hops = request.max_forwards();
    hops.map_or(MaxForwards::DEFAULT, MaxForwards::new)
}

pub(super) fn is_secured(uri: &Uri<'_>) -> bool {
    matches!(uri, Uri::Sip(uri) if uri.security() == Security::Sips)
}

/// What crosses as message headers, mostly nothing.
fn headers(
    request: &Request<'_, '_>,
    shared: Shared<'_>,
    time: &Time,
    source: &Party,
    destination: &Party,
    to: Option<&Party>,
) -> Result<MessageHeaders, Rejection> {
    let mut headers = MessageHeaders::new();
    push_from(&mut headers, request.from(), source);
    push_to(&mut headers, request.to(), to, destination);
    if let Some(date) = time.sent_at.and_then(|date| date.format(&Rfc3339).ok()) {
        headers.push(Header::new(ByteString::from_static("DateTime"), date));
    }
    let subject = request.message().text(HeaderName::Subject)?;
    if let Some(subject) = subject.filter(|subject| !subject.is_empty()) {
        headers.push(Header::new(
            ByteString::from_static("Subject"),
            shared.text(&subject),
        ));
    }
    Ok(headers)
}

/// The datagram, of which all texts are parts.
#[derive(Clone, Copy)]
struct Shared<'b>(&'b Bytes);

impl Shared<'_> {
    /// Shares a part of the datagram; copies what is none.
    fn bytes(self, part: &[u8]) -> Bytes {
        let all = self.0.as_ptr_range();
        let range = part.as_ptr_range();
        if part.is_empty() || !all.contains(&range.start) || range.end > all.end {
            return Bytes::copy_from_slice(part);
        }
        self.0.slice_ref(part)
    }

    fn text(self, part: &str) -> ByteString {
        ByteString::try_from(self.bytes(part.as_bytes())).unwrap_or_default()
    }
}

/// The Call-ID, but for an address of the sender's network, which is nobody else's business.
fn thread(call_id: &str) -> &str {
    match call_id.rsplit_once('@') {
        Some((local, host)) if is_address(host) => local,
        _ => call_id,
    }
}

/// Whether this is an IP address, with brackets and port or without.
fn is_address(host: &str) -> bool {
    matches!(Host::parse(host), Ok(Host::Address(_)))
        || host.parse::<IpAddr>().is_ok()
        || host.parse::<SocketAddr>().is_ok()
}

/// What a message says of time.
struct Time {
    sent_at: Option<OffsetDateTime>,
    to_live: Option<Duration>,
}

impl Time {
    /// Reads Date and Expires; an error when the message has expired (RFC 3428 §7).
    fn of(request: &Request<'_, '_>, now: OffsetDateTime) -> Result<Self, Rejection> {
        // A malformed date is as good as none (RFC 4475 §3.1.2.12), and so is a malformed Expires.
        let date = request.message().date().ok().flatten();
        let sent_at =
            date.and_then(|date| OffsetDateTime::from_unix_timestamp(date.unix_seconds()).ok());
        let to_live = match request.message().expires() {
            Ok(Some(expires)) => Some(to_live(sent_at.unwrap_or(now), expires, now)?),
            _ => None,
        };
        Ok(Self { sent_at, to_live })
    }
}

/// How long a message still lives that lives for so many seconds from when it was sent.
fn to_live(
    sent_at: OffsetDateTime,
    expires: u32,
    now: OffsetDateTime,
) -> Result<Duration, Rejection> {
    let expiry = sent_at.saturating_add(time::Duration::seconds(expires.into()));
    let to_live = Duration::try_from(expiry - now).ok();
    to_live
        .filter(|rest| !rest.is_zero())
        .ok_or(Rejection::Expired)
}

/// Adds `From` where it says more than the source does.
fn push_from(headers: &mut MessageHeaders, from: &Address<'_>, source: &Party) {
    if let Some(name) = from.display_name() {
        push_address(headers, "From", &name, &source.inbox);
    }
}

/// Adds `To` where it says more than the destination does.
fn push_to(
    headers: &mut MessageHeaders,
    address: &Address<'_>,
    to: Option<&Party>,
    destination: &Party,
) {
    let name = address.display_name();
    match to {
        Some(to) if name.is_some() || to.inbox != destination.inbox => {
            push_address(headers, "To", &name.unwrap_or_default(), &to.inbox);
        }
        _ => {}
    }
}

fn push_address(
    headers: &mut MessageHeaders,
    header: &'static str,
    name: &str,
    inbox: &InstantInbox,
) {
    let name = (!name.is_empty() && !name.contains(char::is_control)).then(|| name.into());
    if let Some(address) = NameAddress::new(name, inbox.uri().clone()) {
        headers.push(Header::new(
            ByteString::from_static(header),
            address.to_string(),
        ));
    }
}

/// The content type as written, and whether it is message/cpim.
fn content_type(
    request: &Request<'_, '_>,
    shared: Shared<'_>,
) -> Result<(ByteString, bool), Rejection> {
    match request.message().content_type()? {
        Some(media) => {
            let text = one_line(media.as_str(), shared);
            Ok((text, media.is("message", "cpim")))
        }
        None if request.message().body().is_empty() => {
            Ok((ByteString::from_static("text/plain"), false))
        }
        None => Err(Rejection::Untyped),
    }
}

/// The Content-* header fields but those of which the message has its own notion.
fn content_headers(
    request: &Request<'_, '_>,
    shared: Shared<'_>,
) -> Result<Vec<ContentHeader>, Rejection> {
    let mut content_headers = Vec::new();
    for header in request.message().headers() {
        let (name, text) = match header.name() {
            HeaderName::ContentDisposition
            | HeaderName::ContentEncoding
            | HeaderName::ContentLanguage
            | HeaderName::ContentTransferEncoding => (header.name().as_str(), true),
            HeaderName::Other => (header.name_text(), is_content(header.name_text())),
            _ => continue,
        };
        if !text {
            continue;
        }
        let value = std::str::from_utf8(header.value())
            .map_err(|_| Rejection::Status(StatusCode::BAD_REQUEST))?;
        content_headers.push(ContentHeader::new(name, one_line(value, shared)));
    }
    Ok(content_headers)
}

/// A value without its folding, shared where it has none.
fn one_line(value: &str, shared: Shared<'_>) -> ByteString {
    if !value.contains('\r') {
        return shared.text(value);
    }
    let lines: Vec<_> = value.split("\r\n").map(str::trim).collect();
    lines.join(" ").into()
}

#[cfg(test)]
mod tests;
