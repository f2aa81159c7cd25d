//! URIs: what is taken once is canonical, and means the same when it is read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rialto_model::{Domain, InstantInbox, Presentity, SourceRoute};

fuzz_target!(|text: &str| {
    inbox(text);
    presentity(text);
    source_route(text);
});

fn inbox(text: &str) {
    let Ok(inbox) = InstantInbox::parse(text) else {
        return;
    };
    assert_eq!(InstantInbox::parse(inbox.as_str()).as_ref(), Ok(&inbox));
    let domain = Domain::parse(inbox.domain()).expect("the domain of an address is one");
    assert_eq!(
        InstantInbox::new(&inbox.local_part(), &domain).as_ref(),
        Ok(&inbox)
    );
    source_route(&inbox.local_part());
}

fn presentity(text: &str) {
    let Ok(presentity) = Presentity::parse(text) else {
        return;
    };
    assert_eq!(
        Presentity::parse(presentity.as_str()).as_ref(),
        Ok(&presentity)
    );
}

fn source_route(local_part: &str) {
    let Ok(route) = SourceRoute::parse(local_part) else {
        return;
    };
    let relay = Domain::parse("relay.example").expect("it is a domain");
    // A route that is too long for one address more is refused; it must not change instead.
    let Ok(shown) = route.to_inbox(&relay) else {
        return;
    };
    assert_eq!(SourceRoute::parse(&shown.local_part()).as_ref(), Ok(&route));
}
