use rialto_sdk::prelude::Failure;

use super::*;
use crate::config::{Config, TransportKind};

const REQUEST: &str = "MESSAGE sip:b@example.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK1;rport\r\nFrom: <sip:a@a.example>;tag=1\r\n\
    To: <sip:b@example.com>\r\nCall-ID: c\r\nCSeq: 1 MESSAGE\r\nRequire: one, two\r\n\r\n";

fn written(answer: Answer, request: &str) -> String {
    let mut out = BytesMut::new();
    let message = SipMessage::parse(request.as_bytes()).unwrap();
    let hop = Hop {
        flow: None,
        transport: TransportKind::Udp,
        address: "198.51.100.7:6000".parse().unwrap(),
    };
    let listen = "udp:192.0.2.1:5060".parse().unwrap();
    let locals = Locals::new(&Config::default(), &[listen]);
    let envelope = Envelope {
        hop,
        to_tag: 0x12,
        user_agent: "rialto",
        number_domain: None,
        least_duration: Duration::from_secs(60),
        registrations: Registrations::Refused,
        locals: &locals,
    };
    let request = Answerable::from(&message);
    answer.write(&mut out, &request, &envelope).unwrap();
    String::from_utf8(out.to_vec()).unwrap()
}

#[test]
fn response_is_the_same_for_each_copy_of_the_request() {
    let answer = Answer::of_reason(FailureReason::NoSuchInbox);
    assert_eq!(written(answer, REQUEST), written(answer, REQUEST));
}

#[test]
fn rfc3581_4_response_tells_where_the_request_came_from() {
    let text = written(Answer::OK, REQUEST);
    assert!(text.starts_with("SIP/2.0 200 OK\r\n"), "{text}");
    assert!(
        text.contains("received=198.51.100.7") && text.contains("rport=6000"),
        "{text}"
    );
    assert!(
        text.contains("To: <sip:b@example.com>;tag=0000000000000012\r\n"),
        "{text}"
    );
}

#[test]
fn trying_has_no_tag() {
    assert!(!written(Answer::TRYING, REQUEST).contains("To: <sip:b@example.com>;tag"));
}

#[test]
fn failure_says_when_to_retry_and_nothing_of_the_other_side() {
    let failure = Failure::new(FailureReason::Overloaded)
        .with_retry(Retry::After(Duration::from_millis(2500)))
        .with_detail("10.0.0.7 is busy");
    let text = written(Answer::of_response(&failure.into()), REQUEST);
    assert!(text.starts_with("SIP/2.0 503 "), "{text}");
    assert!(text.contains("Retry-After: 3\r\n"), "{text}");
    assert!(text.contains("Warning: 399 rialto \"the gateway has all the work it takes\"\r\n"));
    assert!(!text.contains("10.0.0.7"), "{text}");
}

#[test]
fn cpim_2_2_1_sender_is_told_what_is_wrong_with_which_address() {
    use FailureReason::{InvalidDestination, InvalidSource, NoSuchInbox};
    let to = |uri: &str| REQUEST.replacen("sip:b@example.com", uri, 1);
    let from = |uri: &str| REQUEST.replace("sip:a@a.example", uri);
    for (reason, request, words) in [
        (
            InvalidDestination,
            to("sip:b@localhost"),
            "the destination is not a valid instant inbox: the domain `localhost` is not fully qualified",
        ),
        (
            InvalidDestination,
            to("sip:b@192.0.2.1"),
            "the destination is not a valid instant inbox: the domain is an IP address; a fully qualified \
             domain name is needed",
        ),
        (
            InvalidSource,
            from("sip:a.example"),
            "the source is not a valid instant inbox: the address has nothing before the `@`",
        ),
        (
            InvalidSource,
            from("tel:+12015550123"),
            "the source is not a valid instant inbox: telephone numbers have no domain here",
        ),
        (
            InvalidDestination,
            to("im:b@a%22%0D%0A%5Cb"),
            "the destination is not a valid instant inbox: ",
        ),
        // Refused by somebody else, for what only he knows.
        (
            InvalidDestination,
            REQUEST.to_owned(),
            "the destination is not a valid instant inbox\"",
        ),
        (
            NoSuchInbox,
            to("sip:b@localhost"),
            "there is no such instant inbox\"",
        ),
    ] {
        let text = written(Answer::of_reason(reason), &request);
        assert!(
            text.contains(&format!("\r\nWarning: 399 rialto \"{words}")),
            "{text}"
        );
        let warning = text
            .lines()
            .find(|line| line.starts_with("Warning"))
            .unwrap();
        assert_eq!(warning.matches('"').count(), 2, "{warning}");
        assert!(!warning.contains('\\'), "{warning}");
    }
}

