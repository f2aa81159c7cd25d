//! Reports on messages, status messages and the headers that go with them: what is read can be written, and says the
//! same when it is read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_model::{
    Bytes, CpimMessage, Imdn, ImdnHeaders, InstantMessage, IsComposing, xml::Element,
};

fuzz_target!(|data: &[u8]| {
    document(data);
    let Ok(message) = CpimMessage::parse(Bytes::copy_from_slice(data)) else {
        return;
    };
    document(message.message().payload().as_bytes());
    headers(message.message());
});

fn document(data: &[u8]) {
    let Ok(element) = Element::parse(data) else {
        assert!(Imdn::parse(data).is_err() && IsComposing::parse(data).is_err());
        return;
    };
    // References may take more bytes than what they stand for.
    if let Ok(written) = element.to_document() {
        assert_eq!(
            Element::parse(&written),
            Ok(element),
            "{}",
            written.escape_ascii()
        );
    }
    if let Ok(imdn) = Imdn::parse(data)
        && let Ok(message) = imdn.to_message()
    {
        let _date = imdn.date_time();
        assert_eq!(Imdn::from_message(&message), Ok(Some(imdn)));
    }
    if let Ok(composing) = IsComposing::parse(data)
        && let Ok(message) = composing.to_message()
    {
        let _time = composing.holds_for();
        assert_eq!(IsComposing::from_message(&message), Ok(Some(composing)));
    }
}

fn headers(message: &InstantMessage) {
    let _report = Imdn::from_message(message);
    let Ok(headers) = ImdnHeaders::read(message.headers()) else {
        return;
    };
    let written = headers.write(message.headers());
    assert_eq!(ImdnHeaders::read(&written), Ok(headers));
}
