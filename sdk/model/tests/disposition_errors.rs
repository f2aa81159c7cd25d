//! Malformed reports and status messages: each fault with its own reason, place and limit.

#![allow(clippy::unwrap_used, reason = "helpers of tests are not seen as tests")]

use rialto_model::{
    ContentHeader, Disposition, Header, Imdn, ImdnError, ImdnHeaderError, ImdnHeaders,
    ImdnRecipient, InstantMessage, IsComposing, MessageHeaders, MessageId, MessageIdError,
    XmlError, XmlWriteError, disposition, xml::Element,
};

const ROOT: &str = "<imdn xmlns='urn:ietf:params:xml:ns:imdn'>";
const DELIVERED: &str =
    "<delivery-notification><status><delivered/></status></delivery-notification>";

/// The error of a document whose outermost element holds `content`, and where that begins.
fn refused(content: &str) -> (ImdnError, usize) {
    let document = format!("{ROOT}{content}</imdn>");
    (Imdn::parse(document.as_bytes()).unwrap_err(), ROOT.len())
}

#[test]
fn document_of_another_kind_is_refused() {
    let error = XmlError::Root { expected: "imdn" };
    for document in [
        "<imdn/>",
        "<imdn xmlns='urn:x'/>",
        "<a xmlns='urn:ietf:params:xml:ns:imdn'/>",
    ] {
        assert_eq!(
            Imdn::parse(document.as_bytes()),
            Err(error.into()),
            "{document}"
        );
    }
    let error = XmlError::Root {
        expected: "isComposing",
    };
    for document in [
        "<isComposing/>",
        "<iscomposing xmlns='urn:ietf:params:xml:ns:im-iscomposing'/>",
    ] {
        assert_eq!(
            IsComposing::parse(document.as_bytes()),
            Err(error),
            "{document}"
        );
    }
}

#[test]
fn report_that_does_not_say_what_and_of_which_message_is_refused() {
    let (error, _) = refused(DELIVERED);
    let missing = |element, at| ImdnError::Document(XmlError::Missing { element, at });
    assert_eq!(error, missing("message-id", 0));

    let id = "<message-id>1</message-id>";
    let (error, _) = refused(id);
    assert_eq!(error, ImdnError::NoNotification { at: 0 });
    let (error, begin) = refused(&format!("{id}<delivery-notification/>"));
    assert_eq!(error, missing("status", begin + id.len()));
    let (error, begin) = refused(&format!("{id}{DELIVERED}\n{DELIVERED}"));
    let at = begin + id.len() + DELIVERED.len() + 1;
    assert_eq!(error, ImdnError::SecondNotification { at });
    let display = "<display-notification><status><displayed/></status></display-notification>";
    let (error, begin) = refused(&format!("{id}{display}{DELIVERED}"));
    let at = begin + id.len() + display.len();
    assert_eq!(error, ImdnError::SecondNotification { at });
}

#[test]
fn status_that_its_notification_cannot_have_is_refused() {
    let id = "<message-id>1</message-id>";
    for (notification, status) in [
        ("delivery", ""),
        ("delivery", "<displayed/>"),
        ("delivery", "<delivered/><failed/>"),
        ("delivery", "<delivered xmlns='urn:x'/>"),
        ("delivery", "<read/>"),
        ("display", "<delivered/>"),
        ("processing", "<displayed/>"),
    ] {
        let begin = format!("{id}<{notification}-notification>");
        let end = format!("</{notification}-notification>");
        let (error, root) = refused(&format!("{begin}<status>{status}</status>{end}"));
        let at = root + begin.len();
        assert_eq!(error, ImdnError::Status { at }, "{notification} {status}");
    }
}

