//! Local parts without regard to what some network does not tell apart.

use std::borrow::Cow;

use rialto_model::{Domain, InstantInbox};
use unicode_normalization::UnicodeNormalization;

use crate::AddressPattern;

/// An inbox whose local part is folded as the widest of networks folds it: case, compatible forms of characters, characters
/// that are not seen, and what it says besides the user.
///
/// XMPP takes `JULIET`, and `juliet` in full-width letters, for `juliet` (RFC 7622 §3.3), and reaches her as `juliet/user=phone` too,
/// since it has one kind of user. A rule about her has to hold however her name is written. Where a network tells such users
/// apart, rules do not. Looks once at what is plain.
pub(crate) fn fold(inbox: &InstantInbox) -> Cow<'_, InstantInbox> {
    let local = inbox.mailbox().bytes().take_while(|byte| *byte != b'@');
    // In a canonical address all that is not ASCII is an escape.
    if !local
        .into_iter()
        .any(|byte| byte.is_ascii_uppercase() || matches!(byte, b'%' | b'/'))
    {
        return Cow::Borrowed(inbox);
    }
    let folded: String = inbox
        .local_part()
        .chars()
        .filter(|c| !is_nothing(*c))
        .nfkc()
        // Up and down, as some letters become two.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkc()
        .collect();
    let domain = Domain::parse(inbox.domain());
    match domain.and_then(|domain| InstantInbox::new(user(&folded), &domain)) {
        Ok(folded) => Cow::Owned(folded),
        Err(_) => Cow::Borrowed(inbox), // it grew longer than an inbox may be
    }
}

/// Whether servers leave it out of names (RFC 3454 table B.1).
const fn is_nothing(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{1806}'
            | '\u{180b}'..='\u{180d}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
    )
}

/// The user of a folded local part, without what stands behind in the meta-syntax (`/keyword=value`). RFC 2846.
fn user(local: &str) -> &str {
    let is_keyword = |text: &str| {
        let belongs = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !text.is_empty() && text.bytes().all(belongs)
    };
    let mut users = local.match_indices('/').filter_map(|(at, _)| {
        let (user, qualifier) = local.split_at_checked(at)?;
        let (keyword, _) = qualifier.strip_prefix('/')?.split_once('=')?;
        (!user.is_empty() && is_keyword(keyword)).then_some(user)
    });
    users.next().unwrap_or(local)
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
            "ju\u{ad}li\u{200b}et\u{fe0f}",
            "juliet/user=phone",
            "Juliet/ext=1/USER=phone",
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

    #[test]
    fn user_who_only_looks_qualified_is_somebody_else() {
        let fold = |uri: &str| fold(&uri.parse().unwrap()).into_owned();
        let juliet = fold("im:juliet@a.example");
        for uri in [
            "im:juliet%252fuser=phone@a.example", // whose name has a slash
            "im:juliet/phone@a.example",
            "im:/juliet=a@a.example",
            "im:juliet/=a@a.example",
        ] {
            assert_ne!(fold(uri), juliet, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn folded_inbox_is_folded(local in "[^\\p{Cc}]{1,8}|[a-zA-Z]{1,8}|[aB/=%2f]{1,12}") {
            let domain = Domain::parse("a.example").unwrap();
            let inbox = InstantInbox::new(&local, &domain).unwrap();
            let once = fold(&inbox);
            prop_assert_eq!(fold(&once), once.clone());
        }
    }
}
