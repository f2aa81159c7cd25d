//! The torture messages of RFC 4475, each with what its section says shall happen.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test code"
)]

use std::net::IpAddr;

use rialto_sip_codec::{
    Contacts, DecodeError, HeaderName, Method, OpaqueUri, Request, Response, Rport, SipMessage,
    StartLine, StatusCode, Transport, Uri, uri::escape::unescape,
};

macro_rules! message {
    ($name:literal) => {
        include_bytes!(concat!("fixtures/rfc4475/", $name, ".dat")).as_slice()
    };
}

fn accepted(bytes: &[u8]) -> SipMessage<'_> {
    let message = SipMessage::parse(bytes).unwrap();
    match message.start_line() {
        StartLine::Request { .. } => drop(Request::read(&message).unwrap()),
        StartLine::Response { .. } => drop(Response::read(&message).unwrap()),
    }
    message
}

fn defect(bytes: &[u8]) -> DecodeError {
    match SipMessage::parse(bytes) {
        Err(defect) => defect,
        Ok(message) => match message.start_line() {
            StartLine::Request { .. } => Request::read(&message).unwrap_err(),
            StartLine::Response { .. } => Response::read(&message).unwrap_err(),
        },
    }
}

/// The status that a broken request is answered with; it must be answerable.
fn refused(bytes: &[u8]) -> StatusCode {
    assert!(SipMessage::salvage(bytes).is_some(), "nobody to answer");
    defect(bytes).reject().unwrap()
}

/// A broken response is dropped: nothing can be salvaged that one could answer.
fn dropped(bytes: &[u8]) -> DecodeError {
    assert!(SipMessage::salvage(bytes).is_none());
    defect(bytes)
}

fn sip_user(uri: Uri<'_>) -> Vec<u8> {
    match uri {
        Uri::Sip(uri) => unescape(uri.user().unwrap()).unwrap().into_owned(),
        other => panic!("{other} is no SIP URI"),
    }
}

fn contact_uris<'a>(message: &SipMessage<'a>) -> Vec<Uri<'a>> {
    match message.contacts().unwrap() {
        Contacts::Star => panic!("a star"),
        Contacts::List(list) => list.map(|contact| contact.unwrap().uri()).collect(),
    }
}

