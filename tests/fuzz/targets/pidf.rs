//! Presence documents: what is read can be written, and reads the same again with nothing to forgive.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_model::presence::{
    MAX_FORGIVEN, MAX_LEN, PidfReader, PidfWriteError, PresenceInformation, Reading,
};

fuzz_target!(|data: &[u8]| {
    let presentity = "pres:known@example.com".parse().expect("an address");
    let Ok(reading) = PidfReader::asked_of(presentity).read(data) else {
        return;
    };
    faults(&reading, data);
    let information = reading.into_information();
    let written = match information.to_xml() {
        Ok(written) => written,
        // References and namespaces may be longer than what they stand for.
        Err(PidfWriteError::TooLarge { .. }) => return,
        Err(error) => panic!("what is read can be written: {error}"),
    };
    assert!(written.len() <= MAX_LEN);
    let again = PresenceInformation::parse(written.as_bytes());
    let again = again.unwrap_or_else(|error| panic!("{error}: {written}"));
    assert_eq!(again.forgiven(), [], "{written}");
    assert_eq!(again.information(), &information, "{written}");
    assert_eq!(again.information().to_xml(), Ok(written));
});

fn faults(reading: &Reading, data: &[u8]) {
    assert_eq!(
        reading.forgiven().len(),
        reading.forgiven_count().min(MAX_FORGIVEN)
    );
    for forgiven in reading.forgiven() {
        assert!(forgiven.at < data.len() && !forgiven.to_string().is_empty());
    }
}
