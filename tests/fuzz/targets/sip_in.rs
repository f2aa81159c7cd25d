//! SIP from a datagram: whatever the bytes are, each header is a value or an error, and what is answered can be read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_sip_codec::{Address, HeaderName, Request, Response, SipMessage, Uri};

fuzz_target!(|data: &[u8]| {
    if let Some(broken) = SipMessage::salvage(data) {
        assert!(broken.body().is_empty());
        headers(&broken);
    }
    let Ok(message) = SipMessage::parse(data) else {
        return;
    };
    headers(&message);
    if let Ok(request) = Request::read(&message) {
        uri(request.uri());
        assert_eq!(
            request.message().cseq().map(|cseq| cseq.number()),
            Ok(request.cseq().number())
        );
    }
    if let Ok(response) = Response::read(&message) {
        assert!(
            response
                .via()
                .branch()
                .is_none_or(|branch| !branch.is_empty())
        );
    }
    assert!(data.len() >= message.body().len());
});

/// Reads everything that has a type.
fn headers(message: &SipMessage<'_>) {
    for value in message.vias().flatten() {
        let _parts = (
            value.port_or_default(),
            value.unique_branch(),
            value.rport(),
            value.maddr(),
        );
    }
    for name in [
        HeaderName::Route,
        HeaderName::RecordRoute,
        HeaderName::Contact,
    ] {
        message
            .addresses(name)
            .flatten()
            .for_each(|value| address(&value));
    }
    for value in [message.from(), message.to()].into_iter().flatten() {
        address(&value);
    }
    message.reply_to().ok().flatten().iter().for_each(address);
    for name in [
        HeaderName::Require,
        HeaderName::Supported,
        HeaderName::Allow,
    ] {
        assert!(
            message
                .tokens(name)
                .flatten()
                .all(|token| !token.is_empty())
        );
    }
    let _media = message
        .accept()
        .flatten()
        .map(|media| media.params().iter().count())
        .sum::<usize>();
    let _texts = message
        .warnings()
        .flatten()
        .map(|warning| warning.text().len())
        .sum::<usize>();
    let _contacts = message.contacts().is_ok();
    let _numbers = (
        message.max_forwards(),
        message.expires(),
        message.min_expires(),
    );
    let _dates = (
        message.date(),
        message.retry_after(),
        message.cseq(),
        message.call_id(),
    );
    let _content = (
        message.content_length(),
        message.content_type(),
        message.content_disposition(),
    );
    let _events = (
        message.event(),
        message.subscription_state(),
        message.priority(),
    );
    let _subject = message.text(HeaderName::Subject);
}

fn address(address: &Address<'_>) {
    let _name = address.display_name();
    for param in address.params().iter() {
        let _found = address.params().find(param.name);
    }
    assert!(address.tag().is_none_or(|tag| !tag.is_empty()));
    uri(address.uri());
}

/// What a URI says of itself reads the same again.
fn uri(uri: Uri<'_>) {
    let Uri::Sip(sip) = uri else { return };
    let _user = sip.user_text();
    assert!(sip.params().all(|(name, _)| sip.param(name).is_some()));
    assert!(sip.headers().count() <= sip.to_string().len());
    let text = sip.to_string();
    assert_eq!(
        Uri::parse(&text).map(|again| again.to_string()),
        Ok(text.clone())
    );
}
