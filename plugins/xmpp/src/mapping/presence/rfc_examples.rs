//! Every pair of presence examples in RFC 8048 and RFC 3922 that is about what is told; how it is asked for is in `presence::tests`.

use rialto_sdk::model::{Bytes, PresenceDocument, PresenceInformation, Presentity, Status};
use rialto_xmpp_codec::{
    ContentNamespace, Jid, Limits, Presence, Show, Stanza, StreamEvent, StreamReader,
};

use super::{Resource, document, resources, tuple_id};
use crate::mapping::{contact, presentity};

macro_rules! example {
    ($file:literal) => {
        include_str!(concat!("../../../fixtures/", $file))
    };
}

pub(crate) fn presence(xml: &str) -> Presence {
    let mut reader = StreamReader::new(ContentNamespace::Client, Limits::default());
    let header =
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
    reader.read(&mut header.as_bytes()).unwrap();
    match reader.read(&mut xml.replace("...", "").as_bytes()).unwrap() {
        Some(StreamEvent::Stanza(Stanza::Presence(presence))) => presence,
        other => panic!("no presence: {other:?}"),
    }
}

fn romeo() -> Presentity {
    Presentity::parse("pres:romeo@example.net").unwrap()
}

fn juliet() -> Presentity {
    Presentity::parse("pres:juliet@example.com").unwrap()
}

fn pidf(xml: &str) -> PresenceDocument {
    PresenceDocument::pidf(Bytes::from(xml.trim().as_bytes().to_vec()))
}

/// The document in the body of a NOTIFY.
fn body(sip: &str) -> PresenceDocument {
    pidf(sip.split_once("\n\n").unwrap().1)
}

/// The example leaves the status out.
fn with_status(xml: &str) -> String {
    xml.replace("...", "<status><basic>open</basic></status>")
}

fn information(document: &PresenceDocument) -> PresenceInformation {
    let reading = PresenceInformation::parse(document.payload().as_bytes()).unwrap();
    reading.into_information()
}

/// Does the document of what `xml` says mean what `document` does?
fn means(xml: &str, document_of_example: &PresenceDocument) {
    let resource = Resource::of(&presence(xml)).unwrap();
    let ours = document(&juliet(), &[resource]).unwrap();
    let [ours, theirs] = [&ours, document_of_example].map(|of| resources(of, &juliet()).unwrap());
    assert_eq!(ours, theirs);
}

/// Does `document` say what the stanza `xml` does?
fn says(document: &PresenceDocument, xml: &str) {
    let [resource] = &resources(document, &romeo()).unwrap()[..] else {
        panic!("not one resource")
    };
    let expected = presence(xml);
    let to = expected.to.clone().unwrap_or_default();
    let told = resource.to("romeo@example.net", &to).unwrap();
    assert_eq!(
        (told.from, told.type_, told.show),
        (expected.from, expected.type_, expected.show)
    );
}

#[test]
fn rfc_8048_examples_4_and_6_the_contact_is_away() {
    // The RFC's stanza leaves out the `<show/>` that its own table 2 maps.
    let document = body(example!(
        "rfc8048/ex04-sip-user-agent-or-presence-server-sends-presence.sip"
    ));
    let stanza = example!("rfc8048/ex06-xmpp-user-receives-presence-notification-from-si.xmpp.xml");
    says(
        &document,
        &stanza.replace("/>", "><show>away</show></presence>"),
    );
}

#[test]
fn rfc_8048_examples_18_and_19_xmpp_user_is_away() {
    // The RFC's stanza leaves out the `<show/>` that the document has.
    let stanza = example!("rfc8048/ex18-xmpp-user-sends-presence-notification.xmpp.xml");
    let stanza = stanza.replace("/>", "><show>away</show></presence>");
    let theirs = body(example!(
        "rfc8048/ex19-sip-transformation-of-xmpp-presence-notification.sip"
    ));
    means(&stanza, &theirs);
    let resource = Resource::of(&presence(&stanza)).unwrap();
    let ours = information(&document(&juliet(), &[resource]).unwrap());
    let theirs = information(&theirs);
    assert_eq!(ours.presentity(), theirs.presentity());
    assert_eq!(ours.tuples(), theirs.tuples(), "id, status and `<show/>`");
}

