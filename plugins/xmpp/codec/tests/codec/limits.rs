//! Stanzas beyond the limits: refused one by one, and the stream goes on.

use crate::support::{HEADER, read, read_all, read_limited};
use proptest::collection::vec;
use proptest::prelude::{prop_assert_eq, proptest};
use rialto_xmpp_codec::{
    ContentNamespace, LimitError, Limits, Message, MessageType, ReadError, RefusalError, Refused,
    Stanza, StreamCondition, StreamEvent, StreamReader,
};

const HEAD: &str = "<message type='chat' id='m1' from='a@b/c' to='d@e' xml:lang='en'>";
const LIMITS: Limits = Limits {
    stanza_bytes: 400,
    token_bytes: 40,
    depth: 4,
    attributes: 6,
    elements: 5,
};

/// The one stanza that is refused in `text`, before and after which others are taken.
fn refused_alone(text: &str, limits: Limits) -> Refused {
    let events = read_limited(&format!("<presence/>{text}<iq type='get'/>"), limits).expect(text);
    let [
        StreamEvent::Stanza(Stanza::Presence(_)),
        StreamEvent::Refused(refused),
        StreamEvent::Stanza(Stanza::Iq(_)),
    ] = &events[..]
    else {
        panic!("{text}: {events:?}")
    };
    refused.clone()
}

/// What the stanza itself says in [`HEAD`].
fn head() -> Stanza {
    Stanza::Message(Message {
        from: Some("a@b/c".into()),
        to: Some("d@e".into()),
        id: Some("m1".into()),
        type_: MessageType::Chat,
        lang: Some("en".into()),
        ..Message::default()
    })
}

#[test]
fn stanza_is_taken_at_the_limit_and_refused_above() {
    let limits = Limits {
        stanza_bytes: 400,
        ..Limits::default()
    };
    let stanza = |bytes: usize| {
        let frame = "<message><body></body></message>".len();
        format!(
            "<message><body>{}</body></message>",
            "x".repeat(bytes - frame)
        )
    };
    assert_eq!(
        read_limited(&stanza(400).repeat(3), limits).unwrap().len(),
        3
    );
    let refused = refused_alone(&stanza(401), limits);
    assert!(
        matches!(
            refused.error,
            RefusalError::Limit(LimitError::StanzaTooLarge { limit: 400, .. })
        ),
        "{}",
        refused.error
    );
}

#[test]
fn stanza_beyond_any_limit_is_refused_alone_and_its_head_is_kept() {
    let long = "a".repeat(41);
    let (deep, undeep) = ("<a>".repeat(3), "</a>".repeat(3));
    let many = " a='1' b='1' c='1' d='1' e='1' f='1' g='1'";
    for (content, expected) in [
        ("x".repeat(400), "exceeds 400 bytes"),
        (format!("<a>{}</a>", "x".repeat(400)), "exceeds 400 bytes"),
        (
            format!("<![CDATA[{}]]>", "x".repeat(400)),
            "exceeds 400 bytes",
        ),
        ("<a/>".repeat(5), "has more than 5 elements"),
        (format!("{deep}x{undeep}"), "nest deeper than 4"),
        (format!("<a{many}/>"), "has more than 6 attributes"),
        (
            format!("<a{}/>", many.replace(' ', " xmlns:")),
            "has more than 6 attributes",
        ),
        (format!("<a b='{long}'/>"), "exceeds 40 bytes"),
        (format!("<a {long}='b'/>"), "exceeds 40 bytes"),
        (format!("<{long}/>"), "exceeds 40 bytes"),
        (format!("<a xmlns:b='{long}'/>"), "exceeds 40 bytes"),
        // What comes after the breach may break any limit again.
        (
            format!(
                "{}<b {many}>{deep}{deep}{undeep}{undeep}</b>",
                "<a/>".repeat(9)
            ),
            "has more than 5 elements",
        ),
    ] {
        let refused = refused_alone(&format!("{HEAD}{content}</message>"), LIMITS);
        assert_eq!(refused.head, Some(head()), "{content}");
        let error = refused.error.to_string();
        assert!(error.contains(expected), "{content}: {error}");
    }
}

