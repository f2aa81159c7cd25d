//! The message headers of message/cpim, in order and as written.

use bytestring::ByteString;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{NameAddress, ResolvedHeader, ResolvedHeaders};

/// One message header. RFC 3862 §3.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// Its name as written, with the prefix of its namespace if it has one (`MyFeatures.VitalMessageOption`).
    pub name: ByteString,
    /// Its `lang` parameter. RFC 3862 §3.2.
    pub language: Option<ByteString>,
    /// Its other parameters as written, like `x=1;y="2"`; mostly empty.
    pub parameters: ByteString,
    /// Its value, unescaped: it may hold any character, line ends included.
    pub value: ByteString,
}

/// The message headers, in order and as written; most messages have none.
///
/// `From` and `To` are the operation's source and destination; they stand here too where a display name is known
/// or the message named several recipients. RFC 3862 §4.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageHeaders {
    headers: Vec<Header>,
}

impl Header {
    /// Makes a header without a language.
    pub fn new(name: impl Into<ByteString>, value: impl Into<ByteString>) -> Self {
        Self {
            name: name.into(),
            language: None,
            parameters: ByteString::new(),
            value: value.into(),
        }
    }

    /// Sets the language of its value (a language tag of BCP 47).
    pub fn with_language(mut self, language: impl Into<ByteString>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// Sets its other parameters, as written between semicolons.
    pub fn with_parameters(mut self, parameters: impl Into<ByteString>) -> Self {
        self.parameters = parameters.into();
        self
    }
}

impl MessageHeaders {
    /// Makes an empty list; takes no memory.
    pub const fn new() -> Self {
        Self {
            headers: Vec::new(),
        }
    }

    /// Appends a header.
    pub fn push(&mut self, header: Header) {
        self.headers.push(header);
    }

    /// The headers, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Header> + DoubleEndedIterator {
        self.headers.iter()
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.headers.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// The headers with their namespaces, in order.
    pub fn resolved(&self) -> ResolvedHeaders<'_> {
        ResolvedHeaders::new(&self.headers)
    }

    /// The first header of that name in that namespace, whatever its prefix is here.
    pub fn find(&self, namespace: &str, name: &str) -> Option<&Header> {
        self.resolved()
            .find(|resolved| resolved.name == name && resolved.namespace == Some(namespace))
            .map(|resolved| resolved.header)
    }

    /// The subjects, in order; the first is the sender's preferred one. RFC 3862 §4.5.
    pub fn subjects(&self) -> impl Iterator<Item = &Header> {
        self.cpim("Subject")
    }

    /// The subject that suits a reader of `language` best.
    ///
    /// The longest match of the tag, then one without a language, then the first. RFC 4647 §3.4.
    pub fn subject_for(&self, language: &str) -> Option<&Header> {
        let with = |range: &str| {
            self.subjects().find(|subject| {
                let tag = subject.language.as_deref();
                tag.is_some_and(|tag| tag.eq_ignore_ascii_case(range))
            })
        };
        let mut range = language;
        loop {
            if let Some(subject) = with(range) {
                return Some(subject);
            }
            match range.rsplit_once('-') {
                Some((shorter, _)) => range = shorter,
                None => break,
            }
        }
        self.subjects()
            .find(|subject| subject.language.is_none())
            .or_else(|| self.subjects().next())
    }

    /// The sender. RFC 3862 §4.1.
    pub fn from(&self) -> Option<NameAddress> {
        self.cpim("From")
            .find_map(|header| NameAddress::parse(&header.value))
    }

    /// The recipients, in order. RFC 3862 §4.2.
    pub fn to(&self) -> impl Iterator<Item = NameAddress> {
        self.cpim("To")
            .filter_map(|header| NameAddress::parse(&header.value))
    }

    /// Those who get a courtesy copy, in order. RFC 3862 §4.3.
    pub fn cc(&self) -> impl Iterator<Item = NameAddress> {
        self.cpim("cc")
            .filter_map(|header| NameAddress::parse(&header.value))
    }

    /// When the sender says it was sent. RFC 3862 §4.4.
    pub fn date_time(&self) -> Option<OffsetDateTime> {
        self.cpim("DateTime")
            .find_map(|header| OffsetDateTime::parse(&header.value, &Rfc3339).ok())
    }

    /// The names that the recipient must understand, as written. RFC 3862 §4.7.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        self.cpim("Require")
            .flat_map(|header| required_names(&header.value))
    }

    /// The first required name that is neither RFC 3862's own nor among `known` namespaces and names.
    ///
    /// A message with one must be refused, and the refusal should name it. RFC 3862 §3.5.
    pub fn unknown_requirement(&self, known: &[(&str, &str)]) -> Option<&str> {
        let mut headers = self.resolved();
        while let Some(resolved) = headers.next() {
            if !resolved.is_cpim("Require") {
                continue;
            }
            for required in required_names(&resolved.header.value) {
                let is_known = match headers.resolve(required) {
                    (Some(namespace), name) => {
                        known.contains(&(namespace, name))
                            || namespace == super::CPIM_HEADERS && CORE.contains(&name)
                            || namespace == super::RIALTO_HEADERS && name == "Thread"
                    }
                    (None, _) => false,
                };
                if !is_known {
                    return Some(required);
                }
            }
        }
        None
    }

    pub(crate) fn as_slice(&self) -> &[Header] {
        &self.headers
    }

    pub(crate) fn remove(&mut self, index: usize) -> Option<Header> {
        (index < self.headers.len()).then(|| self.headers.remove(index))
    }

    fn cpim(&self, name: &str) -> impl Iterator<Item = &Header> {
        self.resolved()
            .filter(move |resolved: &ResolvedHeader<'_>| resolved.is_cpim(name))
            .map(|resolved| resolved.header)
    }
}

/// The headers that RFC 3862 itself defines: always understood (draft-ietf-impp-cpim-03 appendix A).
const CORE: [&str; 7] = ["From", "To", "cc", "DateTime", "Subject", "NS", "Require"];

fn required_names(value: &str) -> impl Iterator<Item = &str> {
    value
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

impl FromIterator<Header> for MessageHeaders {
    fn from_iter<I: IntoIterator<Item = Header>>(headers: I) -> Self {
        Self {
            headers: headers.into_iter().collect(),
        }
    }
}
