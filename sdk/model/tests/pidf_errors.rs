//! What is refused, what is forgiven, and what is said of either.

#![allow(clippy::unwrap_used, reason = "helpers of tests are not seen as tests")]

use rialto_model::presence::{
    Characteristic, CharacteristicKind, ElementId, Extension, Forgiven, Forgiveness,
    MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_FORGIVEN, MAX_LEN, MAX_TOKEN_LEN, Note,
    OtherMarkup, PidfError, PidfReader, PidfWriteError, PresenceError, PresenceInformation,
    PresenceTuple, Priority, Reading, Status, Timestamp, Uri, namespace,
};
use rialto_model::xml::Element;

fn read(document: &str) -> Result<Reading, PidfError> {
    PresenceInformation::parse(document.as_bytes())
}

/// A document with this in it, which begins at byte [`BEGIN`].
fn document(content: &str) -> String {
    format!(
        "<presence xmlns='{}' xmlns:d='{}' xmlns:r='{}' entity='pres:a@example.com'>{content}</presence>",
        namespace::PIDF,
        namespace::DATA_MODEL,
        namespace::RPID
    )
}

fn begin() -> usize {
    document("").len() - "</presence>".len()
}

fn in_a_tuple(content: &str) -> String {
    document(&format!("<tuple id='t'>{content}</tuple>"))
}

fn faults(document: &str) -> Vec<Forgiveness> {
    let reading = read(document).unwrap();
    reading
        .forgiven()
        .iter()
        .map(|forgiven| forgiven.what)
        .collect()
}

#[test]
fn document_types_entities_and_instructions_are_never_taken() {
    let bomb = "<!DOCTYPE p [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><presence>&b;</presence>";
    let external = "<!DOCTYPE p SYSTEM 'file:///etc/passwd'><presence/>";
    let instruction = document("<?php x ?>");
    let entity = document("<note>&x;</note>");
    let stylesheet = "<?xml-stylesheet href='x'?><presence/>";
    for refused in [bomb, external, &instruction, &entity, stylesheet] {
        let error = read(refused).unwrap_err();
        assert!(
            matches!(error, PidfError::Restricted { .. }),
            "{refused}: {error:?}"
        );
    }
}

#[test]
fn every_bound_is_kept() {
    let long = document(&" ".repeat(MAX_LEN));
    assert_eq!(
        read(&long),
        Err(PidfError::TooLong {
            len: long.len(),
            max: MAX_LEN
        })
    );
    let value = document(&format!(
        "<x:y xmlns:x='urn:x' z='{}'/>",
        "a".repeat(MAX_TOKEN_LEN + 1)
    ));
    assert!(matches!(
        read(&value),
        Err(PidfError::TokenTooLong {
            max: MAX_TOKEN_LEN,
            ..
        })
    ));
    let deep = document(&format!(
        "{}{}",
        "<x:y xmlns:x='urn:x'>".repeat(MAX_DEPTH),
        "</x:y>".repeat(MAX_DEPTH)
    ));
    assert!(matches!(
        read(&deep),
        Err(PidfError::TooDeep { max: MAX_DEPTH, .. })
    ));
    let depth = MAX_DEPTH - 1;
    let deep = document(&format!(
        "{}{}",
        "<x:y xmlns:x='urn:x'>".repeat(depth),
        "</x:y>".repeat(depth)
    ));
    assert!(read(&deep).is_ok());
    let attributes: String = (0..=MAX_ATTRIBUTES)
        .map(|number| format!(" a{number}=''"))
        .collect();
    let wide = document(&format!("<tuple{attributes}/>"));
    assert_eq!(
        read(&wide),
        Err(PidfError::TooManyAttributes {
            at: begin(),
            max: MAX_ATTRIBUTES
        })
    );
    let many = document(&"<note/>".repeat(MAX_ELEMENTS));
    assert!(matches!(
        read(&many),
        Err(PidfError::TooManyElements {
            max: MAX_ELEMENTS,
            ..
        })
    ));
    let many = document(&"<note/>".repeat(MAX_ELEMENTS - 1));
    assert_eq!(
        read(&many).unwrap().information().notes().len(),
        MAX_ELEMENTS - 1
    );
}

#[test]
fn faults_are_counted_and_the_first_are_listed_with_their_place() {
    let one = in_a_tuple("<status><basic>?</basic></status>");
    let at = one.find("<basic>").unwrap();
    let reading = read(&one).unwrap();
    let [
        Forgiven {
            at: found, what, ..
        },
    ] = reading.forgiven()
    else {
        unreachable!("one fault");
    };
    assert_eq!((*found, *what), (at, Forgiveness::Value("basic")));
    assert!(what.is_loss());
    assert_eq!(
        reading.forgiven()[0].to_string(),
        format!("byte {at}: the value of `basic` means nothing; left out")
    );
    let many = read(&document(&"<x/>".repeat(MAX_FORGIVEN + 9))).unwrap();
    assert_eq!(
        (many.forgiven().len(), many.forgiven_count()),
        (MAX_FORGIVEN, MAX_FORGIVEN + 9)
    );
}

