//! Reports on messages: RFC 5438's own examples, and what is borne with.

#![allow(clippy::unwrap_used, reason = "helpers of tests are not seen as tests")]

mod schema;
mod xmllint;

use rialto_model::{
    Bytes, ContentHeader, CpimMessage, Disposition, DispositionType, Imdn, ImdnHeaders,
    ImdnRecipient, InstantMessage, MessageId, Notify, xml::Element,
};
use time::macros::datetime;

use self::schema::{fixture, with_crlf};

fn id(id: &str) -> MessageId {
    MessageId::parse(id).unwrap()
}

fn cpim(name: &str) -> InstantMessage {
    let text = with_crlf(&fixture(&format!("rfc5438/{name}")));
    CpimMessage::parse(text.into()).unwrap().into_message()
}

/// The report of RFC 5438 §7.2.1 and §8.1 on this.
fn example(disposition: Disposition) -> Imdn {
    Imdn::new(id("34jk324j"), disposition)
        .with_date_time("2008-04-04T12:16:49-05:00")
        .with_recipient(ImdnRecipient::new("im:bob@example.com").unwrap())
}

/// A document whose outermost element holds `content`.
fn document(content: &str) -> Imdn {
    let document = format!("<imdn xmlns='urn:ietf:params:xml:ns:imdn'>{content}</imdn>");
    Imdn::parse(document.as_bytes()).unwrap()
}

const DELIVERED: &str =
    "<delivery-notification><status><delivered/></status></delivery-notification>";

#[test]
fn reports_of_rfc_5438_are_read() {
    for (name, disposition) in [
        (
            "cpim02-constructing-delivery-notifications.cpim",
            Disposition::Delivered,
        ),
        (
            "cpim03-constructing-display-notifications.cpim",
            Disposition::Displayed,
        ),
        (
            "cpim04-constructing-processing-notifications.cpim",
            Disposition::Processed,
        ),
    ] {
        let imdn = Imdn::from_message(&cpim(name)).unwrap().unwrap();
        assert_eq!(imdn, example(disposition), "{name}");
        assert_eq!(imdn.date_time(), Some(datetime!(2008-04-04 12:16:49 -5)));
        let recipient = imdn.recipient().unwrap();
        assert_eq!(recipient.uri(), "im:bob@example.com");
        assert_eq!(recipient.original_uri(), "im:bob@example.com");
        assert_eq!(recipient.subject(), None);
    }
}

#[test]
fn request_of_rfc_5438_is_read_and_the_message_is_no_report() {
    let message = cpim("cpim01-adding-a-disposition-notification-header-field.cpim");
    let headers = ImdnHeaders::read(message.headers()).unwrap();
    assert_eq!(headers.message_id, Some(id("34jk324j")));
    let asked: Vec<_> = headers.request.iter().collect();
    assert_eq!(asked, [Notify::PositiveDelivery, Notify::NegativeDelivery]);
    assert_eq!(headers.original_to, None);
    assert_eq!(Imdn::from_message(&message), Ok(None));
}

#[test]
fn report_is_written_in_the_order_of_its_schema() {
    let subject = ImdnRecipient::new("im:bob@example.com").unwrap();
    let subject = subject.with_original_uri("im:list@example.com").unwrap();
    let reason = Element::new("urn:x", "reason").unwrap();
    let imdn = Imdn::new(id("34jk324j"), Disposition::Failed)
        .with_date_time("2008-04-04T12:16:49-05:00")
        .with_recipient(subject.with_subject("a < b"))
        .with_status_extension(reason.with_attribute("code", "488").unwrap())
        .unwrap()
        .with_extension(Element::new("urn:y", "hop").unwrap())
        .unwrap();
    let text = String::from_utf8(imdn.to_document().unwrap()).unwrap();
    assert_eq!(
        text,
        "<?xml version='1.0' encoding='utf-8'?>\n<imdn xmlns='urn:ietf:params:xml:ns:imdn'>\
         <message-id>34jk324j</message-id><datetime>2008-04-04T12:16:49-05:00</datetime>\
         <recipient-uri>im:bob@example.com</recipient-uri>\
         <original-recipient-uri>im:list@example.com</original-recipient-uri><subject>a &lt; b</subject>\
         <delivery-notification><status><failed/><reason xmlns='urn:x' code='488'/></status>\
         </delivery-notification><hop xmlns='urn:y'/></imdn>"
    );
    assert_eq!(Imdn::parse(text.as_bytes()), Ok(imdn));
}