#[test]
fn element_that_stands_twice_is_refused_with_the_place_of_the_second() {
    let contents = [
        ("message-id", "1"),
        ("datetime", ""),
        ("recipient-uri", "im:a"),
        ("original-recipient-uri", "im:a"),
        ("subject", ""),
    ];
    for (element, text) in contents {
        let id = if element == "message-id" {
            ""
        } else {
            "<message-id>1</message-id>"
        };
        let once = format!("<{element}>{text}</{element}>");
        let (error, root) = refused(&format!("{id}{once}{once}{DELIVERED}"));
        let at = root + id.len() + once.len();
        assert_eq!(error, XmlError::Repeated { element, at }.into());
    }
    let twice = "<delivery-notification><status><failed/></status><status><failed/></status></delivery-notification>";
    let id = "<message-id>1</message-id>";
    let (error, root) = refused(&format!("{id}{twice}"));
    let at = root + id.len() + "<delivery-notification><status><failed/></status>".len();
    assert_eq!(
        error,
        XmlError::Repeated {
            element: "status",
            at
        }
        .into()
    );
}

#[test]
fn address_that_is_none_is_refused() {
    let id = "<message-id>1</message-id>";
    for element in ["recipient-uri", "original-recipient-uri"] {
        for uri in [
            "",
            "bob",
            "im:",
            "im:a b",
            "&lt;im:bob@example.com&gt;",
            "1:x",
        ] {
            let (error, root) = refused(&format!("{id}<{element}>{uri}</{element}>{DELIVERED}"));
            let at = root + id.len();
            assert_eq!(error, XmlError::Value { element, at }.into(), "{uri}");
        }
    }
    assert_eq!(ImdnRecipient::new("bob"), None);
    let recipient = ImdnRecipient::new("im:bob@example.com").unwrap();
    assert_eq!(recipient.with_original_uri("bob"), None);
}

#[test]
fn message_id_that_cannot_be_kept_is_refused_with_the_reason() {
    let long = "a".repeat(MessageId::MAX_LEN + 1);
    for (text, problem) in [
        ("", MessageIdError::Empty),
        (&long, MessageIdError::TooLong { len: 257 }),
        ("a b", MessageIdError::Character { at: 1 }),
        ("a\u{a0}b", MessageIdError::Character { at: 1 }),
        ("\u{fc}\u{85}b", MessageIdError::Character { at: 2 }),
    ] {
        assert_eq!(MessageId::parse(text.to_owned()), Err(problem), "{text:?}");
        let (error, at) = refused(&format!("<message-id>{text}</message-id>{DELIVERED}"));
        assert_eq!(error, ImdnError::MessageId { at, problem }, "{text:?}");
    }
    for text in ["a\u{0}", "a\u{fffe}", "a\u{ffff}"] {
        let error = MessageIdError::Character { at: 1 };
        assert_eq!(MessageId::parse(text), Err(error), "{text:?}");
    }
    assert!(MessageId::parse("a".repeat(MessageId::MAX_LEN)).is_ok());
}

