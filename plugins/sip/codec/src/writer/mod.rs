//! Messages onto the wire.

mod output;
mod request;
mod response;

pub use self::{
    output::Output,
    request::RequestWriter,
    response::{Reply, ResponseWriter},
};

use crate::{EncodeError, HeaderName, lex};

/// Writes header lines and remembers the first defect, which takes all of it back.
#[derive(Debug)]
struct Lines<'o, O: Output> {
    output: &'o mut O,
    start: usize,
    defect: Option<EncodeError>,
}

impl<'o, O: Output> Lines<'o, O> {
    fn new(output: &'o mut O) -> Self {
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

    fn begin(&mut self, name: HeaderName) {
        self.put(name.as_str());
        self.put(": ");
    }

    fn end(&mut self) {
        self.put("\r\n");
    }

    fn header(&mut self, name: HeaderName, value: &str) {
        if name == HeaderName::Other {
            self.fail(EncodeError::NotName);
        }
        self.begin(name);
        self.put_value(name, value);
        self.end();
    }

    fn extension(&mut self, name: &str, value: &str) {
        if lex::is_token(name) {
            self.put(name);
        } else {
            self.fail(EncodeError::NotName);
        }
        self.put(": ");
        self.put_value(HeaderName::Other, value);
        self.end();
    }

    /// Writes `"display name" <uri>;tag=tag`.
    fn address(&mut self, name: HeaderName, display_name: &str, uri: &str, tag: &str) {
        self.begin(name);
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

    /// Writes Content-Length, the empty line and the body, or takes everything back.
    fn finish(mut self, body: &[u8]) -> Result<(), EncodeError> {
        if let Some(defect) = self.defect {
            self.output.shorten(self.start);
            return Err(defect);
        }
        self.begin(HeaderName::ContentLength);
        self.put_number(u64::try_from(body.len()).unwrap_or(u64::MAX));
        self.put("\r\n\r\n");
        self.put(body);
        Ok(())
    }
}
