//! A parsed view of a content type.

use std::borrow::Cow;

use thiserror::Error;

/// A MIME type and its parameters, borrowed from the text. RFC 2045 §5.1.
///
/// Types, names of parameters and `charset` compare without regard to case.
#[derive(Clone, Copy, Debug)]
pub struct ContentType<'a> {
    top_level: &'a str,
    subtype: &'a str,
    parameters: &'a str,
}

/// Why a text is no content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ContentTypeError {
    /// It does not begin with a type, `/` and a subtype.
    #[error("the content type does not begin with type/subtype")]
    Type,
    /// A parameter has no name, no value or no end.
    #[error("the parameter at byte {at} of the content type is malformed")]
    Parameter {
        /// Where it begins.
        at: usize,
    },
}

impl<'a> ContentType<'a> {
    /// Checks a content type; it need not be in any case or spacing.
    pub fn parse(text: &'a str) -> Result<Self, ContentTypeError> {
        let (essence, parameters) = match text.find(';') {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
        let (top_level, subtype) = essence
            .trim()
            .split_once('/')
            .filter(|(top_level, subtype)| is_token(top_level) && is_token(subtype))
            .ok_or(ContentTypeError::Type)?;
        let mut rest = parameters;
        while !rest.is_empty() {
            let at = text.len() - rest.len();
            (_, rest) = next(rest).ok_or(ContentTypeError::Parameter { at })?;
        }
        Ok(Self {
            top_level,
            subtype,
            parameters,
        })
    }

    /// The type as written, like `text`.
    pub const fn top_level(&self) -> &'a str {
        self.top_level
    }

    /// The subtype as written, like `plain`.
    pub const fn subtype(&self) -> &'a str {
        self.subtype
    }

    /// Whether it is this type, whatever its parameters.
    pub fn is(&self, top_level: &str, subtype: &str) -> bool {
        self.top_level.eq_ignore_ascii_case(top_level) && self.subtype.eq_ignore_ascii_case(subtype)
    }

    /// The value of the first parameter of that name, unquoted.
    pub fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        self.parameters()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The parameters, in order: names as written, values unquoted.
    pub fn parameters(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + use<'a> {
        let mut rest = self.parameters;
        std::iter::from_fn(move || {
            loop {
                let parameter;
                (parameter, rest) = next(rest)?;
                if let Some((name, value)) = parameter {
                    return Some((name, unquote(value)));
                }
            }
        })
    }

    /// The character set, if it names one.
    pub fn charset(&self) -> Option<Cow<'a, str>> {
        self.parameter("charset")
    }
}

/// Takes one `;` and the name and value after it off the front; `;` alone is borne with.
fn next(text: &str) -> Option<(Option<(&str, &str)>, &str)> {
    let text = text.strip_prefix(';')?.trim_start();
    if text.is_empty() || text.starts_with(';') {
        return Some((None, text));
    }
    let (name, rest) = text.split_once('=')?;
    let (name, rest) = (name.trim_end(), rest.trim_start());
    let quoted = rest.starts_with('"');
    let end = match quoted {
        true => super::grammar::quoted_len(rest)?,
        false => rest.find(';').unwrap_or(rest.len()),
    };
    let (value, rest) = rest.split_at_checked(end)?;
    let value = value.trim_end();
    let rest = rest.trim_start();
    let ended = rest.is_empty() || rest.starts_with(';');
    let valid = is_token(name) && (quoted || is_value(value)) && ended;
    valid.then_some((Some((name, value)), rest))
}

/// An unquoted value; borne with is what should be quoted, as RFC 3862 §5.2 itself does not (`application/pkcs7-signature`).
fn is_value(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"')
}

/// A token of RFC 2045 §5.1.
fn is_token(text: &str) -> bool {
    const TSPECIALS: &[u8] = b"()<>@,;:\\\"/[]?=";
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !TSPECIALS.contains(&byte))
}

fn unquote(value: &str) -> Cow<'_, str> {
    let inner = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'));
    match inner {
        None => Cow::Borrowed(value),
        Some(inner) if !inner.contains('\\') => Cow::Borrowed(inner),
        Some(inner) => {
            let mut characters = inner.chars();
            let unescaped = std::iter::from_fn(|| match characters.next()? {
                '\\' => characters.next(),
                character => Some(character),
            });
            Cow::Owned(unescaped.collect())
        }
    }
}