#[test]
fn rejection_that_only_sip_has_says_its_cause() {
    for (rejection, status, words) in [
        (Rejection::Untyped, "400", "the body has no Content-Type"),
        (Rejection::Cpim, "400", "the message/cpim is malformed: "),
        (
            Rejection::Expired,
            "480",
            "the message had expired when it came",
        ),
        (
            Rejection::Unsecured,
            "416",
            "a sips: address needs TLS on all of its way",
        ),
    ] {
        let text = written(rejection.into(), REQUEST);
        assert!(text.starts_with(&format!("SIP/2.0 {status} ")), "{text}");
        assert!(
            text.contains(&format!("\r\nWarning: 399 rialto \"{words}")),
            "{text}"
        );
    }
}

#[test]
fn rfc3261_8_2_3_requirement_of_a_message_cpim_is_content_that_is_not_understood() {
    let of = |require: &str| {
        let body = format!("From: <im:a@a.example>\r\n{require}\r\n\r\nContent-Type: a/b\r\n\r\nx");
        let length = body.len();
        let head = REQUEST.replace("Require: one, two\r\n\r\n", "");
        let request =
            format!("{head}Content-Type: Message/CPIM\r\nContent-Length: {length}\r\n\r\n{body}");
        written(
            Answer::of_reason(FailureReason::UnknownRequiredHeader),
            &request,
        )
    };
    let text = of("Require: Kanji.Must,Vital\r\nRequire: o'Last`|~");
    assert!(text.starts_with("SIP/2.0 415 "), "{text}");
    assert!(
        text.contains("\r\nAccept: text/plain, message/cpim, "),
        "{text}"
    );
    let names = "a required header is not understood: Kanji.Must, Vital, o'Last`|~";
    assert!(
        text.contains(&format!("\r\nWarning: 399 rialto \"{names}\"\r\n")),
        "{text}"
    );
    assert!(!text.contains("\r\nUnsupported:"), "{text}");
    let long = of(&format!("Require: {},B", "A".repeat(255)));
    assert!(
        long.contains(&format!(": {}\"\r\n", "A".repeat(255))),
        "{long}"
    );
    let longer = of(&format!("Require: {},B", "A".repeat(257)));
    assert!(longer.contains("understood\"\r\n"), "{longer}");
}

#[test]
fn indeterminant_is_202() {
    let text = written(Answer::of_response(&ResponseStatus::Indeterminant), REQUEST);
    assert!(text.starts_with("SIP/2.0 202 Accepted\r\n"), "{text}");
}

#[test]
fn status_brings_the_header_field_that_explains_it() {
    let of = |status| written(Answer::of(status), REQUEST);
    assert!(of(StatusCode::BAD_EXTENSION).contains("Unsupported: one, two\r\n"));
    assert!(
        of(StatusCode::METHOD_NOT_ALLOWED)
            .contains("Allow: MESSAGE, SUBSCRIBE, NOTIFY, PUBLISH, OPTIONS, CANCEL, ACK\r\n")
    );
    assert!(of(StatusCode::UNSUPPORTED_MEDIA_TYPE).contains("Accept: text/plain, message/cpim, "));
    let options = REQUEST.replace("MESSAGE", "OPTIONS");
    let text = written(Answer::OK, &options);
    assert!(
        text.contains("Allow: ") && text.contains("Accept: */*") && text.contains("Supported:")
    );
}
