//! The message headers of message/cpim, in order and as written.

use bytestring::ByteString;

/// One message header. RFC 3862 §3.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// Its name as written, with the prefix of its namespace if it has one (`MyFeatures.VitalMessageOption`).
    pub name: ByteString,
    /// Its `lang` parameter. RFC 3862 §3.2.
    pub language: Option<ByteString>,
    /// Its value, unescaped.
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
            value: value.into(),
        }
    }

    /// Sets the language of its value (a language tag of BCP 47).
    pub fn with_language(mut self, language: impl Into<ByteString>) -> Self {
        self.language = Some(language.into());
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

    /// The subjects, in order; the first is the sender's preferred one. RFC 3862 §4.6.
    pub fn subjects(&self) -> impl Iterator<Item = &Header> {
        self.headers
            .iter()
            .filter(|header| header.name == "Subject")
    }
}

impl FromIterator<Header> for MessageHeaders {
    fn from_iter<I: IntoIterator<Item = Header>>(headers: I) -> Self {
        Self {
            headers: headers.into_iter().collect(),
        }
    }
}
