//! Writes a message as message/cpim, strictly.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    CpimWriteError, MAX_HEAD_LEN, MAX_HEADER_LEN, MAX_HEADERS, MAX_LEN,
    blocks::is_mime_header,
    escape::{escape_inner_into, escape_into, escape_tail_into},
    reader::is_field_name,
};
use crate::{
    ContentHeader, Header, InstantMessage,
    message::{RIALTO_HEADERS, ResolvedHeader, grammar, name_address::quoted_name},
};

/// Appends headers, content headers and payload; leaves `out` as it was when something cannot be written.
pub(super) fn write(message: &InstantMessage, out: &mut Vec<u8>) -> Result<(), CpimWriteError> {
    let begin = out.len();
    let written = write_head(message, out).and_then(|()| check_size(message, out.len() - begin));
    match written {
        Ok(()) => out.extend_from_slice(message.payload().as_bytes()),
        Err(_) => out.truncate(begin),
    }
    written
}

/// The form of RFC 3339.
pub(crate) fn date_time(date_time: OffsetDateTime) -> Result<String, CpimWriteError> {
    date_time
        .format(&Rfc3339)
        .map_err(|_| CpimWriteError::DateTime)
}

fn write_head(message: &InstantMessage, out: &mut Vec<u8>) -> Result<(), CpimWriteError> {
    for resolved in message.headers().resolved() {
        write_header(&resolved, out)?;
    }
    if let Some(thread) = message.thread() {
        // Last, so that the declaration changes the meaning of no other header.
        out.extend_from_slice(b"NS: Rialto <");
        out.extend_from_slice(RIALTO_HEADERS.as_bytes());
        out.extend_from_slice(b">\r\nRialto.Thread: ");
        escape_into(out, thread);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    write_content_header("Content-Type", message.content_type(), out)?;
    for header in message.content_headers() {
        let ContentHeader { name, value } = header;
        if !is_field_name(name) || name.eq_ignore_ascii_case("Content-Type") {
            return Err(CpimWriteError::HeaderName {
                name: visible(name),
            });
        }
        write_content_header(name, value, out)?;
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

fn write_header(resolved: &ResolvedHeader<'_>, out: &mut Vec<u8>) -> Result<(), CpimWriteError> {
    let begin = out.len();
    let Header { name, value, .. } = resolved.header;
    if !resolved.is_sound() {
        return Err(CpimWriteError::Value {
            header: name.to_string(),
        });
    }
    write_name(resolved.header, out)?;
    match quoted_name(value).filter(|_| resolved.is_address()) {
        Some((name, rest)) => {
            out.push(b'"');
            escape_inner_into(out, name, '"');
            out.push(b'"');
            escape_tail_into(out, rest);
        }
        None => escape_into(out, value),
    }
    out.extend_from_slice(b"\r\n");
    check_header_len(name, out.len() - begin)
}

/// Writes all that stands before the value.
fn write_name(header: &Header, out: &mut Vec<u8>) -> Result<(), CpimWriteError> {
    let name = &header.name;
    if !grammar::is_header_name(name) || is_mime_name(name) {
        return Err(CpimWriteError::HeaderName {
            name: visible(name),
        });
    }
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    if let Some(tag) = &header.language {
        if !grammar::is_language_tag(tag) {
            return Err(CpimWriteError::Language {
                header: name.to_string(),
            });
        }
        out.extend_from_slice(b";lang=");
        out.extend_from_slice(tag.as_bytes());
    }
    if !header.parameters.is_empty() {
        if !grammar::is_parameters(&header.parameters) {
            return Err(CpimWriteError::Parameters {
                header: name.to_string(),
            });
        }
        out.push(b';');
        out.extend_from_slice(header.parameters.as_bytes());
    }
    out.push(b' ');
    Ok(())
}

fn write_content_header(name: &str, value: &str, out: &mut Vec<u8>) -> Result<(), CpimWriteError> {
    if value
        .bytes()
        .any(|byte| byte.is_ascii_control() && byte != b'\t')
    {
        return Err(CpimWriteError::Value {
            header: name.into(),
        });
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
    check_header_len(name, name.len() + value.len() + 4)
}

fn check_header_len(name: &str, len: usize) -> Result<(), CpimWriteError> {
    match len <= MAX_HEADER_LEN {
        true => Ok(()),
        false => Err(CpimWriteError::Value {
            header: name.into(),
        }),
    }
}

fn check_size(message: &InstantMessage, head: usize) -> Result<(), CpimWriteError> {
    let own = if message.thread().is_some() { 3 } else { 1 };
    let headers = message.headers().len() + message.content_headers().len() + own;
    let limit = |what, max| Err(CpimWriteError::TooLarge { what, max });
    match head.saturating_add(message.payload().len()) {
        _ if headers > MAX_HEADERS => limit("headers", MAX_HEADERS),
        _ if head > MAX_HEAD_LEN => limit("bytes of headers", MAX_HEAD_LEN),
        len if len > MAX_LEN => limit("bytes", MAX_LEN),
        _ => Ok(()),
    }
}

/// Names that a reader would take for the beginning of MIME headers.
fn is_mime_name(name: &str) -> bool {
    is_mime_header(name.as_bytes()) || name.eq_ignore_ascii_case("MIME-Version")
}

fn visible(name: &str) -> String {
    const SHOWN: usize = 80;
    name.chars()
        .take(SHOWN)
        .flat_map(char::escape_default)
        .collect()
}
