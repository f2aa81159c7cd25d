//! Whether a message goes out as it is, or as message/cpim.

use rialto_sdk::{
    model::{ImdnHeaders, MessageId, message::IMDN_HEADERS},
    prelude::{ContentHeader, Header, MessageOperation},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::is_content;

/// The form of a body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    /// The content alone; headers have their places in SIP, or none.
    Plain,
    /// Headers and content as message/cpim (RFC 3862).
    Cpim,
}

/// What of a message needs message/cpim.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Wrapping {
    /// Nothing.
    Needless,
    /// That its sender asks for dispositions, and nothing else: its reader loses nothing without.
    Asked,
    /// Headers that MESSAGE has no header field for (RFC 3862 §4), and that its reader may need.
    Needed,
}

impl Wrapping {
    /// Looks at the headers.
    ///
    /// A thread and one subject have their header fields, and so have Content-* headers; other languages of the subject are left
    /// out.
    pub(crate) fn of(operation: &MessageOperation) -> Self {
        let message = operation.message();
        let headers = message.headers();
        if headers.to().nth(1).is_some() || !message.content_headers().iter().all(is_header_field) {
            return Self::Needed;
        }
        let mut wrapping = Self::Needless;
        for resolved in headers.resolved() {
            if is_imdn(resolved.namespace, resolved.header) {
                wrapping = Self::Asked;
            } else if !is_carried(resolved.header) {
                return Self::Needed;
            }
        }
        match wrapping {
            Self::Asked if !asks(operation) => Self::Needless,
            wrapping => wrapping,
        }
    }
}

/// The operation with the headers of RFC 5438 that its receiver is to see: our name of the message, and what is asked.
///
/// The name is the transaction identifier, so that a notification leads back to it without state of ours. The routes that
/// notifications take beyond the gateway are kept on that side (RFC 5438 §8). A message that asks for any has a date (§7.1.1.2).
pub(crate) fn asking(
    operation: &MessageOperation,
    now: OffsetDateTime,
) -> Option<MessageOperation> {
    let message = operation.message();
    let mut headers = message.headers().clone();
    let has_imdn = |header: &Header| header.value.contains(IMDN_HEADERS);
    if !headers.iter().any(has_imdn) {
        return None;
    }
    let imdn = ImdnHeaders::read(&headers).ok()?;
    let name = MessageId::parse(operation.transaction_id().as_str()).ok()?;
    if headers.date_time().is_none()
        && let Ok(now) = now.format(&Rfc3339)
    {
        headers.push(Header::new("DateTime", now));
    }
    let own = ImdnHeaders::default().with_message_id(name);
    let headers = own.with_request(imdn.request).write(&headers);
    let message = message.clone().with_headers(headers);
    Some(operation.clone().with_message(message))
}

fn asks(operation: &MessageOperation) -> bool {
    let headers = ImdnHeaders::read(operation.message().headers());
    headers.is_ok_and(|headers| !headers.request.is_empty())
}

/// Whether a header is one of RFC 5438, or declares them.
fn is_imdn(namespace: Option<&str>, header: &Header) -> bool {
    let declares = || {
        let (_, uri) = header.value.split_once('<').unwrap_or_default();
        header.name == "NS" && uri.strip_suffix('>') == Some(IMDN_HEADERS)
    };
    namespace == Some(IMDN_HEADERS) || declares()
}

/// Whether a header has a header field of SIP.
fn is_carried(header: &Header) -> bool {
    matches!(&*header.name, "From" | "To" | "DateTime" | "Subject")
}

/// Whether a header of the content may stand among those of SIP: any other would be a header of
/// the request, of the sender's making (RFC 2045 §3).
fn is_header_field(header: &ContentHeader) -> bool {
    let stands = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    is_content(&header.name) && header.name.bytes().all(stands)
}

#[cfg(test)]
mod tests {
    use rialto_sdk::{
        model::CpimMessage,
        prelude::{InstantInbox, InstantMessage, MessageHeaders, TransactionId},
    };

    use super::*;

    const NS: (&str, &str) = ("NS", "imdn <urn:ietf:params:imdn>");
    const ID: (&str, &str) = ("imdn.Message-ID", "theirs");
    const ASK: (&str, &str) = (
        "imdn.Disposition-Notification",
        "positive-delivery, display",
    );
    const ROUTE: (&str, &str) = ("imdn.IMDN-Record-Route", "<im:p@sip.example>");

    fn operation(headers: &[(&'static str, &'static str)]) -> MessageOperation {
        let headers: MessageHeaders = headers
            .iter()
            .map(|(name, value)| Header::new(*name, *value))
            .collect();
        MessageOperation::new(
            TransactionId::parse(b"ours").unwrap(),
            InstantInbox::parse("im:a@sip.example").unwrap(),
            InstantInbox::parse("im:b@sip.example").unwrap(),
            InstantMessage::text("hi").with_headers(headers),
        )
    }

    #[test]
    fn only_a_request_for_dispositions_can_be_done_without() {
        let subject = ("Subject", "x");
        let cases: [(&[_], _); 7] = [
            (&[], Wrapping::Needless),
            (&[subject, ("DateTime", "x")], Wrapping::Needless),
            (&[NS, ID, subject], Wrapping::Needless),
            (&[subject, NS, ID, ASK], Wrapping::Asked),
            (
                &[NS, ID, ASK, ("cc", "<im:c@sip.example>")],
                Wrapping::Needed,
            ),
            (
                &[NS, ID, ASK, ("Require", "imdn.Message-ID")],
                Wrapping::Needed,
            ),
            (&[("NS", "x <urn:x>"), NS, ASK], Wrapping::Needed),
        ];
        for (headers, wrapping) in cases {
            assert_eq!(Wrapping::of(&operation(headers)), wrapping, "{headers:?}");
        }
    }

    #[test]
    fn rfc5438_6_3_message_that_asks_has_our_name_and_a_date_and_no_route() {
        let asking = asking(
            &operation(&[NS, ID, ASK, ROUTE]),
            OffsetDateTime::UNIX_EPOCH,
        )
        .unwrap();
        let cpim = CpimMessage::from_operation(&asking, None).unwrap();
        let text = String::from_utf8(cpim.to_bytes().unwrap().to_vec()).unwrap();
        assert!(text.contains("imdn.Message-ID: ours\r\n"), "{text}");
        assert!(text.contains("imdn.Disposition-Notification: positive-delivery, display\r\n"));
        assert!(
            text.contains("DateTime: 1970-01-01T00:00:00Z\r\n"),
            "{text}"
        );
        assert!(
            !text.contains("theirs") && !text.contains("Route"),
            "{text}"
        );
        assert!(asking_of_none().is_none());
    }

    fn asking_of_none() -> Option<MessageOperation> {
        asking(&operation(&[("Subject", "x")]), OffsetDateTime::UNIX_EPOCH)
    }
}
