//! Next hops that DNS names, for the adapters whose plugins say how they are found.

use std::sync::Arc;

use rand::{CryptoRng, Rng};
use rialto_loader::{Lookup, Manifest};
use rialto_model::{ByteString, Domain, Failure};
use rialto_resolver::{self as resolver, Protocol, Resolution, Resolver, Service};
use rialto_router::{AdapterId, Hop, RoutingTable};

use crate::config::{ConfigError, ResolverConfig};

/// The resolver, and which adapter speaks what it finds.
#[derive(Debug)]
pub(crate) struct Dns {
    resolver: Resolver,
    networks: Vec<Network>,
}

/// A protocol, as this gateway speaks it.
#[derive(Debug)]
struct Network {
    protocol: ByteString,
    adapter: AdapterId,
}

/// The adapters that DNS finds: those that the operator names, else the first of each protocol that says how.
pub(crate) fn adapters<'a>(
    config: &'a ResolverConfig,
    manifests: &[(&'a str, &Manifest)],
) -> Result<Vec<&'a str>, ConfigError> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    let named = config.adapters.as_deref();
    for (name, manifest) in in_order(named, manifests) {
        let says_how = !manifest.lookups().is_empty();
        let twin = found
            .iter()
            .find(|(_, protocol)| *protocol == manifest.protocol());
        match (named.is_some(), says_how, twin) {
            (_, true, None) => found.push((name, manifest.protocol())),
            (false, ..) => {}
            (true, false, _) => {
                return Err(refusal(
                    config,
                    format!("the plugin of `{name}` does not say how DNS finds it"),
                ));
            }
            (true, true, Some((other, protocol))) => {
                let problem = format!(
                    "`{name}` and `{other}` both speak {protocol}: DNS cannot tell them apart"
                );
                return Err(refusal(config, problem));
            }
        }
    }
    Ok(found.into_iter().map(|(name, _)| name).collect())
}

impl Dns {
    /// Reads the system's configuration where the operator names no servers. None when DNS finds no adapter.
    pub(crate) fn new(
        config: &ResolverConfig,
        table: &RoutingTable,
        manifests: &[(&str, &Manifest)],
    ) -> Result<Option<Self>, ConfigError> {
        let of = |id: &AdapterId| {
            let name = table.adapter(*id)?.name();
            let (_, manifest) = manifests.iter().find(|(adapter, _)| *adapter == &**name)?;
            Some((*id, *manifest))
        };
        let found: Vec<_> = table.found_by_dns().iter().filter_map(of).collect();
        if found.is_empty() {
            return Ok(None);
        }
        let protocols = found
            .iter()
            .map(|(_, manifest)| protocol(manifest))
            .collect();
        let resolver = Resolver::new(config.dns.clone(), protocols)
            .map_err(|error| refusal(config, error.to_string()))?;
        let networks = found.iter().map(|(adapter, manifest)| Network {
            protocol: manifest.protocol().into(),
            adapter: *adapter,
        });
        Ok(Some(Self {
            resolver,
            networks: networks.collect(),
        }))
    }

    /// What is known already of a domain's service.
    pub(crate) fn cached(&self, service: Service, domain: &Domain) -> Option<Arc<Resolution>> {
        self.resolver.cached(service, domain)
    }

    /// What DNS says of a domain's service.
    pub(crate) async fn resolve(&self, service: Service, domain: &Domain) -> Arc<Resolution> {
        self.resolver.resolve(service, domain).await
    }

    /// What DNS says of a domain's message service, line by line.
    pub(crate) async fn explain(&self, domain: &Domain) -> (Arc<Resolution>, Vec<String>) {
        self.resolver
            .explain(Service::InstantMessaging, domain)
            .await
    }

    /// The next hops of one operation, in an order of its own.
    pub(crate) fn hops<R: CryptoRng + Rng>(
        &self,
        resolution: &Resolution,
        rng: &mut R,
        only: Option<AdapterId>,
    ) -> Result<Vec<Hop>, Failure> {
        let only = only.and_then(|id| self.networks.iter().find(|network| network.adapter == id));
        let only = only.map(|network| &*network.protocol);
        let mut hops: Vec<Hop> = Vec::new();
        for found in resolution.hops(rng, only)? {
            if let Some(hop) = self.hop(found)
                && !hops.contains(&hop)
            {
                hops.push(hop);
            }
        }
        Ok(hops)
    }

    fn hop(&self, found: &resolver::Hop) -> Option<Hop> {
        let mut networks = self.networks.iter();
        let network = networks.find(|network| network.protocol == *found.protocol())?;
        let hop = Hop::new(network.adapter);
        // An adapter that finds its own way is given no address.
        Some(match found.address().is_empty() {
            true => hop,
            false => hop.with_next_hop(found.address().clone()),
        })
    }
}

/// The adapters in the operator's order, or in that of their names.
fn in_order<'a, 'm>(
    named: Option<&'a [String]>,
    manifests: &[(&'a str, &'m Manifest)],
) -> Vec<(&'a str, &'m Manifest)> {
    let Some(named) = named else {
        return manifests.to_vec();
    };
    let of = |name: &'a String| {
        let mut manifests = manifests.iter();
        manifests
            .find(|(adapter, _)| adapter == name)
            .map(|(_, manifest)| (name.as_str(), *manifest))
    };
    named.iter().filter_map(of).collect()
}

/// What a plugin's manifest is to the resolver.
fn protocol(manifest: &Manifest) -> Protocol {
    let mut protocol = Protocol::new(manifest.protocol());
    let mut naptr = Vec::new();
    for lookup in manifest.lookups() {
        match lookup {
            Lookup::Naptr {
                service, prefix, ..
            } => naptr.push((service.clone(), prefix.as_str().into())),
            _ => protocol = with_lookup(flush(protocol, &mut naptr), lookup),
        }
    }
    flush(protocol, &mut naptr)
}

/// NAPTR records that stand side by side are one question.
fn flush(protocol: Protocol, naptr: &mut Vec<(String, ByteString)>) -> Protocol {
    match std::mem::take(naptr) {
        services if services.is_empty() => protocol,
        services => protocol.with_lookup(resolver::Lookup::Naptr { services }),
    }
}

fn with_lookup(protocol: Protocol, lookup: &Lookup) -> Protocol {
    match lookup {
        Lookup::Srv { name, prefix, .. } => protocol.with_lookup(resolver::Lookup::Srv {
            name: name.clone(),
            prefix: prefix.as_str().into(),
        }),
        Lookup::Mx { port, prefix, .. } => protocol.with_lookup(resolver::Lookup::Mx {
            port: port.get(),
            prefix: prefix.as_str().into(),
        }),
        Lookup::Address { port, prefix, .. } => protocol.with_implicit(port.get(), prefix.as_str()),
        Lookup::Unaddressed => protocol.without_addresses(),
        _ => protocol,
    }
}

fn refusal(config: &ResolverConfig, problem: String) -> ConfigError {
    ConfigError::new("resolver", problem)
        .at(config.place.clone())
        .hint(
            "resolver.adapters names those that DNS finds; with `adapters = []` it is never asked",
        )
}
