//! What a sender asks to be told of a message (XEP-0184, XEP-0333; RFC 5438).

use rialto_sdk::model::{
    DispositionRequest, ImdnHeaders, MessageHeaders, MessageId, Notify, TransactionId,
};
use rialto_xmpp_codec::{Marker, Message, Payload, Receipt, WriteError};

/// Puts what the stanza asks for behind the message headers, under the stanza's id.
///
/// Who asks for a receipt is told of a failure as well: on XMPP every sender is. Without an id nothing can be asked for (XEP-0184
/// §5, XEP-0333 §4.1).
pub(super) fn with_requests(
    headers: MessageHeaders,
    message: &Message,
    transaction_id: TransactionId,
) -> MessageHeaders {
    let request = request(message);
    let id = message.id.as_ref().filter(|id| !id.is_empty());
    let Some(id) = id.filter(|_| !request.is_empty()) else {
        return headers;
    };
    // What is no name elsewhere has one nevertheless; the reference knows the stanza's own.
    let own = || MessageId::parse(transaction_id.as_str());
    let Ok(message_id) = MessageId::parse(id.clone()).or_else(|_| own()) else {
        return headers;
    };
    ImdnHeaders::default()
        .with_message_id(message_id)
        .with_request(request)
        .write(&headers)
}

fn request(message: &Message) -> DispositionRequest {
    let mut request = DispositionRequest::NONE;
    if message.other.is_empty() {
        return request;
    }
    if asks(message, &Receipt::Request) {
        request = request
            .with(Notify::PositiveDelivery)
            .with(Notify::NegativeDelivery);
    }
    if asks(message, &Marker::Markable) {
        request = request.with(Notify::Display);
    }
    request
}

fn asks<P: Payload + PartialEq>(message: &Message, request: &P) -> bool {
    message
        .payloads()
        .flatten()
        .any(|found: P| found == *request)
}

/// Asks on XMPP for what the message headers ask for.
///
/// What of RFC 5438 is malformed asks for nothing: the message is worth more than the report on it.
pub(super) fn ask(headers: &MessageHeaders, stanza: &mut Message) -> Result<(), WriteError> {
    let asked = ImdnHeaders::read(headers).unwrap_or_default().request;
    if asked.contains(Notify::PositiveDelivery) {
        stanza.other.push(Receipt::Request.to_element()?);
    }
    if asked.contains(Notify::Display) {
        stanza.other.push(Marker::Markable.to_element()?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rialto_sdk::model::Header;
    use rialto_xmpp_codec::{Element, namespace};

    use super::*;

    fn stanza(id: Option<&'static str>, asked: &[(&str, &str)]) -> Message {
        let element =
            |&(namespace, name): &(&str, &str)| Element::new(namespace.to_owned(), name).unwrap();
        Message {
            id: id.map(Into::into),
            other: asked.iter().map(element).collect(),
            ..Message::default()
        }
    }

    fn asked(message: &Message) -> ImdnHeaders {
        let id = TransactionId::parse(b"t1").unwrap();
        let headers = [Header::new("Subject", "Hi")].into_iter().collect();
        let headers = with_requests(headers, message, id);
        assert_eq!(headers.subjects().count(), 1);
        ImdnHeaders::read(&headers).unwrap()
    }

    fn asked_onward(headers: &MessageHeaders) -> Message {
        let mut stanza = Message::default();
        ask(headers, &mut stanza).unwrap();
        stanza
    }

    const REQUEST: (&str, &str) = (namespace::RECEIPTS, "request");
    const MARKABLE: (&str, &str) = (namespace::CHAT_MARKERS, "markable");

    #[test]
    fn receipt_and_marker_that_are_asked_for_are_asked_for_on_both_sides() {
        for (elements, notify) in [
            (&[REQUEST][..], "positive-delivery, negative-delivery"),
            (&[MARKABLE], "display"),
            (
                &[MARKABLE, REQUEST],
                "positive-delivery, negative-delivery, display",
            ),
            (&[("urn:x", "request")], ""),
            (&[(namespace::CHAT_MARKERS, "request")], ""),
        ] {
            let imdn = asked(&stanza(Some("m1"), elements));
            assert_eq!(imdn.request.to_string(), notify);
            let id = imdn.message_id.as_ref().map(MessageId::as_str);
            assert_eq!(id, (!notify.is_empty()).then_some("m1"));

            let onward = asked_onward(&imdn.write(&MessageHeaders::new()));
            assert_eq!(request(&onward), imdn.request);
        }
    }

    #[test]
    fn nothing_is_asked_for_under_no_id_and_an_odd_one_stays_with_the_sender() {
        for id in [None, Some("")] {
            assert_eq!(asked(&stanza(id, &[REQUEST])), ImdnHeaders::default());
        }
        let odd = asked(&stanza(Some("two words"), &[REQUEST]));
        assert_eq!(odd.message_id.unwrap().as_str(), "t1");
    }

    #[test]
    fn request_that_is_malformed_asks_for_nothing() {
        let headers = [
            Header::new("NS", "imdn <urn:ietf:params:imdn>"),
            Header::new("imdn.Message-ID", ""),
            Header::new("imdn.Disposition-Notification", "display"),
        ];
        let onward = asked_onward(&headers.into_iter().collect());
        assert_eq!(onward.other, []);
    }
}
