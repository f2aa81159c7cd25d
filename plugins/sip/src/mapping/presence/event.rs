//! What is subscribed to, what it is shown as, and for how long.

use std::time::Duration;

use rialto_sdk::{
    model::{Package, PresenceDocument},
    prelude::{ByteString, Bytes},
};
use rialto_sip_codec::{HeaderName, MediaType, Request, StatusCode};

use crate::mapping::Rejection;

/// What Allow-Events says.
pub(crate) const PACKAGES: &str = "presence, presence.winfo";

/// For how long, where neither side says so (RFC 3856 §6.4).
pub(crate) const DEFAULT_DURATION: Duration = Duration::from_secs(3600);

/// What Accept says of documents.
pub(crate) const CONTENT_TYPES: &str = "application/pidf+xml, application/watcherinfo+xml";

/// The package that Event names; one that is unknown, or none, is 489 (RFC 6665 §4.2.1.1).
pub(crate) fn package(request: &Request<'_, '_>) -> Result<Package, Rejection> {
    let event = request.message().event()?;
    let is_it = |package: &Package| {
        event.is_some_and(|event| event.token().eq_ignore_ascii_case(package.as_str()))
    };
    let package = Package::ALL.into_iter().find(is_it);
    package.ok_or(Rejection::Status(StatusCode::BAD_EVENT))
}

/// The value of Event.
pub(crate) fn event(package: Package, id: Option<&str>) -> String {
    match id {
        None => package.as_str().to_owned(),
        Some(id) => format!("{package};id={id}"),
    }
}

/// The subtype of a package's documents, all of them `application/…` (RFC 3863, RFC 3858).
const fn subtype(package: Package) -> &'static str {
    match package {
        Package::WatcherInformation => "watcherinfo+xml",
        _ => "pidf+xml",
    }
}

/// The document in the body; `None` where there is no body.
pub(super) fn document(
    request: &Request<'_, '_>,
    package: Package,
) -> Result<Option<PresenceDocument>, Rejection> {
    let message = request.message();
    if message.body().is_empty() {
        return Ok(None);
    }
    let content_type = message.content_type()?.ok_or(Rejection::Untyped)?;
    let is_encoded = message.header(HeaderName::ContentEncoding).is_some();
    if !content_type.is("application", subtype(package)) || is_encoded {
        return Err(Rejection::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let lines = content_type.as_str().split("\r\n").map(str::trim);
    let content_type = ByteString::from(lines.collect::<Vec<_>>().join(" "));
    // A copy, which is kept for long: the bytes that it came in are many more.
    let body = Bytes::copy_from_slice(message.body());
    Ok(Some(PresenceDocument::new(content_type, body.into())))
}

/// Refuses whom no document of the package can be shown to; without Accept, all are (RFC 3856 §6.7).
pub(super) fn check_accept(request: &Request<'_, '_>, package: Package) -> Result<(), Rejection> {
    if request.message().header(HeaderName::Accept).is_none() {
        return Ok(());
    }
    let takes = |range: MediaType<'_>| match range.main_type() {
        "*" => true,
        _ => range.is("application", "*") || range.is("application", subtype(package)),
    };
    let mut ranges = request.message().accept().map_while(Result::ok);
    match ranges.any(takes) {
        true => Ok(()),
        false => Err(Rejection::Status(StatusCode::NOT_ACCEPTABLE)),
    }
}

/// For how long, as Expires says; what is too short to be of use is refused, but not 0 and nothing of an hour and more
/// (RFC 6665 §4.2.1.1, RFC 3903 §6).
pub(super) fn duration(
    request: &Request<'_, '_>,
    least: Duration,
) -> Result<Option<Duration>, Rejection> {
    const HOUR: Duration = Duration::from_secs(3600);
    let expires = request.message().expires()?;
    let asked = expires.map(|seconds| Duration::from_secs(seconds.into()));
    match asked {
        Some(asked) if !asked.is_zero() && asked < least.min(HOUR) => {
            Err(Rejection::Status(StatusCode::INTERVAL_TOO_BRIEF))
        }
        asked => Ok(asked),
    }
}
