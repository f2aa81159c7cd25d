//! Records of the journal that nobody wrote: each is read or refused with a reason, in every table.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_model::Bytes;
use rialto_router::{JournalKey, JournalTable, PresenceSettings, RecordView, RoutingTable};

fuzz_target!(|data: &[u8]| {
    let record = Bytes::copy_from_slice(data);
    let key = JournalKey::new(7).to_bytes();
    let tables = [
        JournalTable::Operations,
        JournalTable::Identities,
        JournalTable::Dispositions,
    ];
    let read = tables.map(|table| RecordView::read(table, &key, &record));
    // A record says itself where it belongs.
    assert!(read.iter().filter(|read| read.is_ok()).count() <= 1);
    let routes = RoutingTable::builder().build().expect("an empty table");
    let settings = PresenceSettings::default();
    let tables = [
        JournalTable::Subscriptions,
        JournalTable::Presence,
        JournalTable::Rules,
    ];
    let presence = tables.map(|table| settings.presentity_of_record(&routes, table, &key, &record));
    assert!(presence.iter().filter(|read| read.is_ok()).count() <= 1);
    for refused in presence.iter().filter_map(|read| read.as_ref().err()) {
        assert!(!refused.to_string().is_empty());
    }
    for refused in read.iter().filter_map(|read| read.as_ref().err()) {
        assert!(!refused.to_string().is_empty());
    }
});
