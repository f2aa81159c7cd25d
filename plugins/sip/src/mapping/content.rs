//! What the body of a MESSAGE is for.

use rialto_sdk::{
    model::{ContentType, Imdn, ImdnError},
    prelude::{Bytes, ContentHeader, InstantMessage},
};

/// What the body of a MESSAGE is for.
#[derive(Debug)]
pub(super) enum Content {
    /// To be read.
    Message,
    /// To say that one may come, or not (RFC 3994).
    Composing,
    /// To say what became of others (RFC 5438).
    Notifications(Vec<Imdn>),
}

/// The most notifications taken from one MESSAGE (RFC 5438 §8.3).
const MAX_NOTIFICATIONS: usize = 64;

const TEXT: &str = "text/";

impl Content {
    /// Looks at the content type, and into notifications alone.
    pub(super) fn of(message: &InstantMessage) -> Result<Self, ImdnError> {
        let content_type = message.content_type();
        let top_level = content_type.get(..TEXT.len());
        // Nearly all are, and a look costs less than a parse.
        if top_level.is_some_and(|top_level| top_level.eq_ignore_ascii_case(TEXT)) {
            return Ok(Self::Message);
        }
        match ContentType::parse(content_type) {
            Err(_) => return Ok(Self::Message),
            Ok(found) if found.is("application", "im-iscomposing+xml") => {
                return Ok(Self::Composing);
            }
            Ok(found) if !is_compound(found) => return Ok(Self::Message),
            Ok(_) => {}
        }
        if let Some(imdn) = Imdn::from_message(message)? {
            return Ok(Self::Notifications(vec![imdn]));
        }
        let notifications = aggregated(message)?;
        Ok(match notifications.is_empty() {
            true => Self::Message,
            false => Self::Notifications(notifications),
        })
    }
}

/// The notifications that were put together (RFC 5438 §8.3); none in a multipart of anything else.
fn aggregated(message: &InstantMessage) -> Result<Vec<Imdn>, ImdnError> {
    let content_type = ContentType::parse(message.content_type());
    let Some(content_type) = content_type
        .ok()
        .filter(|found| found.is("multipart", "mixed"))
    else {
        return Ok(Vec::new());
    };
    let boundary = content_type.parameter("boundary").unwrap_or_default();
    if boundary.is_empty() || !is_notification(message.content_headers()) {
        return Ok(Vec::new());
    }
    let payload = message.payload().clone().into_bytes();
    let parts = parts(&payload, &boundary);
    let parts = parts.iter().filter_map(|part| part_message(&payload, part));
    let read = parts.filter_map(|part| Imdn::from_message(&part).transpose());
    read.collect()
}

/// Whether the content is a notification by its disposition (RFC 5438 §7.2.1).
fn is_notification(headers: &[ContentHeader]) -> bool {
    headers.iter().any(|header| {
        let disposition = header.value.split(';').next().unwrap_or_default();
        header.name.eq_ignore_ascii_case("Content-Disposition")
            && disposition.trim().eq_ignore_ascii_case("notification")
    })
}

/// What stands between the lines of a boundary (RFC 2046 §5.1.1), so much of it as is taken.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let delimiter = format!("--{boundary}");
    let (mut parts, mut begin, mut at) = (Vec::new(), None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let after = line.trim_ascii_end().strip_prefix(delimiter.as_bytes());
        if let Some(after) = after.filter(|after| matches!(*after, b"" | b"--")) {
            parts.extend(begin.and_then(|begin| body.get(begin..at)));
            begin = after.is_empty().then_some(at + line.len());
        }
        if parts.len() >= MAX_NOTIFICATIONS {
            return parts;
        }
        at += line.len();
    }
    // The last boundary may be missing.
    parts.extend(begin.and_then(|begin| body.get(begin..)));
    parts
}

/// A part of a multipart as a message: its headers up to an empty line, and its body.
fn part_message(payload: &Bytes, part: &[u8]) -> Option<InstantMessage> {
    let (mut content_type, mut headers, mut at) = (None, Vec::new(), 0);
    for line in part.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        let line = std::str::from_utf8(line).ok()?.trim_end();
        if line.is_empty() {
            break;
        }
        // What a line is folded over is parameters, which decide nothing here.
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("Content-Type") => {
                content_type = Some(value.trim().to_owned());
            }
            Some((name, value)) => headers.push(ContentHeader::new(name, value.trim())),
            None => {}
        }
    }
    let body = payload.slice_ref(part.get(at..)?);
    Some(InstantMessage::new(content_type?, body).with_content_headers(headers))
}

/// Whether notifications can be of this type.
fn is_compound(content_type: ContentType<'_>) -> bool {
    let top_level = content_type.top_level();
    top_level.eq_ignore_ascii_case("message") || top_level.eq_ignore_ascii_case("multipart")
}

#[cfg(test)]
mod tests;
