//! Who may say that a message was not taken.

use rialto_sdk::model::Domain;
use rialto_xmpp_codec::Jid;

/// May an error from the address `from` fail a message to `to`, on a stream with `server`?
///
/// The recipient may, from any device, and so may a server of theirs or the one that the stream is
/// with (RFC 6120 §8.3.1). Others may not: all users can write to the component, and a message's id
/// is no secret to its recipient.
pub(super) fn may_refuse(from: &str, to: &str, server: &str) -> bool {
    if from == to {
        return true;
    }
    let (Ok(from), Ok(to)) = (Jid::parse(from), Jid::parse(to)) else {
        return false;
    };
    let is_of = |domain| same_domain(from.domain(), domain);
    match from.local() {
        Some(local) => to.local() == Some(local) && is_of(to.domain()),
        None => is_of(to.domain()) || is_of(server),
    }
}

/// Are these one domain, in Unicode or not?
fn same_domain(one: &str, other: &str) -> bool {
    let parsed = |domain| Domain::parse(domain).ok();
    one == other || parsed(one).is_some_and(|one| parsed(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::may_refuse;

    #[test]
    fn recipient_and_servers_may_refuse_a_message_and_others_may_not() {
        let to = "juliet@m\u{FC}nchen.example";
        for from in [
            to,
            "juliet@m\u{FC}nchen.example/balcony",
            "Juliet@xn--mnchen-3ya.example",
            "m\u{FC}nchen.example",
            "xn--mnchen-3ya.example/s2s",
            "example.com",
        ] {
            assert!(may_refuse(from, to, "example.com"), "{from}");
            let device = format!("{to}/chamber");
            assert!(may_refuse(from, &device, "example.com"), "{from}");
        }
        for from in [
            "mallory@m\u{FC}nchen.example",
            "juliet@example.com",
            "juliet@mallory.example",
            "mallory.example",
            "mallory.example/juliet@m\u{FC}nchen.example",
            "juliet",
            "",
            "@",
        ] {
            assert!(!may_refuse(from, to, "example.com"), "{from}");
        }
    }
}
