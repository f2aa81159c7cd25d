//! Responses of ours.

use std::{net::SocketAddr, time::Duration};

use bytes::BytesMut;
use rialto_sdk::prelude::{FailureReason, ResponseStatus, Retry};
use rialto_sip_codec::{
    Answerable, EncodeError, HeaderName, MessageWriter, Method, Reply, SipMessage, StartLine,
    StatusCode, transaction::FinalAnswer,
};

use crate::{
    failures,
    mapping::{Rejection, required_by_cpim},
};

/// All that it takes to write the same response again from a retransmitted request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    status: StatusCode,
    /// In seconds; 0 for none.
    retry_after: u16,
    reason: Option<FailureReason>,
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
}

impl Answer {
    pub(crate) const TRYING: Self = Self::of(StatusCode::TRYING);
    pub(crate) const OK: Self = Self::of(StatusCode::OK);

    /// A status alone.
    pub(crate) const fn of(status: StatusCode) -> Self {
        Self {
            status,
            retry_after: 0,
            reason: None,
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
            reason: Some(reason),
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
        if let Some(reason) = self.reason {
            let warning = warning(envelope.user_agent, reason, request);
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
        }
    }
}

/// The methods that are answered with more than 405.
const ALLOW: &str = "MESSAGE, OPTIONS, CANCEL, ACK";
const OVERLOADED_RETRY_AFTER: u16 = 2;
const SHUTTING_DOWN_RETRY_AFTER: u16 = 10;
const TAG_DIGITS: usize = 16;

/// Says the reason in our words; what a message/cpim requires in its sender's (RFC 3862 §3.5).
fn warning(agent: &str, reason: FailureReason, request: &SipMessage<'_>) -> String {
    let required = match reason {
        FailureReason::UnknownRequiredHeader => required_by_cpim(request),
        _ => String::new(),
    };
    let separator = if required.is_empty() { "" } else { ": " };
    format!("399 {agent} \"{}{separator}{required}\"", reason.text())
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
