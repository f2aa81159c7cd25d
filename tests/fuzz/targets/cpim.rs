//! message/cpim: what is read can be written, and says the same when it is read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_model::{Bytes, ContentType, CpimMessage, InstantMessage};

fuzz_target!(|data: &[u8]| {
    let Ok(message) = CpimMessage::parse(Bytes::copy_from_slice(data)) else {
        return;
    };
    headers(message.message());
    let payload = message.message().payload().as_bytes();
    assert!(data.ends_with(payload), "a payload is not touched");

    // What a tolerant parser takes, a strict writer may refuse; it must not change it.
    if let Ok(written) = message.to_bytes() {
        // The MIME headers of the whole are the carrier's, and are not written.
        let again = CpimMessage::parse(written.clone()).expect("what we write can be read");
        assert_eq!(
            again.message(),
            message.message(),
            "{}",
            written.escape_ascii()
        );
        assert_eq!(again.to_bytes(), Ok(written));
    }
    if let Ok(opened) = message.into_message().open_cpim() {
        headers(&opened);
    }
});

/// Reads everything that has a type.
fn headers(message: &InstantMessage) {
    let headers = message.headers();
    for address in headers
        .from()
        .into_iter()
        .chain(headers.to())
        .chain(headers.cc())
    {
        let _inbox = address.inbox();
    }
    let _date = headers.date_time();
    assert!(headers.required().all(|name| !name.is_empty()));
    let _unknown = headers.unknown_requirement(&[]);
    assert!(headers.subjects().count() <= headers.len());
    let _subject = headers.subject_for("fr");
    assert_eq!(headers.resolved().count(), headers.resolved().count());
    if let Ok(content_type) = ContentType::parse(message.content_type()) {
        let _charset = content_type.charset();
        let _parameters = content_type.parameters().count();
    }
    let _text = message.as_text();
    let _encoding = message.transfer_encoding();
}
