//! Parameters of header fields.

use std::borrow::Cow;

use crate::{
    DecodeError,
    lex::{Cursor, is_token, is_value_byte},
};

/// The `;name=value` parameters after a header field's value, in order.
///
/// Only a checked text gets here, so that looking cannot fail. RFC 3261 §7.3.1.
#[derive(Clone, Copy, Debug, Default)]
pub struct Params<'a>(&'a str);

impl<'a> Params<'a> {
    /// Reads parameters up to the end, or to the comma that ends this element of a list.
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        Self::read_each(cursor, |_| Ok(()))
    }

    /// Reads parameters likewise, and shows each to `look` on the way.
    pub(crate) fn read_each(
        cursor: &mut Cursor<'a>,
        mut look: impl FnMut(&Param<'a>) -> Result<(), DecodeError>,
    ) -> Result<Self, DecodeError> {
        let start = cursor.at();
        while cursor.eat_separator(b';') {
            look(&Self::read_one(cursor)?)?;
        }
        Ok(Self(cursor.since(start)))
    }

    fn read_one(cursor: &mut Cursor<'a>) -> Result<Param<'a>, DecodeError> {
        let name = cursor.token()?;
        if !cursor.eat_separator(b'=') {
            return Ok(Param { name, value: None });
        }
        let value = if cursor.peek() == Some(b'"') {
            ParamValue::Quoted(cursor.quoted_string()?)
        } else {
            match cursor.take_while(is_value_byte) {
                "" => return Err(cursor.expected("parameter value")),
                value => ParamValue::Token(value),
            }
        };
        Ok(Param {
            name,
            value: Some(value),
        })
    }

    /// Goes through the parameters.
    pub fn iter(&self) -> impl Iterator<Item = Param<'a>> + use<'a> {
        let mut cursor = Cursor::new(crate::HeaderName::Other, 0, self.0);
        std::iter::from_fn(move || {
            cursor
                .eat_separator(b';')
                .then(|| Self::read_one(&mut cursor).ok())
                .flatten()
        })
    }

    /// Finds the first of a name, in any case.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Param<'a>> {
        self.iter()
            .find(|param| param.name.eq_ignore_ascii_case(name))
    }

    /// Finds the text of a parameter that is no quoted string.
    #[must_use]
    pub fn token(&self, name: &str) -> Option<&'a str> {
        match self.find(name)?.value? {
            ParamValue::Token(text) => Some(text),
            ParamValue::Quoted(_) => None,
        }
    }

    /// The text as it stands, from the first semicolon on.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

/// One parameter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Param<'a> {
    /// The name; compare it without regard to case.
    pub name: &'a str,
    /// What follows the equals sign.
    pub value: Option<ParamValue<'a>>,
}

impl<'a> Param<'a> {
    /// The value, when it is a token.
    pub(crate) fn as_token(&self) -> Option<&'a str> {
        match self.value {
            Some(ParamValue::Token(text)) if is_token(text) => Some(text),
            _ => None,
        }
    }
}

/// The value of a parameter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ParamValue<'a> {
    /// A token, host or address.
    Token(&'a str),
    /// What stands between the quotes, escapes as they are.
    Quoted(&'a str),
}

impl<'a> ParamValue<'a> {
    /// The text without quotes and escapes.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        match *self {
            Self::Token(text) => Cow::Borrowed(text),
            Self::Quoted(text) => unquoted(text),
        }
    }
}

/// Takes the escapes and folding out of what stood between quotes.
pub(crate) fn unquoted(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'\\' | b'\r')) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            '\r' | '\n' => {}
            other => plain.push(other),
        }
    }
    Cow::Owned(plain)
}