#[test]
fn what_is_no_presence_document_is_refused() {
    for (other, error) in [
        (
            "<tuple xmlns='urn:ietf:params:xml:ns:pidf'/>",
            PidfError::NotPresence,
        ),
        ("<presence xmlns='jabber:client'/>", PidfError::NotPresence),
        ("<presence><atom/></presence>", PidfError::NotPresence),
        (
            "<presence xmlns='urn:ietf:params:xml:ns:pidf'/>",
            PidfError::NoEntity,
        ),
        (
            "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity=' '/>",
            PidfError::NoEntity,
        ),
    ] {
        assert_eq!(read(other), Err(error), "{other}");
    }
    for broken in [
        "",
        " ",
        "<",
        "x",
        "<presence",
        "<presence>",
        "<presence></p>",
        "<presence/><presence/>",
        "<presence a='' a=''/>",
        "<?xml version='1.0'?>",
    ] {
        let error = read(broken).unwrap_err();
        assert!(
            matches!(error, PidfError::NotWellFormed { .. }),
            "{broken}: {error:?}"
        );
    }
    let latin = PresenceInformation::parse(b"<presence>\xfc</presence>");
    assert_eq!(latin, Err(PidfError::Encoding { at: 10 }));
}

#[test]
fn entity_of_another_scheme_names_the_presentity_by_user_and_domain() {
    let entity = |entity: &str| {
        let reading = read(&document("").replace("pres:a@example.com", entity))?;
        Ok::<_, PidfError>(reading.information().presentity().to_string())
    };
    for (written, presentity) in [
        ("PRES:a@Example.com", "pres:a@example.com"),
        (
            "sip:a@Example.com:5060;user=phone?x=y",
            "pres:a@example.com",
        ),
        ("sips:a:secret@example.com", "pres:a@example.com"),
        ("mailto:a@example.com", "pres:a@example.com"),
        ("xmpp:a@example.com/desk", "pres:a@example.com"),
        ("im:%41@example.com", "pres:A@example.com"),
        ("a@example.com", "pres:a@example.com"),
    ] {
        assert_eq!(entity(written).unwrap(), presentity, "{written}");
    }
    for refused in [
        "sip:a@192.0.2.1",
        "sip:example.com",
        "tel:+1",
        "http://a@example.com",
        "sip:a@[::1]",
    ] {
        assert!(
            matches!(entity(refused), Err(PidfError::Entity(_))),
            "{refused}"
        );
        let known = PidfReader::asked_of("pres:b@example.com".parse().unwrap());
        let reading = known
            .read(
                document("")
                    .replace("pres:a@example.com", refused)
                    .as_bytes(),
            )
            .unwrap();
        assert_eq!(
            reading.information().presentity().as_str(),
            "pres:b@example.com"
        );
        assert_eq!(reading.entity().unwrap(), refused);
        assert_eq!(reading.forgiven()[0].what, Forgiveness::Entity);
    }
}