#[test]
fn rfc4475_3_1_1_1_wsinv_is_accepted() {
    let message = accepted(message!("wsinv"));
    let request = Request::read(&message).unwrap();
    assert_eq!(request.to().tag(), Some("1918181833n"));
    assert_eq!(
        request.from().display_name().as_deref(),
        Some(r#"J Rosenberg \""#)
    );
    assert_eq!(request.from().tag(), Some("98asjd8"));
    assert_eq!(request.max_forwards(), Some(68));
    assert_eq!(
        (request.cseq().number(), request.cseq().method()),
        (9, Method::Invite)
    );
    assert_eq!(message.body().len(), 150);
    assert_eq!(
        message.text(HeaderName::Subject).unwrap().as_deref(),
        Some("")
    );
    let vias: Vec<_> = message.vias().map(Result::unwrap).collect();
    assert_eq!(vias.len(), 3);
    assert_eq!(vias[0].host().to_string(), "192.0.2.2");
    assert_eq!(vias[0].branch(), Some("390skdjuw"));
    assert_eq!(vias[0].unique_branch(), None);
    assert_eq!(vias[1].transport(), Transport::Tcp);
    assert_eq!(vias[1].branch(), Some("z9hG4bK9ikj8"));
    assert_eq!(vias[2].branch(), Some("z9hG4bK30239"));
    let unusual = message.extension("unknownheaderwithunusualvalue").unwrap();
    assert_eq!(unusual.value(), b";;,,;;,;");
    let Contacts::List(mut contacts) = message.contacts().unwrap() else {
        panic!("a star")
    };
    let contact = contacts.next().unwrap().unwrap();
    assert_eq!(
        contact.display_name().as_deref(),
        Some(r#"Quoted string """#)
    );
    assert_eq!(contact.params().token("q"), Some("0.33"));
    assert!(
        contact
            .params()
            .find("secondparam")
            .is_some_and(|param| param.value.is_none())
    );
    assert!(contacts.next().is_none());
}

#[test]
fn rfc4475_3_1_1_2_intmeth_is_accepted_with_an_unknown_method() {
    let message = accepted(message!("intmeth"));
    let request = Request::read(&message).unwrap();
    assert!(matches!(request.method(), Method::Other(_)));
    assert_eq!(request.cseq().number(), 139_122_385);
    assert_eq!(
        request.to().display_name().as_deref(),
        Some("BEL:\u{7} NUL:\u{0} DEL:\u{7f}")
    );
    assert_eq!(
        request.from().display_name().as_deref(),
        Some("token1~` token2'+_ token3*%!.-")
    );
    assert_eq!(request.from().tag(), Some("_token~1'+`*%!-."));
    assert_eq!(request.via().branch(), Some("z9hG4bK-.!%66*_+`'~"));
    let Uri::Sip(uri) = request.uri() else {
        panic!("another scheme")
    };
    assert_eq!(
        uri.user(),
        Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*")
    );
    assert_eq!(
        uri.password(),
        Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)")
    );
    assert_eq!(uri.host().to_string(), "example.com");
}

#[test]
fn rfc4475_3_1_1_3_esc01_is_accepted_and_unescaped_once() {
    let message = accepted(message!("esc01"));
    let request = Request::read(&message).unwrap();
    assert_eq!(sip_user(request.uri()), b"sips:user@example.com");
    assert_eq!(sip_user(request.to().uri()), b"user");
    assert_eq!(sip_user(request.from().uri()), b"I have spaces");
    let Some(Uri::Sip(contact)) = contact_uris(&message).pop() else {
        panic!("no contact")
    };
    assert!(contact.param("lr").is_some());
    let value = contact.param("name").flatten().unwrap();
    assert_eq!(unescape(value).unwrap().as_ref(), b"value%41");
}

#[test]
fn rfc4475_3_1_1_4_escnull_is_accepted_with_its_nulls() {
    let message = accepted(message!("escnull"));
    assert_eq!(sip_user(message.to().unwrap().uri()), b"null-\0-null");
    let users: Vec<_> = contact_uris(&message).into_iter().map(sip_user).collect();
    assert_eq!(users, [&b"\0"[..], &b"\0\0"[..]]);
}

#[test]
fn rfc4475_3_1_1_5_esc02_is_accepted_and_its_percents_are_no_escapes() {
    let message = accepted(message!("esc02"));
    let request = Request::read(&message).unwrap();
    assert_eq!(request.method().as_str(), "RE%47IST%45R");
    assert_eq!(request.to().display_name().as_deref(), Some("%Z%45"));
    assert_eq!(request.via().branch(), Some("z9hG4bK209%fzsnel234"));
    assert_eq!(contact_uris(&message).len(), 2);
}

#[test]
fn rfc4475_3_1_1_6_lwsdisp_is_accepted_without_space_before_the_bracket() {
    let message = accepted(message!("lwsdisp"));
    assert_eq!(
        message.from().unwrap().display_name().as_deref(),
        Some("caller")
    );
}

#[test]
fn rfc4475_3_1_1_7_longreq_is_accepted() {
    let message = accepted(message!("longreq"));
    assert_eq!(message.vias().map(Result::unwrap).count(), 34);
    assert_eq!(
        message.via().unwrap().host().to_string(),
        "sip33.example.com"
    );
    assert_eq!(message.headers().count(), 43);
}

#[test]
fn rfc4475_3_1_1_8_dblreq_is_accepted_without_its_trailing_octets() {
    let message = accepted(message!("dblreq"));
    assert!(message.body().is_empty());
    assert_eq!(
        message.call_id(),
        Ok("dblreq.0ha0isndaksdj99sdfafnl3lk233412")
    );
}

#[test]
fn rfc4475_3_1_1_9_semiuri_is_accepted_with_the_semicolon_in_the_user() {
    let message = accepted(message!("semiuri"));
    let request = Request::read(&message).unwrap();
    assert_eq!(sip_user(request.uri()), b"user;par=u@example.net");
    let Uri::Sip(uri) = request.uri() else {
        panic!("another scheme")
    };
    assert_eq!(uri.params().count(), 0);
    assert_eq!(message.accept().map(Result::unwrap).count(), 6);
}

#[test]
fn rfc4475_3_1_1_10_transports_is_accepted() {
    let message = accepted(message!("transports"));
    let transports: Vec<_> = message.vias().map(|via| via.unwrap().transport()).collect();
    let unknown = Transport::Other("UNKNOWN");
    let expected = [
        Transport::Udp,
        Transport::Sctp,
        Transport::Tls,
        unknown,
        Transport::Tcp,
    ];
    assert_eq!(transports, expected);
}

#[test]
fn rfc4475_3_1_1_11_mpart01_is_accepted_with_its_binary_body() {
    let message = accepted(message!("mpart01"));
    assert_eq!(message.body().len(), 553);
    let content_type = message.content_type().unwrap().unwrap();
    assert!(content_type.is("multipart", "mixed"));
    assert_eq!(
        content_type.params().token("boundary"),
        Some("7a9cbec02ceef655")
    );
    assert_eq!(
        message.date().unwrap().unwrap().unix_seconds(),
        1_129_351_496
    );
    assert_eq!(message.via().unwrap().rport(), Rport::Requested);
}

#[test]
fn rfc4475_3_1_1_12_unreason_is_accepted() {
    let message = accepted(message!("unreason"));
    let response = Response::read(&message).unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(
        response
            .reason()
            .starts_with("= 2**3 * 5**2 но сто девяносто девять")
    );
}

#[test]
fn rfc4475_3_1_1_13_noreason_is_accepted() {
    let message = accepted(message!("noreason"));
    let response = Response::read(&message).unwrap();
    assert_eq!(
        (response.status(), response.reason()),
        (StatusCode::TRYING, "")
    );
}

#[test]
fn rfc4475_3_1_2_1_badinv01_is_refused_with_400() {
    assert_eq!(refused(message!("badinv01")), StatusCode::BAD_REQUEST);
}

#[test]
fn rfc4475_3_1_2_2_clerr_is_refused_with_400() {
    assert_eq!(refused(message!("clerr")), StatusCode::BAD_REQUEST);
    let is_short = matches!(
        defect(message!("clerr")),
        DecodeError::BodyTooShort { expected: 9999, .. }
    );
    assert!(is_short);
}

#[test]
fn rfc4475_3_1_2_3_ncl_is_refused_with_400() {
    assert_eq!(refused(message!("ncl")), StatusCode::BAD_REQUEST);
}

#[test]
fn rfc4475_3_1_2_4_scalar02_is_refused_with_400_for_its_cseq() {
    assert_eq!(refused(message!("scalar02")), StatusCode::BAD_REQUEST);
    let is_cseq = matches!(
        defect(message!("scalar02")),
        DecodeError::OutOfRange {
            header: HeaderName::CSeq,
            ..
        }
    );
    assert!(is_cseq);
}

#[test]
fn rfc4475_3_1_2_5_scalarlg_is_dropped() {
    let is_cseq = matches!(
        dropped(message!("scalarlg")),
        DecodeError::OutOfRange {
            header: HeaderName::CSeq,
            ..
        }
    );
    assert!(is_cseq);
}

#[test]
fn rfc4475_3_1_2_6_quotbal_is_refused_with_400() {
    assert_eq!(refused(message!("quotbal")), StatusCode::BAD_REQUEST);
}

/// The RFC lets one ignore the brackets; we refuse.
#[test]
fn rfc4475_3_1_2_7_ltgtruri_is_refused_with_400() {
    assert_eq!(refused(message!("ltgtruri")), StatusCode::BAD_REQUEST);
}

#[test]
fn rfc4475_3_1_2_8_lwsruri_is_refused_with_400() {
    assert_eq!(refused(message!("lwsruri")), StatusCode::BAD_REQUEST);
}

/// The RFC lets one ignore the spaces; we refuse.
#[test]
fn rfc4475_3_1_2_9_lwsstart_is_refused_with_400() {
    assert_eq!(refused(message!("lwsstart")), StatusCode::BAD_REQUEST);
}

/// The RFC lets one ignore the spaces; we refuse.
#[test]
fn rfc4475_3_1_2_10_trws_is_refused_with_400() {
    assert_eq!(refused(message!("trws")), StatusCode::BAD_REQUEST);
}

/// The RFC lets one ignore the headers; we refuse.
#[test]
fn rfc4475_3_1_2_11_escruri_is_refused_with_400() {
    assert_eq!(refused(message!("escruri")), StatusCode::BAD_REQUEST);
}

/// The RFC advises against a refusal where the date does not matter: only its reader sees it.
#[test]
fn rfc4475_3_1_2_12_baddate_is_accepted_without_a_date() {
    let message = accepted(message!("baddate"));
    let date = message.date();
    assert!(matches!(
        date,
        Err(DecodeError::Malformed {
            header: HeaderName::Date,
            ..
        })
    ));
}

#[test]
fn rfc4475_3_1_2_13_regbadct_is_refused_with_400() {
    assert_eq!(refused(message!("regbadct")), StatusCode::BAD_REQUEST);
}

/// The RFC lets one ignore the spaces; we refuse.
#[test]
fn rfc4475_3_1_2_14_badaspec_is_refused_with_400() {
    assert_eq!(refused(message!("badaspec")), StatusCode::BAD_REQUEST);
}

/// The RFC lets one infer the quotes; we refuse.
#[test]
fn rfc4475_3_1_2_15_baddn_is_refused_with_400() {
    assert_eq!(refused(message!("baddn")), StatusCode::BAD_REQUEST);
}

#[test]
fn rfc4475_3_1_2_16_badvers_is_refused_with_505() {
    assert_eq!(
        refused(message!("badvers")),
        StatusCode::VERSION_NOT_SUPPORTED
    );
}

#[test]
fn rfc4475_3_1_2_17_mismatch01_is_refused_with_400() {
    assert_eq!(refused(message!("mismatch01")), StatusCode::BAD_REQUEST);
}

#[test]
fn rfc4475_3_1_2_18_mismatch02_is_refused_with_501() {
    assert_eq!(refused(message!("mismatch02")), StatusCode::NOT_IMPLEMENTED);
}

#[test]
fn rfc4475_3_1_2_19_bigcode_is_dropped() {
    assert_eq!(dropped(message!("bigcode")), DecodeError::StatusCode);
}

/// The RFC lets one fall back to the matching of RFC 2543; we do, as `None` says.
#[test]
fn rfc4475_3_2_1_badbranch_is_accepted_without_a_unique_branch() {
    let message = accepted(message!("badbranch"));
    let via = message.via().unwrap();
    assert_eq!((via.branch(), via.unique_branch()), (Some("z9hG4bK"), None));
}

#[test]
fn rfc4475_3_3_1_insuf_is_refused_with_400() {
    assert_eq!(refused(message!("insuf")), StatusCode::BAD_REQUEST);
    assert!(matches!(
        defect(message!("insuf")),
        DecodeError::Missing { .. }
    ));
}

#[test]
fn rfc4475_3_3_2_unkscm_is_refused_with_416() {
    assert!(SipMessage::parse(message!("unkscm")).is_ok());
    assert_eq!(
        refused(message!("unkscm")),
        StatusCode::UNSUPPORTED_URI_SCHEME
    );
}

#[test]
fn rfc4475_3_3_3_novelsc_is_refused_with_416() {
    assert!(SipMessage::parse(message!("novelsc")).is_ok());
    assert_eq!(
        refused(message!("novelsc")),
        StatusCode::UNSUPPORTED_URI_SCHEME
    );
}

#[test]
fn rfc4475_3_3_4_unksm2_is_accepted_with_its_schemes() {
    let message = accepted(message!("unksm2"));
    let scheme = |uri| match uri {
        Uri::Other(uri) => OpaqueUri::scheme(&uri),
        other => panic!("{other} is known"),
    };
    assert_eq!(scheme(message.to().unwrap().uri()), "isbn");
    assert_eq!(scheme(message.from().unwrap().uri()), "http");
    assert_eq!(
        contact_uris(&message)
            .into_iter()
            .map(scheme)
            .collect::<Vec<_>>(),
        ["name"]
    );
}

/// The 420 is for whoever knows which extensions are supported; it needs the names.
#[test]
fn rfc4475_3_3_5_bext01_is_accepted_and_names_its_extensions() {
    let message = accepted(message!("bext01"));
    let names: Vec<_> = message
        .tokens(HeaderName::Require)
        .map(Result::unwrap)
        .collect();
    assert_eq!(names, ["nothingSupportsThis", "nothingSupportsThisEither"]);
    let names: Vec<_> = message
        .tokens(HeaderName::ProxyRequire)
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        names,
        ["noProxiesSupportThis", "norDoAnyProxiesSupportThis"]
    );
}

