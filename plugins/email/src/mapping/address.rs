//! Mailboxes and inboxes (RFC 5321 §4.1.2, RFC 3860 §A).
//!
//! ```text
//! fred@mail.example                     im:fred@mail.example
//! "fred smith"@mail.example             im:%22fred%20smith%22@mail.example
//! b=C3=B6b@sip.example                  im:b%C3%B6b@sip.example, a user of another network
//! böb@mail.example                      im:b%C3%B6b@mail.example, a mail user with SMTPUTF8
//! ```

use std::net::IpAddr;

use rialto_email_codec::{Host, LocalPart, Mailbox};
use rialto_sdk::model::{
    AddressError, Domain, Failure, FailureReason, InstantInbox, MetaSyntax, QualifiedUser,
};

use super::escape::{protect, restore};

/// What other networks say of a user and mail does not: whether `+12015550123` is a telephone number.
const SYNTAX: MetaSyntax = MetaSyntax::new(&["user"]);

/// The inbox of a mail user, such that a reply to it finds them again.
pub(crate) fn source_inbox(mailbox: &Mailbox) -> Result<InstantInbox, Failure> {
    let user = QualifiedUser::new(mailbox.local_part().as_str());
    inbox(
        &SYNTAX.write(&user),
        mailbox.host(),
        FailureReason::InvalidSource,
    )
}

/// The mailbox of a mail user; a number is a name like any other: `+12015550123/user=phone` is `+12015550123`.
pub(crate) fn destination_mailbox(inbox: &InstantInbox) -> Result<Mailbox, Failure> {
    let text = inbox.local_part();
    let user = SYNTAX.read(&text);
    mailbox(
        user.user(),
        inbox.domain(),
        FailureReason::InvalidDestination,
    )
}

/// The mailbox that stands for a user of another network: mail to it comes back to that inbox.
pub(crate) fn source_mailbox(inbox: &InstantInbox) -> Result<Mailbox, Failure> {
    let text = inbox.local_part();
    mailbox(
        &protect(&text),
        inbox.domain(),
        FailureReason::InvalidSource,
    )
}

/// The inbox that a sender of mail means: one behind the gateway, as [`source_mailbox`] shows it.
pub(crate) fn destination_inbox(mailbox: &Mailbox) -> Result<InstantInbox, Failure> {
    let text = restore(mailbox.local_part().as_str());
    inbox(&text, mailbox.host(), FailureReason::InvalidDestination)
}

fn inbox(local_part: &str, host: &Host, invalid: FailureReason) -> Result<InstantInbox, Failure> {
    let refused =
        |error: AddressError| Failure::new(invalid).with_detail(format!("email: {error}"));
    match host {
        Host::Domain(domain) => Domain::parse(domain.as_str())
            .and_then(|domain| InstantInbox::new(local_part, &domain))
            .map_err(refused),
        Host::Literal(IpAddr::V4(_) | IpAddr::V6(_)) => Err(refused(AddressError::IpAddress)),
        _ => Err(Failure::new(invalid)),
    }
}

fn mailbox(local_part: &str, domain: &str, invalid: FailureReason) -> Result<Mailbox, Failure> {
    let made = LocalPart::new(local_part)
        .and_then(|local_part| Mailbox::new(local_part, Host::Domain(domain.parse()?)));
    made.map_err(|error| Failure::new(invalid).with_detail(format!("email: {error}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn inbox(uri: &str) -> InstantInbox {
        InstantInbox::parse(uri).unwrap()
    }

    #[test]
    fn cpim_e_1_user_of_another_network_is_shown_in_ascii_and_a_reply_comes_home() {
        for (uri, shown) in [
            ("im:alice@sip.example", "alice@sip.example"),
            ("im:Alice@sip.example", "Alice@sip.example"),
            (
                "im:b%C3%B6b@xn--bcher-kva.example",
                "b=C3=B6b@xn--bcher-kva.example",
            ),
            (
                "im:+12015550123/user=phone@sip.example",
                "+12015550123/user=phone@sip.example",
            ),
            (
                "im:sip=sip.example/alice@relay.example",
                "sip=sip.example/alice@relay.example",
            ),
            (
                "im:%22fred%20smith%22@sip.example",
                "\"fred smith\"@sip.example",
            ),
        ] {
            let mailbox = source_mailbox(&inbox(uri)).unwrap();
            assert_eq!(mailbox.to_string(), shown);
            assert!(!mailbox.needs_smtputf8());
            assert_eq!(destination_inbox(&mailbox).unwrap(), inbox(uri));
        }
    }

    #[test]
    fn mail_user_is_the_same_text_and_a_number_is_a_name() {
        let of = |text: &str| source_inbox(&text.parse().unwrap()).unwrap();
        assert_eq!(of("Juliet@Mail.Example"), inbox("im:Juliet@mail.example"));
        let odd = of("a/user=b@mail.example");
        assert_eq!(odd.local_part(), "a%2fuser=b");
        assert_eq!(
            destination_mailbox(&odd).unwrap().to_string(),
            "a/user=b@mail.example"
        );
        let number = destination_mailbox(&inbox("im:+12015550123/user=phone@mail.example"));
        assert_eq!(number.unwrap().to_string(), "+12015550123@mail.example");
    }

    #[test]
    fn cpim_2_4_1_1_mailbox_that_is_no_inbox_is_refused() {
        for text in ["a@[192.0.2.1]", "a@[IPv6:2001:db8::1]", "a@localhost"] {
            let mailbox: Mailbox = text.parse().unwrap();
            let failure = destination_inbox(&mailbox).unwrap_err();
            assert_eq!(
                failure.reason(),
                FailureReason::InvalidDestination,
                "{text}"
            );
            let failure = source_inbox(&mailbox).unwrap_err();
            assert_eq!(failure.reason(), FailureReason::InvalidSource, "{text}");
        }
        let long = format!("im:{}@sip.example", "a".repeat(400));
        let failure = source_mailbox(&inbox(&long)).unwrap_err();
        assert_eq!(failure.reason(), FailureReason::InvalidSource);
    }

    proptest! {
        #[test]
        fn cpim_e_2_map_every_user_comes_home_whatever_the_local_part(
            text in r#"([A-Za-z0-9=/%+.@ "\\]|/user=|=[0-9A-F]{2}|ö|\PC){1,12}"#
        ) {
            let domain = Domain::parse("sip.example").unwrap();
            let Ok(inbox) = InstantInbox::new(&text, &domain) else { return Ok(()) };
            let shown = source_mailbox(&inbox).unwrap();
            let on_the_wire: Mailbox = shown.to_string().parse().unwrap();
            prop_assert_eq!(destination_inbox(&on_the_wire).unwrap(), inbox);
        }

        #[test]
        fn every_mail_user_comes_home_whatever_the_local_part(
            text in r#"([A-Za-z0-9=/%+.@ "\\]|/user=|%2fuser=|=[0-9A-F]{2}|ö|\PC){1,12}"#
        ) {
            let Ok(local_part) = LocalPart::new(&text) else { return Ok(()) };
            let mailbox = Mailbox::new(local_part, "mail.example".parse().unwrap()).unwrap();
            if let Ok(inbox) = source_inbox(&mailbox) {
                prop_assert_eq!(destination_mailbox(&inbox).unwrap(), mailbox);
            }
        }
    }
}