#[test]
fn each_fault_is_forgiven_by_its_name() {
    let status = "<status><basic>open</basic></status>";
    let cases: &[(&str, &[Forgiveness])] = &[
        ("<note>x</note><status/>", &[Forgiveness::Order("status")]),
        ("", &[Forgiveness::Missing("status")]),
        (
            "<status><basic> Open</basic></status>",
            &[Forgiveness::Adapted("basic")],
        ),
        ("<status/><status/>", &[Forgiveness::Repeated("status")]),
        ("<status/>x", &[Forgiveness::Text]),
        ("<status/><basic/>", &[Forgiveness::Element]),
        ("<status x='y'/>", &[Forgiveness::Attribute]),
        (
            "<status/><contact priority='1.5'>tel:1</contact>",
            &[Forgiveness::Adapted("priority")],
        ),
        (
            "<status/><contact priority='high'>tel:1</contact>",
            &[Forgiveness::Value("priority")],
        ),
        (
            "<status/><contact>sip:a b@[::1]</contact>",
            &[Forgiveness::Adapted("contact")],
        ),
        ("<status/><contact/>", &[Forgiveness::Value("contact")]),
        (
            "<status/><contact>a:</contact><contact>b:</contact>",
            &[Forgiveness::Repeated("contact")],
        ),
        (
            "<status/><timestamp>2005-10-27T16:49:29</timestamp>",
            &[Forgiveness::Time("timestamp")],
        ),
        (
            "<status/><timestamp>yesterday</timestamp>",
            &[Forgiveness::Value("timestamp")],
        ),
        (
            "<status/><note xml:lang='not a tag'>x</note>",
            &[Forgiveness::Attribute],
        ),
        (
            "<status/><dm:deviceID>urn:x</dm:deviceID>",
            &[Forgiveness::UndeclaredPrefix],
        ),
        (
            "<status/><q:x/>",
            &[Forgiveness::UndeclaredPrefix, Forgiveness::Element],
        ),
        (
            "<status/><x xmlns='a b'/>",
            &[Forgiveness::NamespaceName, Forgiveness::Element],
        ),
        ("<status/><r:mood/>", &[Forgiveness::Value("mood")]),
        (
            "<status/><r:sphere>Home</r:sphere>",
            &[Forgiveness::Adapted("sphere")],
        ),
        (
            "<status/><r:activities><r:gone/></r:activities>",
            &[Forgiveness::Adapted("activities")],
        ),
        (
            "<status/><r:activities><r:away/><r:unknown/></r:activities>",
            &[Forgiveness::Repeated("activities")],
        ),
        (
            "<status/><r:user-input>off</r:user-input>",
            &[Forgiveness::Value("user-input")],
        ),
        (
            "<status/><activities><away/></activities>",
            &[
                Forgiveness::Namespace("activities"),
                Forgiveness::Namespace("away"),
            ],
        ),
        (
            "<status/><x:y xmlns:x='urn:x' xmlns:p='urn:ietf:params:xml:ns:pidf' p:mustUnderstand='maybe'/>",
            &[Forgiveness::Attribute],
        ),
    ];
    for (content, expected) in cases {
        assert_eq!(faults(&in_a_tuple(content)), *expected, "{content}");
    }
    for id in ["", " id=''", " id='1'", " id='a b'", " id='&#xe4;'"] {
        assert_eq!(
            faults(&document(&format!("<tuple{id}>{status}</tuple>"))),
            [Forgiveness::Id("tuple")],
            "{id}"
        );
    }
    let twice = document(&format!("<tuple id='t'>{status}</tuple>").repeat(3));
    assert_eq!(faults(&twice), [Forgiveness::Id("tuple"); 2]);
    assert_eq!(
        faults(&document("<d:device id='d'/>")),
        [Forgiveness::Missing("deviceID")]
    );
    assert_eq!(
        faults(&format!("\u{feff} {}", document(""))),
        [Forgiveness::Start]
    );
    let declared = |encoding: &str| {
        format!(
            "<?xml version='1.0' encoding='{encoding}' standalone='no'?>\n<!-- c -->{}",
            document("")
        )
    };
    assert_eq!(faults(&declared("UTF-8")), []);
    assert_eq!(faults(&declared("utf-16")), [Forgiveness::Encoding]);
}

#[test]
fn language_around_a_remark_is_the_remarks() {
    let document = document(
        "<tuple id='t' xml:lang='de'><status/><note>x</note><note xml:lang='fr'>y</note></tuple>",
    );
    let reading = read(&document).unwrap();
    let notes = reading.information().tuples()[0].notes();
    let languages: Vec<_> = notes
        .iter()
        .map(|note| note.language().unwrap().to_string())
        .collect();
    assert_eq!(languages, ["de", "fr"]);
}

#[test]
fn what_schemas_do_not_take_is_not_made() {
    assert_eq!(ElementId::parse("1a"), Err(PresenceError::Id));
    assert_eq!(ElementId::from_text("1 a:b").to_string(), "_1_a_b");
    assert_eq!("Open".parse::<Status>(), Err(PresenceError::Status));
    for bad in ["", ".5", "1.001", "0.1234", "-0", "+0", "2", "0.5 "] {
        assert!(bad.parse::<Priority>().is_err(), "{bad}");
    }
    for bad in [
        "",
        "a b",
        "a:%4",
        "1:b",
        "a:[x]",
        "a:b#c#d",
        "http://a:b:c/",
        "http://[x]/",
    ] {
        assert!(Uri::parse(bad).is_err(), "{bad}");
    }
    let year_zero = time::macros::datetime!(0000-01-01 00:00 UTC);
    assert!(Timestamp::new(year_zero).is_err());
    let far = time::macros::datetime!(2026-01-01 00:00 +18);
    assert_eq!(
        Timestamp::new(far).unwrap().to_string(),
        "2025-12-31T06:00:00Z"
    );
    assert_eq!(Note::in_language("x", ""), None);
    let sound = |namespace: &'static str, name, value: &'static str| {
        let element = Element::new("urn:x", "y").unwrap();
        let inner = element.clone().with_attribute_of(namespace, name, value);
        Extension::new(element.with_child(inner.unwrap()))
    };
    for (namespace, name, value) in [
        (namespace::XML, "lang", "?"),
        (namespace::XML, "id", "a"),
        (namespace::PIDF, "mustUnderstand", "maybe"),
        ("http://www.w3.org/2001/XMLSchema-instance", "type", "a"),
        ("a b", "c", "d"),
    ] {
        let refused = sound(namespace, name, value);
        assert_eq!(refused, Err(PresenceError::Extension), "{name}");
    }
    assert!(sound(namespace::XML, "lang", "en").is_ok());
    for own in ["", namespace::PIDF, namespace::DATA_MODEL] {
        let element = Element::new(own, "x").unwrap();
        assert_eq!(
            Extension::new(element).unwrap_err(),
            PresenceError::Extension
        );
    }
    let activities = Characteristic::new(CharacteristicKind::Activities);
    assert_eq!(
        activities.clone().with_name("happy"),
        Err(PresenceError::Value)
    );
    let away = activities.with_name("away").unwrap();
    assert_eq!(away.with_name("unknown"), Err(PresenceError::Value));
    let home = Characteristic::new(CharacteristicKind::Sphere)
        .with_name("home")
        .unwrap();
    assert_eq!(home.with_name("work"), Err(PresenceError::Value));
}

