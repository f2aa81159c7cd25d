//! Messages onto the wire.

mod output;
mod request;
mod response;

pub use self::{
    output::Output,
    response::{Answerable, Reply},
};

use crate::{EncodeError, HeaderName, lex};

/// Appends a message to a buffer, line by line in the order of the calls.
///
/// The caller sees to it that all mandatory header fields of a request are there; a response has
/// them from its request. A value that could end its line makes the whole message an error.
#[derive(Debug)]
#[must_use = "a message ends with `finish`"]
pub struct MessageWriter<'o, O: Output> {
    output: &'o mut O,
    start: usize,
    /// The first, which takes all of the message back.
    defect: Option<EncodeError>,
}

impl<'o, O: Output> MessageWriter<'o, O> {
    /// Writes any header field with its value as it goes onto the wire.
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if name == HeaderName::Other {
            self.fail(EncodeError::NotName);
        }
        self.put_name(name);
        self.put_value(name, value);
        self.end();
        self
    }

    /// Writes a header field that [`HeaderName`] does not list.
    pub fn extension(mut self, name: &str, value: &str) -> Self {
        if lex::is_token(name) {
            self.put(name);
        } else {
            self.fail(EncodeError::NotName);
        }
        self.put(": ");
        self.put_value(HeaderName::Other, value);
        self.end();
        self
    }

    /// Writes Content-Length, the empty line and the body.
    ///
    /// # Errors
    ///
    /// The first value that may not be written; the buffer is as it was before.
    pub fn finish(mut self, body: &[u8]) -> Result<(), EncodeError> {
        if let Some(defect) = self.defect {
            self.output.shorten(self.start);
            return Err(defect);
        }
        self.put_name(HeaderName::ContentLength);
        self.put_number(u64::try_from(body.len()).unwrap_or(u64::MAX));
        self.put("\r\n\r\n");
        self.put(body);
        Ok(())
    }

    fn begin(output: &'o mut O) -> Self {
        let start = output.length();
        Self {
            output,
            start,
            defect: None,
        }
    }

    fn put(&mut self, bytes: impl AsRef<[u8]>) {
        self.output.append(bytes.as_ref());
    }

    fn put_number(&mut self, number: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut left = number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + u8::try_from(left % 10).unwrap_or(0);
            left /= 10;
            at -= 1;
            if left == 0 {
                break;
            }
        }
        self.put(digits.get(at..).unwrap_or_default());
    }

    fn fail(&mut self, defect: EncodeError) {
        self.defect.get_or_insert(defect);
    }

    /// Appends a value after looking for what could end its line.
    fn put_value(&mut self, field: HeaderName, value: &str) {
        let is_control = |byte: u8| byte.is_ascii_control() && byte != b'\t';
        match value.bytes().position(is_control) {
            Some(at) => self.fail(EncodeError::ControlCharacter { field, at }),
            None => self.put(value),
        }
    }

    fn put_token(&mut self, field: HeaderName, token: &str) {
        if lex::is_token(token) {
            self.put(token);
        } else {
            self.fail(EncodeError::NotToken { field });
        }
    }

    fn put_name(&mut self, name: HeaderName) {
        self.put(name.as_str());
        self.put(": ");
    }

    fn end(&mut self) {
        self.put("\r\n");
    }

    /// Writes `"display name" <uri>;tag=tag`.
    fn put_address(&mut self, name: HeaderName, display_name: &str, uri: &str, tag: &str) {
        self.put_name(name);
        if !display_name.is_empty() {
            self.put("\"");
            let mut pieces = display_name.split_inclusive(['"', '\\']);
            for piece in &mut pieces {
                match piece.as_bytes() {
                    [before @ .., last @ (b'"' | b'\\')] => {
                        self.put_text(name, before);
                        self.put([b'\\', *last]);
                    }
                    whole => self.put_text(name, whole),
                }
            }
            self.put("\" ");
        }
        self.put("<");
        if uri
            .bytes()
            .any(|byte| matches!(byte, b'<' | b'>' | b'"' | b' '))
        {
            self.fail(EncodeError::NotToken { field: name });
        }
        self.put_value(name, uri);
        self.put(">");
        if !tag.is_empty() {
            self.put(";tag=");
            self.put_token(name, tag);
        }
        self.end();
    }

    fn put_text(&mut self, field: HeaderName, text: &[u8]) {
        match text
            .iter()
            .position(|byte| byte.is_ascii_control() && *byte != b'\t')
        {
            Some(at) => self.fail(EncodeError::ControlCharacter { field, at }),
            None => self.put(text),
        }
    }
}
