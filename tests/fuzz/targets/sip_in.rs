//! SIP from datagrams and streams: whatever the bytes are, a header is a value or an error, what is answered can be read, and
//! a stream holds the same messages in any chunks.

#![no_main]

use std::net::SocketAddr;

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use rialto_sip_codec::{
    Address, Dialog, DialogError, Frame, Framer, HeaderName, MessageWriter, Method, Reply, Request,
    Response, SipMessage, StatusCode, TelephoneSubscriber, Transport, Uri, dialog::Leaving,
};

fuzz_target!(|data: &[u8]| {
    let Some((&chunk, bytes)) = data.split_first() else {
        return;
    };
    datagram(bytes);
    let whole = frames(bytes, usize::MAX);
    assert_eq!(whole, frames(bytes, usize::from(chunk) + 1));
    for frame in whole {
        if let Frame::Message(message) = frame {
            datagram(&message);
        }
    }
});

fn datagram(bytes: &[u8]) {
    if let Some(broken) = SipMessage::salvage(bytes) {
        assert!(broken.body().is_empty());
        headers(&broken);
        answer(&broken);
    }
    let Ok(message) = SipMessage::parse(bytes) else {
        return;
    };
    assert!(bytes.len() >= message.body().len());
    headers(&message);
    if let Ok(request) = Request::read(&message) {
        uri(request.uri());
        assert!(answer(&message), "a good request can be answered");
        dialog(Dialog::of_server(&request, "t"));
    }
    if let Ok(response) = Response::read(&message) {
        assert!((100..700).contains(&response.status().code()));
        dialog(Dialog::of_client(&response));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        dialog(text.parse());
    }
}

/// What is a dialog survives as text, and a request within it can be read.
fn dialog(dialog: Result<Dialog, DialogError>) {
    let Ok(dialog) = dialog else {
        return;
    };
    assert_eq!(dialog.to_string().parse().as_ref(), Ok(&dialog));
    let leaving = Leaving {
        transport: Transport::Udp,
        sent_by: "192.0.2.1",
        branch: "z9hG4bK1",
        sequence: 1,
        max_forwards: 70,
    };
    let mut bytes = Vec::new();
    let writer = dialog.request(&mut bytes, Method::Notify, &leaving);
    writer.finish(b"").expect("what is a dialog can be written");
    let message = SipMessage::parse(&bytes).expect("what we write can be read");
    let request = Request::read(&message).expect("what we write is a request");
    assert_eq!(request.to().tag(), Some(dialog.remote_tag()));
}

/// The frames before the stream is lost.
fn frames(bytes: &[u8], chunk: usize) -> Vec<Frame> {
    let (mut framer, mut buffer, mut frames) = (Framer::new(), BytesMut::new(), Vec::new());
    for piece in bytes.chunks(chunk) {
        buffer.extend_from_slice(piece);
        loop {
            match framer.next_frame(&mut buffer) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return frames,
            }
        }
    }
    frames
}

/// Whether the request can be answered; an answer finds its way back.
fn answer(request: &SipMessage<'_>) -> bool {
    let source = Some(SocketAddr::from(([192, 0, 2, 1], 5060)));
    let reply = Reply {
        status: StatusCode::OK,
        reason: "",
        source,
        to_tag: "t",
    };
    let mut bytes = Vec::new();
    if MessageWriter::response(&mut bytes, request, &reply)
        .finish(b"")
        .is_err()
    {
        return false;
    }
    let response = SipMessage::parse(&bytes).expect("what we write can be read");
    let branch = |message: &SipMessage<'_>| message.via().ok()?.branch().map(str::to_owned);
    assert_eq!(branch(&response), branch(request));
    assert_eq!(response.call_id().ok(), request.call_id().ok());
    true
}

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
    if let Ok(Some(state)) = message.subscription_state() {
        let _times = (state.reason(), state.expires(), state.retry_after());
    }
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
    if let Uri::Tel(tel) = uri
        && let Ok(number) = TelephoneSubscriber::parse(tel.rest())
    {
        assert_eq!(
            TelephoneSubscriber::parse(number.as_str()).as_ref(),
            Ok(&number)
        );
    }
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
