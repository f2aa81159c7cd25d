//! The same by way of dnsmasq, which remembers, follows aliases by itself and states no SOA record for what is its own.

mod support;

use rialto_model::FailureReason;
use rialto_resolver::Resolver;
use rialto_tests::dns::{Dnsmasq, Nsd, servers_are_wanted};
use support::{ZONE, addresses, asking, failure, resolve, sip, xmpp};

#[tokio::test]
async fn cpim_2_2_2_srv_and_the_other_rules_hold_behind_a_forwarder() {
    if !servers_are_wanted() {
        return;
    }
    let nsd = Nsd::start(&[("test", ZONE)]);
    let dnsmasq = Dnsmasq::start(Some(nsd.address()), &[]);
    let resolver = Resolver::new(asking(dnsmasq.address()), vec![sip(), xmpp()]).unwrap();
    for (name, protocol, port) in [
        ("listed.test", "sip", 5061),
        ("alias2.test", "sip", 5061),
        ("record.test", "sip", 5061),
        ("todomain.test", "sip", 5061),
        ("plain.test", "sip", 5060),
        ("refusedsip.test", "xmpp", 5269),
        ("jabber.test", "xmpp", 5269),
    ] {
        // Its addresses stand in another order each time that dnsmasq is asked.
        let found = addresses(&*resolve(&resolver, name).await);
        let first = found.first().cloned().unwrap_or_default();
        let is_right = first.starts_with(protocol) && first.ends_with(&format!(":{port}"));
        assert!(is_right, "{name}: {found:?}");
    }
    for name in [
        "dead.test",
        "refused.test",
        "nobody.test",
        "empty.test",
        "circle1.test",
    ] {
        let (reason, detail) = failure(&*resolve(&resolver, name).await);
        assert_eq!(reason, FailureReason::Unresolvable, "{name}: {detail}");
    }
}

#[tokio::test]
async fn records_of_a_forwarder_itself_are_found() {
    if !servers_are_wanted() {
        return;
    }
    let options = [
        "--srv-host=_im._xmpp.office.example,host.office.example,5270,1,2",
        "--host-record=host.office.example,192.0.2.60,2001:db8::60",
        "--host-record=bare.office.example,192.0.2.61",
        "--mx-host=bare.office.example,host.office.example,10",
        "--local=/example/",
    ];
    let dnsmasq = Dnsmasq::start(None, &options);
    let resolver = Resolver::new(asking(dnsmasq.address()), vec![sip(), xmpp()]).unwrap();
    assert_eq!(
        addresses(&*resolve(&resolver, "office.example").await),
        ["xmpp 192.0.2.60:5270", "xmpp [2001:db8::60]:5270"]
    );
    let bare = addresses(&*resolve(&resolver, "bare.office.example").await);
    assert_eq!(bare, ["sip 192.0.2.61:5060"]);
    let (reason, _) = failure(&*resolve(&resolver, "no.office.example").await);
    assert_eq!(reason, FailureReason::Unresolvable);
}
