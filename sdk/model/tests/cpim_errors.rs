//! Malformed message/cpim: each fault with its own reason and place; and what is borne with.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests are not seen as tests"
)]

mod text;

use rialto_model::{
    Bytes, ContentHeader, CpimError, CpimMessage, CpimWriteError, Header, InstantMessage,
    MessageHeaders, cpim,
};

use self::text::{parse, with_content};

#[test]
fn cpim_a_must_malformed_headers_are_refused_with_name_and_place() {
    let value = |header: &str, at| CpimError::Value {
        header: header.into(),
        at,
    };
    let parameter = |at| CpimError::Parameter {
        header: "Subject".into(),
        at,
    };
    let table = [
        ("From: piglet", value("From", 0)),
        ("From: Piglet <piglet>", value("From", 0)),
        ("From: Piglet <im:piglet@example.com", value("From", 0)),
        ("From: <im:a@b.example>\r\nTo: <im:a b>", value("To", 24)),
        ("cc: <>", value("cc", 0)),
        ("DateTime: yesterday", value("DateTime", 0)),
        ("DateTime: 2000-13-13T13:40:00Z", value("DateTime", 0)),
        ("DateTime: 2000-12-13 13:40:00", value("DateTime", 0)),
        ("NS: a", value("NS", 0)),
        ("NS: a <relative>", value("NS", 0)),
        ("NS: a <urn:x#fragment>", value("NS", 0)),
        ("NS: a b <urn:x>", value("NS", 0)),
        ("Require: a b", value("Require", 0)),
        ("Require: a,,b", value("Require", 0)),
        (
            "NS: p <urn:ietf:params:cpim-headers:>\r\np.To: x",
            value("p.To", 39),
        ),
        ("Subject", CpimError::NoColon { at: 0 }),
        ("Subject: x\r\nhello", CpimError::NoColon { at: 12 }),
        (": x", CpimError::HeaderName { at: 0 }),
        ("Sub ject: x", CpimError::HeaderName { at: 0 }),
        ("a.b.c: x", CpimError::HeaderName { at: 0 }),
        ("S\u{fc}bject: x", CpimError::HeaderName { at: 0 }),
        ("Subject: x\r\n folded", CpimError::Folded { at: 12 }),
        ("Subject: a\0b", CpimError::Control { at: 10 }),
        ("Subject: a\rb", CpimError::Control { at: 10 }),
        ("Subject: a\u{7f}", CpimError::Control { at: 10 }),
        ("Subject:;lang x", parameter(0)),
        ("Subject:;lang= x", parameter(0)),
        ("Subject:;lang=fr_CA x", parameter(0)),
        ("Subject:;lang=fr;lang=de x", parameter(0)),
        ("Subject:;a=\"b x", parameter(0)),
        ("x: y\r\nSubject:; x", parameter(6)),
    ];
    for (headers, error) in table {
        assert_eq!(with_content(headers), Err(error), "{headers:?}");
    }
}

#[test]
fn malformed_whole_is_refused_with_the_place() {
    assert_eq!(parse(""), Err(CpimError::Truncated { at: 0 }));
    assert_eq!(
        parse("From: <im:a@b.example>"),
        Err(CpimError::Truncated { at: 22 })
    );
    assert_eq!(
        parse("\r\nContent-Type: text/plain\r\n"),
        Err(CpimError::Truncated { at: 28 })
    );
    assert_eq!(
        parse("\r\nhello\r\n\r\n"),
        Err(CpimError::NoColon { at: 2 })
    );
    assert_eq!(
        parse("\r\nContent-Type : a/b\r\n\r\n"),
        Err(CpimError::HeaderName { at: 2 })
    );
    let twice = "\r\nContent-Type: a/b\r\ncontent-type: c/d\r\n\r\n";
    let repeated = CpimError::Repeated {
        header: "content-type".into(),
        at: 21,
    };
    assert_eq!(parse(twice), Err(repeated));
    let encoded = "Content-Type: message/cpim\r\nContent-Transfer-Encoding: base64\r\n\r\n\r\n\r\n";
    let encoding = CpimError::TransferEncoding {
        encoding: "base64".into(),
    };
    assert_eq!(parse(encoded), Err(encoding));
    let latin = Bytes::from_static(b"Subject: gr\xfcn\r\n\r\n\r\n");
    assert_eq!(
        CpimMessage::parse(latin),
        Err(CpimError::Encoding { at: 11 })
    );
}

