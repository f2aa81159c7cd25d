//! Addresses: what is taken, what is refused and why.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests are not seen as tests"
)]

use proptest::prelude::*;
use rialto_model::{
    AddressError, AddressUri, ByteString, Domain, InstantInbox, MetaSyntax, Presentity,
    QualifiedUser,
};

fn refused(uri: &str) -> AddressError {
    match InstantInbox::parse(uri) {
        Ok(inbox) => panic!("{uri} was taken as {inbox}"),
        Err(error) => error,
    }
}

#[test]
fn cpim_2_4_1_1_each_bad_uri_is_refused_with_its_own_reason() {
    use AddressError as Error;
    let character = |character, at| Error::Character { character, at };
    let table = [
        ("", Error::Scheme { expected: "im" }),
        ("fred@example.com", Error::Scheme { expected: "im" }),
        ("sip:fred@example.com", Error::Scheme { expected: "im" }),
        (
            "i\u{6d0}:fred@example.com",
            Error::Scheme { expected: "im" },
        ),
        ("im:", Error::NoMailbox),
        ("im:?subject=x", Error::NoMailbox),
        (
            "im:a@b.example,c@d.example",
            Error::SeveralMailboxes { count: 2 },
        ),
        ("im:fred", Error::NoDomain),
        ("im:fred@", Error::NoDomain),
        ("im:@example.com", Error::NoLocalPart),
        ("im:%22%22@example.com", Error::NoLocalPart),
        ("im:fr%2ed%@example.com", Error::Percent { at: 6 }),
        ("im:fr%2", Error::Percent { at: 2 }),
        ("im:%G0@example.com", Error::Percent { at: 0 }),
        ("im:%ff@example.com", Error::Encoding),
        ("im:fr%0Aed@example.com", character('\n', 2)),
        ("im:%22fr%00ed%22@example.com", character('\0', 2)),
        ("im:fr ed@example.com", character(' ', 2)),
        ("im:(fred)fred@example.com", character('(', 0)),
        ("im:Fred%20<fred@example.com>", character(' ', 4)),
        ("im:a@b@example.com", character('@', 1)),
        ("im:.fred@example.com", Error::Dot { at: 0 }),
        ("im:fr..ed@example.com", Error::Dot { at: 3 }),
        ("im:fred.@example.com", Error::Dot { at: 4 }),
        ("im:%22fred@example.com", Error::Quote),
        ("im:%22fr%22ed%22@example.com", Error::Quote),
        ("im:%22fred%5C%22@example.com", Error::Quote),
    ];
    for (uri, error) in table {
        assert_eq!(refused(uri), error, "{uri}");
    }
    let long = format!("im:{}@example.com", "a".repeat(3000));
    let expected = Error::TooLong {
        len: 3015,
        max: 2048,
    };
    assert_eq!(refused(&long), expected);
}

#[test]
fn cpim_2_4_1_1_no_spelling_of_an_ip_address_is_a_domain() {
    for domain in [
        "192.0.2.1",
        "192.0.2.1.",
        "[192.0.2.1]",
        "127.1",
        "0x7f.1",
        "0x7F.0.0.1",
        "0177.0.0.1",
        "2130706433",
        "0x7f000001",
        "127.0x1",
        "1.2.3.0x4.",
        "[2001:db8::1]",
        "[IPv6:2001:db8::1]",
        "2001:db8::1",
        "::1",
        "::ffff:192.0.2.1",
        "fe80::1%25eth0",
        "%31%39%32.0.2.1",
        "\u{ff11}\u{ff19}\u{ff12}.0.2.1",
        "192\u{3002}0\u{3002}2\u{3002}1",
        "256.256.256.256",
        "[",
    ] {
        let uri = format!("im:fred@{domain}");
        assert_eq!(refused(&uri), AddressError::IpAddress, "{domain}");
    }
}

#[test]
fn cpim_2_4_1_1_name_that_is_not_fully_qualified_or_no_name_says_so() {
    for domain in ["localhost", "example", "example.", "com"] {
        let error = refused(&format!("im:fred@{domain}"));
        assert!(
            matches!(error, AddressError::NotFullyQualified { .. }),
            "{domain}: {error}"
        );
    }
    let label = "a".repeat(64);
    for domain in [
        "exa_mple.com",
        "-a.example",
        "a-.example",
        "a..example",
        ".example.com",
        "example.123",
        "example.com:5060",
        "exa mple.com",
        "example.com/x",
        "xn--a.example",
        "a.example..",
        "example.0x10",
        &format!("{label}.example"),
        &format!("{}com", "aaaaaaa.".repeat(32)),
    ] {
        let error = refused(&format!("im:fred@{domain}"));
        assert!(
            matches!(error, AddressError::Domain { .. }),
            "{domain}: {error}"
        );
    }
}

