//! Responses of ours.

use std::{net::SocketAddr, time::Duration};

use bytes::BytesMut;
use rialto_sdk::prelude::{Domain, FailureReason, ResponseStatus, Retry};
use rialto_sip_codec::{
    Answerable, EncodeError, HeaderName, MessageWriter, Method, Reply, SipMessage, StartLine,
    StatusCode, transaction::FinalAnswer,
};

use crate::{
    failures,
    mapping::{Rejection, required_by_cpim, wrong_address, wrong_cpim},
};

/// All that it takes to write the same response again from a retransmitted request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    status: StatusCode,
    /// In seconds; 0 for none.
    retry_after: u16,
    cause: Option<Cause>,
}

/// What Warning says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Cause {
    Reason(FailureReason),
    Untyped,
    Cpim,
    Expired,
    Unsecured,
}

/// Where a response goes to, and what names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope<'a> {
    /// Where the request came from.
    pub(crate) source: SocketAddr,
    /// Equal for retransmissions of one request.
    pub(crate) to_tag: u64,
    /// What Server and Warning say we are.
    pub(crate) user_agent: &'a str,
    /// Where the inboxes of numbers are.
    pub(crate) number_domain: Option<&'a Domain>,
}

impl Answer {
    pub(crate) const TRYING: Self = Self::of(StatusCode::TRYING);
    pub(crate) const OK: Self = Self::of(StatusCode::OK);

    /// A status alone.
    pub(crate) const fn of(status: StatusCode) -> Self {
        Self {
            status,
            retry_after: 0,
            cause: None,
        }
    }

    const fn because(status: StatusCode, cause: Cause) -> Self {
        Self {
            status,
            retry_after: 0,
            cause: Some(cause),
        }
    }

    /// What the gateway's response is in SIP.
    pub(crate) fn of_response(status: &ResponseStatus) -> Self {
        match status {
            ResponseStatus::Success => Self::OK,
            ResponseStatus::Indeterminant => Self::of(StatusCode::ACCEPTED),
            ResponseStatus::Failure(failure) => Self {
                status: failures::status_of_failure(failure),
                retry_after: match failure.retry() {
                    Retry::After(after) => seconds(after),
                    _ => 0,
                },
                ..Self::of_reason(failure.reason())
            },
        }
    }

    /// A failure for a reason, with a time to retry where there is one.
    pub(crate) const fn of_reason(reason: FailureReason) -> Self {
        let status = failures::status_of(reason);
        let retry_after = match reason {
            FailureReason::Overloaded => OVERLOADED_RETRY_AFTER,
            FailureReason::ShuttingDown => SHUTTING_DOWN_RETRY_AFTER,
            _ => 0,
        };
        Self {
            status,
            retry_after,
            cause: Some(Cause::Reason(reason)),
        }
    }

    /// Appends the response; leaves the buffer as it is when the request cannot be answered.
    ///
    /// Nothing of it is of the other side's making: no detail of a failure, no address.
    pub(crate) fn write(
        &self,
        out: &mut BytesMut,
        request: &Answerable<'_, '_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), EncodeError> {
        let mut tag = [0; TAG_DIGITS];
        let to_tag = match self.status {
            StatusCode::TRYING => "",
            _ => hexadecimal(envelope.to_tag, &mut tag),
        };
        let reply = Reply {
            status: self.status,
            reason: "",
            source: Some(envelope.source),
            to_tag,
        };
        let writer = MessageWriter::response(out, *request, &reply);
        let request = request.message();
        let mut writer = match self.retry_after {
            0 => writer,
            seconds => writer.header(HeaderName::RetryAfter, &seconds.to_string()),
        };
        if let Some(cause) = self.cause {
            let warning = warning(envelope, cause, request);
            writer = writer.header(HeaderName::Warning, &warning);
        }
        explain(writer, self.status, request)
            .header(HeaderName::Server, envelope.user_agent)
            .finish(b"")
    }
}

