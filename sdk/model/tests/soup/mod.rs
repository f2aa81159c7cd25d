//! Documents that are well-formed more often than not, and right rarely.

use proptest::{collection::vec, prelude::*, sample::select};

/// Elements of all namespaces inside of each other, whether they belong there or not.
pub(crate) fn soup() -> impl Strategy<Value = String> {
    let leaf = select(TEXTS.to_vec()).prop_map(str::to_owned);
    let element = leaf.prop_recursive(5, 40, 6, |inner| {
        (
            select(PREFIXES.to_vec()),
            select(NAMES.to_vec()),
            vec((select(ATTRIBUTES.to_vec()), select(TEXTS.to_vec())), 0..3),
            vec(inner, 0..5),
        )
            .prop_map(|(prefix, name, attributes, content)| {
                element(prefix, name, &attributes, &content.concat())
            })
    });
    let entity = select(vec![
        "entity='pres:a@example.com'",
        "entity='sip:a%20b@Example.com:5060;x=y'",
        "entity='sip:a@192.0.2.1'",
        "",
        "entity='mailto:a@example.com?subject=x'",
        "entity=' pres:a@example.com'",
        "entity='b@example.com' xml:lang='en'",
    ]);
    let start = select(vec![
        "",
        "<?xml version='1.0' encoding='utf-16'?>",
        " \n<?xml version=\"1.0\" standalone='no' ?>\n<!-- c -->",
    ]);
    let namespaces = prop_oneof![
        8 => Just(NAMESPACES),
        1 => Just(""),
        1 => Just("xmlns='urn:ietf:params:xml:ns:pidf' xmlns:x='urn:x'"),
    ];
    (start, namespaces, entity, vec(element, 0..6)).prop_map(
        |(start, namespaces, entity, content)| {
            format!(
                "{start}<presence {namespaces} {entity}>{}</presence>",
                content.concat()
            )
        },
    )
}

fn element(prefix: &str, name: &str, attributes: &[(&str, &str)], content: &str) -> String {
    let mut head = String::new();
    let mut seen = Vec::new();
    for (attribute, value) in attributes {
        if !seen.contains(attribute) {
            seen.push(attribute);
            head += &format!(" {attribute}=\"{}\"", value.replace('<', "&lt;"));
        }
    }
    format!("<{prefix}{name}{head}>{content}</{prefix}{name}>")
}

const NAMESPACES: &str = "xmlns='urn:ietf:params:xml:ns:pidf' xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model' \
    xmlns:rpid='urn:ietf:params:xml:ns:pidf:rpid' xmlns:x='urn:x' xmlns:impp='urn:ietf:params:xml:ns:pidf' \
    xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";

const PREFIXES: &[&str] = &["", "", "", "dm:", "rpid:", "rpid:", "rpid:", "x:"];

const NAMES: &[&str] = &[
    "tuple",
    "tuple",
    "status",
    "basic",
    "contact",
    "note",
    "timestamp",
    "person",
    "device",
    "deviceID",
    "activities",
    "mood",
    "place-is",
    "place-type",
    "privacy",
    "relationship",
    "service-class",
    "sphere",
    "status-icon",
    "time-offset",
    "user-input",
    "class",
    "away",
    "busy",
    "unknown",
    "other",
    "audio",
    "text",
    "video",
    "ok",
    "noisy",
    "home",
    "friend",
    "happy",
    "electronic",
    "location",
];

const ATTRIBUTES: &[&str] = &[
    "id",
    "id",
    "priority",
    "xml:lang",
    "from",
    "until",
    "impp:mustUnderstand",
    "x:y",
    "last-input",
    "idle-threshold",
    "description",
    "xml:id",
    "xml:space",
    "xsi:type",
    "y",
    "xmlns",
    "xmlns:rpid",
];

const TEXTS: &[&str] = &[
    "",
    "",
    " ",
    "open",
    "Closed ",
    "?",
    "a",
    "b",
    "1a",
    "0.5",
    "1.00000",
    ".7",
    "2",
    "-3",
    "en",
    "de-CH-1996",
    "not a tag",
    "2005-10-27T16:49:29Z",
    "2005-10-27T16:49:29",
    "2005-10-27 16:49:29.25+18:00",
    "0000-01-01T00:00:00Z",
    "idle",
    "Active",
    "sip:a@[2001:db8::1]:5060;x",
    "http://[::1]/a#b#c",
    "tel:+1 (2) {3}|%4",
    "http://a:b:c/",
    "a b:c",
    "//",
    "1",
    "true",
    "600",
    "away",
    "\u{e4}\u{1f600}",
    "]]&gt;&lt;&amp;&quot;'",
    "&#13;&#10;&#9;",
    "<![CDATA[<x>]]>",
    "urn:y",
    "bowling league",
    "-240",
    "99999999999",
];
