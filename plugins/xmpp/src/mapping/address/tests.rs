//! Inboxes and JIDs, there and back.

use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

use super::*;

fn own() -> OwnDomains {
    OwnDomains::new(
        Domain::parse("sip.example.com").unwrap(),
        [Domain::parse("relay.example").unwrap()],
    )
}

fn inbox(uri: &str) -> InstantInbox {
    InstantInbox::parse(uri).unwrap()
}

/// RFC 7247 §6.4 and §6.5, with the `im:` URIs that stand between.
#[test]
fn addresses_are_mapped_as_rfc_7247_shows() {
    for (uri, jid) in [
        ("im:f%C3%BC@sip.example.com", "fü@sip.example.com"),
        ("im:o'malley@sip.example.com", "o\\27malley@sip.example.com"),
        ("im:m&m@sip.example.com", "m\\26m@sip.example.com"),
        ("im:tsch%C3%BCss@sip.example.com", "tschüss@sip.example.com"),
    ] {
        let mapped = destination_jid(&inbox(uri), None).unwrap();
        assert_eq!(mapped.as_str(), jid);
        assert_eq!(own().source_jid(&inbox(uri), None).unwrap(), mapped);
        assert_eq!(source_inbox(&mapped).unwrap(), inbox(uri));
        assert_eq!(destination_inbox(&mapped).unwrap(), inbox(uri));
    }
    let instance = Some(&ByteString::from_static("qux"));
    let full = destination_jid(&inbox("im:baz@xmpp.example.com"), instance).unwrap();
    assert_eq!(full.as_str(), "baz@xmpp.example.com/qux");
}

#[test]
fn number_is_the_user_of_that_name_and_a_name_that_looks_qualified_is_itself() {
    let number = inbox("im:+12015550123/user=phone@xmpp.example");
    let jid = destination_jid(&number, None).unwrap();
    assert_eq!(jid.as_str(), "+12015550123@xmpp.example");
    assert_eq!(source_inbox(&jid).unwrap().local_part(), "+12015550123");

    let odd = Jid::parse("a\\2fuser=b@xmpp.example").unwrap();
    let shown = source_inbox(&odd).unwrap();
    assert_eq!(shown.local_part(), "a%2fuser=b");
    assert_eq!(destination_jid(&shown, None).unwrap(), odd);
}

#[test]
fn cpim_e_1_qualifiers_of_another_network_come_home_through_a_jid() {
    for (uri, jid) in [
        (
            "im:+12015550123/ext=22/user=phone@relay.example",
            "+12015550123\\2fext=22\\2fuser=phone@relay.example",
        ),
        (
            "im:a%252fuser=phone@relay.example",
            "a%2fuser=phone@relay.example",
        ),
        (
            "im:%22sip=example.net/fred%20smith%22@relay.example",
            "sip=example.net\\2ffred\\20smith@relay.example",
        ),
    ] {
        let shown = own().source_jid(&inbox(uri), None).unwrap();
        assert_eq!(shown.as_str(), jid);
        assert_eq!(destination_inbox(&shown).unwrap(), inbox(uri));
    }
}

#[test]
fn cpim_e_2_map_source_route_comes_home_through_a_jid() {
    let route = inbox("im:sip=example.net/o'malley@relay.example");
    let jid = own().source_jid(&route, None).unwrap();
    assert_eq!(jid.as_str(), "sip=example.net\\2fo\\27malley@relay.example");
    assert_eq!(destination_inbox(&jid).unwrap(), route);
}

#[test]
fn source_with_capitals_comes_home_and_a_user_of_xmpp_has_none() {
    for (uri, jid) in [
        ("im:Alice@sip.example.com", "%41lice@sip.example.com"),
        ("im:%2541lice@sip.example.com", "%2541lice@sip.example.com"),
        (
            "im:O'Malley@sip.example.com",
            "%4f\\27%4dalley@sip.example.com",
        ),
        (
            "im:sip=example.net/Alice@relay.example",
            "sip=example.net\\2f%41lice@relay.example",
        ),
    ] {
        let shown = own().source_jid(&inbox(uri), None).unwrap();
        assert_eq!(shown.as_str(), jid);
        assert_eq!(Jid::parse(jid).unwrap(), shown, "no server changes it");
        assert_eq!(destination_inbox(&shown).unwrap(), inbox(uri));
    }
    let juliet = destination_jid(&inbox("im:Juliet@xmpp.example"), None).unwrap();
    assert_eq!(juliet.as_str(), "juliet@xmpp.example");
    let odd = Jid::parse("%41lice@xmpp.example").unwrap();
    let known = source_inbox(&odd).unwrap();
    assert_eq!(known, inbox("im:%2541lice@xmpp.example"));
    assert_eq!(destination_jid(&known, None).unwrap(), odd);
}