#[test]
fn rfc_8048_examples_20_and_21_the_contact_is_not_there() {
    let document = body(example!(
        "rfc8048/ex20-sip-user-sends-presence-notification.sip"
    ));
    let stanza = presence(example!(
        "rfc8048/ex21-xmpp-transformation-of-sip-presence-notification.xmpp.xml"
    ));
    let [resource] = &resources(&document, &romeo()).unwrap()[..] else {
        panic!("not one resource")
    };
    let told = resource
        .to("romeo@example.net", &stanza.to.clone().unwrap())
        .unwrap();
    assert_eq!((told.to, told.type_), (stanza.to, stanza.type_));
    // The RFC leaves the resource out here, which it names in example 6, and RFC 3922 in example 24.
    assert_eq!(told.from.unwrap(), "romeo@example.net/dr4hcr0st3lup4c");
}

#[test]
fn rfc_3922_examples_10_11_and_13_addresses() {
    let from = presence(example!(
        "rfc3922/ex10a-from-address-mapping-xmpp-from-attribute.xmpp.xml"
    ));
    let from = Jid::parse(&from.from.unwrap()).unwrap();
    let cpim = example!("rfc3922/ex10b-from-address-mapping-cpim-from-header.cpim");
    assert!(cpim.contains(&format!("<im:{}>", contact(&from).unwrap().mailbox())));
    let entity = example!("rfc3922/ex11b-from-address-mapping-pidf-pidf-entity-attribute.pidf.xml");
    assert!(entity.contains(&format!("'{}'", contact(&from).unwrap())));
    let to = presence(example!(
        "rfc3922/ex13a-to-address-mapping-xmpp-to-attribute.xmpp.xml"
    ));
    let to = presentity(&Jid::parse(&to.to.unwrap()).unwrap()).unwrap();
    let cpim = example!("rfc3922/ex13b-to-address-mapping-cpim-to-header.cpim");
    assert!(cpim.contains(&format!("<im:{}>", to.mailbox())));
}

/// The document's example is in PIDF, and so is ours; the id has the prefix that RFC 8048 recommends.
#[test]
fn rfc_3922_example_14_available() {
    means(
        example!("rfc3922/ex14a-available-presence-xmpp-available-presence.xmpp.xml"),
        &pidf(example!(
            "rfc3922/ex14b-available-presence-pidf-basic-presence-open.pidf.xml"
        )),
    );
    assert_eq!(
        tuple_id::of_resource(Some("balcony")).as_text(),
        "ID-balcony"
    );
}

#[test]
fn rfc_3922_example_16_show() {
    means(
        example!("rfc3922/ex16a-show-element-xmpp-show-element.xmpp.xml"),
        &pidf(example!(
            "rfc3922/ex16b-show-element-pidf-extended-presence-information.pidf.xml"
        )),
    );
}

#[test]
fn rfc_3922_example_19_from() {
    let expected = presence(example!(
        "rfc3922/ex19b-from-address-mapping-xmpp-from-attribute.xmpp.xml"
    ));
    let cpim = example!("rfc3922/ex19a-from-address-mapping-cpim-from-header.cpim");
    assert!(cpim.contains(&format!("<im:{}>", romeo().mailbox())));
    let told = Resource::new(None, true).to(romeo().mailbox(), &"a@b.example".into());
    assert_eq!(told.unwrap().from, expected.from);
}

#[test]
fn rfc_3922_example_24_closed() {
    says(
        &pidf(example!(
            "rfc3922/ex24a-closed-presence-pidf-basic-presence-closed.pidf.xml"
        )),
        example!("rfc3922/ex24b-closed-presence-xmpp-unavailable-presence.xmpp.xml"),
    );
}

