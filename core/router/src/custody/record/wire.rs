//! How fields stand in a record.

use rialto_model::{ByteString, Bytes};

use super::{Unreadable, VERSION};

/// Writes the fields of a record, one after the other.
pub(crate) struct Writer(Vec<u8>);

/// Reads them again; bytes share the record's, and texts are copies: what is remembered of a message may outlive its content by far.
pub(crate) struct Reader<'a> {
    bytes: &'a Bytes,
    at: usize,
}

const SHORT: Unreadable = Unreadable::Damaged("it ends too early");

impl Writer {
    /// Begins a record.
    pub(crate) fn new(kind: u8, room: usize) -> Self {
        let mut bytes = Vec::with_capacity(room);
        bytes.extend([VERSION, kind]);
        Self(bytes)
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.0.extend(number.to_be_bytes());
    }

    /// Writes bytes behind their length; the model's bounds keep them far below four gigabytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn count(&mut self, count: usize) {
        self.0.extend((count as u32).to_be_bytes());
    }

    pub(crate) fn optional(&mut self, text: Option<&ByteString>) {
        self.present(text, |to, text| to.bytes(text.as_bytes()));
    }

    pub(crate) fn present<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    pub(crate) fn end(self) -> Vec<u8> {
        self.0
    }
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a Bytes) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Unreadable> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Unreadable> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn count(&mut self) -> Result<usize, Unreadable> {
        self.array().map(|bytes| u32::from_be_bytes(bytes) as usize)
    }

    pub(crate) fn bytes(&mut self) -> Result<Bytes, Unreadable> {
        self.slice().map(|bytes| self.bytes.slice_ref(bytes))
    }

    pub(crate) fn text(&mut self) -> Result<ByteString, Unreadable> {
        let text = str::from_utf8(self.slice()?);
        text.map(ByteString::from)
            .map_err(|_| Unreadable::Damaged("a text is no UTF-8"))
    }

    pub(crate) fn optional(&mut self) -> Result<Option<ByteString>, Unreadable> {
        self.present(Self::text)
    }

    pub(crate) fn present<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<Option<T>, Unreadable> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(Unreadable::Damaged(
                "something is neither there nor missing",
            )),
        }
    }

    /// Reads a list; no room is made for more than there is.
    pub(crate) fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<Vec<T>, Unreadable> {
        let count = self.count()?;
        if count > self.bytes.len() - self.at {
            return Err(SHORT);
        }
        (0..count).map(|_| read(self)).collect()
    }

    pub(crate) fn end(self) -> Result<(), Unreadable> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(Unreadable::Damaged("something follows it"))
        }
    }

    fn slice(&mut self) -> Result<&'a [u8], Unreadable> {
        let len = self.count()?;
        let end = self.at.checked_add(len).ok_or(SHORT)?;
        let slice = self.bytes.get(self.at..end).ok_or(SHORT)?;
        self.at = end;
        Ok(slice)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let rest = self.bytes.get(self.at..).ok_or(SHORT)?;
        let array = rest.first_chunk::<N>().ok_or(SHORT)?;
        self.at += N;
        Ok(*array)
    }
}
