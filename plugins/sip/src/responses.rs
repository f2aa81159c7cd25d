//! Responses of ours.

use std::time::Duration;

use bytes::BytesMut;
use rialto_sdk::prelude::{Domain, Failure, FailureReason, ResponseStatus, Retry};
use rialto_sip_codec::{
    Answerable, EncodeError, HeaderName, MessageWriter, Method, Reply, SipMessage, StartLine,
    StatusCode, transaction::FinalAnswer,
};

use crate::{
    config::Hop,
    failures,
    inbound::Registrations,
    locals::Locals,
    mapping::{PACKAGES, Rejection, required_by_cpim, wrong_address, wrong_cpim, wrong_imdn},
};

mod events;
#[cfg(test)]
mod tests;

/// All that it takes to write the same response again from a retransmitted request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    status: StatusCode,
    /// In seconds; 0 for none.
    retry_after: u16,
    cause: Option<Cause>,
    /// For how long, in seconds.
    expires: Option<u32>,
}

/// What Warning says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Cause {
    Reason(FailureReason),
    Untyped,
    Cpim,
    Imdn,
    Expired,
    Unsecured,
}

/// Where a response goes to, and what names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope<'a> {
    /// Where the request came from, and how.
    pub(crate) hop: Hop,
    /// Equal for retransmissions of one request.
    pub(crate) to_tag: u64,
    /// What Server and Warning say we are.
    pub(crate) user_agent: &'a str,
    /// Where the inboxes of numbers are.
    pub(crate) number_domain: Option<&'a Domain>,
    /// For how long one subscribes or publishes at least.
    pub(crate) least_duration: Duration,
    /// Whether REGISTER is one of the methods.
    pub(crate) registrations: Registrations,
    /// Where we take requests.
    pub(crate) locals: &'a Locals,
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
            expires: None,
        }
    }

    const fn because(status: StatusCode, cause: Cause) -> Self {
        Self {
            status,
            retry_after: 0,
            cause: Some(cause),
            expires: None,
        }
    }

    /// What the gateway's response is in SIP.
    pub(crate) fn of_response(status: &ResponseStatus) -> Self {
        match status {
            ResponseStatus::Success => Self::OK,
            ResponseStatus::Indeterminant => Self::of(StatusCode::ACCEPTED),
            ResponseStatus::Failure(failure) => Self::of_failure(failure),
        }
    }

    fn of_failure(failure: &Failure) -> Self {
        Self {
            status: failures::status_of_failure(failure),
            retry_after: match failure.retry() {
                Retry::After(after) => seconds(after),
                _ => 0,
            },
            ..Self::of_reason(failure.reason())
        }
    }

    /// Whether it has this status.
    pub(crate) fn is_of(&self, status: StatusCode) -> bool {
        self.status == status
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
            expires: None,
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
            source: Some(envelope.hop.address),
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
        explain(writer, *self, request, envelope)
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
            Rejection::Imdn => Self::because(StatusCode::BAD_REQUEST, Cause::Imdn),
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
const ALLOW: &str = "MESSAGE, SUBSCRIBE, NOTIFY, PUBLISH, OPTIONS, CANCEL, ACK";
/// The same with REGISTER.
const ALLOW_WITH_REGISTER: &str =
    "MESSAGE, SUBSCRIBE, NOTIFY, PUBLISH, REGISTER, OPTIONS, CANCEL, ACK";
/// What is understood for all networks: the text, and what may stand around it or beside it. Of the rest each has its own.
const ACCEPT: &str = "text/plain, message/cpim, message/imdn+xml, application/im-iscomposing+xml";
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
        Cause::Imdn => (
            "the disposition notification is malformed",
            quotable(&wrong_imdn(request)),
        ),
        Cause::Expired => ("the message had expired when it came", String::new()),
        Cause::Unsecured => (
            "a sips: address needs TLS on all of its way, and nothing is known of that beyond this gateway",
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
    answer: Answer,
    request: &SipMessage<'_>,
    envelope: &Envelope<'_>,
) -> MessageWriter<'o, BytesMut> {
    match answer.status {
        StatusCode::OK if is_of(request, Method::Options) => writer
            .header(HeaderName::Allow, allowed(envelope))
            .header(HeaderName::AllowEvents, PACKAGES)
            .header(HeaderName::Accept, "*/*")
            .header(HeaderName::Supported, ""),
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
            writer.header(HeaderName::Allow, allowed(envelope))
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE if is_of(request, Method::Message) => {
            writer.header(HeaderName::Accept, ACCEPT)
        }
        StatusCode::BAD_EXTENSION => {
            // No extension is supported here, so all that are required are unsupported.
            let required = request.tokens(HeaderName::Require).filter_map(Result::ok);
            match required.collect::<Vec<_>>().join(", ").as_str() {
                "" => writer,
                required => writer.header(HeaderName::Unsupported, required),
            }
        }
        _ => events::explain(writer, answer, request, envelope),
    }
}

const fn allowed(envelope: &Envelope<'_>) -> &'static str {
    match envelope.registrations {
        Registrations::Taken => ALLOW_WITH_REGISTER,
        Registrations::Refused => ALLOW,
    }
}

fn is_of(request: &SipMessage<'_>, wanted: Method<'_>) -> bool {
    matches!(request.start_line(), StartLine::Request { method, .. } if method == wanted)
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