#[test]
fn rfc4475_3_3_6_invut_is_accepted_and_names_its_content_type() {
    let message = accepted(message!("invut"));
    assert!(
        message
            .content_type()
            .unwrap()
            .unwrap()
            .is("application", "unknownformat")
    );
}

#[test]
fn rfc4475_3_3_7_regaut01_is_accepted() {
    let message = accepted(message!("regaut01"));
    let authorization = message.header(HeaderName::Authorization).unwrap();
    assert_eq!(
        authorization.value(),
        b"NoOneKnowsThisScheme opaque-data=here"
    );
}

#[test]
fn rfc4475_3_3_8_multi01_is_refused_with_400() {
    assert_eq!(refused(message!("multi01")), StatusCode::BAD_REQUEST);
    assert!(matches!(
        defect(message!("multi01")),
        DecodeError::Repeated { .. }
    ));
}

#[test]
fn rfc4475_3_3_9_mcl01_is_refused_with_400() {
    assert_eq!(refused(message!("mcl01")), StatusCode::BAD_REQUEST);
    let header = HeaderName::ContentLength;
    assert_eq!(defect(message!("mcl01")), DecodeError::Repeated { header });
}

#[test]
fn rfc4475_3_3_10_bcast_is_dropped_by_an_endpoint() {
    let message = SipMessage::parse(message!("bcast")).unwrap();
    let last = message.vias().last().unwrap().unwrap();
    assert!(last.is_broadcast());
    let header = HeaderName::Via;
    assert_eq!(dropped(message!("bcast")), DecodeError::Repeated { header });
}

