//! SIP URIs and inboxes (RFC 7247 §6).

use std::borrow::Cow;

use rialto_sdk::prelude::{ByteString, Domain, FailureReason, InstantInbox};
use rialto_sip_codec::{Host, SipUri, Uri, uri::escape};

/// An inbox and the device that the URI named.
#[derive(Debug)]
pub(super) struct Party {
    pub(super) inbox: InstantInbox,
    pub(super) instance: Option<ByteString>,
}

/// Takes a `sip:`, `sips:` or `im:` URI; `invalid` is the reason when it names no inbox.
pub(super) fn party(uri: Uri<'_>, invalid: FailureReason) -> Result<Party, FailureReason> {
    match uri {
        Uri::Sip(uri) => sip_party(&uri, invalid),
        Uri::Im(uri) => {
            let inbox = InstantInbox::parse(&format!("im:{}", uri.rest())).map_err(|_| invalid)?;
            Ok(Party {
                inbox,
                instance: None,
            })
        }
        _ => Err(invalid),
    }
}

fn sip_party(uri: &SipUri<'_>, invalid: FailureReason) -> Result<Party, FailureReason> {
    let Host::Name(host) = uri.host() else {
        return Err(invalid);
    };
    let user = uri.user().ok_or(invalid)?;
    let inbox = match plain_inbox(user, host) {
        Some(inbox) => inbox,
        None => {
            let domain = Domain::parse(host).map_err(|_| invalid)?;
            let user = escape::unescape_text(user).ok_or(invalid)?;
            InstantInbox::new(&user, &domain).map_err(|_| invalid)?
        }
    };
    // A `gr` without a value marks a temporary GRUU, which names no device (RFC 7247 §6.3).
    let instance = uri.param("gr").flatten().and_then(escape::unescape_text);
    Ok(Party {
        inbox,
        instance: instance.map(|instance| instance.as_ref().into()),
    })
}

/// The inbox of a user part that stands for itself in an `im:` URI, as most do.
fn plain_inbox(user: &str, host: &str) -> Option<InstantInbox> {
    let stands = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'*+=/".contains(&byte);
    if !user.bytes().all(stands) {
        return None;
    }
    InstantInbox::from_shared(["im:", user, "@", host].concat().into()).ok()
}

/// Appends the `sip:` URI of an inbox, with `gr` when it names a device.
pub(super) fn push_sip_uri(out: &mut String, inbox: &InstantInbox, instance: Option<&ByteString>) {
    out.push_str("sip:");
    out.push_str(&escape::escape_user(&inbox.local_part()));
    out.push('@');
    out.push_str(inbox.domain());
    if let Some(instance) = instance {
        out.push_str(";gr=");
        out.push_str(&escaped_parameter(instance));
    }
}

/// Escapes what may not stand in the value of a URI parameter (RFC 3261 §25.1, `pvalue`).
fn escaped_parameter(value: &str) -> Cow<'_, str> {
    let stands = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()[]/:&+$".contains(&byte);
    if value.bytes().all(stands) {
        return Cow::Borrowed(value);
    }
    let mut escaped = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        if stands(byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            for nibble in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(nibble), 16).unwrap_or('0');
                escaped.push(digit.to_ascii_uppercase());
            }
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(uri: &str) -> Result<(String, Option<String>), FailureReason> {
        let party = party(Uri::parse(uri).unwrap(), FailureReason::InvalidSource)?;
        Ok((
            party.inbox.to_string(),
            party.instance.map(|instance| instance.to_string()),
        ))
    }

    #[test]
    fn rfc7247_6_4_sip_uris_become_inboxes_and_instances() {
        let im = |uri: &str| read(uri).unwrap();
        assert_eq!(
            im("sip:f%C3%BC@sip.example"),
            ("im:f%C3%BC@sip.example".to_owned(), None)
        );
        assert_eq!(im("sip:o'malley@sip.example").0, "im:o'malley@sip.example");
        assert_eq!(im("sip:foo@sip.example;gr=bar").1.as_deref(), Some("bar"));
        assert_eq!(
            im("sips:foo:secret@SIP.example:5061;transport=tcp").0,
            "im:foo@sip.example"
        );
        assert_eq!(im("im:foo@sip.example").0, "im:foo@sip.example");
    }

    #[test]
    fn temporary_gruu_names_no_instance() {
        assert_eq!(read("sip:foo@sip.example;gr").unwrap().1, None);
    }

    #[test]
    fn uri_that_names_no_inbox_is_refused_with_the_reason_of_its_place() {
        for uri in [
            "sip:sip.example",
            "sip:a@192.0.2.1",
            "sip:a@[::1]",
            "sip:a@localhost",
            "tel:+1",
            "im:a",
        ] {
            assert_eq!(read(uri), Err(FailureReason::InvalidSource), "{uri}");
        }
    }

    proptest! {
        #[test]
        fn inbox_and_instance_round_trip(local in "[^\\p{Cc}]{1,20}", instance in "\\PC{1,20}") {
            let domain = Domain::parse("sip.example").unwrap();
            let inbox = InstantInbox::new(&local, &domain).unwrap();
            let instance = ByteString::from(instance);
            let mut uri = String::new();
            push_sip_uri(&mut uri, &inbox, Some(&instance));
            let party = party(Uri::parse(&uri).unwrap(), FailureReason::Internal).unwrap();
            prop_assert_eq!(party.inbox, inbox);
            prop_assert_eq!(party.instance, Some(instance));
        }
    }
}
