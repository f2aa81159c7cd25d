//! A resolver, and the zones that it is asked about.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![expect(clippy::panic, reason = "a test that cannot go on ends")]
#![allow(dead_code, reason = "each test binary uses a part of this")]

pub(crate) mod lies;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::SmallRng};
use rialto_model::{Domain, FailureReason};
use rialto_resolver::{Config, Lookup, Protocol, Resolution, Resolver, Service};
use rialto_tests::dns::{Asked, DnsProxy, Nsd, Plan};

/// Beneath `test`, for each case a domain.
pub(crate) const ZONE: &str = include_str!("test.zone");

/// The zone on a real server, and a proxy before it that writes down what is asked.
pub(crate) struct World {
    pub(crate) proxy: DnsProxy,
    pub(crate) nsd: Nsd,
    pub(crate) resolver: Resolver,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|config| config, vec![sip(), xmpp()])
    }

    pub(crate) fn with(config: impl FnOnce(Config) -> Config, protocols: Vec<Protocol>) -> Self {
        let nsd = Nsd::start(&[("test", ZONE), ("elsewhere.example", ELSEWHERE)]);
        let proxy = DnsProxy::start(Plan::Forward(nsd.address()));
        let config = config(asking(proxy.address()));
        Self {
            resolver: Resolver::new(config, protocols).unwrap(),
            proxy,
            nsd,
        }
    }

    pub(crate) async fn resolve(&self, domain: &str) -> Arc<Resolution> {
        resolve(&self.resolver, domain).await
    }

    /// The addresses in the order to try them, all of one draw.
    pub(crate) async fn addresses(&self, domain: &str) -> Vec<String> {
        addresses(&*self.resolve(domain).await)
    }

    /// Why there is no way to a domain.
    pub(crate) async fn failure(&self, domain: &str) -> (FailureReason, String) {
        failure(&*self.resolve(domain).await)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.proxy.asked()
    }
}

const ELSEWHERE: &str = "\
@ A 192.0.2.70
host A 192.0.2.71
_im._sip SRV 0 0 5071 host
";

pub(crate) async fn resolve(resolver: &Resolver, name: &str) -> Arc<Resolution> {
    resolver
        .resolve(Service::InstantMessaging, &domain(name))
        .await
}

pub(crate) fn addresses(resolution: &Resolution) -> Vec<String> {
    let mut rng = SmallRng::seed_from_u64(1);
    let hops = resolution.hops(&mut rng, None);
    let hops = hops.unwrap_or_else(|failure| panic!("{}: {failure}", resolution.domain()));
    hops.map(|hop| format!("{} {}", hop.protocol(), hop.address()))
        .collect()
}

pub(crate) fn failure(resolution: &Resolution) -> (FailureReason, String) {
    let failure = resolution.failure().unwrap_or_else(|| {
        panic!("{} has {:?}", resolution.domain(), addresses(resolution));
    });
    (failure.reason(), failure.detail().to_owned())
}

pub(crate) fn domain(name: &str) -> Domain {
    Domain::parse(name).unwrap()
}

/// Asks this server; waits for no one for long, but for longer than a busy machine takes.
pub(crate) fn asking(server: SocketAddr) -> Config {
    Config::default()
        .with_name_servers([server])
        .with_timeout(Duration::from_secs(10), 1)
        .with_deadline(Duration::from_secs(30))
        .with_alternates(16)
        .unwrap()
}

pub(crate) fn sip() -> Protocol {
    let services = [("SIP+D2U", "udp:"), ("SIP+D2T", "tcp:")];
    Protocol::new("sip")
        .with_lookup(Lookup::Naptr {
            services: services
                .map(|(name, prefix)| (name.into(), prefix.into()))
                .into(),
        })
        .with_lookup(srv("_sip._udp", "udp:"))
        .with_lookup(srv("_sip._tcp", "tcp:"))
        .with_implicit(5060, "")
}

pub(crate) fn xmpp() -> Protocol {
    Protocol::new("xmpp")
        .with_lookup(srv("_xmpp-server._tcp", ""))
        .with_implicit(5269, "")
}

pub(crate) fn mail() -> Protocol {
    Protocol::new("smtp").with_lookup(Lookup::Mx {
        port: 25,
        prefix: "".into(),
    })
}

fn srv(name: &str, prefix: &'static str) -> Lookup {
    Lookup::Srv {
        name: name.into(),
        prefix: prefix.into(),
    }
}