#[test]
fn every_disposition_has_the_words_of_rfc_5438() {
    let words = [
        ("delivery", "delivered", Disposition::Delivered),
        ("delivery", "failed", Disposition::Failed),
        (
            "delivery",
            "forbidden",
            Disposition::Forbidden(DispositionType::Delivery),
        ),
        (
            "delivery",
            "error",
            Disposition::Error(DispositionType::Delivery),
        ),
        ("processing", "processed", Disposition::Processed),
        ("processing", "stored", Disposition::Stored),
        (
            "processing",
            "forbidden",
            Disposition::Forbidden(DispositionType::Processing),
        ),
        (
            "processing",
            "error",
            Disposition::Error(DispositionType::Processing),
        ),
        ("display", "displayed", Disposition::Displayed),
        (
            "display",
            "forbidden",
            Disposition::Forbidden(DispositionType::Display),
        ),
        (
            "display",
            "error",
            Disposition::Error(DispositionType::Display),
        ),
    ];
    assert_eq!(words.len(), Disposition::ALL.len());
    for (of, word, disposition) in words {
        let report = format!("<{of}-notification><status><{word}/></status></{of}-notification>");
        let imdn = document(&format!("<message-id>1</message-id>{report}"));
        assert_eq!(imdn, Imdn::new(id("1"), disposition));
        let written = String::from_utf8(imdn.to_document().unwrap()).unwrap();
        assert!(written.contains(&report), "{written}");
    }
}

#[test]
fn every_disposition_is_written_and_read_and_valid_by_the_schema() {
    let mut documents = Vec::new();
    for disposition in Disposition::ALL {
        let bare = Imdn::new(id("1"), disposition);
        for imdn in [bare, example(disposition)] {
            let document = imdn.to_document().unwrap();
            assert_eq!(Imdn::parse(&document), Ok(imdn));
            documents.push(document);
        }
    }
    schema::validate("rfc5438/imdn.rng", &documents);
}

#[test]
fn report_and_its_message_are_one() {
    let imdn = example(Disposition::Displayed);
    let message = imdn.to_message().unwrap();
    assert_eq!(message.content_type(), "message/imdn+xml");
    let notification = ContentHeader::new("Content-Disposition", "notification");
    assert_eq!(message.content_headers(), [notification]);
    let bytes = CpimMessage::new(message).to_bytes().unwrap();
    let read = CpimMessage::parse(bytes).unwrap().into_message();
    assert_eq!(Imdn::from_message(&read), Ok(Some(imdn)));
}

#[test]
fn report_is_known_by_its_type_alone() {
    let content = example(Disposition::Delivered).to_document().unwrap();
    let of = |content_type: &str| {
        let message = InstantMessage::new(content_type.to_owned(), Bytes::from(content.clone()));
        Imdn::from_message(&message).unwrap().is_some()
    };
    assert!(of("message/imdn+xml"));
    assert!(of("Message/IMDN+xml; charset=utf-8"));
    assert!(!of("application/xml"));
    assert!(!of("message/imdn"));
    assert!(!of("what is this"));
}

