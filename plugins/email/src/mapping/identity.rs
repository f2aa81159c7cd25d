//! What a mail is known again by when it is sent once more.

use rialto_email_codec::{ReversePath, message::Mail};
use ring::digest::{Context, SHA256};

/// The name of a mail: where it comes from, its Message-ID, and what it says.
///
/// A client that lost the answer sends the same octets again (RFC 5321 §4.5.4.1). The identifier alone would not do:
/// some programs give all their mails the same one, and the second of two different mails would vanish.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity(Box<str>);

impl Identity {
    /// Names a mail that has a name itself: one without may be sent twice and mean it.
    pub(crate) fn of(reverse_path: &ReversePath, mail: &Mail<'_>) -> Option<Self> {
        let id = mail.message_id()?;
        let mut digest = Context::new(&SHA256);
        for piece in [reverse_path.to_string().as_bytes(), b"\n", mail.raw()] {
            digest.update(piece);
        }
        let digest = digest.finish();
        let hex: String = digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Some(Self(format!("{hex} {}", id.as_str()).into()))
    }

    /// As the gateway keeps it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(from: &str, text: &str) -> Option<Identity> {
        let path = match from {
            "" => ReversePath::Null,
            from => ReversePath::Mailbox(from.parse().unwrap()),
        };
        Identity::of(&path, &Mail::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn same_octets_from_the_same_sender_are_the_same_mail_and_no_others() {
        let mail = "Message-ID: <1@a.example>\r\n\r\nhi\r\n";
        let one = identity("a@a.example", mail);
        assert_eq!(one, identity("a@a.example", mail));
        assert_ne!(one, identity("b@a.example", mail));
        assert_ne!(one, identity("", mail));
        let other = "Message-ID: <1@a.example>\r\n\r\nho\r\n";
        assert_ne!(
            one,
            identity("a@a.example", other),
            "a program that repeats itself"
        );
        assert!(one.unwrap().as_str().ends_with(" 1@a.example"));
        assert_eq!(
            identity("a@a.example", "Subject: alarm\r\n\r\nhi\r\n"),
            None
        );
    }
}
