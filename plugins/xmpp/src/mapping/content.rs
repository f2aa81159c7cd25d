//! Content that fits into a `<body/>`, and its language.

use rialto_sdk::model::{ByteString, Failure, FailureReason, InstantMessage};
use rialto_xmpp_codec::WriteError;

/// The text of a message, shared with its payload.
///
/// RFC 7572 §7: `text/plain` must be taken, the rest is left to the gateway; RFC 3922 §4.2.9: it
/// must not become a body, and no other charset than US-ASCII and UTF-8 should.
pub(super) fn text(message: &InstantMessage) -> Result<ByteString, Failure> {
    check_type(message.content_type())?;
    for header in message.content_headers() {
        let encoding = header
            .name
            .eq_ignore_ascii_case("content-transfer-encoding");
        let identity = ["7bit", "8bit", "binary"];
        if encoding
            && !identity
                .iter()
                .any(|plain| header.value.trim().eq_ignore_ascii_case(plain))
        {
            return Err(unsupported("xmpp: the content has a transfer encoding"));
        }
        if header.name.eq_ignore_ascii_case("content-encoding") {
            return Err(unsupported("xmpp: the content is compressed"));
        }
    }
    ByteString::try_from(message.payload().clone().into_bytes())
        .map_err(|_| unsupported("xmpp: the content is not UTF-8"))
}

/// The first language that `Content-Language` names (RFC 7572 table 2).
pub(super) fn language(message: &InstantMessage) -> Option<ByteString> {
    let mut headers = message.content_headers().iter();
    let header = headers.find(|header| header.name.eq_ignore_ascii_case("content-language"))?;
    let first = header.value.split(',').next()?.trim();
    is_language(first).then(|| header.value.slice_ref(first))
}

/// Has it the form of a language tag (BCP 47)?
pub(super) fn is_language(tag: &str) -> bool {
    const LONGEST: usize = 64;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=LONGEST).contains(&tag.len()) && tag.bytes().all(plain)
}

/// A text as the value of a header has it: on one line.
pub(super) fn one_line(text: &ByteString) -> ByteString {
    if text.contains(char::is_control) {
        text.replace(char::is_control, " ").into()
    } else {
        text.clone()
    }
}

fn check_type(content_type: &str) -> Result<(), Failure> {
    let mut parts = content_type.split(';');
    let essence = parts.next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("text/plain") {
        let shown: String = essence
            .chars()
            .filter(char::is_ascii_graphic)
            .take(80)
            .collect();
        return Err(unsupported(format!("xmpp: a body cannot carry {shown}")));
    }
    let charset = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find_map(|(name, value)| {
            name.trim()
                .eq_ignore_ascii_case("charset")
                .then(|| value.trim().trim_matches('"'))
        });
    match charset {
        None => Ok(()),
        Some(name)
            if ["utf-8", "us-ascii"]
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known)) =>
        {
            Ok(())
        }
        Some(_) => Err(unsupported("xmpp: the text is neither UTF-8 nor US-ASCII")),
    }
}

/// XML has no form for it.
pub(super) fn unwritable(error: WriteError) -> Failure {
    unsupported(format!("xmpp: {error}"))
}

pub(super) fn unsupported(detail: impl Into<std::borrow::Cow<'static, str>>) -> Failure {
    Failure::new(FailureReason::UnsupportedContent).with_detail(detail)
}

#[cfg(test)]
mod tests {
    use rialto_sdk::model::{Bytes, ContentHeader};

    use super::*;

    fn message(content_type: &'static str, payload: &'static [u8]) -> InstantMessage {
        InstantMessage::new(content_type, Bytes::from_static(payload))
    }

    fn refused(message: &InstantMessage) -> String {
        let failure = text(message).unwrap_err();
        assert_eq!(failure.reason(), FailureReason::UnsupportedContent);
        failure.detail().to_owned()
    }

    #[test]
    fn plain_text_of_both_charsets_is_taken_as_it_is() {
        for content_type in [
            "text/plain",
            "Text/Plain; charset=UTF-8",
            "text/plain;charset=\"us-ascii\";format=flowed",
        ] {
            assert_eq!(
                text(&message(content_type, b"a\r\n\xC3\xA9")).unwrap(),
                "a\r\né"
            );
        }
    }

    #[test]
    fn other_content_is_refused_with_its_type() {
        assert_eq!(
            refused(&message("text/html", b"x")),
            "xmpp: a body cannot carry text/html"
        );
        let odd = message("application/x\r\n\u{1}y; a=b", b"x");
        assert_eq!(refused(&odd), "xmpp: a body cannot carry application/xy");
        refused(&message("text/plain; charset=iso-8859-1", b"x"));
        refused(&message("text/plain", b"\xFF"));
    }

    #[test]
    fn encoded_content_is_refused_and_identity_is_not() {
        let encoded = |name: &'static str, value: &'static str| {
            message("text/plain", b"eA==")
                .with_content_headers(vec![ContentHeader::new(name, value)])
        };
        refused(&encoded("Content-Transfer-Encoding", "base64"));
        refused(&encoded("content-encoding", "gzip"));
        assert!(text(&encoded("Content-Transfer-Encoding", "8BIT")).is_ok());
    }

    #[test]
    fn language_is_the_first_that_is_one() {
        let of = |value: &'static str| {
            let header = ContentHeader::new("content-language", value);
            language(&message("text/plain", b"x").with_content_headers(vec![header]))
        };
        assert_eq!(of("cs, en").as_deref(), Some("cs"));
        assert_eq!(of("c s"), None);
        assert_eq!(language(&message("text/plain", b"x")), None);
    }
}