#[test]
fn every_limit_is_held_and_named() {
    let long = format!("x: {}", "a".repeat(cpim::MAX_HEADER_LEN));
    let error = CpimError::HeaderTooLong {
        at: 0,
        max: cpim::MAX_HEADER_LEN,
    };
    assert_eq!(with_content(&long), Err(error));
    let many = vec!["x: y"; cpim::MAX_HEADERS + 1].join("\r\n");
    let error = CpimError::TooManyHeaders {
        at: 6 * cpim::MAX_HEADERS,
        max: cpim::MAX_HEADERS,
    };
    assert_eq!(with_content(&many), Err(error));
    let large = vec![format!("x: {}", "a".repeat(1000)); 70].join("\r\n");
    let error = CpimError::HeadTooLong {
        max: cpim::MAX_HEAD_LEN,
    };
    assert_eq!(with_content(&large), Err(error));
    let unended = CpimMessage::parse(vec![b'a'; cpim::MAX_HEAD_LEN + 1].into());
    assert_eq!(
        unended,
        Err(CpimError::HeadTooLong {
            max: cpim::MAX_HEAD_LEN
        })
    );
    let whole = CpimMessage::parse(vec![b'a'; cpim::MAX_LEN + 1].into());
    assert_eq!(
        whole,
        Err(CpimError::TooLong {
            len: cpim::MAX_LEN + 1,
            max: cpim::MAX_LEN
        })
    );
    let folded = format!("\r\nContent-Type: a/b;\r\n{}\r\n", " c=d;\r\n".repeat(3000));
    let error = CpimError::HeaderTooLong {
        at: 2,
        max: cpim::MAX_HEADER_LEN,
    };
    assert_eq!(parse(&folded), Err(error));
}

#[test]
fn lines_of_lf_and_missing_spaces_are_borne_with() {
    let message =
        parse("From:<im:a@b.example>\nTo:  im:c@d.example\nSubject:\n\n\nhello\r\n").unwrap();
    assert_eq!(message.from().unwrap().uri(), "im:a@b.example");
    assert_eq!(message.to().next().unwrap().uri(), "im:c@d.example");
    assert_eq!(message.message().content_type(), "text/plain");
    assert_eq!(message.message().payload().as_bytes(), b"hello\r\n");
}

#[test]
fn mime_headers_right_after_message_headers_are_borne_with_as_in_rfc_5438() {
    let text = "From: <im:a@b.example>\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: 34jk324j\r\n\
        Content-Disposition: notification\r\nContent-type: message/imdn+xml\r\n\r\n<imdn/>";
    let message = parse(text).unwrap();
    assert_eq!(message.message().content_type(), "message/imdn+xml");
    assert_eq!(message.message().content_headers()[0].value, "notification");
    assert_eq!(message.message().payload().as_bytes(), b"<imdn/>");
    let id = message
        .message()
        .headers()
        .find("urn:ietf:params:imdn", "Message-ID");
    assert_eq!(id.unwrap().value, "34jk324j");
}

