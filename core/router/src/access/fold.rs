//! Local parts without regard to what some network does not tell apart.

use std::borrow::Cow;

use rialto_model::{Domain, InstantInbox};
use unicode_normalization::UnicodeNormalization;

use crate::AddressPattern;

/// An inbox whose local part is folded as the widest of networks folds it: case, and compatible forms of characters.
///
/// XMPP takes `JULIET`, and `juliet` in full-width letters, for `juliet` (RFC 7622 §3.3); a rule about her has to hold
/// however her name is written. Where a network tells such users apart, rules do not. Looks once at what is plain.
pub(crate) fn fold(inbox: &InstantInbox) -> Cow<'_, InstantInbox> {
    let local = inbox.mailbox().bytes().take_while(|byte| *byte != b'@');
    // In a canonical address all that is not ASCII is an escape.
    if !local
        .into_iter()
        .any(|byte| byte.is_ascii_uppercase() || byte == b'%')
    {
        return Cow::Borrowed(inbox);
    }
    let folded: String = inbox
        .local_part()
        .nfkc()
        // Up and down, as some letters become two.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkc()
        .collect();
    let domain = Domain::parse(inbox.domain());
    match domain.and_then(|domain| InstantInbox::new(&folded, &domain)) {
        Ok(folded) => Cow::Owned(folded),
        Err(_) => Cow::Borrowed(inbox), // it grew longer than an inbox may be
    }
}

/// A pattern that means folded inboxes.
pub(crate) fn fold_pattern(pattern: AddressPattern) -> AddressPattern {
    match pattern {
        AddressPattern::One(inbox) => AddressPattern::One(fold(&inbox).into_owned()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_that_a_network_takes_for_one_user_are_one() {
        let juliet: InstantInbox = "im:juliet@xmpp.example".parse().unwrap();
        for local in [
            "juliet",
            "Juliet",
            "JULIET",
            "\u{ff4a}uliet",
            "\u{ff2a}uliet",
        ] {
            let domain = Domain::parse("xmpp.example").unwrap();
            let inbox = InstantInbox::new(local, &domain).unwrap();
            assert_eq!(*fold(&inbox), juliet, "{local}");
        }
        let fold = |uri: &str| fold(&uri.parse().unwrap()).into_owned();
        assert_eq!(
            fold("im:Stra%C3%9Fe@a.example"),
            fold("im:STRASSE@a.example")
        );
        assert_ne!(fold("im:juli@a.example"), fold("im:juliet@a.example"));
    }

    proptest! {
        #[test]
        fn folded_inbox_is_folded(local in "[^\\p{Cc}]{1,8}|[a-zA-Z]{1,8}") {
            let domain = Domain::parse("a.example").unwrap();
            let inbox = InstantInbox::new(&local, &domain).unwrap();
            let once = fold(&inbox);
            prop_assert_eq!(fold(&once), once.clone());
        }
    }
}
