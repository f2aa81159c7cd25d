//! Documents that tell who watches: what is read can be written, and says the same when it is read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_model::{
    XmlWriteError,
    presence::watchers::{MAX_LEN, MAX_WATCHERS, WatcherInformation},
};

fuzz_target!(|data: &[u8]| {
    let information = match WatcherInformation::parse(data) {
        Ok(information) => information,
        Err(error) => return drop(error.to_string()),
    };
    let lists = information.lists().iter();
    assert!(lists.map(|list| 1 + list.watchers().len()).sum::<usize>() < MAX_WATCHERS);
    match information.to_document() {
        Ok(written) => {
            assert!(written.len() <= MAX_LEN);
            assert_eq!(WatcherInformation::parse(&written), Ok(information));
        }
        // References and escapes may take more bytes than what they stand for.
        Err(XmlWriteError::TooLarge { .. }) => {}
        Err(error) => panic!("what is read can be written: {error}"),
    }
});
