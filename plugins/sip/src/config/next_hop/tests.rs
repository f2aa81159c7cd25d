use super::*;

fn hop(text: &str) -> NextHop {
    text.parse().unwrap()
}

#[test]
fn next_hop_without_a_transport_is_udp_first_and_tcp_for_large_requests() {
    let hop = hop("[::1]:5070");
    assert_eq!(hop.preferred().unwrap().transport, TransportKind::Udp);
    assert_eq!(
        hop.congestion_controlled().unwrap().address,
        "[::1]:5070".parse().unwrap()
    );
}

#[test]
fn next_hop_with_a_transport_is_that_and_no_other() {
    assert_eq!(hop("udp:127.0.0.1:5070").congestion_controlled(), None);
    assert_eq!(
        hop("tcp:127.0.0.1:5070").preferred(),
        hop("tcp:127.0.0.1:5070").congestion_controlled()
    );
    let secured = hop("tls:127.0.0.1:5061");
    assert_eq!(secured.preferred(), secured.secured());
    assert_eq!(secured.congestion_controlled(), secured.secured());
    assert_eq!(secured.secured().unwrap().transport, TransportKind::Tls);
}

#[test]
fn next_hop_over_tls_may_say_whom_to_expect() {
    assert_eq!(hop("tls:127.0.0.1:5061").domain(), None);
    let named = hop("tls:Proxy.Example@127.0.0.1:5061");
    assert_eq!(named.domain().unwrap().as_str(), "proxy.example");
    assert_eq!(named.secured(), hop("tls:127.0.0.1:5061").secured());
    for wrong in [
        "tls:",
        "tls:proxy.example",
        "tls:proxy.example:5061",
        "tls:@127.0.0.1:5061",
        "tls:a b@127.0.0.1:5061",
        "tls:flow=@127.0.0.1:5061",
        "tls:127.0.0.1",
        "tcp:proxy.example@127.0.0.1:5061",
    ] {
        assert!(wrong.parse::<NextHop>().is_err(), "{wrong}");
    }
}

#[test]
fn hop_is_read_as_it_was_written() {
    for text in [
        "udp:192.0.2.1:5060",
        "tcp:[2001:db8::1]:5060",
        "tls:192.0.2.1:5061",
        "tls:flow=1f3a@192.0.2.1:40001",
        "tls:flow=1f3a@[2001:db8::1]:40001",
    ] {
        let hop = hop(text).preferred().unwrap();
        assert_eq!(hop.to_string(), text);
        assert_eq!(NextHop::from(hop), self::hop(text));
    }
}

#[test]
fn next_hop_may_be_the_uri_of_a_proxy() {
    assert_eq!(hop("sip:127.0.0.1:5070"), hop("127.0.0.1:5070"));
    assert_eq!(hop("sip:[::1];transport=TCP"), hop("tcp:[::1]:5060"));
    assert_eq!(hop("sip:[::1];transport=tls"), hop("tls:[::1]:5061"));
    assert_eq!(hop("sips:127.0.0.1"), hop("tls:127.0.0.1:5061"));
    assert_eq!(
        hop("sips:127.0.0.1:5071;transport=tcp"),
        hop("tls:127.0.0.1:5071")
    );
    for wrong in [
        "sip:example.com",
        "sips:127.0.0.1;transport=udp",
        "sip:127.0.0.1;transport=ws",
        "sip:",
    ] {
        assert!(wrong.parse::<NextHop>().is_err(), "{wrong}");
    }
}

#[test]
fn next_hops_of_several_transports_make_one_and_tls_is_the_first() {
    let both = hop("udp:127.0.0.1:1").or(hop("tcp:127.0.0.1:2"));
    assert_eq!(both.preferred().unwrap().address.port(), 1);
    assert_eq!(both.congestion_controlled().unwrap().address.port(), 2);
    let all = both.or(hop("tls:127.0.0.1:3"));
    assert_eq!(all.preferred().unwrap().address.port(), 3);
    assert_eq!(all.congestion_controlled().unwrap().address.port(), 3);
}

#[test]
fn listening_needs_a_transport_and_an_address() {
    assert!("tls:127.0.0.1:5061".parse::<ListenAddress>().is_ok());
    for wrong in [
        "127.0.0.1:5060",
        "tls:gw.example@127.0.0.1:5061",
        "udp:example.com:5060",
        "udp:127.0.0.1",
    ] {
        assert!(wrong.parse::<ListenAddress>().is_err(), "{wrong}");
    }
}