#[test]
fn refusal_of_a_long_domain_stays_short_and_visible() {
    let error = refused(&format!("im:a@{}\u{1b}_.example", "\u{fc}".repeat(60))).to_string();
    assert!(error.len() < 700 && error.is_ascii(), "{error}");
}

#[test]
fn cpim_c_equivalent_spellings_are_one_address() {
    for (spelling, canonical) in [
        ("im:fred@example.com", "im:fred@example.com"),
        ("IM:fred@EXAMPLE.com.", "im:fred@example.com"),
        ("im:%66red@example%2Ecom", "im:fred@example.com"),
        ("im:%22fred%22@example.com", "im:fred@example.com"),
        ("im:%22fr%5Ced%22@example.com", "im:fred@example.com"),
        ("im:\"fred\"@example.com", "im:fred@example.com"),
        ("im:fred@example.com?subject=hello", "im:fred@example.com"),
        ("im:Fred@example.com", "im:Fred@example.com"),
        ("im:50%25@example.com", "im:50%25@example.com"),
        (
            "im:%22not%40me%22@example.org",
            "im:%22not%40me%22@example.org",
        ),
        ("im:%22a,b%22@example.org", "im:%22a%2Cb%22@example.org"),
        (
            "im:gr\u{fc}n@b\u{fc}cher.example",
            "im:gr%C3%BCn@xn--bcher-kva.example",
        ),
        (
            "im:pepp=example.com/fred@relay.example",
            "im:pepp=example.com/fred@relay.example",
        ),
    ] {
        let inbox = InstantInbox::parse(spelling).unwrap_or_else(|e| panic!("{spelling}: {e}"));
        assert_eq!(inbox.as_str(), canonical);
        assert_eq!(InstantInbox::parse(canonical).unwrap(), inbox);
    }
}

#[test]
fn cpim_c_headers_of_an_im_uri_are_decoded() {
    let uri = "im:fred@example.com,wilma@example.com?Subject=current%2Dissue&body=a+b%0D%0A%C3%BC";
    let uri: AddressUri<InstantInbox> = AddressUri::parse(uri).unwrap();
    let mailboxes: Vec<_> = uri.mailboxes().iter().map(InstantInbox::as_str).collect();
    assert_eq!(mailboxes, ["im:fred@example.com", "im:wilma@example.com"]);
    assert_eq!(
        uri.single(),
        Err(AddressError::SeveralMailboxes { count: 2 })
    );
    assert_eq!(uri.header("subject"), Some("current-issue"));
    assert_eq!(uri.header("body"), Some("a+b\r\n\u{fc}"));
    let canonical = uri.to_string();
    assert_eq!(
        canonical,
        "im:fred@example.com,wilma@example.com?Subject=current-issue&body=a+b%0D%0A%C3%BC"
    );
    assert_eq!(AddressUri::parse(&canonical), Ok(uri));
}

#[test]
fn cpim_c_uri_may_have_no_mailbox_and_only_headers() {
    let uri: AddressUri<InstantInbox> = AddressUri::parse("im:?subject=hi").unwrap();
    assert_eq!(uri.single(), Err(AddressError::NoMailbox));
    assert_eq!(uri.header("subject"), Some("hi"));
    assert_eq!(uri.to_string(), "im:?subject=hi");
}

#[test]
fn cpim_c_uri_with_malformed_or_too_many_parts_is_refused_with_the_reason() {
    let parse = |uri: &str| AddressUri::<InstantInbox>::parse(uri).unwrap_err();
    assert_eq!(
        parse("im:a@b.example?subject"),
        AddressError::Header { number: 1 }
    );
    assert_eq!(
        parse("im:a@b.example?a=b&c"),
        AddressError::Header { number: 2 }
    );
    assert_eq!(parse("im:a@b.example,"), AddressError::NoMailbox);
    assert_eq!(
        parse("im:a@b.example?a=%zz"),
        AddressError::Percent { at: 0 }
    );
    let character = AddressError::Character {
        character: '\n',
        at: 3,
    };
    assert_eq!(parse("im:a@b.example?a=b\nc"), character);
    let headers = "a=b&".repeat(33);
    let expected = AddressError::TooMany {
        what: "headers",
        max: 32,
    };
    assert_eq!(parse(&format!("im:?{headers}")), expected);
    let mailboxes = vec!["a@b.example"; 33].join(",");
    let expected = AddressError::TooMany {
        what: "mailboxes",
        max: 32,
    };
    assert_eq!(parse(&format!("im:{mailboxes}")), expected);
}

#[test]
fn cpim_d_pres_uri_is_read_likewise() {
    let uri: AddressUri<Presentity> =
        AddressUri::parse("PRES:Fred@Example.COM?subject=a%26b").unwrap();
    assert_eq!(uri.single().unwrap().as_str(), "pres:Fred@example.com");
    assert_eq!(uri.header("subject"), Some("a&b"));
    assert_eq!(uri.to_string(), "pres:Fred@example.com?subject=a%26b");
    assert_eq!(
        Presentity::parse("pres:fred@127.1"),
        Err(AddressError::IpAddress)
    );
}

