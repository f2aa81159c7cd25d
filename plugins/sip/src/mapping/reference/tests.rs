use proptest::prelude::*;
use rialto_sdk::prelude::Bytes;
use time::OffsetDateTime;

use super::*;
use crate::mapping::arrive_as_message;

/// Text of a request with these names in it.
fn request(tag: &str, call_id: &str, branch: &str, more: &str, body: &str) -> String {
    format!(
        "MESSAGE sip:b@xmpp.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch={branch}\r\n\
         From: <sip:a@sip.example;gr=phone>{tag}\r\nTo: <sip:b@xmpp.example>\r\n\
         Call-ID: {call_id}\r\nCSeq: 7 MESSAGE\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn map(text: &str) -> MessageOperation {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    arrive_as_message(&bytes, OffsetDateTime::UNIX_EPOCH).unwrap()
}

fn plain(tag: &str, call_id: &str, branch: &str, body: &str) -> MessageOperation {
    let more = "Content-Type: text/plain\r\n";
    map(&request(tag, call_id, branch, more, body))
}

fn wrapped(headers: &str) -> MessageOperation {
    let body = format!("{headers}\r\n\r\nContent-Type: text/plain\r\n\r\nhi");
    map(&request(
        ";tag=1",
        "c",
        "z9hG4bKb",
        "Content-Type: message/cpim\r\n",
        &body,
    ))
}

fn reference(operation: &MessageOperation) -> Reference {
    Reference::parse(operation.reference().unwrap())
}

#[test]
fn rfc3261_8_2_2_2_same_request_by_another_way_has_the_same_identity() {
    let one = plain(";tag=1", "c@a.example", "z9hG4bK1", "hi");
    let identity = one.identity().unwrap();
    assert_eq!(
        plain(";tag=1", "c@a.example", "z9hG4bK2", "hi").identity(),
        Some(identity)
    );
    for other in [
        plain(";tag=2", "c@a.example", "z9hG4bK1", "hi"),
        plain(";tag=1", "d@a.example", "z9hG4bK1", "hi"),
        // A client that names all its messages alike is not to lose the second.
        plain(";tag=1", "c@a.example", "z9hG4bK3", "ho"),
    ] {
        assert_ne!(other.identity(), Some(identity));
    }
}

#[test]
fn identity_of_a_request_without_a_from_tag_is_of_its_branch() {
    let identity = |branch| plain("", "c", branch, "hi").identity().cloned().unwrap();
    assert_eq!(identity("z9hG4bK1"), identity("z9hG4bK1"));
    assert_ne!(identity("z9hG4bK1"), identity("z9hG4bK2"));
}

#[test]
fn reference_leads_back_to_the_device_that_wrote() {
    let operation = plain(";tag=1", "c@192.0.2.7", "z9hG4bK1", "hi");
    let reference = reference(&operation);
    assert_eq!(reference.hop, "udp:192.0.2.1:5060".parse().ok());
    assert_eq!(reference.instance.unwrap(), "phone");
    assert_eq!(reference.call_id.unwrap(), "c@192.0.2.7");
    assert!(!reference.is_automatic && reference.route.is_empty());
    assert!(reference.to.is_none() && reference.date_time.is_none());
}

#[test]
fn hop_is_written_as_it_is_read() {
    for hop in [
        "udp:192.0.2.1:5060",
        "tcp:0.0.0.0:65535",
        "udp:[2001:db8::1]:7",
        "tcp:10.100.9.255:0",
    ] {
        let hop: NextHop = hop.parse().unwrap();
        let mut text = String::new();
        push_hop(&mut text, hop.preferred().unwrap());
        assert_eq!(Reference::parse(&text.into()).hop, Some(hop));
    }
}

#[test]
fn rfc5438_7_2_1_what_a_notification_must_repeat_is_kept_for_messages_that_ask_for_one() {
    let names = "From: <im:a@sip.example>\r\nTo: Bob <im:bob@xmpp.example>\r\n\
                 NS: n <urn:ietf:params:imdn>\r\nDateTime: 2006-04-04T12:16:49-05:00\r\n\
                 n.Message-ID: 34jk324j\r\nn.Original-To: <im:list@xmpp.example>\r\n\
                 n.IMDN-Record-Route: <im:second@sip.example>\r\n\
                 n.IMDN-Record-Route: <im:first@sip.example>";
    let asking = format!("{names}\r\nn.Disposition-Notification: display");
    let asked = reference(&wrapped(&asking));
    assert_eq!(asked.date_time.unwrap(), "2006-04-04T12:16:49-05:00");
    assert_eq!(asked.to.unwrap(), "im:bob@xmpp.example");
    assert_eq!(asked.original_to.unwrap(), "im:list@xmpp.example");
    assert_eq!(
        asked.route,
        ["im:second@sip.example", "im:first@sip.example"]
    );
    let unasked = reference(&wrapped(names));
    assert!(unasked.to.is_none() && unasked.route.is_empty());
}

#[test]
fn message_that_no_person_wrote_is_marked() {
    for (value, is_automatic) in [
        ("auto-replied", true),
        ("auto-generated; x=1", true),
        ("no", false),
    ] {
        let more = format!("Content-Type: text/plain\r\nAuto-Submitted: {value}\r\n");
        let operation = map(&request(";tag=1", "c", "z9hG4bK1", &more, "hi"));
        assert_eq!(reference(&operation).is_automatic, is_automatic, "{value}");
    }
}

#[test]
fn names_longer_than_the_gateway_keeps_are_not_given_to_it() {
    let call_id = "c".repeat(MessageOperation::MAX_KEPT);
    let operation = plain(";tag=1", &call_id, "z9hG4bK1", "hi");
    assert_eq!((operation.identity(), operation.reference()), (None, None));
}

#[test]
fn composing_is_neither_kept_nor_told_of() {
    let more = "Content-Type: application/im-iscomposing+xml\r\n";
    let operation = map(&request(";tag=1", "c", "z9hG4bK1", more, "<isComposing/>"));
    assert!(operation.is_ephemeral());
    assert_eq!((operation.identity(), operation.reference()), (None, None));
    assert!(!plain(";tag=1", "c", "z9hG4bK1", "hi").is_ephemeral());
}

proptest! {
    #[test]
    fn whatever_is_read_as_a_reference_is_read_without_harm(text: String) {
        Reference::parse(&text.into());
    }

    #[test]
    fn identity_is_the_end_of_the_reference(call_id in "[a-zA-Z0-9.!%*_+`'~()<>:\\\\\"/\\[\\]?{}-]{1,80}") {
        let operation = plain(";tag=1", &call_id, "z9hG4bK1", "hi");
        let reference = operation.reference().unwrap();
        prop_assert!(reference.ends_with(&**operation.identity().unwrap()));
        prop_assert_eq!(&*Reference::parse(reference).call_id.unwrap(), &*call_id);
    }
}
