//! Cuts a stream into messages and keep-alives.

use bytes::{Bytes, BytesMut};
use memchr::memmem;

use crate::{
    DecodeError, HeaderName, header::content_length, limits::MAX_MESSAGE_LENGTH, message::Lines,
};

/// Finds the end of each message in a growing buffer, and looks at no byte twice for it.
///
/// Whatever the pieces are that the stream arrives in, the frames are the same.
/// RFC 3261 §18.3, RFC 5626 §3.5.1.
#[derive(Debug)]
pub struct Framer {
    limit: usize,
    state: State,
}

/// What a stream holds.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a stream of SIP holds nothing else"
)]
pub enum Frame {
    /// One whole message, for [`SipMessage::parse`](crate::SipMessage::parse).
    Message(Bytes),
    /// One CRLF between messages: a pong, or the first half of a ping.
    Crlf,
    /// The second CRLF in a row: a ping, to be answered with one CRLF.
    Ping,
}

impl Framer {
    /// Makes a framer at the start of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_limit(MAX_MESSAGE_LENGTH)
    }

    /// Makes a framer for messages of up to `limit` bytes, start line to the end of the body.
    #[must_use]
    pub const fn with_limit(limit: usize) -> Self {
        Self {
            limit,
            state: State::Between { crlf_before: false },
        }
    }

    /// Takes the next frame off the front of the buffer; `None` when it is not there yet.
    ///
    /// # Errors
    ///
    /// The stream is lost: answer what [`SipMessage::salvage`](crate::SipMessage::salvage) makes of
    /// the buffer, then close the connection. The bytes stay in the buffer.
    pub fn next_frame(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame>, DecodeError> {
        loop {
            self.state = match self.state {
                State::Between { crlf_before } => match buffer.get(..2) {
                    Some(b"\r\n") => {
                        drop(buffer.split_to(2));
                        self.state = State::Between {
                            crlf_before: !crlf_before,
                        };
                        let frame = if crlf_before {
                            Frame::Ping
                        } else {
                            Frame::Crlf
                        };
                        return Ok(Some(frame));
                    }
                    Some(_) => State::Head { scanned: 0 },
                    None => return Ok(None),
                },
                State::Head { scanned } => match self.find_end(buffer, scanned)? {
                    Some(length) => State::Body { length },
                    None => {
                        self.state = State::Head {
                            scanned: buffer.len().saturating_sub(3),
                        };
                        return Ok(None);
                    }
                },
                State::Body { length } if buffer.len() < length => return Ok(None),
                State::Body { length } => {
                    self.state = State::Between { crlf_before: false };
                    return Ok(Some(Frame::Message(buffer.split_to(length).freeze())));
                }
            };
        }
    }

    /// Finds the length of the message whose header fields are whole.
    fn find_end(&self, buffer: &[u8], scanned: usize) -> Result<Option<usize>, DecodeError> {
        let limit = self.limit;
        let unscanned = buffer
            .get(scanned..limit.min(buffer.len()))
            .unwrap_or_default();
        let Some(end) = memmem::find(unscanned, b"\r\n\r\n") else {
            let length = buffer.len();
            return if length > limit {
                Err(DecodeError::TooLong { length, limit })
            } else {
                Ok(None)
            };
        };
        let head = scanned + end + 4;
        let length = head.saturating_add(body_length(buffer.get(..head).unwrap_or_default())?);
        if length > limit {
            return Err(DecodeError::TooLong { length, limit });
        }
        Ok(Some(length))
    }
}

impl Default for Framer {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Before a start line.
    Between { crlf_before: bool },
    /// In the header fields; the empty line does not begin before `scanned`.
    Head { scanned: usize },
    /// In the body of a message of so many bytes.
    Body { length: usize },
}