#[test]
fn rfc_3922_example_25_busy() {
    says(
        &pidf(example!(
            "rfc3922/ex25a-extended-status-information-provisional-pidf-ext.pidf.xml"
        )),
        example!("rfc3922/ex25b-extended-status-information-provisional-xmpp-sho.xmpp.xml"),
    );
}

#[test]
fn rfc_3922_example_27_contact() {
    let document = with_status(example!(
        "rfc3922/ex27a-pidf-contact-element-pidf-contact-element.pidf.xml"
    ));
    says(
        &pidf(&document),
        example!("rfc3922/ex27b-pidf-contact-element-xmpp-presence-stanza.xmpp.xml"),
    );
}

/// RFC 3922 §5.1.7 and §5.2.11 have no numbers.
#[test]
fn rfc_3922_status_and_priority() {
    let stanza = "<presence from='juliet@example.com/balcony'><show>away</show>\
        <status>retired to the chamber</status><priority>13</priority></presence>";
    let resource = Resource::of(&presence(stanza)).unwrap();
    let ours = information(&document(&juliet(), &[resource]).unwrap());
    let [tuple] = ours.tuples() else { panic!() };
    assert_eq!(tuple.notes()[0].text(), "retired to the chamber");
    let contact = tuple.contact().unwrap();
    assert_eq!(
        contact.contact_address().to_string(),
        "im:juliet@example.com"
    );
    assert_eq!(contact.priority().unwrap().thousandths(), 102);
}

/// RFC 3922 §6.3.2: never without a tuple; and a document without any says that nothing is there.
#[test]
fn rfc_3922_zero_resources() {
    let ours = information(&document(&juliet(), &[]).unwrap());
    assert_eq!(ours.tuples()[0].status(), Some(Status::Closed));
    let none =
        pidf("<presence entity='pres:juliet@example.com' xmlns='urn:ietf:params:xml:ns:pidf'/>");
    assert_eq!(resources(&none, &juliet()), Some(Vec::new()));
}

/// What clients of SIP say otherwise: baresip and Linphone name activities of the person, RFC 4480's way.
#[test]
fn rfc2779_4_4_1_away_and_busy_are_read_from_rich_presence_too() {
    for (activity, show) in [
        ("<r:away/>", Some(Show::Away)),
        ("<r:on-the-phone/>", Some(Show::Dnd)),
        ("<r:vacation/>", Some(Show::Xa)),
        ("<r:tv/>", None),
        ("", None),
    ] {
        let xml = format!(
            "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='pres:romeo@example.net' \
             xmlns:d='urn:ietf:params:xml:ns:pidf:data-model' xmlns:r='urn:ietf:params:xml:ns:pidf:rpid'>\
             <tuple id='t1'><status><basic>open</basic></status></tuple>\
             <d:person id='p1'><r:activities>{activity}</r:activities></d:person></presence>"
        );
        let all = resources(&pidf(&xml), &romeo()).unwrap();
        assert_eq!(all[0].show, show, "{activity}");
    }
}

#[test]
fn rfc2779_4_4_1_document_of_one_who_is_away_says_so_in_rich_presence_too() {
    let away = Resource {
        show: Some(Show::Away),
        ..Resource::new(Some("a".into()), true)
    };
    let here = Resource::new(Some("b".into()), true);
    let text = |all: &[Resource]| {
        let document = document(&juliet(), all).unwrap();
        String::from_utf8(document.payload().as_bytes().to_vec()).unwrap()
    };
    assert!(text(std::slice::from_ref(&away)).contains("away"));
    assert_eq!(
        text(std::slice::from_ref(&away))
            .matches("activities")
            .count(),
        2
    );
    assert!(
        !text(&[away, here]).contains("activities"),
        "one of two devices is there"
    );
}
