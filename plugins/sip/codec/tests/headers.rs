//! Header fields that break the grammar of RFC 3261 §25.1 in small ways, and those that seem to.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test code"
)]

use rialto_sip_codec::{DecodeError, HeaderName, Request, Rport, SipMessage};

/// A request of which the header fields are these and what is still missing of the mandatory ones.
fn request(lines: &str) -> String {
    let mut text = format!("OPTIONS sip:b@example.com SIP/2.0\r\n{lines}\r\n");
    for (name, value) in [
        ("Via", "SIP/2.0/UDP a.example;branch=z9hG4bK1"),
        ("From", "<sip:a@example.com>;tag=1"),
        ("To", "<sip:b@example.com>"),
        ("Call-ID", "c"),
        ("CSeq", "1 OPTIONS"),
    ] {
        if !lines.starts_with(&format!("{name}:")) {
            text += &format!("{name}: {value}\r\n");
        }
    }
    text + "\r\n"
}

/// The header field for which a request with this line is refused.
fn refused(line: &str) -> Option<HeaderName> {
    let text = request(line);
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    match Request::read(&message) {
        Ok(_) => None,
        Err(DecodeError::Malformed { header, .. }) => Some(header),
        Err(other) => panic!("{line}: {other}"),
    }
}

#[test]
fn via_is_refused_when_its_branch_is_not_one_token_or_another_parameter_is_malformed() {
    for params in [
        "branch=\"z9hG4bK1\"",
        "branch=z9hG4bK[1]",
        "branch=z9hG4bK1;Branch=z9hG4bK1",
        "rport=+5060",
        "rport=65536",
        "received=\"192.0.2.1\"",
        "received=host.example",
        "ttl=+1",
        "ttl=256",
        "maddr",
        "maddr=a..b",
    ] {
        let line = format!("Via: SIP/2.0/UDP a.example;{params}");
        assert_eq!(refused(&line), Some(HeaderName::Via), "{params}");
    }
    for value in [
        "SIP/2.0/UDP[2001:db8::1]",
        "SIP/2.0/UDP;a",
        "SIP/2.0/UDP a.example:+1",
    ] {
        assert_eq!(
            refused(&format!("Via: {value}")),
            Some(HeaderName::Via),
            "{value}"
        );
    }
}

#[test]
fn via_is_read_with_parameters_of_others_as_they_like() {
    let line =
        "Via: SIP / 2.0 / UDP\t a.example : 5070 ;branch;x=\"1\";x=2;y=[::1]:5;RPORT=0;TTL=007";
    let text = request(line);
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    let via = message.via().unwrap();
    assert_eq!((via.branch(), via.port()), (None, Some(5070)));
    assert_eq!((via.rport(), via.ttl()), (Rport::Port(0), Some(7)));
    assert_eq!(via.before_params(), "SIP / 2.0 / UDP\t a.example : 5070");
}

#[test]
fn via_tells_the_port_that_a_peer_has_added_beside_the_question() {
    let text =
        request("Via: SIP/2.0/UDP a.example;branch=z9hG4bK1;rport;received=192.0.2.1;rport=5070");
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    assert_eq!(message.via().unwrap().rport(), Rport::Port(5070));
}

#[test]
fn tag_is_one_token() {
    for tags in [
        "tag=\"1\"",
        "tag",
        "tag=a:b",
        "tag=1;tag=1",
        "tag=1;x;TAG=2",
    ] {
        for name in ["From", "To"] {
            let line = format!("{name}: <sip:a@example.com>;{tags}");
            assert_eq!(
                refused(&line),
                Some(HeaderName::parse(name.as_bytes())),
                "{line}"
            );
        }
    }
    let text = request("From: sip:a@example.com ; x=\"tag=0\" ; Tag=a.b ; y");
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    assert_eq!(message.from().unwrap().tag(), Some("a.b"));
}

#[test]
fn display_name_is_refused_with_characters_that_it_cannot_hold() {
    for name in ["\"a\u{1}\"", "\"a\\\r\n b\"", "\"\\é\""] {
        let line = format!("From: {name} <sip:a@example.com>;tag=1");
        assert_eq!(refused(&line), Some(HeaderName::From), "{line:?}");
    }
    assert_eq!(
        refused("From: \"a\\\u{1} é\r\n b\" <sip:a@example.com>;tag=1"),
        None
    );
}

#[test]
fn warning_agent_is_a_host_with_its_port_or_a_token() {
    let read = |agent: &str| {
        let text = request(&format!("Warning: 399 {agent} \"x\""));
        let message = SipMessage::parse(text.as_bytes()).unwrap();
        message.warnings().all(|warning| warning.is_ok())
    };
    for agent in [
        "a.example",
        "a.example:5060",
        "[2001:db8::1]:1",
        "192.0.2.1",
        "rialto'",
    ] {
        assert!(read(agent), "{agent}");
    }
    for agent in [
        "a.example:",
        "a.example:x",
        "a.example:65536",
        "[::1",
        "a:b:1",
    ] {
        assert!(!read(agent), "{agent}");
    }
}

#[test]
fn status_code_has_three_digits() {
    for (code, is_read) in [
        ("200", true),
        ("0200", false),
        ("20", false),
        ("+20", false),
    ] {
        let text = format!("SIP/2.0 {code} OK\r\n\r\n");
        assert_eq!(
            SipMessage::parse(text.as_bytes()).is_ok(),
            is_read,
            "{code}"
        );
    }
}

#[test]
fn value_that_is_not_utf_8_harms_no_header_field_but_its_own() {
    let mut bytes = b"OPTIONS sip:b@example.com SIP/2.0\r\nSubject: caf\xe9\r\n".to_vec();
    bytes.extend(
        request("X-After: \u{e9}")
            .split_once("\r\n")
            .unwrap()
            .1
            .bytes(),
    );
    let message = SipMessage::parse(&bytes).unwrap();
    assert!(Request::read(&message).is_ok());
    assert_eq!(
        message.header(HeaderName::Subject).unwrap().value(),
        b"caf\xe9"
    );
    let subject = message.text(HeaderName::Subject).unwrap_err();
    let place = bytes.iter().position(|byte| *byte == 0xe9).unwrap();
    assert!(matches!(subject, DecodeError::Malformed { at, .. } if at == place));
    assert_eq!(message.extension("x-after").unwrap().text(), Ok("\u{e9}"));
}
