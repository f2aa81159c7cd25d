//! What senders call themselves (XEP-0172, RFC 3862 §4.1).

use rialto_sdk::model::{Header, InstantInbox, MessageHeaders, NameAddress};
use rialto_xmpp_codec::{Message, Nick, Payload, WriteError};

use super::content::one_line;

/// The longest name that is carried, in bytes: none is worth a message that becomes too large by it.
const MAX_LEN: usize = 256;

/// The sender with the name that the stanza says, if it says one.
pub(super) fn from(message: &Message, source: &InstantInbox) -> Option<Header> {
    let Nick(name) = message.payload().ok()??;
    let name = Some(one_line(&name)).filter(|name| is_carried(name))?;
    let named = NameAddress::new(Some(name), source.uri().clone())?;
    Some(Header::new("From", named.to_string()))
}

/// Says the sender's name, as the sender's network did.
///
/// The specification wants it in the first message to somebody new; who that is, only the receiver knows.
pub(super) fn say(headers: &MessageHeaders, stanza: &mut Message) -> Result<(), WriteError> {
    let from = headers.from();
    let name = from.as_ref().and_then(NameAddress::display_name);
    if let Some(name) = name.map(one_line).filter(|name| is_carried(name)) {
        stanza.other.push(Nick(name).to_element()?);
    }
    Ok(())
}

fn is_carried(name: &str) -> bool {
    // What XML 1.0 cannot carry is no reason to refuse the message.
    let is_carried = |c| !matches!(c, '\u{FFFE}' | '\u{FFFF}');
    let is_said = name.chars().any(|c| !c.is_whitespace());
    is_said && name.len() <= MAX_LEN && name.chars().all(is_carried)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    fn crossed(name: &str) -> Option<String> {
        let source = InstantInbox::parse("im:juliet@example.com").unwrap();
        let stanza = Message::default().with_payload(&Nick(name.to_owned().into()));
        let header = from(&stanza.unwrap(), &source)?;
        let headers = [header].into_iter().collect::<MessageHeaders>();
        assert_eq!(headers.from()?.inbox().as_ref(), Ok(&source));
        let mut stanza = Message::default();
        say(&headers, &mut stanza).unwrap();
        let Nick(name) = stanza.payload().unwrap()?;
        Some(name.to_string())
    }

    #[test]
    fn rfc2779_4_1_6_name_of_any_script_crosses_both_ways() {
        for name in [
            "Ishmael",
            "Юлия",
            "朱丽叶 Capulet",
            "Fr\u{E9}d\u{E9}ric",
            "\u{5D0}\u{5D1}",
        ] {
            assert_eq!(crossed(name).as_deref(), Some(name));
        }
    }

    #[test]
    fn name_that_looks_like_an_address_is_a_name() {
        for name in [
            "Eve\" <im:boss@example.com>",
            "<im:boss@example.com>",
            "a, b",
        ] {
            assert_eq!(crossed(name).as_deref(), Some(name));
        }
    }

    #[test]
    fn name_is_one_line_and_what_is_none_or_too_long_is_left_out() {
        assert_eq!(crossed("Ish\nmael").as_deref(), Some("Ish mael"));
        for name in ["", " \t", "\u{FFFF}", &"x".repeat(MAX_LEN + 1)] {
            assert_eq!(crossed(name), None, "{name:?}");
        }
        assert!(crossed(&"x".repeat(MAX_LEN)).is_some());
        let none = MessageHeaders::new();
        let mut stanza = Message::default();
        say(&none, &mut stanza).unwrap();
        assert_eq!(stanza.other, []);
    }

    proptest! {
        #[test]
        fn name_that_is_not_too_long_survives_both_ways(name in "[!-~\u{A1}-\u{D7FF}]{1,80}( [!-~]{1,9})?") {
            let is_carried = name.len() <= MAX_LEN && name.trim() == name;
            if is_carried {
                prop_assert_eq!(crossed(&name), Some(name));
            }
        }
    }
}
