//! What is queued, written and proven as one.

use rialto_sdk::model::{ByteString, Failure, FailureReason};
use rialto_xmpp_codec::{Message, Presence, Stanza, StanzaWriter};

use super::{failed, written};

/// One message, or what a user is told of another's presence; all to the same address.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "most are messages, and a box would cost each of them an allocation"
)]
pub(crate) enum Parcel {
    /// A message.
    Message(Message),
    /// Presences, in order, all under the same id.
    Presences(Vec<Presence>),
}

impl Parcel {
    /// Who gets it.
    pub(super) fn to(&self) -> Option<&ByteString> {
        match self {
            Self::Message(message) => message.to.as_ref(),
            Self::Presences(presences) => presences.first()?.to.as_ref(),
        }
    }

    /// Its stanzas, none of them longer than `most` bytes.
    pub(super) fn write(self, writer: &StanzaWriter, most: usize) -> Result<Vec<u8>, Failure> {
        let write = |stanza: Stanza| {
            let bytes = written(writer, &stanza).map_err(failed::unsupported)?;
            if bytes.len() > most {
                return Err(Failure::new(FailureReason::TooLarge));
            }
            Ok(bytes)
        };
        match self {
            Self::Message(message) => write(message.into()),
            Self::Presences(presences) => {
                let all = presences.into_iter().map(|presence| write(presence.into()));
                Ok(all.collect::<Result<Vec<_>, _>>()?.concat())
            }
        }
    }
}