#[test]
fn what_a_report_should_have_and_nobody_needs_may_be_missing() {
    let imdn = document(&format!("{DELIVERED}<message-id> 1 </message-id>"));
    assert_eq!(imdn, Imdn::new(id("1"), Disposition::Delivered));
    assert_eq!(imdn.date_time_text(), None);
    let empty = document(&format!(
        "<message-id>1</message-id><datetime> </datetime>{DELIVERED}"
    ));
    assert_eq!(empty, imdn);
    let text = String::from_utf8(imdn.to_document().unwrap()).unwrap();
    assert!(text.contains("<datetime/>"), "{text}");
}

#[test]
fn time_in_another_form_is_kept_as_it_is() {
    let imdn = document(&format!(
        "<message-id>1</message-id><datetime>Fri, 4 Apr 2008 12:16:49 -0500</datetime>{DELIVERED}"
    ));
    assert_eq!(imdn.date_time(), None);
    assert_eq!(
        imdn.date_time_text().unwrap(),
        "Fri, 4 Apr 2008 12:16:49 -0500"
    );
}

#[test]
fn one_address_stands_for_both_and_a_subject_alone_for_nothing() {
    let with = |inner: &str| document(&format!("<message-id>1</message-id>{inner}{DELIVERED}"));
    let both = ImdnRecipient::new("im:list@example.com").unwrap();
    for name in ["recipient-uri", "original-recipient-uri"] {
        let imdn = with(&format!("<{name}>\n im:list@example.com </{name}>"));
        assert_eq!(imdn.recipient(), Some(&both), "{name}");
    }
    assert_eq!(with("<subject>x</subject>").recipient(), None);
    let kept = with("<recipient-uri>im:list@example.com</recipient-uri><subject> x </subject>");
    assert_eq!(kept.recipient(), Some(&both.with_subject(" x ")));
}

#[test]
fn extensions_are_kept_and_what_is_none_is_left_out() {
    let reason = "<l:reason xmlns:l='urn:x' code='488'>no <b xmlns=''/> way</l:reason>";
    let imdn = document(&format!(
        "<x:hop xmlns:x='urn:y' x:n='1'/><message-id>1</message-id><unknown/><none xmlns=''/>\
         <delivery-notification><status>{reason}<failed/><more/></status><x:lost xmlns:x='urn:y'/>\
         </delivery-notification>"
    ));
    assert_eq!(imdn.disposition(), Disposition::Failed);
    let names = |elements: &[Element]| -> Vec<String> {
        elements
            .iter()
            .map(|element| element.name().to_owned())
            .collect()
    };
    assert_eq!(names(imdn.extensions()), ["hop"]);
    assert_eq!(names(imdn.status_extensions()), ["reason"]);
    let reason = &imdn.status_extensions()[0];
    assert_eq!(reason.attribute("code").unwrap(), "488");
    assert_eq!(reason.text(), "no  way");
    assert_eq!(Imdn::parse(&imdn.to_document().unwrap()), Ok(imdn));
}

#[test]
fn prefixes_comments_and_white_space_are_borne_with() {
    let text = "\u{feff}\r\n <?xml version='1.0'?>\n<i:imdn xmlns:i='urn:ietf:params:xml:ns:imdn'>\n\
        <!-- of bob --><i:message-id>3<!-- -->4</i:message-id><i:display-notification><i:status>\
        <i:displayed>\n</i:displayed></i:status></i:display-notification></i:imdn>\n\n";
    let imdn = Imdn::parse(text.as_bytes()).unwrap();
    assert_eq!(imdn, Imdn::new(id("34"), Disposition::Displayed));
}

#[test]
fn foreign_message_ids_are_kept_as_they_are() {
    for text in [
        "34jk324j",
        "de305d54-75b4-431b-adb2-eb6b9e546013",
        "a/b=+@:;\"<&>",
        "\u{fc}\u{1f600}",
    ] {
        assert_eq!(id(text).as_str(), text);
        let imdn = Imdn::new(id(text), Disposition::Delivered);
        let read = Imdn::parse(&imdn.to_document().unwrap()).unwrap();
        assert_eq!(read.message_id().as_str(), text);
    }
}
