//! What the gateway keeps of a message from XMPP, so that its sender can be told more of it later.

use rialto_sdk::model::{ByteString, MessageOperation};
use rialto_xmpp_codec::{Message, MessageType};

/// The head of a message, as its sender's device knows it.
///
/// Kept with the operation, also over a restart, and maybe read by a later version of this plugin: its form is for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// The device that sent it.
    pub(super) from: ByteString,
    /// Whom it was sent to, as its sender wrote it.
    pub(super) to: ByteString,
    pub(super) type_: MessageType,
    /// What its sender calls it.
    pub(super) id: Option<ByteString>,
}

/// Between the fields: a character that XML 1.0 cannot carry, so that it is in none of them.
const BETWEEN: char = '\u{1f}';

impl Reference {
    /// The kept form of a message's head; `None` if it has no addresses, or is longer than the gateway keeps.
    pub(super) fn of(message: &Message) -> Option<ByteString> {
        let (from, to) = (message.from.as_deref()?, message.to.as_deref()?);
        let id = message.id.as_deref().unwrap_or_default();
        let parts = [message.type_.as_str(), from, to, id];
        let separators = parts.len() - 1;
        let len = parts.iter().map(|part| part.len()).sum::<usize>() + separators;
        if len > MessageOperation::MAX_KEPT {
            return None;
        }
        let mut kept = String::with_capacity(len);
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                kept.push(BETWEEN);
            }
            kept.push_str(part);
        }
        Some(kept.into())
    }

    /// Reads the kept form.
    pub(super) fn read(kept: &ByteString) -> Option<Self> {
        let mut parts = kept.splitn(4, BETWEEN);
        let type_ = match parts.next()? {
            "chat" => MessageType::Chat,
            "headline" => MessageType::Headline,
            _ => MessageType::Normal,
        };
        let (from, to, id) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            from: kept.slice_ref(from),
            to: kept.slice_ref(to),
            type_,
            id: (!id.is_empty()).then(|| kept.slice_ref(id)),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::{Just, prop_assert_eq, prop_oneof, proptest};

    use super::*;

    proptest! {
        #[test]
        fn head_of_a_message_is_read_as_it_was_kept(
            from in "[\t\n\r -\u{D7FF}]{0,40}",
            to in "[\t\n\r -\u{D7FF}]{0,40}",
            id in option::of("[\t\n\r -\u{D7FF}]{1,40}"),
            type_ in prop_oneof![
                Just(MessageType::Normal), Just(MessageType::Chat), Just(MessageType::Headline)
            ],
        ) {
            let message = Message {
                from: Some(from.clone().into()),
                to: Some(to.clone().into()),
                id: id.clone().map(Into::into),
                type_,
                ..Message::default()
            };
            let reference = Reference {
                from: from.into(),
                to: to.into(),
                type_,
                id: id.map(Into::into),
            };
            let kept = Reference::of(&message).unwrap();
            prop_assert_eq!(Reference::read(&kept), Some(reference));
        }

        #[test]
        fn whatever_else_was_kept_is_read_or_not_and_never_a_panic(kept in "[a\u{1f}ch]{0,12}") {
            let fields = kept.split(BETWEEN).count();
            prop_assert_eq!(Reference::read(&kept.into()).is_some(), fields >= 4);
        }
    }

    #[test]
    fn head_that_is_longer_than_the_gateway_keeps_is_not_kept() {
        let with_id = |len: usize| Message {
            from: Some("a@example.com/x".into()),
            to: Some("b@sip.example.com".into()),
            id: Some("i".repeat(len).into()),
            ..Message::default()
        };
        let rest = Reference::of(&with_id(0)).unwrap().len();
        let longest = MessageOperation::MAX_KEPT - rest;
        assert_eq!(
            Reference::of(&with_id(longest)).unwrap().len(),
            MessageOperation::MAX_KEPT
        );
        assert_eq!(Reference::of(&with_id(longest + 1)), None);
    }
}
