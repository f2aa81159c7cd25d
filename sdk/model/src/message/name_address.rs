//! The value of `From`, `To` and `cc`.

use std::fmt;

use bytestring::ByteString;

use super::grammar;
use crate::{AddressError, InstantInbox};

/// An address with the name that people know it by: `Winnie the Pooh <im:pooh@100akerwood.com>`.
///
/// The URI may be of any scheme (`tel:`, `mailto:`); only its outer form is checked. RFC 3862 §4.1.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameAddress {
    display_name: Option<ByteString>,
    uri: ByteString,
}

impl NameAddress {
    /// Makes one; `None` when `uri` is no absolute URI.
    pub fn new(display_name: Option<ByteString>, uri: ByteString) -> Option<Self> {
        let display_name = display_name.filter(|name| !name.is_empty());
        grammar::is_absolute_uri(&uri).then_some(Self { display_name, uri })
    }

    /// Reads the unescaped value of a header; shares its text. A URI without `<` and `>` is taken too.
    pub fn parse(value: &ByteString) -> Option<Self> {
        let (name, uri) = split(value)?;
        let name = unquote(name);
        let display_name = (!name.is_empty()).then(|| value.slice_ref(name));
        Some(Self {
            display_name,
            uri: value.slice_ref(uri),
        })
    }

    /// The formal name, neither quoted nor escaped.
    pub const fn display_name(&self) -> Option<&ByteString> {
        self.display_name.as_ref()
    }

    /// The address as written.
    pub const fn uri(&self) -> &ByteString {
        &self.uri
    }

    /// The address as an instant inbox.
    pub fn inbox(&self) -> Result<InstantInbox, AddressError> {
        InstantInbox::from_shared(self.uri.clone())
    }
}

impl From<&InstantInbox> for NameAddress {
    fn from(inbox: &InstantInbox) -> Self {
        Self {
            display_name: None,
            uri: inbox.uri().clone(),
        }
    }
}

/// Writes the value of a header, not escaped: that is the writer's.
impl fmt::Display for NameAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.display_name {
            Some(name) if is_tokens(name) => write!(f, "{name} ")?,
            Some(name) => write!(f, "\"{name}\" ")?,
            None => {}
        }
        write!(f, "<{}>", self.uri)
    }
}

/// Whether the value of a header is a name and an address.
pub(crate) fn is_name_address(value: &str) -> bool {
    split(value).is_some()
}

/// The text between the outer quotation marks of a name, if it has them, and its place in `value`.
pub(crate) fn quoted_name(value: &str) -> Option<(&str, &str)> {
    let (name, _) = value.rsplit_once('<')?;
    let inner = name
        .trim_end_matches([' ', '\t'])
        .strip_prefix('"')?
        .strip_suffix('"')?;
    let rest = value.get(inner.len() + 2..)?;
    Some((inner, rest))
}

fn split(value: &str) -> Option<(&str, &str)> {
    let value = value.trim_matches([' ', '\t']);
    let (name, uri) = match value.strip_suffix('>') {
        Some(value) => value.rsplit_once('<')?,
        None => ("", value),
    };
    grammar::is_absolute_uri(uri).then_some((name.trim_matches([' ', '\t']), uri))
}

fn unquote(name: &str) -> &str {
    name.strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'))
        .unwrap_or(name)
}

/// Whether a name needs no quotation marks: tokens with one space after each.
fn is_tokens(name: &str) -> bool {
    name.split(' ').all(|token| {
        let is_token = |c: char| {
            !c.is_control()
                && (!c.is_ascii() || c == '.' || grammar::is_name(c.encode_utf8(&mut [0; 4])))
        };
        !token.is_empty() && token.chars().all(is_token)
    })
}
