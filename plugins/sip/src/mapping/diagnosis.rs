//! What is wrong with a request, in words for its sender: read anew, since few are wrong.

use rialto_sdk::{
    model::CpimError,
    prelude::{Bytes, Domain, FailureReason, InstantMessage},
};
use rialto_sip_codec::{Request, SipMessage};

use super::{address::party, content::Content};

/// What the message/cpim of a request requires of who reads it, separated by commas (RFC 3862 §4.7).
///
/// As the sender wrote it, cut where it gets long; no name holds what a quoted string must escape.
pub(crate) fn required_by_cpim(request: &SipMessage<'_>) -> String {
    const LONGEST: usize = 256;
    let mut names = String::new();
    let Ok(message) = opened(request) else {
        return names;
    };
    for name in message.headers().required() {
        let separator = if names.is_empty() { "" } else { ", " };
        if names.len() + separator.len() + name.len() > LONGEST {
            break;
        }
        names.extend([separator, name]);
    }
    names
}

/// What is wrong with the message/cpim of a request; nothing if it is sound.
pub(crate) fn wrong_cpim(request: &SipMessage<'_>) -> String {
    let wrong = opened(request).err();
    wrong.map_or_else(String::new, |wrong| wrong.to_string())
}

/// What is wrong with the disposition notification of a request; nothing if it is sound.
pub(crate) fn wrong_imdn(request: &SipMessage<'_>) -> String {
    let content_type = request.content_type().ok().flatten();
    let Some(content_type) = content_type.map(|content_type| content_type.as_str()) else {
        return String::new();
    };
    let body = Bytes::copy_from_slice(request.body());
    let message = InstantMessage::new(content_type, body).open_cpim();
    let wrong = message.ok().and_then(|message| Content::of(&message).err());
    wrong.map_or_else(String::new, |wrong| wrong.to_string())
}

fn opened(request: &SipMessage<'_>) -> Result<InstantMessage, CpimError> {
    let body = Bytes::copy_from_slice(request.body());
    InstantMessage::new("message/cpim", body).open_cpim()
}

/// What is wrong with the address that was refused for this reason, in our words; nothing if it is an inbox, or another reason.
pub(crate) fn wrong_address(
    request: &SipMessage<'_>,
    reason: FailureReason,
    number_domain: Option<&Domain>,
) -> String {
    let Ok(request) = Request::read(request) else {
        return String::new();
    };
    let uri = match reason {
        FailureReason::InvalidDestination => request.uri(),
        FailureReason::InvalidSource => request.from().uri(),
        _ => return String::new(),
    };
    let wrong = party(uri, number_domain).err();
    wrong.map_or_else(String::new, |wrong| wrong.to_string())
}