#[test]
fn malformed_headers_are_refused_with_name_and_number() {
    let refused = |lines: &[(&'static str, &str)]| {
        let declaration = Header::new("NS", "i <urn:ietf:params:imdn>");
        let lines = lines
            .iter()
            .map(|(name, value)| Header::new(*name, (*value).to_owned()));
        let headers: MessageHeaders = std::iter::once(declaration).chain(lines).collect();
        ImdnHeaders::read(&headers).unwrap_err()
    };
    let id = |index, problem| ImdnHeaderError::MessageId { index, problem };
    assert_eq!(
        refused(&[("i.Message-ID", " ")]),
        id(1, MessageIdError::Empty)
    );
    assert_eq!(
        refused(&[("Subject", "x"), ("i.Message-ID", "a b")]),
        id(2, MessageIdError::Character { at: 1 })
    );
    let long = "a".repeat(257);
    assert_eq!(
        refused(&[("i.Message-ID", &long)]),
        id(1, MessageIdError::TooLong { len: 257 })
    );
    for (name, header) in [
        ("i.Original-To", "Original-To"),
        ("i.IMDN-Record-Route", "IMDN-Record-Route"),
        ("i.IMDN-Route", "IMDN-Route"),
    ] {
        for value in ["", "bob", "Bob <bob>", "<im:bob"] {
            let error = ImdnHeaderError::Address { header, index: 1 };
            assert_eq!(refused(&[(name, value)]), error, "{name}: {value}");
        }
    }
    for (name, header, value) in [
        ("i.Message-ID", "Message-ID", "1"),
        ("i.Original-To", "Original-To", "<im:a>"),
    ] {
        let error = ImdnHeaderError::Repeated { header, index: 3 };
        assert_eq!(
            refused(&[(name, value), ("Subject", "x"), (name, value)]),
            error
        );
    }
    for (name, header) in [
        ("i.IMDN-Record-Route", "IMDN-Record-Route"),
        ("i.IMDN-Route", "IMDN-Route"),
    ] {
        let max = disposition::MAX_ROUTES;
        let error = ImdnHeaderError::TooManyRoutes {
            header,
            index: max + 1,
            max,
        };
        assert_eq!(refused(&vec![(name, "<im:a>"); max + 1]), error);
    }
}

#[test]
fn malformed_status_message_is_refused_with_the_place() {
    let root = "<isComposing xmlns='urn:ietf:params:xml:ns:im-iscomposing'>";
    let refused = |content: &str| {
        let document = format!("{root}{content}</isComposing>");
        IsComposing::parse(document.as_bytes()).unwrap_err()
    };
    let missing = XmlError::Missing {
        element: "state",
        at: 0,
    };
    assert_eq!(refused(""), missing);
    assert_eq!(refused("<state xmlns='urn:x'>active</state>"), missing);
    let state = "<state>active</state>";
    for (element, texts) in [
        (
            "lastactive",
            &["", "now", "2003-01-27", "2003-13-27T10:43:00Z"][..],
        ),
        (
            "refresh",
            &["", "0", "000", "+", "-1", "1.5", "90s", "\u{661}"][..],
        ),
    ] {
        for text in texts {
            let at = root.len() + state.len();
            let error = XmlError::Value { element, at };
            assert_eq!(
                refused(&format!("{state}<{element}>{text}</{element}>")),
                error,
                "{text}"
            );
        }
    }
    for (element, text) in [
        ("lastactive", "2003-01-27T10:43:00Z"),
        ("contenttype", "text"),
        ("refresh", "90"),
    ] {
        let once = format!("<{element}>{text}</{element}>");
        let at = root.len() + state.len() + once.len();
        let error = XmlError::Repeated { element, at };
        assert_eq!(refused(&format!("{state}{once}{once}")), error);
    }
    let at = root.len() + state.len();
    let error = XmlError::Repeated {
        element: "state",
        at,
    };
    assert_eq!(refused(&format!("{state}{state}")), error);
}

#[test]
fn document_behind_a_transfer_encoding_is_refused() {
    let encoded = |content_type: &'static str| {
        let header = ContentHeader::new("Content-Transfer-Encoding", "base64");
        InstantMessage::new(content_type, rialto_model::Bytes::from_static(b"PGEvPg=="))
            .with_content_headers(vec![header])
    };
    assert_eq!(
        Imdn::from_message(&encoded(Imdn::CONTENT_TYPE)),
        Err(XmlError::TransferEncoding.into())
    );
    assert_eq!(
        IsComposing::from_message(&encoded(IsComposing::CONTENT_TYPE)),
        Err(XmlError::TransferEncoding)
    );
}

#[test]
fn what_xml_or_the_schema_cannot_carry_is_not_written() {
    let imdn = || Imdn::new(MessageId::parse("1").unwrap(), Disposition::Failed);
    for text in ["a\u{0}b", "\u{7}", "\u{ffff}"] {
        let written = imdn().with_date_time(text).to_document();
        assert_eq!(written, Err(XmlWriteError::Character), "{text:?}");
    }
    for namespace in ["", "urn:ietf:params:xml:ns:imdn"] {
        let own = Element::new(namespace, "x").unwrap();
        let error = Err(XmlWriteError::Namespace);
        assert_eq!(imdn().with_extension(own.clone()), error);
        assert_eq!(imdn().with_status_extension(own), error);
    }
    let own = Element::new("urn:ietf:params:xml:ns:im-iscomposing", "x").unwrap();
    let composing = IsComposing::new(rialto_model::ComposingState::Idle);
    assert_eq!(
        composing.clone().with_extension(own),
        Err(XmlWriteError::Namespace)
    );
    let before_christ = time::macros::datetime!(0000-12-31 0:00 UTC);
    let written = composing.with_last_active(before_christ).to_document();
    assert_eq!(written, Err(XmlWriteError::DateTime));
}
