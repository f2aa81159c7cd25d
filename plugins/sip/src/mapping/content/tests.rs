use proptest::prelude::*;
use rialto_sdk::model::{Disposition, MessageId};

use super::*;

fn document(id: &str, disposition: Disposition) -> String {
    let imdn = Imdn::new(MessageId::parse(id).unwrap(), disposition);
    String::from_utf8(imdn.to_document().unwrap()).unwrap()
}

fn content(
    content_type: &str,
    disposition: Option<&str>,
    body: &str,
) -> Result<Content, ImdnError> {
    let headers = disposition.map(|value| ContentHeader::new("Content-Disposition", value));
    let message = InstantMessage::new(content_type, Bytes::copy_from_slice(body.as_bytes()));
    Content::of(&message.with_content_headers(headers.into_iter().collect()))
}

fn notifications(content: Content) -> Vec<(String, Disposition)> {
    let Content::Notifications(notifications) = content else {
        panic!("{content:?}");
    };
    let read = |imdn: &Imdn| (imdn.message_id().to_string(), imdn.disposition());
    notifications.iter().map(read).collect()
}

#[test]
fn content_type_says_what_the_body_is_for() {
    let is_message = |content_type| matches!(content(content_type, None, ""), Ok(Content::Message));
    assert!(is_message("text/plain") && is_message("TEXT/html") && is_message("image/png"));
    assert!(is_message("multipart/mixed;boundary=b") && is_message("no type"));
    assert!(is_message("application/im-iscomposing+xml2"));
    for composing in [
        "application/im-iscomposing+xml",
        "Application/IM-isComposing+XML; charset=utf-8",
    ] {
        assert!(matches!(
            content(composing, None, ""),
            Ok(Content::Composing)
        ));
    }
}

#[test]
fn rfc5438_9_notification_is_known_by_its_type_with_and_without_its_disposition() {
    let body = document("m1", Disposition::Displayed);
    for disposition in [None, Some("notification")] {
        let read = content("message/imdn+xml", disposition, &body).unwrap();
        assert_eq!(
            notifications(read),
            [("m1".to_owned(), Disposition::Displayed)]
        );
    }
    assert!(content("message/imdn+xml", None, "<imdn/>").is_err());
}

#[test]
fn rfc5438_8_3_notifications_that_were_put_together_are_taken_apart() {
    let (one, two) = (
        document("m1", Disposition::Delivered),
        document("m1", Disposition::Displayed),
    );
    let body = format!(
        "preamble\r\n--b 1\r\nContent-type: message/imdn+xml\r\n\r\n{one}\r\n--b 1\r\n\
         Content-Type: text/plain\r\n\r\nhello\r\n--b 1  \r\nX: y\r\nCONTENT-TYPE: message/imdn+xml\r\n\r\n\
         {two}\r\n--b 1--\r\nepilogue"
    );
    let content_type = "multipart/mixed; boundary=\"b 1\"";
    let read = content(content_type, Some("Notification;handling=optional"), &body).unwrap();
    let expected = [Disposition::Delivered, Disposition::Displayed];
    assert_eq!(
        notifications(read),
        expected.map(|what| ("m1".to_owned(), what))
    );
    // Without the disposition it is a message with attachments.
    let plain = content(content_type, None, &body);
    assert!(matches!(plain, Ok(Content::Message)));
}

#[test]
fn notifications_of_one_request_are_bounded() {
    let one = document("m1", Disposition::Delivered);
    let part = format!("--b\r\nContent-Type: message/imdn+xml\r\n\r\n{one}\r\n");
    let body = part.repeat(MAX_NOTIFICATIONS + 1);
    let read = content("multipart/mixed;boundary=b", Some("notification"), &body).unwrap();
    assert_eq!(notifications(read).len(), MAX_NOTIFICATIONS);
}

proptest! {
    #[test]
    fn parts_of_any_body_are_parts_of_it(body in "(--b|--b--|\r\n|\n|: |Content-Type|message/imdn\\+xml|x|é){0,40}") {
        let bytes = Bytes::copy_from_slice(body.as_bytes());
        for part in parts(&bytes, "b") {
            prop_assert!(!part.starts_with(b"--b\r\n"));
            part_message(&bytes, part);
        }
    }
}