#[test]
fn what_cannot_be_written_is_named() {
    let empty = PresenceInformation::new("pres:a@example.com".parse().unwrap());
    let tuple = |id: &str| PresenceTuple::new(ElementId::parse(id.to_owned()).unwrap(), None);
    let twice = empty.clone().with_tuple(tuple("t")).with_tuple(tuple("t"));
    assert_eq!(
        twice.to_xml(),
        Err(PidfWriteError::RepeatedId { id: "t".into() })
    );
    let control = empty.clone().with_note(Note::new("a\u{1}"));
    assert_eq!(
        control.to_xml(),
        Err(PidfWriteError::Character { character: '\u{1}' })
    );
    let large = empty.clone().with_note(Note::new("<".repeat(MAX_LEN / 4)));
    assert_eq!(
        large.to_xml(),
        Err(PidfWriteError::TooLarge {
            what: "bytes",
            max: MAX_LEN
        })
    );
    let mood = Characteristic::new(CharacteristicKind::Mood);
    let silent = empty.with_tuple(tuple("t").with_markup(OtherMarkup::new().with(mood)));
    assert_eq!(
        silent.to_xml(),
        Err(PidfWriteError::Empty { element: "mood" })
    );
}

/// An element inside of so many others.
fn nested(depth: usize) -> Element {
    let element = || Element::new("urn:x", "y").unwrap();
    (0..depth).fold(element(), |inner, _| element().with_child(inner))
}

/// An element with so many attributes, each in a namespace of its own.
fn with_attributes(count: usize) -> Element {
    let element = Element::new("urn:x", "y").unwrap();
    (0..count).fold(element, |element, number| {
        let namespace = format!("urn:{number}");
        element.with_attribute_of(namespace, "z", "<").unwrap()
    })
}

#[test]
fn largest_that_is_written_is_read_and_no_larger_is_written() {
    let empty = PresenceInformation::new("pres:a@example.com".parse().unwrap());
    let with = |element| {
        empty
            .clone()
            .with_extension(Extension::new(element).unwrap())
    };
    let value = |len| {
        let element = Element::new("urn:x", "y").unwrap();
        element.with_attribute_of("", "z", "<".repeat(len)).unwrap()
    };
    let many = |count| {
        (0..count).fold(Element::new("urn:x", "y").unwrap(), |element, _| {
            element.with_child(nested(0))
        })
    };
    let largest = [
        nested(MAX_DEPTH - 2),
        with_attributes(MAX_ATTRIBUTES),
        value(MAX_TOKEN_LEN),
        many(MAX_ELEMENTS - 2),
    ];
    for information in largest.map(with) {
        let written = information.to_xml().unwrap();
        assert_eq!(read(&written).unwrap().information(), &information);
    }
    let beyond = [
        nested(MAX_DEPTH - 1),
        with_attributes(MAX_ATTRIBUTES + 1),
        value(MAX_TOKEN_LEN + 1),
        many(MAX_ELEMENTS - 1),
    ];
    for information in beyond.map(with) {
        assert!(matches!(
            information.to_xml(),
            Err(PidfWriteError::TooLarge { .. })
        ));
    }
}

/// What people say of themselves stays out of logs.
#[test]
fn debug_output_shows_no_text_of_a_document() {
    let document = in_a_tuple(
        "<status><x:y xmlns:x='urn:x' z='secret'>secret</x:y></status><r:class>secret</r:class><r:time-offset description='secret'>1</r:time-offset><r:mood x='secret'><r:other>secret</r:other></r:mood><contact>tel:secret</contact><note>secret</note>",
    );
    let shown = format!("{:?}", read(&document).unwrap().information());
    assert!(!shown.contains("secret"), "{shown}");
}
