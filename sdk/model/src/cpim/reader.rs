//! Reads the headers of a message/cpim.

use std::{borrow::Cow, ops::Range, str};

use bytes::Bytes;
use bytestring::ByteString;

use super::{CpimError, blocks::Blocks, escape, lines::Lines};
use crate::{ContentHeader, Header, InstantMessage, MessageHeaders, message::grammar};

/// What a reader finds besides the message itself.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) mime_headers: Vec<ContentHeader>,
    pub(super) message: InstantMessage,
}

pub(super) fn read(bytes: &Bytes) -> Result<Read, CpimError> {
    let blocks = Blocks::find(bytes)?;
    let head = ByteString::try_from(bytes.slice(..blocks.payload)).map_err(|_| {
        let head = bytes.get(..blocks.payload).unwrap_or_default();
        let at = str::from_utf8(head).map_or_else(|error| error.valid_up_to(), str::len);
        CpimError::Encoding { at }
    })?;
    let mime_headers = mime_headers(&head, &blocks.mime)
        .map(|field| field.map(|(_, header)| header))
        .collect::<Result<Vec<_>, _>>()?;
    if !blocks.mime.is_empty() {
        check_mime(&mime_headers)?;
    }
    let headers = message_headers(&head, blocks.message.clone())?;
    check_known(&headers, &head, blocks.message)?;
    let (content_type, content_headers) = content_headers(&head, blocks.content)?;
    let message = InstantMessage::new(content_type, bytes.slice(blocks.payload..))
        .with_headers(headers)
        .with_content_headers(content_headers);
    Ok(Read {
        mime_headers,
        message,
    })
}

fn message_headers(head: &ByteString, block: Range<usize>) -> Result<MessageHeaders, CpimError> {
    let lines = lines(head, &block);
    lines
        .map(|(at, line)| message_header(head, line, at))
        .collect()
}

/// Reads `Name:;lang=en;other=1 value`.
fn message_header(head: &ByteString, line: &str, at: usize) -> Result<Header, CpimError> {
    if line.starts_with([' ', '\t']) {
        return Err(CpimError::Folded { at });
    }
    check_controls(line, at)?;
    let (name, mut rest) = line.split_once(':').ok_or(CpimError::NoColon { at })?;
    if !grammar::is_header_name(name) {
        return Err(CpimError::HeaderName { at });
    }
    let malformed = || CpimError::Parameter {
        header: name.into(),
        at,
    };
    let mut language = None;
    let mut others = Cow::Borrowed("");
    while let Some(text) = rest.strip_prefix(';') {
        let (parameter, value, after) = grammar::parameter(text).ok_or_else(malformed)?;
        if parameter == "lang" {
            let is_valid = language.is_none() && grammar::is_language_tag(value);
            language = Some(is_valid.then_some(value).ok_or_else(malformed)?);
        } else if others.is_empty() {
            others = Cow::Borrowed(text.strip_suffix(after).unwrap_or_default());
        } else {
            others.to_mut().push(';');
            others
                .to_mut()
                .push_str(text.strip_suffix(after).unwrap_or_default());
        }
        rest = after;
    }
    let value = rest.strip_prefix(' ').unwrap_or(rest);
    let mut header = Header::new(head.slice_ref(name), escape::unescape(head, value));
    header.language = language.map(|tag| head.slice_ref(tag));
    header.parameters = match others {
        Cow::Borrowed("") => ByteString::new(),
        Cow::Borrowed(text) => head.slice_ref(text),
        Cow::Owned(text) => text.into(),
    };
    Ok(header)
}

/// Checks the values of the headers that RFC 3862 defines, wherever a namespace puts them.
fn check_known(
    headers: &MessageHeaders,
    head: &ByteString,
    block: Range<usize>,
) -> Result<(), CpimError> {
    match headers.resolved().position(|header| !header.is_sound()) {
        None => Ok(()),
        Some(index) => {
            let at = lines(head, &block)
                .nth(index)
                .map_or(block.start, |(at, _)| at);
            let header = headers.as_slice().get(index);
            let header = header.map_or_else(String::new, |header| header.name.to_string());
            Err(CpimError::Value { header, at })
        }
    }
}

/// Reads the MIME headers of the content; its type apart from the others.
fn content_headers(
    head: &ByteString,
    block: Range<usize>,
) -> Result<(ByteString, Vec<ContentHeader>), CpimError> {
    // Without a type it is plain text (RFC 2045 §5.2).
    const DEFAULT: ByteString = ByteString::from_static("text/plain");
    let mut content_type = None;
    let mut others = Vec::new();
    for field in mime_headers(head, &block) {
        let (at, header) = field?;
        if !header.name.eq_ignore_ascii_case("Content-Type") {
            others.push(header);
        } else if content_type.replace(header.value).is_some() {
            return Err(CpimError::Repeated {
                header: header.name.to_string(),
                at,
            });
        }
    }
    Ok((content_type.unwrap_or(DEFAULT), others))
}

/// Walks MIME headers with their places.
fn mime_headers<'a>(
    head: &'a ByteString,
    block: &Range<usize>,
) -> impl Iterator<Item = Result<(usize, ContentHeader), CpimError>> + use<'a> {
    let mut lines = lines(head, block);
    std::iter::from_fn(move || {
        let (at, line) = lines.next()?;
        Some(mime_header(head, at, line, &mut lines).map(|header| (at, header)))
    })
}

/// Reads one MIME header, unfolded (RFC 5322 §2.2.3).
fn mime_header(
    head: &ByteString,
    at: usize,
    line: &str,
    lines: &mut Lines<'_>,
) -> Result<ContentHeader, CpimError> {
    check_controls(line, at)?;
    let (name, value) = line.split_once(':').ok_or(CpimError::NoColon { at })?;
    if !is_field_name(name) {
        return Err(CpimError::HeaderName { at });
    }
    let mut value = Cow::Borrowed(value.trim_matches([' ', '\t']));
    while let Some((at, more)) = lines.next_if_folded() {
        check_controls(more, at)?;
        value.to_mut().push_str(more.trim_end_matches([' ', '\t']));
    }
    Ok(ContentHeader {
        name: head.slice_ref(name),
        value: match value {
            Cow::Borrowed(value) => head.slice_ref(value),
            Cow::Owned(value) => value.trim_matches([' ', '\t']).into(),
        },
    })
}

fn check_mime(headers: &[ContentHeader]) -> Result<(), CpimError> {
    let content_type = headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("Content-Type"))
        .ok_or(CpimError::NotCpim)?;
    if !super::is_cpim(&content_type.value) {
        return Err(CpimError::NotCpim);
    }
    match crate::message::text::transfer_encoding(headers) {
        Some(encoding) => Err(CpimError::TransferEncoding {
            encoding: encoding.into(),
        }),
        None => Ok(()),
    }
}

/// RFC 5322 §3.6.8.
pub(super) fn is_field_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b':')
}

fn check_controls(line: &str, at: usize) -> Result<(), CpimError> {
    match line
        .bytes()
        .position(|byte| byte.is_ascii_control() && byte != b'\t')
    {
        Some(index) => Err(CpimError::Control { at: at + index }),
        None => Ok(()),
    }
}

fn lines<'a>(head: &'a ByteString, block: &Range<usize>) -> Lines<'a> {
    Lines::new(head.get(block.clone()).unwrap_or_default(), block.start)
}
