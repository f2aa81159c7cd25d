use proptest::prelude::*;

use super::*;
use crate::{StartLine, StatusCode};

/// A SUBSCRIBE with these lines among its header fields.
fn request(more: &str) -> String {
    format!(
        "SUBSCRIBE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
         From: \"A\" <sip:a@a.example>;tag=theirs\r\nTo: <sip:b@example.com>\r\nCall-ID: c@a.example\r\n\
         CSeq: 7 SUBSCRIBE\r\n{more}\r\n"
    )
}

fn response(more: &str) -> String {
    format!(
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
         From: <sip:a@a.example>;tag=ours\r\nTo: <sip:b@example.com>;tag=theirs\r\nCall-ID: c@a.example\r\n\
         CSeq: 7 SUBSCRIBE\r\n{more}\r\n"
    )
}

fn of_server(more: &str) -> Result<Dialog, DialogError> {
    let text = request(more);
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    Dialog::of_server(&Request::read(&message).unwrap(), "ours")
}

fn of_client(more: &str) -> Result<Dialog, DialogError> {
    let text = response(more);
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    Dialog::of_client(&Response::read(&message).unwrap())
}

/// The next request, as text.
fn next(dialog: &Dialog) -> String {
    let mut out = Vec::new();
    let leaving = Leaving {
        transport: Transport::Udp,
        sent_by: "192.0.2.1:5060",
        branch: "z9hG4bK2",
        sequence: 8,
        max_forwards: 70,
    };
    let writer = dialog.request(&mut out, Method::Notify, &leaving);
    writer.finish(b"").unwrap();
    String::from_utf8(out).unwrap()
}

const CONTACT: &str = "Contact: <sip:a@192.0.2.9:5080;transport=tcp>\r\n";
const TWO_ROUTES: &str = "Record-Route: <sip:p1.example;lr>, <sip:p2.example;lr>\r\n";

#[test]
fn rfc3261_12_2_1_1_request_goes_to_the_target_and_lists_its_routes() {
    let dialog = of_server(&format!("{CONTACT}{TWO_ROUTES}")).unwrap();
    assert_eq!(
        next(&dialog),
        "NOTIFY sip:a@192.0.2.9:5080;transport=tcp SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK2;rport\r\nMax-Forwards: 70\r\n\
         Route: <sip:p1.example;lr>\r\nRoute: <sip:p2.example;lr>\r\n\
         From: <sip:b@example.com>;tag=ours\r\nTo: <sip:a@a.example>;tag=theirs\r\n\
         Call-ID: c@a.example\r\nCSeq: 8 NOTIFY\r\nContent-Length: 0\r\n\r\n"
    );
}

#[test]
fn rfc3261_12_1_2_client_passes_the_routes_in_the_other_order() {
    let text = next(&of_client(&format!("{CONTACT}{TWO_ROUTES}")).unwrap());
    assert!(
        text.contains("Route: <sip:p2.example;lr>\r\nRoute: <sip:p1.example;lr>\r\n"),
        "{text}"
    );
    assert!(
        text.contains("From: <sip:a@a.example>;tag=ours\r\n"),
        "{text}"
    );
    assert!(
        text.contains("To: <sip:b@example.com>;tag=theirs\r\n"),
        "{text}"
    );
}

#[test]
fn rfc3261_12_2_1_1_strict_router_is_the_request_uri_and_the_target_the_last_route() {
    let strict = "Record-Route: <sip:p1.example>, <sip:p2.example;lr>\r\n";
    let text = next(&of_server(&format!("{CONTACT}{strict}")).unwrap());
    assert!(
        text.starts_with("NOTIFY sip:p1.example SIP/2.0\r\n"),
        "{text}"
    );
    assert!(
        text.contains(
            "Route: <sip:p2.example;lr>\r\nRoute: <sip:a@192.0.2.9:5080;transport=tcp>\r\n"
        ),
        "{text}"
    );
}

#[test]
fn request_within_a_dialog_keeps_our_tag_and_may_move_the_target() {
    let mut dialog = of_server(CONTACT).unwrap();
    let text = request("Contact: <sip:a@192.0.2.10>\r\n").replace(
        "To: <sip:b@example.com>",
        "To: <sip:b@example.com>;tag=kept",
    );
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    let within = Dialog::of_server(&Request::read(&message).unwrap(), "other").unwrap();
    assert_eq!(within.local_tag(), "kept");
    dialog.refresh_target(&message).unwrap();
    assert_eq!(dialog.target(), "sip:a@192.0.2.10");
    let text = request("");
    let silent = SipMessage::parse(text.as_bytes()).unwrap();
    dialog.refresh_target(&silent).unwrap();
    assert_eq!(dialog.target(), "sip:a@192.0.2.10");
}

