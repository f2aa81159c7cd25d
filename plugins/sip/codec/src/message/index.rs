//! Where the header fields of a message are.

use crate::{
    DecodeError, HeaderName, lex,
    limits::{INLINE_HEADERS, MAX_HEADERS, MAX_MESSAGE_LENGTH},
};

/// One header field as it stands in the message.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    pub(crate) name: HeaderName,
    pub(crate) name_text: &'a str,
    pub(crate) value: &'a [u8],
    pub(crate) at: usize,
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

    /// The byte of the message where the value begins.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
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
const _: () = assert!(MAX_MESSAGE_LENGTH <= 1 << 16, "offsets fit 16 bits");
const _: () = assert!(HeaderName::COUNT <= 64, "one bit for each name");

#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    name: HeaderName,
    name_at: u16,
    name_length: u16,
    value_at: u16,
    value_length: u16,
}

impl Index {
    pub(crate) const fn new() -> Self {
        let empty = Entry {
            name: HeaderName::Other,
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
    /// Reads one header line without its end; `base` is where it begins in the message.
    pub(crate) fn read(line: &[u8], base: usize) -> Result<Self, DecodeError> {
        let malformed = DecodeError::HeaderLine { at: base };
        let name_length = line
            .iter()
            .take_while(|byte| lex::is_token_byte(**byte))
            .count();
        let (name, rest) = line.split_at_checked(name_length).ok_or(malformed)?;
        let colon = rest.iter().take_while(|byte| lex::is_space(**byte)).count();
        let value = match rest.get(colon..) {
            Some([b':', value @ ..]) if !name.is_empty() => value,
            _ => return Err(malformed),
        };
        let lead = value
            .iter()
            .take_while(|byte| lex::is_space(**byte))
            .count();
        let value_at = base + name_length + colon + 1 + lead;
        let offset = |at: usize| u16::try_from(at).map_err(|_| malformed);
        Ok(Self {
            name: HeaderName::parse(name),
            name_at: offset(base)?,
            name_length: offset(name_length)?,
            value_at: offset(value_at)?,
            value_length: offset(lex::trim(value).len())?,
        })
    }

    pub(crate) fn header<'a>(&self, bytes: &'a [u8]) -> Header<'a> {
        let slice = |at: u16, length: u16| {
            let (at, length) = (usize::from(at), usize::from(length));
            bytes.get(at..at + length).unwrap_or_default()
        };
        let name_text = slice(self.name_at, self.name_length);
        Header {
            name: self.name,
            name_text: std::str::from_utf8(name_text).unwrap_or_default(),
            value: slice(self.value_at, self.value_length),
            at: usize::from(self.value_at),
        }
    }
}