#[test]
fn source_that_servers_would_change_is_refused_and_never_another() {
    for text in [
        "\u{C9}mile",
        "\u{FF21}lice",
        "stra\u{DF}e",
        "e\u{301}mile",
        "\u{3A3}",
    ] {
        let domain = Domain::parse("sip.example.com").unwrap();
        let source = InstantInbox::new(text, &domain).unwrap();
        let failure = own().source_jid(&source, None).unwrap_err();
        assert_eq!(failure.reason(), FailureReason::InvalidSource, "{text}");
        assert_eq!(
            failure.detail(),
            "xmpp: servers would change the source's local part"
        );
    }
}

proptest! {
    #[test]
    fn source_comes_home_whatever_its_local_part(
        text in r#"([A-Za-z0-9%]|%25|%4[0-9A-Fa-f]|\\[2-5][0-9a-fA-F]|[ "&'/:<>@\\é=.+\PC]){1,12}"#
    ) {
        let domain = Domain::parse("sip.example.com").unwrap();
        if let Ok(source) = InstantInbox::new(&text, &domain)
            && let Ok(shown) = own().source_jid(&source, None)
        {
            let passed_on = Jid::parse(shown.as_str()).unwrap();
            prop_assert_eq!(destination_inbox(&passed_on).unwrap(), source);
        } else {
            // Nothing that a SIP user is likely to be called is refused.
            let usual = |byte: u8| byte.is_ascii_graphic();
            prop_assert!(!text.bytes().all(usual), "{}", text);
        }
    }

    #[test]
    fn every_address_of_an_own_domain_is_the_one_of_its_inbox(
        local in r#"([a-z0-9%]|%25|%4[0-9a-f]|%5[0-9a-f]|\\[2-5][0-9a-f]|[\\éß=.+]){1,12}"#
    ) {
        let Ok(jid) = Jid::parse(&format!("{local}@sip.example.com")) else {
            return Ok(());
        };
        // Others are escaped where they need not be (XEP-0106): two addresses of one inbox.
        if jid.reversible_local_text().is_ok() {
            let inbox = destination_inbox(&jid).unwrap();
            prop_assert_eq!(own().source_jid(&inbox, None).unwrap(), jid);
        }
    }
}

#[test]
fn source_of_another_domain_is_refused_before_it_ends_the_stream() {
    let failure = own()
        .source_jid(&inbox("im:a@elsewhere.example"), None)
        .unwrap_err();
    assert_eq!(failure.reason(), FailureReason::InvalidSource);
    assert_eq!(failure.origin(), Origin::Operator);
}

#[test]
fn cpim_2_4_1_1_address_that_no_jid_can_hold_is_refused() {
    let long = format!("im:{}@example.com", "a".repeat(1100));
    let failure = destination_jid(&inbox(&long), None).unwrap_err();
    assert_eq!(failure.reason(), FailureReason::InvalidDestination);
    assert!(failure.detail().contains("1023"), "{failure}");
}

#[test]
fn cpim_e_2_map_source_route_is_shown_up_to_what_a_jid_holds_and_refused_beyond() {
    let of_length = |len| {
        let local = "a".repeat(len - "sip=example.net/".len());
        inbox(&format!("im:sip=example.net/{local}@relay.example"))
    };
    // The `/` is three bytes in a JID.
    let shown = own().source_jid(&of_length(1021), None).unwrap();
    assert_eq!(destination_inbox(&shown).unwrap(), of_length(1021));
    let failure = own().source_jid(&of_length(1022), None).unwrap_err();
    assert_eq!(failure.reason(), FailureReason::InvalidSource);
    assert!(failure.detail().contains("1023"), "{failure}");
}

#[test]
fn sender_whom_a_reply_would_miss_is_refused() {
    let jid = Jid::parse("a\\5cb@example.com").unwrap();
    assert_eq!(
        source_inbox(&jid).unwrap_err().reason(),
        FailureReason::InvalidSource
    );
    let server = Jid::parse("example.com").unwrap();
    assert_eq!(
        source_inbox(&server).unwrap_err().reason(),
        FailureReason::InvalidSource
    );
}

#[test]
fn domain_is_unicode_on_xmpp_and_ascii_here() {
    let uri = inbox("im:a@xn--mnchen-3ya.example");
    let jid = destination_jid(&uri, None).unwrap();
    assert_eq!(jid.as_str(), "a@münchen.example");
    assert_eq!(destination_inbox(&jid).unwrap(), uri);
}