#[test]
fn head_beyond_a_limit_is_kept_as_far_as_it_says_whose_the_stanza_is() {
    let long = "a".repeat(41);
    let many: String = (0..40).map(|number| format!(" a{number}='1'")).collect();
    for attribute in [
        format!(" a='{long}'"),
        format!(" {long}='1'"),
        format!(" xmlns:a='{long}'"),
        many,
    ] {
        for text in [
            HEAD.replace(" type", &format!("{attribute} type")),
            HEAD.replace(" from", &format!("{attribute} from")),
            HEAD.replace('>', &format!("{attribute}>")),
        ] {
            let refused = refused_alone(&format!("{text}<body>x</body></message>"), LIMITS);
            assert_eq!(refused.head, Some(head()), "{text}");
        }
    }
    let refused = refused_alone(&HEAD.replace("m1", &long).replace('>', "/>"), LIMITS);
    let Some(Stanza::Message(message)) = refused.head else {
        panic!("no message")
    };
    assert_eq!((message.id, message.to), (None, Some("d@e".into())));
}

#[test]
fn head_beyond_a_limit_has_its_own_namespace_and_never_another() {
    let long = "a".repeat(41);
    let of = |text: &str| refused_alone(text, LIMITS).head;
    let own = format!("<c:message b='{long}' xmlns:c='jabber:component:accept'/>");
    assert!(matches!(of(&own), Some(Stanza::Message(_))));
    for other in [
        format!("<message b='{long}' xmlns='jabber:client'/>"),
        format!("<message xmlns='{long}'/>"),
        format!("<c:message b='{long}' xmlns:c='urn:x'/>"),
        format!("<c:message b='{long}'/>"),
        format!("<{long}/>"),
    ] {
        assert_eq!(of(&other), None, "{other}");
    }
    for broken in [
        format!("<message b='{long}' id='1' id='2'/>"),
        format!("<message b='{long}' xmlns='urn:x' xmlns='urn:x'/>"),
    ] {
        let error = read_limited(&broken, LIMITS).unwrap_err();
        assert_eq!(
            error.condition(),
            StreamCondition::NotWellFormed,
            "{broken}: {error}"
        );
    }
}

#[test]
fn broken_xml_ends_the_stream_inside_of_a_refused_stanza_too() {
    let refused = format!("{HEAD}{}", "<a/>".repeat(9));
    for (broken, condition) in [
        ("<!-- comment -->", StreamCondition::RestrictedXml),
        ("&xxe;", StreamCondition::RestrictedXml),
        ("</presence>", StreamCondition::NotWellFormed),
        ("<a b=1/>", StreamCondition::NotWellFormed),
        ("\u{1}", StreamCondition::NotWellFormed),
    ] {
        let error = read_limited(&format!("{refused}{broken}"), LIMITS).unwrap_err();
        assert_eq!(error.condition(), condition, "{broken}: {error}");
    }
}

#[test]
fn stanza_that_goes_on_beyond_the_limits_for_long_ends_the_stream() {
    let bytes = |count: usize| format!("{HEAD}{}", "x".repeat(count - HEAD.len()));
    let events = read_limited(&bytes(8 * 400 - 10), LIMITS).unwrap();
    assert_eq!(events, [], "its end may still come");
    let error = |text: &str| read_limited(text, LIMITS).unwrap_err();
    for endless in [
        bytes(8 * 400 + 1),
        format!("{HEAD}<a b='{}", "x".repeat(8 * 400)),
        format!("<{}", "x".repeat(8 * 400 + 1)),
        format!("{HEAD}<a {}", "b='1' ".repeat(1000)),
        format!("{HEAD}<![CDATA[{}", "x".repeat(8 * 400)),
    ] {
        let error = error(&endless);
        let stanza = LimitError::StanzaTooLarge {
            offset: HEADER.len() as u64,
            limit: 8 * 400,
        };
        assert_eq!(error, ReadError::Limit(stanza));
        assert_eq!(error.condition(), StreamCondition::PolicyViolation);
    }
    let limits = Limits {
        stanza_bytes: 4000,
        ..LIMITS
    };
    let deep = |depth: usize| format!("{HEAD}{}", "<a>".repeat(depth - 2));
    assert_eq!(read_limited(&deep(4 * 32), limits), Ok(vec![]));
    let error = read_limited(&deep(4 * 32 + 1), limits).unwrap_err();
    assert!(
        matches!(
            error,
            ReadError::Limit(LimitError::TooDeep { limit: 128, .. })
        ),
        "{error}"
    );
}

