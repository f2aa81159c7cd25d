//! From, To, Contact and all other header fields that hold an address.

use std::borrow::Cow;

use super::{Params, params::unquoted};
use crate::{
    DecodeError, Uri,
    lex::{Cursor, is_space, is_token_byte},
};

/// A URI with what stands around it (RFC 3261 §20.10).
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    display_name: DisplayName<'a>,
    uri: Uri<'a>,
    uri_text: &'a str,
    tag: Option<&'a str>,
    params: Params<'a>,
}

impl<'a> Address<'a> {
    /// Reads one value, up to the end or to a comma.
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let (display_name, start, uri_text) = match Self::read_display_name(cursor)? {
            Some(display_name) => {
                let start = cursor.at();
                let uri_text = cursor.take_while(|byte| byte != b'>');
                if !cursor.eat(b'>') {
                    return Err(cursor.expected("closing angle bracket"));
                }
                (display_name, start, uri_text)
            }
            None => {
                let start = cursor.at();
                let ends = |byte| is_space(byte) || matches!(byte, b';' | b',' | b'?');
                let uri_text = cursor.take_while(|byte| !ends(byte));
                if cursor.peek() == Some(b'?') {
                    return Err(cursor.expected("angle brackets around a URI with headers"));
                }
                (DisplayName::None, start, uri_text)
            }
        };
        let uri = Uri::parse(uri_text)
            .map_err(|error| cursor.expected_at(start + error.at, error.expected))?;
        let mut tag = None;
        let malformed = cursor.expected("one tag, a token");
        let params = Params::read_each(cursor, |param| {
            if !param.name.eq_ignore_ascii_case("tag") {
                return Ok(());
            }
            let value = param.as_token().ok_or(malformed)?;
            match tag.replace(value) {
                None => Ok(()),
                Some(_) => Err(malformed),
            }
        })?;
        Ok(Self {
            display_name,
            uri,
            uri_text,
            tag,
            params,
        })
    }

    /// Reads up to the bracket that opens the URI; `None` when there is no bracket.
    fn read_display_name(cursor: &mut Cursor<'a>) -> Result<Option<DisplayName<'a>>, DecodeError> {
        if cursor.peek() == Some(b'"') {
            let name = cursor.quoted_string()?;
            cursor.skip_space();
            return if cursor.eat(b'<') {
                Ok(Some(DisplayName::Quoted(name)))
            } else {
                Err(cursor.expected("opening angle bracket"))
            };
        }
        if cursor.eat(b'<') {
            return Ok(Some(DisplayName::None));
        }
        let mut ahead = cursor.clone();
        let start = ahead.at();
        let name = ahead.take_while(|byte| is_token_byte(byte) || is_space(byte));
        let end = start + name.trim_end_matches([' ', '\t', '\r', '\n']).len();
        if ahead.eat(b'<') {
            let name = name.get(..end - start).unwrap_or_default();
            *cursor = ahead;
            return Ok(Some(DisplayName::Tokens(name)));
        }
        Ok(None)
    }

    /// The name to show; `None` when there is none or an empty one.
    #[must_use]
    pub fn display_name(&self) -> Option<Cow<'a, str>> {
        match self.display_name {
            DisplayName::None | DisplayName::Quoted("") | DisplayName::Tokens("") => None,
            DisplayName::Quoted(text) => Some(unquoted(text)),
            DisplayName::Tokens(text) if text.bytes().any(|byte| byte == b'\r') => Some(
                Cow::Owned(text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")),
            ),
            DisplayName::Tokens(text) => Some(Cow::Borrowed(text)),
        }
    }

    /// The URI.
    #[must_use]
    pub const fn uri(&self) -> Uri<'a> {
        self.uri
    }

    /// The URI as it was written.
    #[must_use]
    pub const fn uri_text(&self) -> &'a str {
        self.uri_text
    }

    /// The tag.
    #[must_use]
    pub const fn tag(&self) -> Option<&'a str> {
        self.tag
    }

    /// The parameters after the URI.
    #[must_use]
    pub const fn params(&self) -> Params<'a> {
        self.params
    }
}

/// A display name as it was written.
#[derive(Clone, Copy, Debug)]
enum DisplayName<'a> {
    None,
    Quoted(&'a str),
    Tokens(&'a str),
}
