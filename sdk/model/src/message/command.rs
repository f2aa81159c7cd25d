//! What a program asks of the gateway's own inbox for a principal.

use bytes::Bytes;
use bytestring::ByteString;

use super::InstantMessage;

/// A command to the gateway's own inbox, or the answer to it, under a name that ties the two together.
///
/// For plugins whose network has ways of its own to set rules, such as forms: the command is submitted as a message of the
/// principal's, and the answer is delivered as a message to it, which is not for a person to read. Its payload is
/// the name, a line feed, and the text in UTF-8. A command that fails is not answered, as its response says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandMessage {
    name: ByteString,
    text: ByteString,
}

impl CommandMessage {
    /// Its content type.
    pub const CONTENT_TYPE: &str = "application/vnd.rialto.command";

    /// The longest name, in bytes.
    pub const MAX_NAME: usize = 64;

    /// Makes one; none, if the name is empty, too long, or not of visible ASCII characters.
    pub fn new(name: impl Into<ByteString>, text: impl Into<ByteString>) -> Option<Self> {
        let (name, text) = (name.into(), text.into());
        let is_name = (1..=Self::MAX_NAME).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_graphic());
        is_name.then_some(Self { name, text })
    }

    /// Reads a message that is one.
    pub fn read(message: &InstantMessage) -> Option<Self> {
        if message.content_type() != Self::CONTENT_TYPE || !message.content_headers().is_empty() {
            return None;
        }
        let payload = ByteString::try_from(message.payload().clone().into_bytes()).ok()?;
        let (name, text) = payload.split_once('\n')?;
        Self::new(payload.slice_ref(name), payload.slice_ref(text))
    }

    /// The message that carries it.
    pub fn to_message(&self) -> InstantMessage {
        let payload = [&self.name, "\n", &*self.text].concat();
        InstantMessage::new(Self::CONTENT_TYPE, Bytes::from(payload))
    }

    /// What ties the answer to the command.
    pub const fn name(&self) -> &ByteString {
        &self.name
    }

    /// The command, or the answer.
    pub const fn text(&self) -> &ByteString {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn message_of_another_kind_is_no_command() {
        assert_eq!(CommandMessage::read(&InstantMessage::text("n\nhelp")), None);
        for payload in [&b"help"[..], b"\nhelp", b"two words\nhelp", b"n\n\xff"] {
            let payload = Bytes::copy_from_slice(payload);
            let message = InstantMessage::new(CommandMessage::CONTENT_TYPE, payload);
            assert_eq!(CommandMessage::read(&message), None);
        }
        assert_eq!(CommandMessage::new("x".repeat(65), "help"), None);
    }

    proptest! {
        #[test]
        fn command_is_read_as_it_was_written(name in "[!-~]{1,64}", text in any::<String>()) {
            let command = CommandMessage::new(name, text).unwrap();
            prop_assert_eq!(CommandMessage::read(&command.to_message()), Some(command));
        }
    }
}