#[test]
fn escapes_are_undone_as_rfc_3862_2_3_1_says() {
    let subject = |escaped: &str| {
        let message = with_content(&format!("Subject: {escaped}")).unwrap();
        let subject = message
            .message()
            .headers()
            .subjects()
            .next()
            .unwrap()
            .value
            .clone();
        subject.to_string()
    };
    assert_eq!(subject(r"\\ \b\t\n\r \u000b"), "\\ \u{8}\t\n\r \u{b}");
    assert_eq!(subject(r#"\" \' \q"#), "\" ' q");
    assert_eq!(subject(r"\u0041\u00fC"), "A\u{fc}");
    assert_eq!(subject(r"\ud83d\uDE00"), "\u{1f600}");
    assert_eq!(subject(r"\ud83d \ude00"), "\u{fffd} \u{fffd}");
    assert_eq!(subject(r"\u12 \u\ud83d\u"), "u12 u\u{fffd}u");
    assert_eq!(subject(r"end\"), "end");
}

#[test]
fn writer_uses_the_escapes_of_rfc_3862_2_3_1_and_no_others() {
    let headers: MessageHeaders = [
        Header::new(
            "Subject",
            "a\\b\u{8}\t\n\r\u{0}\u{7f} \"quoted\" 'x' \u{fc} ",
        ),
        Header::new("From", "\"A \"B\" \\C\" <im:a@b.example>"),
    ]
    .into_iter()
    .collect();
    let message = InstantMessage::text("x").with_headers(headers);
    let bytes = CpimMessage::new(message).to_bytes().unwrap();
    let text = std::str::from_utf8(&bytes).unwrap();
    let expected = "Subject: a\\\\b\\b\\t\\n\\r\\u0000\\u007f \"quoted\" 'x' \u{fc}\\u0020\r\n\
        From: \"A \\\"B\\\" \\\\C\" <im:a@b.example>\r\n\r\n";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn what_cannot_be_written_is_refused_and_nothing_is_written() {
    let refused = |header: Header| {
        let message = InstantMessage::text("x").with_headers([header].into_iter().collect());
        let mut out = b"before".to_vec();
        let error = CpimMessage::new(message).write_into(&mut out).unwrap_err();
        assert_eq!(out, b"before");
        error
    };
    for name in [
        "",
        "a b",
        "a\r\nTo",
        "a:b",
        "a.b.c",
        "Content-Type",
        "mime-version",
    ] {
        let error = refused(Header::new(name, "x"));
        assert!(
            matches!(error, CpimWriteError::HeaderName { .. }),
            "{name:?}: {error}"
        );
    }
    let error = refused(Header::new("Subject", "x").with_language("fr\r\nTo: x"));
    assert_eq!(
        error,
        CpimWriteError::Language {
            header: "Subject".into()
        }
    );
    let mut header = Header::new("Subject", "x");
    header.parameters = "a=b\r\nTo: x".into();
    assert_eq!(
        refused(header),
        CpimWriteError::Parameters {
            header: "Subject".into()
        }
    );
    for (name, value) in [
        ("From", "Romeo"),
        ("DateTime", "now"),
        ("NS", "x"),
        ("Require", ""),
    ] {
        let error = refused(Header::new(name, value));
        assert_eq!(
            error,
            CpimWriteError::Value {
                header: name.into()
            }
        );
    }
    let long = "x".repeat(cpim::MAX_HEADER_LEN);
    let error = refused(Header::new("Subject", long));
    assert_eq!(
        error,
        CpimWriteError::Value {
            header: "Subject".into()
        }
    );
}

#[test]
fn content_that_would_break_out_of_its_headers_is_not_written() {
    let broken = InstantMessage::new("text/plain\r\nX: y", Bytes::new());
    let error = CpimMessage::new(broken).to_bytes().unwrap_err();
    assert_eq!(
        error,
        CpimWriteError::Value {
            header: "Content-Type".into()
        }
    );
    for name in ["X\r\nY", "X Y", "", "content-type"] {
        let headers = vec![ContentHeader::new(name, "x")];
        let message = InstantMessage::text("x").with_content_headers(headers);
        let error = CpimMessage::new(message).to_bytes().unwrap_err();
        assert!(
            matches!(error, CpimWriteError::HeaderName { .. }),
            "{name:?}: {error}"
        );
    }
}