#[test]
fn rfc4475_3_3_11_zeromf_is_accepted_with_max_forwards_of_zero() {
    let message = accepted(message!("zeromf"));
    assert_eq!(message.max_forwards(), Ok(Some(0)));
}

#[test]
fn rfc4475_3_3_12_cparam01_is_accepted_with_a_parameter_of_the_contact() {
    let message = accepted(message!("cparam01"));
    let Contacts::List(mut contacts) = message.contacts().unwrap() else {
        panic!("a star")
    };
    let contact = contacts.next().unwrap().unwrap();
    assert!(contact.params().find("unknownparam").is_some());
    let Uri::Sip(uri) = contact.uri() else {
        panic!("another scheme")
    };
    assert_eq!(uri.param("unknownparam"), None);
}

#[test]
fn rfc4475_3_3_13_cparam02_is_accepted_with_a_parameter_of_the_uri() {
    let message = accepted(message!("cparam02"));
    let Contacts::List(mut contacts) = message.contacts().unwrap() else {
        panic!("a star")
    };
    let contact = contacts.next().unwrap().unwrap();
    assert!(contact.params().find("unknownparam").is_none());
    let Uri::Sip(uri) = contact.uri() else {
        panic!("another scheme")
    };
    assert_eq!(uri.param("unknownparam"), Some(None));
}