#[test]
fn stream_header_beyond_the_limits_is_no_stanza_and_ends_the_stream() {
    let many: String = (0..40).map(|number| format!(" a{number}='1'")).collect();
    for attributes in [many, format!(" a='{}'", "x".repeat(8200))] {
        let header = HEADER.replace('>', &format!("{attributes}>"));
        let mut reader = StreamReader::new(ContentNamespace::Component, Limits::default());
        let error = reader.read(&mut header.as_bytes()).unwrap_err();
        assert_eq!(error.condition(), StreamCondition::PolicyViolation);
    }
}

#[test]
fn stream_error_beyond_a_limit_is_still_one() {
    let text = format!(
        "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>{}</stream:error>",
        "<a/>".repeat(5)
    );
    let events = read_limited(&text, LIMITS).unwrap();
    let [StreamEvent::Error(error)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(error.condition, StreamCondition::UndefinedCondition);
}

#[test]
fn default_limits_are_those_that_the_documentation_names() {
    let deep = |depth: usize| {
        format!(
            "{}{}",
            "<message>".repeat(depth),
            "</message>".repeat(depth)
        )
    };
    assert_eq!(read(&deep(31)).unwrap().len(), 1);
    let error = |text: &str| refused_alone(text, Limits::default()).error;
    let attributes = |count: usize| -> String {
        let attributes: String = (0..count).map(|number| format!(" a{number}='1'")).collect();
        format!("<message{attributes}/>")
    };
    assert!(matches!(
        read(&attributes(32)).unwrap()[..],
        [StreamEvent::Stanza(_)]
    ));
    for (text, limit) in [
        (deep(32), 32),
        (attributes(33), 32),
        (format!("<message>{}</message>", "<a/>".repeat(5000)), 4096),
        (format!("<message to='{}'/>", "a".repeat(8193)), 8192),
        (
            format!("<message>{}</message>", "a".repeat(262_144)),
            262_144,
        ),
    ] {
        let error = error(&text).to_string();
        assert!(error.contains(&limit.to_string()), "{error}");
    }
}

/// What servers write for `<xml:a/>` and `xml:b='1'`, which their users may send.
const RESERVED: [&str; 4] = [
    "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
    "<a><b xmlns='http://www.w3.org/XML/1998/namespace' c='/>'>x<d></d></b></a>",
    "<a xmlns:n='http://www.w3.org/XML/1998/namespace' n:b='1'><![CDATA[</message>]]></a>",
    "<a/><a/><a/><a/><a/><a xmlns:n='http://www.w3.org/XML/1998/namespace'/>",
];

#[test]
fn stanza_with_the_namespace_of_xml_itself_is_refused_alone() {
    for content in RESERVED {
        let text = format!("{HEAD}{content}<body>x</body>{content}</message>");
        for limits in [LIMITS, Limits::default()] {
            let refused = refused_alone(&text, limits);
            assert_eq!(refused.head, Some(head()), "{content}");
        }
        let error = refused_alone(&text, Limits::default()).error;
        assert!(
            matches!(error, RefusalError::ReservedNamespace { .. }),
            "{content}: {error}"
        );
    }
    let declaration = " xmlns:n='http://www.w3.org/XML/1998/namespace' n:b='1'";
    for end in ["/>", "><body>x</body></message>"] {
        let text = HEAD.replace('>', declaration) + end;
        assert_eq!(refused_alone(&text, LIMITS).head, Some(head()), "{text}");
    }
    let header = HEADER.replace('>', &format!("{declaration}>"));
    let mut reader = StreamReader::new(ContentNamespace::Component, Limits::default());
    let error = reader.read(&mut header.as_bytes()).unwrap_err();
    assert_eq!(error.condition(), StreamCondition::NotWellFormed);
}

#[test]
fn stanza_with_an_undeclared_prefix_is_refused_alone() {
    for text in [
        format!("{HEAD}<n:a/></message>"),
        format!("{HEAD}<a b='1' n:b='1'>x<n:c/></a><body>x</body></message>"),
        format!("{HEAD}<n:a xmlns:n='urn:x'/><n:a/></message>"),
        HEAD.replace('>', " n:a='1'/>"),
        HEAD.replace(" from", " n:from='x' from") + "<body>x</body></message>",
    ] {
        let refused = refused_alone(&text, Limits::default());
        assert_eq!(refused.head, Some(head()), "{text}");
        assert!(
            matches!(refused.error, RefusalError::UndeclaredPrefix { .. }),
            "{text}: {}",
            refused.error
        );
    }
    for text in [
        "<n:message id='1'/>",
        "<n:message n:id='1'><a/></n:message>",
    ] {
        assert_eq!(refused_alone(text, LIMITS).head, None, "{text}");
    }
    let header = HEADER.replace('>', " n:a='1'>");
    let mut reader = StreamReader::new(ContentNamespace::Component, Limits::default());
    let error = reader.read(&mut header.as_bytes()).unwrap_err();
    assert_eq!(error.condition(), StreamCondition::NotWellFormed);
}

#[test]
fn stream_with_a_refused_stanza_ends_as_any_other() {
    let reserved = format!("{HEAD}{}</message>", RESERVED[0]);
    let events = read(&format!("{reserved}{reserved}</stream:stream>")).unwrap();
    assert!(
        matches!(
            events[..],
            [
                StreamEvent::Refused(_),
                StreamEvent::Refused(_),
                StreamEvent::End
            ]
        ),
        "{events:?}"
    );
    let error = read(&format!("{reserved}</stream>")).unwrap_err();
    assert_eq!(error.condition(), StreamCondition::NotWellFormed);
    let comment = reserved.replace("</", "<!-- --></");
    let error = read(&comment).unwrap_err();
    assert_eq!(error.condition(), StreamCondition::RestrictedXml);
    let endless = reserved.replace("</message>", &"x".repeat(8 * 400));
    let error = read_limited(&endless, LIMITS).unwrap_err();
    assert_eq!(error.condition(), StreamCondition::PolicyViolation);
}

/// Stanzas of which each second one is beyond [`LIMITS`].
fn mixed() -> String {
    let long = "a".repeat(90);
    [
        "<presence/>\r\n".to_owned(),
        HEAD.replace(" type", &format!(" a='{long}' type")) + "<body>x</body></message>",
        " <presence/>".to_owned(),
        format!("{HEAD}<body>{}</body></message>", "\u{1F600}x".repeat(100)),
        "<presence/> ".to_owned(),
        format!("{HEAD}<![CDATA[{}]]></message>", "x]]".repeat(150)),
        "\r<presence/>".to_owned(),
        format!("<{long}>{}</{long}>", "<a>&amp;</a>".repeat(9)),
        "<presence/>".to_owned(),
        format!("{HEAD}{}</message> ", RESERVED[1]),
        "<presence/>".to_owned(),
        format!("{HEAD}{}</message>", RESERVED[2]),
        "<presence/>".to_owned(),
        format!("{HEAD}<a:b><c/></a:b></message>"),
        "<presence/>".to_owned(),
    ]
    .concat()
}

proptest! {
    #[test]
    fn any_chunks_give_the_same_stanzas_and_refusals(cuts in vec(0..mixed().len(), 0..40)) {
        let text = mixed();
        let whole = read_limited(&text, LIMITS).unwrap();
        let refused = whole.iter().filter(|event| matches!(event, StreamEvent::Refused(_)));
        prop_assert_eq!((whole.len(), refused.count()), (15, 7));
        let mut cuts = cuts;
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let mut reader = StreamReader::new(ContentNamespace::Component, LIMITS);
        reader.read(&mut HEADER.as_bytes()).unwrap();
        let mut events = Vec::new();
        for cut in cuts.windows(2) {
            let mut chunk = &text.as_bytes()[cut[0]..cut[1]];
            events.extend(read_all(&mut reader, &mut chunk).unwrap());
        }
        prop_assert_eq!(events, whole);
    }
}
