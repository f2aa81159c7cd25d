//! The text that a chat can show.

use mail_parser::{
    HeaderName, MessagePart, MimeHeaders,
    decoders::{
        base64::base64_decode, charsets::map::charset_decoder,
        quoted_printable::quoted_printable_decode,
    },
};

use super::{Mail, html::text_of_html};
use crate::limits::MAX_TEXT;

/// The text of a message, as a chat shows it: LF between lines, none at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShownText {
    /// The text.
    pub text: String,
    /// Where it comes from.
    pub source: TextSource,
    /// Whether there was more than [`MAX_TEXT`] of it.
    pub is_cut: bool,
}

/// What a text was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextSource {
    /// `text/plain`, or a body that says nothing.
    Plain,
    /// `text/html`, since there was no plain text.
    Html,
}

impl Mail<'_> {
    /// The text to show: all inline `text/plain` there is, in its order, else the text of the HTML.
    ///
    /// Nothing if there is none, or only in attachments. Of what is signed it is a reading, not a part; of what is
    /// encrypted there is none.
    #[must_use]
    pub fn shown_text(&self) -> Option<ShownText> {
        let parts = || {
            let ids = self.parsed.text_body.iter();
            ids.filter_map(|id| self.parsed.parts.get(*id as usize))
        };
        let is_plain = |part: &&MessagePart<'_>| part.is_text() && !part.is_text_html();
        let source = if parts().any(|part| is_plain(&part)) {
            TextSource::Plain
        } else {
            TextSource::Html
        };
        let mut text = String::new();
        let mut found = false;
        for part in parts() {
            let piece = match source {
                TextSource::Plain if is_plain(&part) => self.decoded_text(part),
                TextSource::Html if part.is_text_html() => text_of_html(&self.decoded_text(part)),
                _ => continue,
            };
            if found && !text.ends_with('\n') {
                text.push('\n');
            }
            found = true;
            push_lines(&mut text, &piece);
            if text.len() > MAX_TEXT {
                break;
            }
        }
        let is_cut = text.len() > MAX_TEXT;
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        text.truncate(text.trim_end().len());
        found.then_some(ShownText {
            text,
            source,
            is_cut,
        })
    }

    /// A part's body with its transfer encoding undone; as it stands if that is wrong.
    pub(super) fn decoded(&self, part: &MessagePart<'_>) -> std::borrow::Cow<'_, [u8]> {
        let body = self.raw_body(part);
        let decoded = match self.transfer_encoding(part).as_deref() {
            Some("base64") => base64_decode(body),
            Some("quoted-printable") => quoted_printable_decode(body),
            _ => None,
        };
        decoded.map_or_else(|| body.into(), Into::into)
    }

    /// Content-Transfer-Encoding in lower case, which the parser was told to pass by.
    pub(super) fn transfer_encoding(&self, part: &MessagePart<'_>) -> Option<String> {
        let header = part
            .headers
            .iter()
            .find(|header| header.name == HeaderName::ContentTransferEncoding)?;
        let value = self
            .raw
            .get(header.offset_start as usize..header.offset_end as usize)?;
        let value = std::str::from_utf8(value).ok()?;
        let end = |char: char| char.is_whitespace() || char == ';' || char == '(';
        Some(value.trim().split(end).next()?.to_ascii_lowercase())
    }

    pub(super) fn decoded_text(&self, part: &MessagePart<'_>) -> String {
        let bytes = self.decoded(part);
        let charset = part
            .content_type()
            .and_then(|kind| kind.attribute("charset"));
        let text = match charset.and_then(|charset| charset_decoder(charset.as_bytes())) {
            Some(decode) => decode(&bytes),
            None => String::from_utf8_lossy(&bytes).into_owned(),
        };
        if is_flowed(part) {
            unflowed(&text, deletes_space(part))
        } else {
            text
        }
    }
}

/// RFC 3676 §4.
fn is_flowed(part: &MessagePart<'_>) -> bool {
    parameter_is(part, "format", "flowed")
}

fn deletes_space(part: &MessagePart<'_>) -> Deletes {
    if parameter_is(part, "delsp", "yes") {
        Deletes::Space
    } else {
        Deletes::Nothing
    }
}

fn parameter_is(part: &MessagePart<'_>, name: &str, value: &str) -> bool {
    let found = part.content_type().and_then(|kind| kind.attribute(name));
    found.is_some_and(|found| found.eq_ignore_ascii_case(value))
}

/// Whether the space at the end of a flowed line belongs to the text (DelSp).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deletes {
    Nothing,
    Space,
}

/// Joins the lines that a sender broke for width, RFC 3676 §4.4. A signature's line is fixed though it ends in a space.
fn unflowed(text: &str, deletes: Deletes) -> String {
    let mut output = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let depth = line.bytes().take_while(|byte| *byte == b'>').count();
        let (quote, rest) = line.split_at_checked(depth).unwrap_or(("", line));
        let content = rest.strip_prefix(' ').unwrap_or(rest);
        if open != Some(depth) || content == "-- " {
            if !output.is_empty() {
                output.push('\n');
            }
            output.push_str(quote);
            if depth > 0 {
                output.push(' ');
            }
        }
        let flows = content.ends_with(' ') && content != "-- ";
        let kept = match deletes {
            Deletes::Space if flows => content.strip_suffix(' ').unwrap_or(content),
            _ => content,
        };
        output.push_str(kept);
        open = flows.then_some(depth);
    }
    output
}

/// Adds lines with LF between them, whatever ended them before.
fn push_lines(text: &mut String, piece: &str) {
    for line in piece.lines() {
        text.push_str(line.trim_end_matches('\r'));
        text.push('\n');
    }
}