/// Reads Content-Length, which a stream cannot do without (RFC 3261 §20.14).
fn body_length(head: &[u8]) -> Result<usize, DecodeError> {
    let header = HeaderName::ContentLength;
    let mut lines = Lines::new(head);
    lines.next_line()?;
    let mut length = None;
    while let Some(line) = lines.next_folded()? {
        // Other malformed lines are for the parser to refuse: the frame is known without them.
        let Some((value_at, value)) = value_of(line.text) else {
            continue;
        };
        if length.is_some() {
            return Err(DecodeError::Repeated { header });
        }
        length = Some(content_length(value, line.at + value_at)?);
    }
    length.ok_or(DecodeError::Missing { header })
}

/// The value of a Content-Length line and where it begins; `None` for another line.
fn value_of(line: &[u8]) -> Option<(usize, &[u8])> {
    let first = line.first()?.to_ascii_lowercase();
    if !matches!(first, b'c' | b'l') {
        return None;
    }
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let is_length = HeaderName::parse(crate::lex::trim(name)) == HeaderName::ContentLength;
    is_length.then(|| {
        (
            colon + 1,
            crate::lex::trim(value.get(1..).unwrap_or_default()),
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &[u8] = b"\r\n\r\nMESSAGE sip:a SIP/2.0\r\nl: 4\r\n\r\n\r\n\r\n\r\n\
        SIP/2.0 200 OK\r\nContent-Length:\r\n 0\r\n\r\n\r\n";

    fn frames(pieces: &[&[u8]]) -> Vec<Frame> {
        let (mut framer, mut buffer, mut frames) = (Framer::new(), BytesMut::new(), Vec::new());
        for piece in pieces {
            buffer.extend_from_slice(piece);
            while let Some(frame) = framer.next_frame(&mut buffer).unwrap() {
                frames.push(frame);
            }
        }
        frames
    }

    #[test]
    fn framer_cuts_messages_pings_and_pongs() {
        let message = |text: &'static str| Frame::Message(Bytes::from_static(text.as_bytes()));
        assert_eq!(
            frames(&[STREAM]),
            [
                Frame::Crlf,
                Frame::Ping,
                message("MESSAGE sip:a SIP/2.0\r\nl: 4\r\n\r\n\r\n\r\n"),
                Frame::Crlf,
                message("SIP/2.0 200 OK\r\nContent-Length:\r\n 0\r\n\r\n"),
                Frame::Crlf,
            ]
        );
    }

    #[test]
    fn framer_refuses_a_message_without_content_length() {
        let mut buffer = BytesMut::from(&b"OPTIONS sip:a SIP/2.0\r\nTo: b\r\n\r\n"[..]);
        let header = HeaderName::ContentLength;
        assert_eq!(
            Framer::new().next_frame(&mut buffer),
            Err(DecodeError::Missing { header })
        );
    }

    #[test]
    fn framer_refuses_a_body_over_the_limit_before_it_arrives() {
        let mut buffer = BytesMut::from(&b"OPTIONS sip:a SIP/2.0\r\nl: 4294967295\r\n\r\n"[..]);
        let refused = Framer::new().next_frame(&mut buffer);
        assert!(matches!(refused, Err(DecodeError::TooLong { .. })));
    }

    #[test]
    fn framer_refuses_a_head_over_the_limit() {
        let mut buffer = BytesMut::from(&vec![b'a'; 101][..]);
        let refused = Framer::with_limit(100).next_frame(&mut buffer);
        assert_eq!(
            refused,
            Err(DecodeError::TooLong {
                length: 101,
                limit: 100
            })
        );
    }

    proptest! {
        #[test]
        fn framer_gives_the_same_frames_for_any_pieces(
            cuts in proptest::collection::vec(0..STREAM.len(), 0..12),
        ) {
            let mut cuts = cuts;
            cuts.extend([0, STREAM.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &STREAM[cut[0]..cut[1]]).collect();
            prop_assert_eq!(frames(&pieces), frames(&[STREAM]));
        }
    }
}