impl FinalAnswer for Answer {
    fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<Rejection> for Answer {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Reason(reason) => Self::of_reason(reason),
            Rejection::Status(status) => Self::of(status),
            Rejection::Untyped => Self::because(StatusCode::BAD_REQUEST, Cause::Untyped),
            Rejection::Cpim => Self::because(StatusCode::BAD_REQUEST, Cause::Cpim),
            Rejection::Expired => {
                Self::because(StatusCode::TEMPORARILY_UNAVAILABLE, Cause::Expired)
            }
            Rejection::Unsecured => {
                Self::because(StatusCode::UNSUPPORTED_URI_SCHEME, Cause::Unsecured)
            }
        }
    }
}

/// The methods that are answered with more than 405.
const ALLOW: &str = "MESSAGE, OPTIONS, CANCEL, ACK";
const OVERLOADED_RETRY_AFTER: u16 = 2;
const SHUTTING_DOWN_RETRY_AFTER: u16 = 10;
const TAG_DIGITS: usize = 16;

/// Says the cause in our words, and of the request what its sender must mend: what a message/cpim requires (RFC 3862
/// §3.5), what is wrong with an address.
fn warning(envelope: &Envelope<'_>, cause: Cause, request: &SipMessage<'_>) -> String {
    let (text, more) = match cause {
        Cause::Untyped => ("the body has no Content-Type", String::new()),
        Cause::Cpim => (
            "the message/cpim is malformed",
            quotable(&wrong_cpim(request)),
        ),
        Cause::Expired => ("the message had expired when it came", String::new()),
        Cause::Unsecured => (
            "a sips: address needs a secured way, and there is none from here",
            String::new(),
        ),
        Cause::Reason(reason) => {
            let more = match reason {
                FailureReason::UnknownRequiredHeader => required_by_cpim(request),
                _ => quotable(&wrong_address(request, reason, envelope.number_domain)),
            };
            (reason.text(), more)
        }
    };
    let separator = if more.is_empty() { "" } else { ": " };
    format!("399 {} \"{text}{separator}{more}\"", envelope.user_agent)
}

/// Leaves out what may not stand in a quoted string as it is, and cuts where it gets long (RFC 3261 §25.1).
fn quotable(text: &str) -> String {
    const LONGEST: usize = 256;
    let (text, _) = text.split_at(text.floor_char_boundary(LONGEST));
    text.replace(|c: char| c.is_control() || matches!(c, '"' | '\\'), "")
}

/// Adds what a status obliges to say.
fn explain<'o>(
    writer: MessageWriter<'o, BytesMut>,
    status: StatusCode,
    request: &SipMessage<'_>,
) -> MessageWriter<'o, BytesMut> {
    match status {
        StatusCode::OK if is_options(request) => writer
            .header(HeaderName::Allow, ALLOW)
            .header(HeaderName::Accept, "*/*")
            .header(HeaderName::Supported, ""),
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
            writer.header(HeaderName::Allow, ALLOW)
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => writer.header(HeaderName::Accept, "text/plain"),
        StatusCode::BAD_EXTENSION => {
            // No extension is supported here, so all that are required are unsupported.
            let required = request.tokens(HeaderName::Require).filter_map(Result::ok);
            match required.collect::<Vec<_>>().join(", ").as_str() {
                "" => writer,
                required => writer.header(HeaderName::Unsupported, required),
            }
        }
        _ => writer,
    }
}

fn is_options(request: &SipMessage<'_>) -> bool {
    matches!(
        request.start_line(),
        StartLine::Request {
            method: Method::Options,
            ..
        }
    )
}

/// Whole seconds, rounded up, so that nobody comes back too early.
fn seconds(after: Duration) -> u16 {
    let seconds = after
        .as_secs()
        .saturating_add(u64::from(after.subsec_nanos() > 0))
        .max(1);
    u16::try_from(seconds).unwrap_or(u16::MAX)
}

