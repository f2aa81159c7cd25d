//! Strangers, and who may speak for whom, without any rule.

use super::*;

#[test]
fn cpim_4_1_stranger_cannot_use_the_gateway_as_an_open_relay() {
    let table = with([]);
    let partner = "im:pat@partner.example";
    let by_route = "im:sip=faraway.example/fred@relay.example";
    for (source, destination) in [(EVE, FRED), (EVE, partner), (partner, EVE), (EVE, by_route)] {
        for from in [SIP, XMPP, MAIL] {
            let message = operation(source, destination);
            assert!(
                !permits(&table, from, message.clone()),
                "{source} to {destination}"
            );
            assert!(
                !permits(&table, from, vouched(message)),
                "{source} to {destination}"
            );
        }
    }
    assert!(permits(&table, SIP, operation(EVE, BOB)), "to one of ours");
    let from_ours = vouched(operation(ALICE, FRED));
    assert!(permits(&table, SIP, from_ours), "from one of ours");
}

#[test]
fn cpim_4_1_stranger_who_writes_an_address_of_ours_cannot_use_the_gateway_as_an_open_relay() {
    let table = with([]);
    let ours = [ALICE, "im:sip=voice.example/alice@relay.example"];
    let strangers = [
        FRED,
        "im:pat@partner.example",
        "im:sip=faraway.example/fred@relay.example",
    ];
    for (source, destination) in ours.iter().flat_map(|s| strangers.map(|d| (*s, d))) {
        let message = operation(source, destination);
        assert!(!permits(&table, SIP, message.clone()), "{destination}");
        assert!(permits(&table, SIP, vouched(message)), "{destination}");
    }
    // An operator whose network lets nobody else in may say so.
    let table = with([allow().from_adapter("sip").from(pattern("*@voice.example"))]);
    assert!(permits(&table, SIP, operation(ALICE, FRED)));
}

#[test]
fn cpim_4_1_source_route_to_one_of_ours_by_another_network_is_no_way_around_the_rules() {
    let table = with([]);
    for destination in [
        "im:sip=jabber.example/bob@relay.example",
        "im:sip=any.jabber.example/bob@relay.example",
        "im:smtp=jabber.example/bob@relay.example",
    ] {
        for source in [EVE, ALICE] {
            let message = operation(source, destination);
            assert!(!permits(&table, SIP, message), "{source} to {destination}");
        }
        let from_ours = vouched(operation(ALICE, destination));
        assert!(permits(&table, SIP, from_ours), "{destination}");
    }
    let by_its_own = "im:xmpp=jabber.example/bob@relay.example";
    assert!(permits(&table, SIP, operation(EVE, by_its_own)));
}

#[test]
fn cpim_4_1_rule_about_an_address_lets_nobody_speak_for_it_from_another_network() {
    let named = |adapter| {
        allow()
            .from_adapter(adapter)
            .from(pattern("*@voice.example"))
    };
    let anywhere = with([allow().from(pattern("*@voice.example")), allow()]);
    let from_mail = with([allow(), named("mail")]);
    let dressed = "im:sip=voice.example/alice@relay.example";
    for (source, destination) in [(ALICE, BOB), (ALICE, FRED), (dressed, BOB)] {
        let message = operation(source, destination);
        for from in [XMPP, MAIL] {
            assert!(!permits(&anywhere, from, message.clone()), "{source}");
        }
        assert!(!permits(&from_mail, XMPP, message.clone()), "{source}");
        assert!(permits(&from_mail, MAIL, message), "{source}");
    }
}

#[test]
fn cpim_4_1_own_user_speaks_by_the_own_network_only() {
    let table = with([]);
    let spoofs = [
        (XMPP, ALICE),
        (XMPP, "im:sip=voice.example/alice@relay.example"),
        (XMPP, "im:xmpp=voice.example/alice@relay.example"),
        (SIP, "im:xmpp=jabber.example/bob@relay.example"),
        (MAIL, "im:postmaster@relay.example"),
        (MAIL, "im:fax=elsewhere.example/eve@relay.example"),
    ];
    for (from, source) in spoofs {
        let message = operation(source, "im:carol@jabber.example");
        assert!(!permits(&table, from, message.clone()), "{source}");
        assert!(permits(&table, from, vouched(message)), "{source}");
    }
    assert!(permits(&table, SIP, operation(ALICE, BOB)));
    let as_route = "im:sip=voice.example/alice@relay.example";
    assert!(permits(&table, SIP, operation(as_route, BOB)));
}

#[test]
fn cpim_4_1_sender_in_a_source_route_is_no_more_own_than_inside_it() {
    let table = with([]);
    let dressed = "im:xmpp=elsewhere.example/eve@relay.example";
    assert!(!permits(&table, XMPP, operation(dressed, FRED)));
    assert!(permits(&table, XMPP, operation(dressed, ALICE)));
    assert!(
        !permits(&table, SIP, operation(dressed, ALICE)),
        "leads elsewhere"
    );
}