#[test]
fn rfc4475_3_3_14_regescrt_is_accepted_with_a_header_in_the_contact() {
    let message = accepted(message!("regescrt"));
    let Some(Uri::Sip(uri)) = contact_uris(&message).pop() else {
        panic!("no contact")
    };
    assert_eq!(
        uri.headers().collect::<Vec<_>>(),
        [("Route", "%3Csip:sip.example.com%3E")]
    );
}

/// The 406 is for whoever writes the answer's body; it needs the types.
#[test]
fn rfc4475_3_3_15_sdp01_is_accepted_and_names_what_it_accepts() {
    let message = accepted(message!("sdp01"));
    let types: Vec<_> = message.accept().map(|one| one.unwrap().as_str()).collect();
    assert_eq!(types, ["text/nobodyKnowsThis"]);
}

#[test]
fn rfc4475_3_4_1_inv2543_is_accepted() {
    let message = accepted(message!("inv2543"));
    let request = Request::read(&message).unwrap();
    assert_eq!((request.via().branch(), request.from().tag()), (None, None));
    assert_eq!(request.max_forwards(), None);
    assert_eq!(request.via().received(), None::<IpAddr>);
    assert!(message.body().ends_with(b"m=audio 49217 RTP/AVP 0\r\n"));
    let Uri::Sip(to) = request.to().uri() else {
        panic!("another scheme")
    };
    // Without brackets the parameter is the header field's.
    assert_eq!(to.params().count(), 0);
    assert_eq!(request.to().params().token("user"), Some("phone"));
}

/// The archive holds this one too, without a word in the text: its Request-Line has no version.
#[test]
fn rfc4475_a_1_test_is_refused_with_400() {
    assert_eq!(
        defect(message!("test")).reject(),
        Some(StatusCode::BAD_REQUEST)
    );
}
