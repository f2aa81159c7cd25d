//! Stanzas to bytes.

use crate::xml::Writer;
use crate::{ContentNamespace, Stanza, StreamError, WriteError};

/// Writes stanzas for a stream that may carry them.
///
/// Only a stream that is ready gives one away:
/// [`ComponentStream::writer`](crate::ComponentStream::writer). It appends to a buffer of the
/// caller, who decides when a batch goes out.
#[derive(Clone, Copy, Debug)]
pub struct StanzaWriter {
    content: ContentNamespace,
}

impl StanzaWriter {
    pub(crate) fn new(content: ContentNamespace) -> Self {
        Self { content }
    }

    /// Appends `stanza` to `out`.
    ///
    /// # Errors
    /// [`WriteError`] if it holds what XML cannot carry; then `out` is as it was.
    pub fn write(&self, stanza: &Stanza, out: &mut Vec<u8>) -> Result<(), WriteError> {
        whole(out, |writer| stanza.write(writer, self.content.uri()))
    }

    /// Appends a stream error and the stream's end to `out`.
    ///
    /// # Errors
    /// [`WriteError`] if its text holds what XML cannot carry; then `out` is as it was.
    pub fn write_error(&self, error: &StreamError, out: &mut Vec<u8>) -> Result<(), WriteError> {
        whole(out, |writer| error.write(writer))
    }

    /// Appends the stream's end to `out`.
    pub fn write_end(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"</stream:stream>");
    }
}

/// Writes all or nothing.
pub(crate) fn whole(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Writer<'_>) -> Result<(), WriteError>,
) -> Result<(), WriteError> {
    let before = out.len();
    let written = write(&mut Writer::new(out));
    if written.is_err() {
        out.truncate(before);
    }
    written
}
