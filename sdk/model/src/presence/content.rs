//! Presence information as the content of messages.

use bytes::Bytes;
use bytestring::ByteString;
use time::OffsetDateTime;

use super::{
    PidfReader, PidfWriteError, PresenceContentError, PresenceInformation, PresenceWriteError,
    Reading,
};
use crate::{CpimMessage, Header, InstantMessage, MessageHeaders, Payload, Presentity, cpim};

/// The media type of a presence document. RFC 3863 §6.
pub const CONTENT_TYPE: &str = "application/pidf+xml";

impl PresenceInformation {
    /// Writes it as a payload of the type [`CONTENT_TYPE`].
    pub fn to_payload(&self) -> Result<Payload, PidfWriteError> {
        Ok(Payload::new(Bytes::from(self.to_xml()?)))
    }

    /// Makes a MIME object of it.
    pub fn to_message(&self) -> Result<InstantMessage, PidfWriteError> {
        let content_type = ByteString::from_static(CONTENT_TYPE);
        Ok(InstantMessage::new(content_type, self.to_payload()?))
    }

    /// Wraps it in message/cpim: from its presentity to a watcher, both `pres:` URIs.
    ///
    /// draft-ietf-impp-cpim-03 §3.3.
    pub fn to_cpim(
        &self,
        watcher: &Presentity,
        date_time: Option<OffsetDateTime>,
    ) -> Result<CpimMessage, PresenceWriteError> {
        let address = |name, presentity: &Presentity| {
            Header::new(ByteString::from_static(name), format!("<{presentity}>"))
        };
        let mut headers = vec![address("From", &self.presentity), address("To", watcher)];
        if let Some(date_time) = date_time {
            let text = cpim::date_time(date_time).map_err(PresenceWriteError::Cpim)?;
            headers.push(Header::new("DateTime", text));
        }
        let headers: MessageHeaders = headers.into_iter().collect();
        let message = self.to_message().map_err(PresenceWriteError::Pidf)?;
        Ok(CpimMessage::new(message.with_headers(headers)))
    }
}

impl PidfReader {
    /// Reads the document that a MIME object is, or that the message/cpim holds which it is.
    ///
    /// Signed and encrypted ones are not opened.
    pub fn read_message(&self, message: &InstantMessage) -> Result<Reading, PresenceContentError> {
        let opened = message
            .clone()
            .open_cpim()
            .map_err(PresenceContentError::Cpim)?;
        let is_pidf = opened
            .parsed_content_type()
            .is_ok_and(|content_type| content_type.is("application", "pidf+xml"));
        if !is_pidf || opened.transfer_encoding().is_some() {
            return Err(PresenceContentError::NotPidf);
        }
        self.read(opened.payload().as_bytes())
            .map_err(PresenceContentError::Pidf)
    }
}
