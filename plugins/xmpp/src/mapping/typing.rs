//! Who is typing: chat states and isComposing (XEP-0085, RFC 3994; RFC 7573 §6).

use rialto_sdk::model::{ComposingState, Failure, InstantMessage, IsComposing};
use rialto_xmpp_codec::{ChatState, Hint, Message, MessageType, Payload};

use super::content::{unsupported, unwritable};

/// What a chat state that stands alone says in the common format; `None` if nothing.
///
/// `gone` ends a session, and pager mode has none (RFC 7573 §6.1).
pub(super) fn composing(message: &Message) -> Option<InstantMessage> {
    // A chat state is always sound; of several the first counts.
    let state = match message.payload::<ChatState>().ok()?? {
        ChatState::Composing => ComposingState::Active,
        ChatState::Active | ChatState::Paused | ChatState::Inactive => ComposingState::Idle,
        _ => return None,
    };
    IsComposing::new(state).to_message().ok()
}

/// Whether a message says no more than that somebody is typing, or is not.
pub(super) fn is_composing(message: &InstantMessage) -> bool {
    let len = IsComposing::CONTENT_TYPE.len();
    let Some((essence, rest)) = message.content_type().split_at_checked(len) else {
        return false;
    };
    let is_end = rest.is_empty() || rest.starts_with([';', ' ']);
    is_end && essence.eq_ignore_ascii_case(IsComposing::CONTENT_TYPE)
}

/// The chat state that says the same (RFC 7573 table 3).
fn chat_state(message: &InstantMessage) -> Result<ChatState, Failure> {
    let composing = IsComposing::from_message(message)
        .map_err(|error| unsupported(format!("xmpp: the isComposing document: {error}")))?;
    match composing.map(|composing| composing.state()) {
        Some(ComposingState::Active) => Ok(ChatState::Composing),
        _ => Ok(ChatState::Active),
    }
}

/// Makes a message with nothing in it the one that carries a chat state alone.
///
/// XEP-0085 §5.6 wants nothing but the state there. But the hop count has to be there, lest it go round for ever; and lest servers that know
/// a chat state by its being alone keep it for those who are away (XEP-0160 §3), so has the hint that they do not.
pub(super) fn say(message: &InstantMessage, stanza: &mut Message) -> Result<(), Failure> {
    let state = chat_state(message)?;
    stanza.type_ = MessageType::Chat;
    let written = [state.to_element(), Hint::NoStore.to_element()];
    for element in written {
        stanza.other.push(element.map_err(unwritable)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rialto_sdk::model::Bytes;

    use super::*;

    fn alone(state: ChatState) -> Message {
        Message::default().with_payload(&state).unwrap()
    }

    #[test]
    fn chat_states_become_what_table_4_of_rfc_7573_says() {
        for (state, composing_state) in [
            (ChatState::Active, Some(ComposingState::Idle)),
            (ChatState::Inactive, Some(ComposingState::Idle)),
            (ChatState::Gone, None),
            (ChatState::Composing, Some(ComposingState::Active)),
            (ChatState::Paused, Some(ComposingState::Idle)),
        ] {
            let message = composing(&alone(state));
            let read = message.map(|message| IsComposing::from_message(&message).unwrap().unwrap());
            assert_eq!(read.map(|read| read.state()), composing_state, "{state:?}");
        }
    }

    #[test]
    fn is_composing_becomes_what_table_3_of_rfc_7573_says() {
        for (state, chat) in [
            (ComposingState::Active, ChatState::Composing),
            (ComposingState::Idle, ChatState::Active),
        ] {
            let message = IsComposing::new(state).to_message().unwrap();
            assert!(is_composing(&message));
            assert_eq!(chat_state(&message), Ok(chat));
        }
    }

    #[test]
    fn document_that_is_none_is_refused_and_other_content_is_not_asked() {
        let broken = InstantMessage::new(IsComposing::CONTENT_TYPE, Bytes::from_static(b"<x"));
        assert!(is_composing(&broken));
        assert!(chat_state(&broken).is_err());
        let parameters = InstantMessage::new(
            "Application/IM-isComposing+XML; charset=utf-8",
            Bytes::new(),
        );
        assert!(is_composing(&parameters));
        let longer = InstantMessage::new("application/im-iscomposing+xmls", Bytes::new());
        assert!(!is_composing(&longer));
        assert!(!is_composing(&InstantMessage::text("x")));
    }
}
