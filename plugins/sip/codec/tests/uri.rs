//! URIs, compared and written as RFC 3261 §19.1 says.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test code"
)]

use rialto_sip_codec::{Host, SipUri, Uri};

fn is_same(one: &str, two: &str) -> bool {
    let (one, two) = (Uri::parse(one).unwrap(), Uri::parse(two).unwrap());
    assert!(one.eq(&two) == two.eq(&one), "not symmetric");
    one == two
}

#[test]
fn uris_are_equal_in_the_examples_of_rfc_3261_19_1_4() {
    for (one, two) in [
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtLanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
    ] {
        assert!(is_same(one, two), "{one} and {two}");
    }
}

#[test]
fn uris_differ_in_the_examples_of_rfc_3261_19_1_4() {
    for (one, two) in [
        (
            "SIP:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP",
        ),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        (
            "sip:bob@biloxi.com",
            "sip:bob@biloxi.com:6000;transport=tcp",
        ),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com?Subject=next%20meeting",
        ),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;security=off",
        ),
        ("sip:carol@chicago.com", "sips:carol@chicago.com"),
    ] {
        assert!(!is_same(one, two), "{one} and {two}");
    }
}

#[test]
fn uri_is_written_in_canonical_form() {
    for (text, canonical) in [
        (
            "SIP:Bob@EXAMPLE.com:5060;lr?a=b",
            "sip:Bob@example.com:5060;lr?a=b",
        ),
        ("sips:a:b@[2001:DB8:0::1]", "sips:a:b@[2001:db8::1]"),
        ("IM:bob@example.com", "im:bob@example.com"),
        ("tel:+1-201-555-0123;ext=1", "tel:+1-201-555-0123;ext=1"),
        ("urn:service:sos", "urn:service:sos"),
    ] {
        assert_eq!(Uri::parse(text).unwrap().to_string(), canonical);
    }
}

#[test]
fn uri_is_refused_when_it_is_malformed() {
    for text in [
        "",
        "bob",
        "sip:",
        "sip:@example.com",
        "sip:bob@",
        "sip:a@b@c",
        "sip:a b@c",
        "sip:a@b:",
        "sip:a@b:65536",
        "sip:a@b:+1",
        "sip:a@b;",
        "sip:a@b;=c",
        "sip:a@b?",
        "sip:a@b?c",
        "sip:%4@b",
        "sip:a@256.0.0.1",
        "sip:a@[::1",
        "sip:a@[1.2.3.4]",
        "sip:a@-b.example",
        "1sip:a",
        "im:",
        "sip:a@b..c",
        "sip:é@b",
        "im:a b",
        "im:a@b#c",
    ] {
        assert!(Uri::parse(text).is_err(), "{text}");
    }
}

#[test]
fn opaque_uri_gives_its_address_without_parameters() {
    let Uri::Im(uri) = Uri::parse("im:a;b@example.com?subject=x").unwrap() else {
        panic!("another scheme")
    };
    assert_eq!(uri.address(), "a;b@example.com");
    let Uri::Tel(uri) = Uri::parse("tel:+358-555-1234567;phone-context=+1").unwrap() else {
        panic!("another scheme")
    };
    assert_eq!(uri.address(), "+358-555-1234567");
}

#[test]
fn rfc3261_19_1_4_escaped_reserved_character_is_another_than_the_character() {
    for (one, two) in [
        ("sip:a%3Bb@c.example", "sip:a;b@c.example"),
        ("sip:a%3bb@c.example", "sip:a%2Cb@c.example"),
        ("sip:a@c.example;x=%2B", "sip:a@c.example;x=+"),
        ("sip:a@c.example?x=%2B", "sip:a@c.example?x=+"),
        ("sip:a%2541@c.example", "sip:a%41@c.example"),
        ("sip:c.example;method=INVITE", "sip:c.example;method=invite"),
    ] {
        assert!(!is_same(one, two), "{one} and {two}");
    }
    for (one, two) in [
        ("sip:a%3Bb@c.example", "sip:a%3bb@c.example"),
        ("sip:%28a%2d@c.example", "sip:(a-@c.example"),
        ("sip:c.example;%78=%59", "sip:c.example;X=y"),
    ] {
        assert!(is_same(one, two), "{one} and {two}");
    }
}

#[test]
fn sip_uri_is_refused_when_a_parameter_is_malformed_or_stands_twice() {
    for text in [
        "sip:a@b;x=",
        "sip:a@b;x=1=2",
        "sip:a@b?x=1=2",
        "sip:a@b;gr=1;GR=2",
        "sip:a@b;transport=tcp;l%72;lr;Transport=udp",
    ] {
        assert!(Uri::parse(text).is_err(), "{text}");
    }
    assert!(Uri::parse("sip:a@b;x=1;x=2;lr?h=").is_ok());
}

#[test]
fn number_sign_stands_in_telephone_numbers_alone() {
    let Uri::Tel(uri) = Uri::parse("tel:*21#;phone-context=+4961").unwrap() else {
        panic!("another scheme")
    };
    assert_eq!(uri.address(), "*21#");
    assert!(Uri::parse("im:a@b.example#c").is_err());
}

#[test]
fn host_may_end_in_a_label_that_begins_with_a_digit() {
    assert!(Host::parse("4f2a").is_ok() && Host::parse("a.1b").is_ok());
    for text in [
        "1.2.3",
        "1.2.3.4.5",
        "a..b",
        "-a",
        "a-",
        "a-.b",
        "a.-b",
        ".",
        ".a",
    ] {
        assert!(Host::parse(text).is_err(), "{text}");
    }
    assert!(Host::parse("a--b.example.").is_ok());
}

#[test]
fn sip_uri_is_not_made_of_a_user_that_needs_escapes() {
    let host = Host::parse("example.com").unwrap();
    assert!(SipUri::new(Some("a b"), host, None).is_err());
    assert!(SipUri::new(Some(""), host, None).is_err());
    let uri = SipUri::new(Some("a%20b"), host, Some(5070)).unwrap();
    assert_eq!(uri.to_string(), "sip:a%20b@example.com:5070");
}