#[test]
fn rfc2779_2_1_2_inbox_and_presentity_are_never_taken_for_each_other() {
    let scheme = |expected| AddressError::Scheme { expected };
    assert_eq!(refused("pres:fred@example.com"), scheme("im"));
    assert_eq!(
        Presentity::parse("im:fred@example.com"),
        Err(scheme("pres"))
    );
    let inbox = InstantInbox::parse("im:fred@example.com").unwrap();
    assert_eq!(Presentity::parse(inbox.as_str()), Err(scheme("pres")));
}

#[test]
fn canonical_uri_is_shared_and_not_copied() {
    let uri = ByteString::from(String::from("im:juliet@example.com"));
    let inbox = InstantInbox::from_shared(uri.clone()).unwrap();
    assert_eq!(inbox.as_str().as_ptr(), uri.as_ptr());
}

proptest! {
    #[test]
    fn cpim_c_qualified_user_comes_back_from_a_uri_with_headers(
        name in "[^\\p{Cc}]{1,20}", kind in "[^\\p{Cc}]{0,8}", ext in "[0-9]{0,4}"
    ) {
        let syntax = MetaSyntax::new(&["ext", "user"]);
        let user = QualifiedUser::new(name).with("ext", ext).with("user", kind);
        let domain = Domain::parse("example.com").unwrap();
        let inbox = InstantInbox::new(&syntax.write(&user), &domain).unwrap();
        let uri = AddressUri::new(inbox).with_header("subject", "a/user=b").to_string();
        let read: AddressUri<InstantInbox> = AddressUri::parse(&uri).unwrap();
        let local_part = read.single().unwrap().local_part();
        prop_assert_eq!(syntax.read(&local_part), user);
    }

    #[test]
    fn cpim_c_any_local_part_comes_back_from_its_uri(local in "[^\\p{Cc}]{1,40}") {
        let domain = Domain::parse("example.com").unwrap();
        let inbox = InstantInbox::new(&local, &domain).unwrap();
        prop_assert_eq!(inbox.local_part(), local.as_str());
        prop_assert_eq!(InstantInbox::parse(inbox.as_str()).unwrap(), inbox.clone());
        let listed = format!("im:{0},{0}", inbox.mailbox());
        let uri: AddressUri<InstantInbox> = AddressUri::parse(&listed).unwrap();
        prop_assert_eq!(uri.mailboxes(), &[inbox.clone(), inbox]);
    }

    #[test]
    fn cpim_c_equal_addresses_are_those_of_equal_parts(
        a in "[aA.\"%@ ]{1,3}", b in "[aA.\"%@ ]{1,3}"
    ) {
        let domain = Domain::parse("example.com").unwrap();
        let inbox = |local: &str| InstantInbox::new(local, &domain).unwrap();
        prop_assert_eq!(inbox(&a) == inbox(&b), a == b);
    }

    #[test]
    fn address_at_another_domain_is_that_of_its_local_part_there(
        local in "[^\\p{Cc}]{1,20}|[a-z]{2000,2040}", long in any::<bool>()
    ) {
        let [here, there] = [
            "example.com",
            if long { "a.long.name.for.an.example.net" } else { "b.net" },
        ]
        .map(|name| Domain::parse(name).unwrap());
        if let Ok(inbox) = InstantInbox::new(&local, &here) {
            let moved = inbox.with_domain(&there);
            prop_assert_eq!(&moved, &InstantInbox::new(&local, &there));
            if let Ok(moved) = moved {
                prop_assert_eq!(moved.with_domain(&here), Ok(inbox));
            }
        }
    }

    #[test]
    fn canonical_form_is_its_own_canonical_form(uri in r#"[iI]m:[a%20F@.,"\\ü=/?]{0,12}@[a-cü.0-9x%-]{0,12}(\.example)?"#) {
        if let Ok(inbox) = InstantInbox::parse(&uri) {
            prop_assert_eq!(InstantInbox::parse(inbox.as_str()).unwrap(), inbox);
        }
        if let Ok(uri) = AddressUri::<InstantInbox>::parse(&uri) {
            prop_assert_eq!(AddressUri::parse(&uri.to_string()).unwrap(), uri);
        }
    }

    #[test]
    fn any_text_is_an_address_or_refused(text in "\\PC{0,60}|(im|pres):.{0,60}") {
        // The claim is that neither panics, whatever characters stand at the cuts.
        let found = (InstantInbox::parse(&text).is_ok(), Presentity::parse(&text).is_ok());
        prop_assert_ne!(found, (true, true));
    }
}