fn hexadecimal(number: u64, digits: &mut [u8; TAG_DIGITS]) -> &str {
    for (index, digit) in digits.iter_mut().enumerate() {
        let nibble = (number >> (4 * (TAG_DIGITS - 1 - index))) & 15;
        *digit = b"0123456789abcdef"
            .get(nibble as usize)
            .copied()
            .unwrap_or(b'0');
    }
    std::str::from_utf8(digits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rialto_sdk::prelude::Failure;

    use super::*;

    const REQUEST: &str = "MESSAGE sip:b@example.com SIP/2.0\r\n\
        Via: SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK1;rport\r\nFrom: <sip:a@a.example>;tag=1\r\n\
        To: <sip:b@example.com>\r\nCall-ID: c\r\nCSeq: 1 MESSAGE\r\nRequire: one, two\r\n\r\n";

    fn written(answer: Answer, request: &str) -> String {
        let mut out = BytesMut::new();
        let message = SipMessage::parse(request.as_bytes()).unwrap();
        let source = "198.51.100.7:6000".parse().unwrap();
        let envelope = Envelope {
            source,
            to_tag: 0x12,
            user_agent: "rialto",
            number_domain: None,
        };
        let request = Answerable::from(&message);
        answer.write(&mut out, &request, &envelope).unwrap();
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn response_is_the_same_for_each_copy_of_the_request() {
        let answer = Answer::of_reason(FailureReason::NoSuchInbox);
        assert_eq!(written(answer, REQUEST), written(answer, REQUEST));
    }

    #[test]
    fn rfc3581_4_response_tells_where_the_request_came_from() {
        let text = written(Answer::OK, REQUEST);
        assert!(text.starts_with("SIP/2.0 200 OK\r\n"), "{text}");
        assert!(
            text.contains("received=198.51.100.7") && text.contains("rport=6000"),
            "{text}"
        );
        assert!(
            text.contains("To: <sip:b@example.com>;tag=0000000000000012\r\n"),
            "{text}"
        );
    }

    #[test]
    fn trying_has_no_tag() {
        assert!(!written(Answer::TRYING, REQUEST).contains("To: <sip:b@example.com>;tag"));
    }

    #[test]
    fn failure_says_when_to_retry_and_nothing_of_the_other_side() {
        let failure = Failure::new(FailureReason::Overloaded)
            .with_retry(Retry::After(Duration::from_millis(2500)))
            .with_detail("10.0.0.7 is busy");
        let text = written(Answer::of_response(&failure.into()), REQUEST);
        assert!(text.starts_with("SIP/2.0 503 "), "{text}");
        assert!(text.contains("Retry-After: 3\r\n"), "{text}");
        assert!(text.contains("Warning: 399 rialto \"the gateway has all the work it takes\"\r\n"));
        assert!(!text.contains("10.0.0.7"), "{text}");
    }

    #[test]
    fn cpim_2_2_1_sender_is_told_what_is_wrong_with_which_address() {
        use FailureReason::{InvalidDestination, InvalidSource, NoSuchInbox};
        let to = |uri: &str| REQUEST.replacen("sip:b@example.com", uri, 1);
        let from = |uri: &str| REQUEST.replace("sip:a@a.example", uri);
        for (reason, request, words) in [
            (
                InvalidDestination,
                to("sip:b@localhost"),
                "the destination is not a valid instant inbox: the domain `localhost` is not fully qualified",
            ),
            (
                InvalidDestination,
                to("sip:b@192.0.2.1"),
                "the destination is not a valid instant inbox: the domain is an IP address; a fully qualified \
                 domain name is needed",
            ),
            (
                InvalidSource,
                from("sip:a.example"),
                "the source is not a valid instant inbox: the address has nothing before the `@`",
            ),
            (
                InvalidSource,
                from("tel:+12015550123"),
                "the source is not a valid instant inbox: telephone numbers have no domain here",
            ),
            (
                InvalidDestination,
                to("im:b@a%22%0D%0A%5Cb"),
                "the destination is not a valid instant inbox: ",
            ),
            // Refused by somebody else, for what only he knows.
            (
                InvalidDestination,
                REQUEST.to_owned(),
                "the destination is not a valid instant inbox\"",
            ),
            (
                NoSuchInbox,
                to("sip:b@localhost"),
                "there is no such instant inbox\"",
            ),
        ] {
            let text = written(Answer::of_reason(reason), &request);
            assert!(
                text.contains(&format!("\r\nWarning: 399 rialto \"{words}")),
                "{text}"
            );
            let warning = text
                .lines()
                .find(|line| line.starts_with("Warning"))
                .unwrap();
            assert_eq!(warning.matches('"').count(), 2, "{warning}");
            assert!(!warning.contains('\\'), "{warning}");
        }
    }

    #[test]
    fn rejection_that_only_sip_has_says_its_cause() {
        for (rejection, status, words) in [
            (Rejection::Untyped, "400", "the body has no Content-Type"),
            (Rejection::Cpim, "400", "the message/cpim is malformed: "),
            (
                Rejection::Expired,
                "480",
                "the message had expired when it came",
            ),
            (
                Rejection::Unsecured,
                "416",
                "a sips: address needs a secured way",
            ),
        ] {
            let text = written(rejection.into(), REQUEST);
            assert!(text.starts_with(&format!("SIP/2.0 {status} ")), "{text}");
            assert!(
                text.contains(&format!("\r\nWarning: 399 rialto \"{words}")),
                "{text}"
            );
        }
    }

    #[test]
    fn rfc3261_8_2_3_requirement_of_a_message_cpim_is_content_that_is_not_understood() {
        let of = |require: &str| {
            let body =
                format!("From: <im:a@a.example>\r\n{require}\r\n\r\nContent-Type: a/b\r\n\r\nx");
            let length = body.len();
            let head = REQUEST.replace("Require: one, two\r\n\r\n", "");
            let request = format!(
                "{head}Content-Type: Message/CPIM\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            written(
                Answer::of_reason(FailureReason::UnknownRequiredHeader),
                &request,
            )
        };
        let text = of("Require: Kanji.Must,Vital\r\nRequire: o'Last`|~");
        assert!(text.starts_with("SIP/2.0 415 "), "{text}");
        assert!(text.contains("\r\nAccept: text/plain\r\n"), "{text}");
        let names = "a required header is not understood: Kanji.Must, Vital, o'Last`|~";
        assert!(
            text.contains(&format!("\r\nWarning: 399 rialto \"{names}\"\r\n")),
            "{text}"
        );
        assert!(!text.contains("\r\nUnsupported:"), "{text}");
        let long = of(&format!("Require: {},B", "A".repeat(255)));
        assert!(
            long.contains(&format!(": {}\"\r\n", "A".repeat(255))),
            "{long}"
        );
        let longer = of(&format!("Require: {},B", "A".repeat(257)));
        assert!(longer.contains("understood\"\r\n"), "{longer}");
    }

    #[test]
    fn indeterminant_is_202() {
        let text = written(Answer::of_response(&ResponseStatus::Indeterminant), REQUEST);
        assert!(text.starts_with("SIP/2.0 202 Accepted\r\n"), "{text}");
    }

    #[test]
    fn status_brings_the_header_field_that_explains_it() {
        let of = |status| written(Answer::of(status), REQUEST);
        assert!(of(StatusCode::BAD_EXTENSION).contains("Unsupported: one, two\r\n"));
        assert!(
            of(StatusCode::METHOD_NOT_ALLOWED).contains("Allow: MESSAGE, OPTIONS, CANCEL, ACK\r\n")
        );
        assert!(of(StatusCode::UNSUPPORTED_MEDIA_TYPE).contains("Accept: text/plain\r\n"));
        let options = REQUEST.replace("MESSAGE", "OPTIONS");
        let text = written(Answer::OK, &options);
        assert!(
            text.contains("Allow: ") && text.contains("Accept: */*") && text.contains("Supported:")
        );
    }
}
