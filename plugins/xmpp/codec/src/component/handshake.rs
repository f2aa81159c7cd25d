//! Header out, header in, proof of the secret out, `<handshake/>` in (XEP-0114 §3).

use std::fmt;

use sha1::{Digest, Sha1};

use super::{ComponentStream, HandshakeError};
use crate::stream::whole;
use crate::{ContentNamespace, Limits, StreamEvent, StreamReader, namespace};

/// Is a stream to a server that has not accepted the component yet.
///
/// There is no way to send a stanza on it: [`ComponentStream`] has the only one, and only
/// [`read`](Self::read) makes that.
pub struct Handshake {
    reader: StreamReader,
    secret: Option<String>,
}

/// Says how far the handshake is.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "it is done, or it is not")]
pub enum HandshakeProgress {
    /// The input is used up; more is needed.
    Pending(Handshake),
    /// The server accepted the component. What is left of the input belongs to the stream.
    Done(ComponentStream),
}

impl Handshake {
    /// Begins: appends the stream header for the component `domain` to `out`.
    ///
    /// # Errors
    /// [`HandshakeError::Domain`] if XML cannot carry `domain`.
    pub fn start(
        domain: &str,
        secret: impl Into<String>,
        limits: Limits,
        out: &mut Vec<u8>,
    ) -> Result<Self, HandshakeError> {
        whole(out, |writer| {
            writer.raw("<?xml version='1.0'?>");
            writer.open("stream:stream");
            writer.attribute("xmlns", namespace::COMPONENT)?;
            writer.attribute("xmlns:stream", namespace::STREAM)?;
            writer.attribute("to", domain)?;
            writer.close_head();
            Ok(())
        })?;
        let reader = StreamReader::new(ContentNamespace::Component, limits);
        Ok(Self {
            reader,
            secret: Some(secret.into()),
        })
    }

    /// Takes what the server sent from the front of `input`; appends what to send it to `out`.
    ///
    /// # Errors
    /// [`HandshakeError`] if the server refuses, or does not speak the protocol; the connection is
    /// of no use then.
    pub fn read(
        mut self,
        input: &mut &[u8],
        out: &mut Vec<u8>,
    ) -> Result<HandshakeProgress, HandshakeError> {
        while let Some(event) = self.reader.read(input)? {
            match event {
                StreamEvent::Header(header) => {
                    let id = header.id.ok_or(HandshakeError::NoId)?;
                    let secret = self.secret.take().ok_or(HandshakeError::Unexpected)?;
                    write_proof(&id, &secret, out);
                }
                StreamEvent::Element(element) if element.is(namespace::COMPONENT, "handshake") => {
                    return Ok(HandshakeProgress::Done(ComponentStream::new(self.reader)));
                }
                StreamEvent::Error(error) => return Err(error.into()),
                StreamEvent::End => return Err(HandshakeError::Closed),
                _ => return Err(HandshakeError::Unexpected),
            }
        }
        Ok(HandshakeProgress::Pending(self))
    }
}

/// Never shows the secret.
impl fmt::Debug for Handshake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Handshake")
            .field("reader", &self.reader)
            .finish_non_exhaustive()
    }
}

/// The stream's id and the secret, hashed, in lower case.
fn write_proof(id: &str, secret: &str, out: &mut Vec<u8>) {
    let digest = Sha1::new().chain_update(id).chain_update(secret).finalize();
    out.extend_from_slice(b"<handshake>");
    for byte in digest {
        out.extend([byte >> 4, byte & 0xF].map(hex_digit));
    }
    out.extend_from_slice(b"</handshake>");
}

fn hex_digit(nibble: u8) -> u8 {
    if nibble < 10 {
        b'0' + nibble
    } else {
        b'a' + nibble - 10
    }
}
