//! Documents as such: what is no XML, and what none can be made of.

#![allow(clippy::unwrap_used, reason = "helpers of tests are not seen as tests")]

use rialto_model::{
    IsComposing, XmlError, XmlWriteError,
    xml::{self, Element},
};

#[test]
fn what_is_no_xml_is_refused_with_the_place() {
    let restricted = |at, what| XmlError::Restricted { at, what };
    for (document, error) in [
        ("", XmlError::Truncated { at: 0 }),
        ("  \n", XmlError::Truncated { at: 3 }),
        ("<a>", XmlError::Truncated { at: 3 }),
        ("<a b='", XmlError::Truncated { at: 6 }),
        ("<a><!-- c", XmlError::Truncated { at: 9 }),
        ("hello", XmlError::NotWellFormed { at: 5 }),
        ("<a><b></a>", XmlError::NotWellFormed { at: 10 }),
        ("<a/><b/>", XmlError::NotWellFormed { at: 7 }),
        ("<a/>x", XmlError::NotWellFormed { at: 5 }),
        ("<a b='1' b='2'/>", XmlError::NotWellFormed { at: 16 }),
        ("<p:a/>", XmlError::NotWellFormed { at: 6 }),
        ("<a>\u{1}</a>", XmlError::NotWellFormed { at: 4 }),
        ("<a>&#1;</a>", XmlError::NotWellFormed { at: 7 }),
        ("<!DOCTYPE a><a/>", restricted(3, "document type")),
        ("<a>&lol;</a>", restricted(8, "entities")),
        ("<a><?p x?></a>", restricted(6, "processing instructions")),
        (
            "<?xml version='1.1'?><a/>",
            restricted(19, "only XML version 1.0 is allowed"),
        ),
        (
            "<?xml version='1.0' encoding='latin1'?><a/>",
            restricted(37, "only utf-8 encoding is allowed"),
        ),
    ] {
        assert_eq!(
            Element::parse(document.as_bytes()),
            Err(error),
            "{document}"
        );
        assert_eq!(
            IsComposing::parse(document.as_bytes()),
            Err(error),
            "{document}"
        );
    }
    let latin = Element::parse(b"<a>gr\xfcn</a>");
    assert_eq!(latin, Err(XmlError::Encoding { at: 5 }));
}

#[test]
fn every_limit_of_a_document_is_held_and_named() {
    let long = format!("<a>{}</a>", "x".repeat(xml::MAX_LEN - 6));
    let error = XmlError::TooLong {
        len: xml::MAX_LEN + 1,
        max: xml::MAX_LEN,
    };
    assert_eq!(Element::parse(long.as_bytes()), Err(error));
    assert!(
        Element::parse(&long.as_bytes()[..xml::MAX_LEN]).is_err_and(|at_most| at_most != error)
    );

    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(Element::parse(nested(xml::MAX_DEPTH).as_bytes()).is_ok());
    let error = XmlError::TooDeep {
        at: 3 * xml::MAX_DEPTH,
        max: xml::MAX_DEPTH,
    };
    assert_eq!(
        Element::parse(nested(xml::MAX_DEPTH + 1).as_bytes()),
        Err(error)
    );

    let many = |inner: usize| format!("<a>{}</a>", "<b/>".repeat(inner));
    assert!(Element::parse(many(xml::MAX_ELEMENTS - 1).as_bytes()).is_ok());
    let at = 3 + 4 * (xml::MAX_ELEMENTS - 1);
    let error = XmlError::TooManyElements {
        at,
        max: xml::MAX_ELEMENTS,
    };
    assert_eq!(
        Element::parse(many(xml::MAX_ELEMENTS).as_bytes()),
        Err(error)
    );
}

#[test]
fn element_without_a_name_that_can_be_written_is_not_made() {
    for name in ["", "a:b", "1", "a b", "<"] {
        assert_eq!(
            Element::new("urn:x", name),
            Err(XmlWriteError::Name),
            "{name}"
        );
        let element = Element::new("urn:x", "x").unwrap();
        assert_eq!(
            element.with_attribute(name, "1"),
            Err(XmlWriteError::Name),
            "{name}"
        );
    }
    let xmlns = Element::new("urn:x", "x")
        .unwrap()
        .with_attribute("xmlns", "urn:y");
    assert_eq!(xmlns, Err(XmlWriteError::Name));
    let reserved = Element::new("http://www.w3.org/2000/xmlns/", "x");
    assert_eq!(reserved, Err(XmlWriteError::Namespace));
}

#[test]
fn what_no_reader_here_would_take_is_not_written() {
    let a = || Element::new("urn:x", "a").unwrap();
    let nested = |depth: usize| (1..depth).fold(a(), |inner, _| a().with_child(inner));
    assert!(nested(xml::MAX_DEPTH).to_document().is_ok());
    let what = "elements inside each other";
    let error = XmlWriteError::TooLarge {
        what,
        max: xml::MAX_DEPTH,
    };
    assert_eq!(nested(xml::MAX_DEPTH + 1).to_document(), Err(error));
    let many = |inner: usize| (0..inner).fold(a(), |outer, _| outer.with_child(a()));
    assert!(many(xml::MAX_ELEMENTS - 1).to_document().is_ok());
    let error = XmlWriteError::TooLarge {
        what: "elements",
        max: xml::MAX_ELEMENTS,
    };
    assert_eq!(many(xml::MAX_ELEMENTS).to_document(), Err(error));
    let error = XmlWriteError::TooLarge {
        what: "bytes",
        max: xml::MAX_LEN,
    };
    assert_eq!(
        a().with_text("x".repeat(xml::MAX_LEN)).to_document(),
        Err(error)
    );
}
