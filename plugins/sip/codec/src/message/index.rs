//! Where the header fields of a message are.

use super::Line;
use crate::{
    DecodeError, HeaderName, lex,
    limits::{INLINE_HEADERS, MAX_HEAD_LENGTH, MAX_HEADERS},
};

/// One header field as it stands in the message.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    name: HeaderName,
    name_text: &'a str,
    value: &'a [u8],
    /// The value, when it is known to be UTF-8.
    text: Option<&'a str>,
    at: usize,
    is_folded: bool,
}

impl<'a> Header<'a> {
    /// Which header field it is.
    #[must_use]
    pub const fn name(&self) -> HeaderName {
        self.name
    }

    /// The name as it was written.
    #[must_use]
    pub const fn name_text(&self) -> &'a str {
        self.name_text
    }

    /// The value without white space around it; it may be folded, and need not be UTF-8.
    #[must_use]
    pub const fn value(&self) -> &'a [u8] {
        self.value
    }

    /// The value as text, folding as it stands.
    ///
    /// # Errors
    ///
    /// It is not UTF-8.
    pub fn text(&self) -> Result<&'a str, DecodeError> {
        if let Some(text) = self.text {
            return Ok(text);
        }
        std::str::from_utf8(self.value).map_err(|error| DecodeError::Malformed {
            header: self.name,
            at: self.at + error.valid_up_to(),
            expected: "UTF-8",
        })
    }

    /// The byte of the message where the value begins.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// Whether the value goes over more than one line.
    #[must_use]
    pub const fn is_folded(&self) -> bool {
        self.is_folded
    }
}

/// The places of header fields; without allocation up to a usual count.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    length: usize,
    inline: [Entry; INLINE_HEADERS],
    more: Vec<Entry>,
    /// For each name, one more than the place of its first entry; 0 is none.
    first: [u16; HeaderName::COUNT],
    /// For each name, the bit of its number: whether it came again.
    repeated: u64,
}

// A header field's last byte is followed by at least four more: CRLF CRLF.
const _: () = assert!(MAX_HEAD_LENGTH <= 1 << 16, "offsets fit 16 bits");
const _: () = assert!(HeaderName::COUNT <= 64, "one bit for each name");

#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    name: HeaderName,
    is_folded: bool,
    name_at: u16,
    name_length: u16,
    value_at: u16,
    value_length: u16,
}

impl Index {
    pub(crate) const fn new() -> Self {
        let empty = Entry {
            name: HeaderName::Other,
            is_folded: false,
            name_at: 0,
            name_length: 0,
            value_at: 0,
            value_length: 0,
        };
        Self {
            length: 0,
            inline: [empty; INLINE_HEADERS],
            more: Vec::new(),
            first: [0; HeaderName::COUNT],
            repeated: 0,
        }
    }

    pub(crate) fn push(&mut self, entry: Entry) -> Result<(), DecodeError> {
        if self.length >= MAX_HEADERS {
            return Err(DecodeError::TooManyHeaders { limit: MAX_HEADERS });
        }
        match self.inline.get_mut(self.length) {
            Some(slot) => *slot = entry,
            None => self.more.push(entry),
        }
        self.length += 1;
        match self.first.get_mut(entry.name as usize) {
            Some(first @ 0) => *first = u16::try_from(self.length).unwrap_or(u16::MAX),
            _ => self.repeated |= 1 << (entry.name as u8),
        }
        Ok(())
    }

    pub(crate) const fn is_repeated(&self, name: HeaderName) -> bool {
        self.repeated & 1 << (name as u8) != 0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> + Clone {
        self.inline.iter().take(self.length).chain(&self.more)
    }

    /// The entries of one name, in order.
    pub(crate) fn named(&self, name: HeaderName) -> impl Iterator<Item = &Entry> + Clone {
        let first = self.first.get(name as usize).copied().unwrap_or(0);
        let count = if first == 0 { 0 } else { self.length };
        self.iter()
            .take(count)
            .skip(usize::from(first).saturating_sub(1))
            .filter(move |entry| entry.name == name)
    }

    pub(crate) fn first(&self, name: HeaderName) -> Option<&Entry> {
        let place = usize::from(*self.first.get(name as usize)?).checked_sub(1)?;
        match place.checked_sub(INLINE_HEADERS) {
            None => self.inline.get(place),
            Some(place) => self.more.get(place),
        }
    }
}

impl Entry {
    /// Reads one header line.
    pub(crate) fn read(line: &Line<'_>) -> Result<Self, DecodeError> {
        let malformed = DecodeError::HeaderLine { at: line.at };
        let text = line.text;
        let (name_text, value) = text
            .iter()
            .position(|byte| *byte == b':')
            .and_then(|colon| Some((text.get(..colon)?, text.get(colon + 1..)?)))
            .ok_or(malformed)?;
        let (name_text, value) = (lex::trim_end(name_text), lex::trim_start(value));
        let name = HeaderName::parse(name_text);
        if name == HeaderName::Other && !lex::is_token(name_text) {
            return Err(malformed);
        }
        let offset = |at: usize| u16::try_from(at).map_err(|_| malformed);
        Ok(Self {
            name,
            is_folded: line.is_folded,
            name_at: offset(line.at)?,
            name_length: offset(name_text.len())?,
            value_at: offset(line.at + text.len() - value.len())?,
            value_length: offset(lex::trim_end(value).len())?,
        })
    }

    /// Where the value begins.
    pub(super) fn at(&self) -> usize {
        usize::from(self.value_at)
    }

    /// The value as text, if that is known; quicker than the whole header field.
    pub(super) fn text<'a>(&self, head: &'a str) -> Option<&'a str> {
        head.get(self.at()..self.at() + usize::from(self.value_length))
    }

    /// The header field in its message, of which `head` is the part that is known to be UTF-8.
    pub(crate) fn header<'a>(&self, bytes: &'a [u8], head: &'a str) -> Header<'a> {
        let range = |at: u16, length: u16| usize::from(at)..usize::from(at) + usize::from(length);
        let name = range(self.name_at, self.name_length);
        let name_text = head.get(name.clone()).or_else(|| {
            // It stands behind what is not UTF-8.
            std::str::from_utf8(bytes.get(name)?).ok()
        });
        Header {
            name: self.name,
            name_text: name_text.unwrap_or_default(),
            value: bytes
                .get(range(self.value_at, self.value_length))
                .unwrap_or_default(),
            text: self.text(head),
            at: self.at(),
            is_folded: self.is_folded,
        }
    }
}
