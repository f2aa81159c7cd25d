//! A component's stream after the handshake.

use crate::{ContentNamespace, ReadError, StanzaWriter, StreamEvent, StreamReader};

/// Is a stream on which the server accepted the component: stanzas may go both ways.
#[derive(Debug)]
pub struct ComponentStream {
    reader: StreamReader,
}

impl ComponentStream {
    pub(super) fn new(reader: StreamReader) -> Self {
        Self { reader }
    }

    /// Takes bytes from the front of `input` up to the end of the next event.
    ///
    /// # Errors
    /// As [`StreamReader::read`].
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<StreamEvent>, ReadError> {
        self.reader.read(input)
    }

    /// What may write stanzas on this stream; any number may be held.
    pub fn writer(&self) -> StanzaWriter {
        StanzaWriter::new(ContentNamespace::Component)
    }
}
