//! Bytes to stream events.

use super::{ContentNamespace, Refused, StreamError, StreamEvent, StreamHeader};
use crate::xml::{Item, Reader, Refusal};
use crate::{Element, Limits, ReadError, Stanza, namespace};

/// Reads one direction of a stream, from bytes in any chunks.
///
/// Does no I/O and holds at most one stanza, within [`Limits`].
///
/// ```
/// use rialto_xmpp_codec::{ContentNamespace, Limits, Stanza, StreamEvent, StreamReader};
///
/// let header = b"<stream:stream xmlns='jabber:client' \
///     xmlns:stream='http://etherx.jabber.org/streams'>";
/// let message = b"<message from='juliet@example.com/balcony'><body>Good night</body></message>";
///
/// let mut reader = StreamReader::new(ContentNamespace::Client, Limits::default());
/// assert!(matches!(reader.read(&mut &header[..])?, Some(StreamEvent::Header(_))));
/// let Some(StreamEvent::Stanza(Stanza::Message(message))) = reader.read(&mut &message[..])? else {
///     panic!("no message");
/// };
/// assert_eq!(message.bodies[0].text, "Good night");
/// # Ok::<(), rialto_xmpp_codec::ReadError>(())
/// ```
#[derive(Debug)]
pub struct StreamReader {
    reader: Reader,
    content: ContentNamespace,
}

impl StreamReader {
    /// Expects a new stream with stanzas of `content`.
    pub fn new(content: ContentNamespace, limits: Limits) -> Self {
        Self {
            reader: Reader::new(limits),
            content,
        }
    }

    /// Takes bytes from the front of `input` up to the end of the next event.
    ///
    /// `None` means that `input` is used up and more is needed.
    ///
    /// # Errors
    /// [`ReadError`] once the stream cannot be understood any more; then again on every call.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<StreamEvent>, ReadError> {
        let event = match self.reader.read(input)? {
            None => return Ok(None),
            Some(Item::Root(root)) => StreamEvent::Header(self.header(&root)?),
            Some(Item::Child(child)) => self.child(child),
            Some(Item::Refused(refusal)) => self.refused(refusal),
            Some(Item::End) => StreamEvent::End,
        };
        Ok(Some(event))
    }

    fn header(&self, root: &Element) -> Result<StreamHeader, ReadError> {
        if !root.is(namespace::STREAM, "stream") {
            return Err(ReadError::NotAStream);
        }
        let expected = self.content.uri();
        match self.reader.default_namespace() {
            Some(content) if content == expected => Ok(StreamHeader::from_element(root)),
            _ => Err(ReadError::ContentNamespace { expected }),
        }
    }

    fn child(&self, child: Element) -> StreamEvent {
        if child.is(namespace::STREAM, "error") {
            return StreamEvent::Error(StreamError::from_element(&child));
        }
        match Stanza::from_element(child, self.content) {
            Ok(stanza) => StreamEvent::Stanza(stanza),
            Err(element) => StreamEvent::Element(element),
        }
    }

    /// A stream error of any size ends the stream: the peer has said so.
    fn refused(&self, Refusal { error, head }: Refusal) -> StreamEvent {
        let head = match head.map(|head| self.child(head)) {
            Some(StreamEvent::Error(error)) => return StreamEvent::Error(error),
            Some(StreamEvent::Stanza(stanza)) => Some(stanza),
            _ => None,
        };
        StreamEvent::Refused(Refused { head, error })
    }
}