#[test]
fn routes_that_were_kept_elsewhere_take_the_place_of_those_of_a_message() {
    let dialog = of_server(CONTACT).unwrap();
    let kept = vec![
        "sip:p1.example;lr".to_owned(),
        "sips:p2.example;lr".to_owned(),
    ];
    let routed = dialog.clone().with_routes(kept.clone()).unwrap();
    assert_eq!(routed.routes().collect::<Vec<_>>(), kept);
    assert_eq!(routed.next(), "sip:p1.example;lr");
    for (routes, reason) in [
        (vec!["tel:+1".to_owned()], DialogError::RouteUri),
        (vec!["sip:p>.example".to_owned()], DialogError::RouteUri),
        (
            vec!["sip:p.example".to_owned(); 17],
            DialogError::TooManyRoutes,
        ),
        (
            vec![format!("sip:{}@p.example", "p".repeat(2048))],
            DialogError::TooLong,
        ),
    ] {
        assert_eq!(dialog.clone().with_routes(routes), Err(reason));
    }
}

#[test]
fn what_begins_no_dialog_is_refused_with_the_reason() {
    let long = format!("Contact: <sip:{}@192.0.2.9>\r\n", "a".repeat(2048));
    let many = format!(
        "{CONTACT}Record-Route: {}\r\n",
        vec!["<sip:p.example;lr>"; 17].join(",")
    );
    let cases = [
        ("", DialogError::NoContact),
        ("Contact: *\r\n", DialogError::ContactUri),
        ("Contact: <tel:+1>\r\n", DialogError::ContactUri),
        ("Contact: <sips:a@a.example>\r\n", DialogError::ContactUri),
        (
            "Contact: <sip:a@a.example?x=y>\r\n",
            DialogError::ContactUri,
        ),
        (&long, DialogError::TooLong),
        (&many, DialogError::TooManyRoutes),
    ];
    for (more, reason) in cases {
        assert_eq!(of_server(more), Err(reason), "{more}");
        assert_eq!(of_client(more), Err(reason), "{more}");
    }
    let two = "Contact: <sip:a@a.example>, <sip:b@a.example>\r\n";
    assert!(matches!(of_server(two), Err(DialogError::Decode(_))));
    let route = format!("{CONTACT}Record-Route: <tel:+1>\r\n");
    assert_eq!(of_server(&route), Err(DialogError::RouteUri));
    assert_eq!(DialogError::TooLong.reject(), StatusCode::MESSAGE_TOO_LARGE);
    assert_eq!(DialogError::NoContact.reject(), StatusCode::BAD_REQUEST);
}

#[test]
fn dialog_without_two_tags_is_none() {
    let text = request(CONTACT).replace(";tag=theirs", "");
    let message = SipMessage::parse(text.as_bytes()).unwrap();
    let request = Request::read(&message).unwrap();
    assert_eq!(Dialog::of_server(&request, "ours"), Err(DialogError::NoTag));
}

#[test]
fn dialog_is_read_back_from_its_text_and_no_other_text_is_one() {
    let dialog = of_server(&format!("{CONTACT}{TWO_ROUTES}")).unwrap();
    let text = dialog.to_string();
    assert_eq!(text.parse(), Ok(dialog));
    for wrong in [
        "".to_owned(),
        "c".to_owned(),
        text.replace("ours", "o\"urs"),
        text.replace("c@a.example", "c d"),
        text.replace("sip:a@192.0.2.9:5080", "tel:+1"),
        text.replace("sip:p1.example", "sip:p1.example>"),
        text.replace("theirs ", "theirs"),
        format!("{text}\n"),
        format!("{text}{}", "\nsip:p.example".repeat(15)),
        format!("{text}\nsip:{}", "p".repeat(2048)),
    ] {
        assert!(wrong.parse::<Dialog>().is_err(), "{wrong}");
    }
}

/// URIs with what may stand in one.
fn uri() -> impl Strategy<Value = String> {
    "sip:[a-z;%&=+$,?/_.!~*'()-]{1,12}@[a-z]{1,8}\\.example(:[0-9]{1,4})?(;lr)?(;[a-z]{1,4}=[a-z/:]{1,6})?"
        .prop_filter("a URI", |text| Uri::parse(text).is_ok())
}

proptest! {
    #[test]
    fn any_dialog_survives_as_text_and_any_of_its_requests_can_be_read(
        target in uri(),
        routes in proptest::collection::vec(uri(), 0..5),
        sequence in 0..crate::limits::MAX_CSEQ,
    ) {
        let list: String = routes.iter().map(|uri| format!("Record-Route: <{uri}>\r\n")).collect();
        let dialog = of_server(&format!("Contact: <{target}>\r\n{list}")).unwrap();
        prop_assert_eq!(dialog.to_string().parse::<Dialog>(), Ok(dialog.clone()));
        let mut out = Vec::new();
        let leaving = Leaving {
            transport: Transport::Tcp,
            sent_by: "host",
            branch: "z9hG4bK2",
            sequence,
            max_forwards: 0,
        };
        dialog.request(&mut out, Method::Notify, &leaving).finish(b"").unwrap();
        let message = SipMessage::parse(&out).unwrap();
        let is_notify = matches!(
            message.start_line(),
            StartLine::Request { method: Method::Notify, .. }
        );
        prop_assert!(is_notify);
        let request = Request::read(&message).unwrap();
        prop_assert_eq!(request.to().tag(), Some("theirs"));
        prop_assert_eq!(request.cseq().number(), sequence);
        let passed = message.addresses(HeaderName::Route).count();
        prop_assert_eq!(passed, routes.len());
    }
}
