//! Bytes for XML: names as given, values and text escaped.

/// Says why something cannot be written as XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A character that XML 1.0 has no way to carry (its §2.2), not even as a reference.
    #[error("character U+{code_point:04X} at byte {offset} of a text has no place in xml")]
    Character {
        /// The character.
        code_point: u32,
        /// Where in the text.
        offset: usize,
    },
    /// A name that is none.
    #[error("not a name without prefix")]
    Name,
    /// A time before the year 0 or after 9999 in UTC (XEP-0082 §3.2).
    #[error("the time is out of the range that can be written")]
    DateTime,
}

/// Appends XML to a buffer, without a copy in between.
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// `<name`; attributes may follow.
    pub(crate) fn open(&mut self, name: &str) {
        self.out.push(b'<');
        self.raw(name);
    }

    /// ` name='value'`
    pub(crate) fn attribute(&mut self, name: &str, value: &str) -> Result<(), WriteError> {
        self.out.push(b' ');
        self.raw(name);
        self.raw("='");
        self.escaped(value, ATTRIBUTE)?;
        self.out.push(b'\'');
        Ok(())
    }

    /// The same, if there is a value.
    pub(crate) fn attribute_if(
        &mut self,
        name: &str,
        value: Option<&(impl AsRef<str> + ?Sized)>,
    ) -> Result<(), WriteError> {
        value.map_or(Ok(()), |value| self.attribute(name, value.as_ref()))
    }

    /// `>`
    pub(crate) fn close_head(&mut self) {
        self.out.push(b'>');
    }

    /// `/>`
    pub(crate) fn close_empty(&mut self) {
        self.raw("/>");
    }

    /// Character data.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), WriteError> {
        self.escaped(text, TEXT)
    }

    /// `</name>`
    pub(crate) fn end(&mut self, name: &str) {
        self.raw("</");
        self.raw(name);
        self.out.push(b'>');
    }

    /// Takes what needs no escaping.
    pub(crate) fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Copies runs of plain bytes whole; `special` is the least class of bytes that are not plain.
    fn escaped(&mut self, text: &str, special: u8) -> Result<(), WriteError> {
        let bytes = text.as_bytes();
        let mut done = 0;
        for (offset, &byte) in bytes.iter().enumerate() {
            if class(byte) < special {
                continue;
            }
            let Some(replacement) = replacement(bytes, offset, byte)? else {
                continue;
            };
            self.out
                .extend_from_slice(bytes.get(done..offset).unwrap_or_default());
            self.raw(replacement);
            done = offset + 1;
        }
        self.out
            .extend_from_slice(bytes.get(done..).unwrap_or_default());
        Ok(())
    }
}

/// Escaped everywhere: in text and in attributes.
const TEXT: u8 = 2;
/// Escaped in attributes only.
const ATTRIBUTE: u8 = 1;

/// 0 plain; 1 special in an attribute; 2 special everywhere.
#[expect(
    clippy::indexing_slicing,
    reason = "a constant: the compiler checks it"
)]
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 0x20 {
        classes[byte] = TEXT;
        byte += 1;
    }
    classes[b'\t' as usize] = ATTRIBUTE;
    classes[b'\n' as usize] = ATTRIBUTE;
    classes[b'\'' as usize] = ATTRIBUTE;
    classes[b'"' as usize] = ATTRIBUTE;
    classes[b'<' as usize] = TEXT;
    classes[b'>' as usize] = TEXT;
    classes[b'&' as usize] = TEXT;
    classes[0xEF] = TEXT; // begins U+FFFE and U+FFFF
    classes
};

fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(TEXT)
}

/// What stands for the byte; `None` if the byte itself may stand.
///
/// Line ends and tabs become references where a parser would turn them into something else (XML 1.0
/// §2.11, §3.3.3).
fn replacement(bytes: &[u8], offset: usize, byte: u8) -> Result<Option<&'static str>, WriteError> {
    let reference = match byte {
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'&' => "&amp;",
        b'\'' => "&apos;",
        b'"' => "&quot;",
        b'\t' => "&#x9;",
        b'\n' => "&#xA;",
        b'\r' => "&#xD;",
        0xEF => match bytes.get(offset + 1..offset + 3) {
            Some([0xBF, 0xBE]) => {
                return Err(WriteError::Character {
                    code_point: 0xFFFE,
                    offset,
                });
            }
            Some([0xBF, 0xBF]) => {
                return Err(WriteError::Character {
                    code_point: 0xFFFF,
                    offset,
                });
            }
            _ => return Ok(None),
        },
        control => {
            return Err(WriteError::Character {
                code_point: control.into(),
                offset,
            });
        }
    };
    Ok(Some(reference))
}

#[cfg(test)]
mod tests {
    use super::{WriteError, Writer};

    fn text(text: &str) -> Result<String, WriteError> {
        let mut out = Vec::new();
        Writer::new(&mut out).text(text)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn text_escapes_markup_and_keeps_the_rest() {
        assert_eq!(
            text("a<b>&'\"\n\tö🙂").unwrap(),
            "a&lt;b&gt;&amp;'\"\n\tö🙂"
        );
        assert_eq!(text("a\r\nb").unwrap(), "a&#xD;\nb");
        assert_eq!(text("\u{FFFD}\u{F000}").unwrap(), "\u{FFFD}\u{F000}");
    }

    #[test]
    fn attribute_escapes_quotes_and_line_ends() {
        let mut out = Vec::new();
        Writer::new(&mut out).attribute("a", "'\"\n\t<").unwrap();
        assert_eq!(out, b" a='&apos;&quot;&#xA;&#x9;&lt;'");
    }

    #[test]
    fn text_refuses_characters_that_xml_cannot_carry() {
        for (bad, code_point) in [("ab\u{0}", 0), ("ab\u{8}", 8), ("ab\u{1F}", 0x1F)] {
            assert_eq!(
                text(bad),
                Err(WriteError::Character {
                    code_point,
                    offset: 2
                })
            );
        }
        for (bad, code_point) in [("ä\u{FFFE}", 0xFFFE), ("ä\u{FFFF}", 0xFFFF)] {
            assert_eq!(
                text(bad),
                Err(WriteError::Character {
                    code_point,
                    offset: 2
                })
            );
        }
    }
}
