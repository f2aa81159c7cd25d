//! What cannot be used is refused before anything is asked.

use std::net::SocketAddr;

use rialto_resolver::{Config, ConfigError, Lookup, Protocol, Resolver};

fn refused(protocols: Vec<Protocol>) -> Option<ConfigError> {
    let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
    Resolver::new(Config::default().with_name_servers([nobody]), protocols).err()
}

#[test]
fn protocol_with_a_name_that_is_no_label_is_refused() {
    let long = "x".repeat(63);
    for name in ["", "_sip", "si.p", "s p", "sïp", &long] {
        let error = refused(vec![Protocol::new(name)]);
        assert!(
            matches!(&error, Some(ConfigError::ProtocolName(found)) if found == name),
            "{name}: {error:?}"
        );
    }
    assert!(refused(vec![Protocol::new("x".repeat(62))]).is_none());
}

#[test]
fn lookup_of_a_name_that_cannot_be_is_refused() {
    let srv = |name: &str| Lookup::Srv {
        name: name.into(),
        prefix: "".into(),
    };
    for name in ["", "sip", "_sip._udp.", "_sip.udp", "_s ip._udp", "__sip"] {
        let error = refused(vec![Protocol::new("sip").with_lookup(srv(name))]);
        assert!(
            matches!(&error, Some(ConfigError::LookupName(found)) if found == name),
            "{name}: {error:?}"
        );
    }
    assert!(refused(vec![Protocol::new("sip").with_lookup(srv("_sip._udp"))]).is_none());
}

#[test]
fn more_protocols_than_a_domain_is_asked_for_are_refused() {
    let protocols = |count: usize| (0..count).map(|n| Protocol::new(format!("p{n}"))).collect();
    assert!(refused(protocols(Config::MAX_PROTOCOLS)).is_none());
    let error = refused(protocols(Config::MAX_PROTOCOLS + 1));
    assert!(
        matches!(error, Some(ConfigError::TooManyProtocols(17))),
        "{error:?}"
    );
}
