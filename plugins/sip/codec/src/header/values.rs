//! All values of a header field, over all of its lines.

use std::fmt;

use crate::{DecodeError, HeaderName, SipMessage, lex::Cursor};

/// Goes through the values of one header field; the first error is the last item.
///
/// Lines of the same name and commas within a line mean the same (RFC 3261 §7.3.1).
#[derive(Clone)]
pub struct Values<'m, 'a, T> {
    message: &'m SipMessage<'a>,
    name: HeaderName,
    /// How many lines of this name have been taken.
    lines: usize,
    line: Option<Cursor<'a>>,
    read: fn(&mut Cursor<'a>) -> Result<T, DecodeError>,
    count: usize,
    limit: usize,
    is_done: bool,
}

impl<'m, 'a, T> Values<'m, 'a, T> {
    pub(crate) const fn new(
        message: &'m SipMessage<'a>,
        name: HeaderName,
        limit: usize,
        read: fn(&mut Cursor<'a>) -> Result<T, DecodeError>,
    ) -> Self {
        Self {
            message,
            name,
            lines: 0,
            line: None,
            read,
            count: 0,
            limit,
            is_done: false,
        }
    }

    /// Starts the next line that is not empty.
    fn next_line(&mut self) -> Result<Option<Cursor<'a>>, DecodeError> {
        while let Some(header) = self.message.headers_named(self.name).nth(self.lines) {
            self.lines += 1;
            let cursor = Cursor::new(self.name, header.at(), header.text()?);
            if !cursor.is_end() {
                return Ok(Some(cursor));
            }
        }
        Ok(None)
    }

    fn next_value(&mut self) -> Result<Option<T>, DecodeError> {
        let line = match self.line.take() {
            Some(line) => Some(line),
            None => self.next_line()?,
        };
        let Some(mut cursor) = line else {
            return Ok(None);
        };
        self.count += 1;
        if self.count > self.limit {
            return Err(DecodeError::TooManyValues {
                header: self.name,
                limit: self.limit,
            });
        }
        let value = (self.read)(&mut cursor)?;
        if cursor.eat_separator(b',') {
            self.line = Some(cursor);
        } else {
            cursor.finish()?;
        }
        Ok(Some(value))
    }
}

impl<T> Iterator for Values<'_, '_, T> {
    type Item = Result<T, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let value = self.next_value().transpose();
        self.is_done = !matches!(value, Some(Ok(_)));
        value
    }
}

impl<T> fmt::Debug for Values<'_, '_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Values")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
