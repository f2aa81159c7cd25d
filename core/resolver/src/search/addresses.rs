//! From the names of hosts to their addresses.

use std::net::{IpAddr, SocketAddr};

use futures_util::{StreamExt, future::join_all, stream};
use hickory_resolver::proto::rr::{RData, RecordType};
use rialto_model::{Domain, Failure};

use super::{
    asking::Asking,
    finding::{Candidate, failure},
};
use crate::{
    AddressFamilies, Config,
    answer::{Answer, Dns},
    journal::Journal,
    resolution::{Hop, MAX_TARGETS, Target},
};

/// The addresses of one host, in the order in which DNS gave them.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    pub(super) usable: Vec<IpAddr>,
    pub(super) no_such_name: bool,
    pub(super) failure: Option<Failure>,
}

/// The candidates, best first, with their addresses; those without are left out. Fails for want of any, if a host's addresses are not known for now.
pub(super) async fn targets<D: Dns>(
    asking: &mut Asking<'_, D>,
    config: &Config,
    mut candidates: Vec<Candidate>,
) -> Result<Vec<Target>, Failure> {
    candidates.truncate(MAX_TARGETS);
    // Without addresses all are the same to their adapter, and the first says that there is one.
    candidates.dedup_by(|next, one| !next.is_addressed && next.protocol == one.protocol);
    // In their order, so that the best ones are known when no more questions may be put.
    let mut hosts: Vec<Domain> = Vec::new();
    for candidate in candidates.iter().filter(|candidate| candidate.is_addressed) {
        if !hosts.contains(&candidate.host) {
            hosts.push(candidate.host.clone());
        }
    }
    let each = hosts.into_iter().map(|host| {
        let mut branch = asking.branch();
        async move {
            let addresses = of_host(&mut branch, config, &host).await;
            ((host, addresses), branch)
        }
    });
    let known: Vec<_> = stream::iter(each).buffered(AT_A_TIME).collect().await;
    let known = asking.join(known);
    let of = |host: &Domain| known.iter().find(|(name, _)| name == host);
    let targets = candidates.iter().filter_map(|candidate| {
        if !candidate.is_addressed {
            return Some(unaddressed(candidate));
        }
        let (_, addresses) = of(&candidate.host)?;
        (!addresses.usable.is_empty()).then(|| target(candidate, &addresses.usable))
    });
    let targets: Vec<_> = targets.collect();
    let trouble = known
        .into_iter()
        .find_map(|(_, addresses)| addresses.failure);
    match trouble {
        Some(failure) if targets.is_empty() => Err(failure),
        _ => Ok(targets),
    }
}

/// How many hosts are looked up at a time.
const AT_A_TIME: usize = 8;

/// Asks for the addresses of a host, of both families at the same time.
pub(super) async fn of_host<D: Dns>(
    asking: &mut Asking<'_, D>,
    config: &Config,
    host: &Domain,
) -> Addresses {
    let kinds: &[RecordType] = match config.families {
        AddressFamilies::V4ThenV6 => &[RecordType::A, RecordType::AAAA],
        AddressFamilies::V6ThenV4 => &[RecordType::AAAA, RecordType::A],
        AddressFamilies::V4 => &[RecordType::A],
        AddressFamilies::V6 => &[RecordType::AAAA],
    };
    let each = kinds.iter().map(|&kind| {
        let mut branch = asking.branch();
        async move { ((kind, branch.ask(host.as_str(), kind).await), branch) }
    });
    let answers = join_all(each).await;
    let mut addresses = Addresses::default();
    for (kind, answer) in asking.join(answers) {
        match answer {
            Ok(answer) => addresses.take_in(&answer, config, &mut asking.journal),
            Err(trouble) => addresses.failure = Some(failure(&format!("{kind} {host}"), &trouble)),
        }
    }
    addresses
}

/// How many addresses of one host are used.
const MAX_ADDRESSES: usize = 8;

impl Addresses {
    /// Each address once, as far as it may be used.
    fn take_in(&mut self, answer: &Answer, config: &Config, journal: &mut Journal<'_>) {
        self.no_such_name |= answer.no_such_name;
        for address in answer.records.iter().filter_map(address) {
            if !config.permits(address) {
                journal.note(|| format!("{address} is denied: left out"));
            } else if !self.usable.contains(&address) && self.usable.len() < MAX_ADDRESSES {
                self.usable.push(address);
            }
        }
    }
}

fn address(data: &RData) -> Option<IpAddr> {
    match data {
        RData::A(v4) => Some(IpAddr::V4(v4.0)),
        // An IPv4 address in disguise is what it is.
        RData::AAAA(v6) => Some(IpAddr::V6(v6.0).to_canonical()),
        _ => None,
    }
}

/// A candidate at these addresses.
pub(super) fn target(candidate: &Candidate, addresses: &[IpAddr]) -> Target {
    let at = |address: &IpAddr| {
        let socket = SocketAddr::new(*address, candidate.port);
        hop(candidate, format!("{}{socket}", candidate.prefix))
    };
    Target {
        tier: candidate.tier,
        weight: candidate.weight,
        hops: addresses.iter().map(at).collect(),
    }
}

fn unaddressed(candidate: &Candidate) -> Target {
    Target {
        tier: candidate.tier,
        weight: candidate.weight,
        hops: [hop(candidate, String::new())].into(),
    }
}

fn hop(candidate: &Candidate, address: String) -> Hop {
    Hop::new(
        candidate.protocol.clone(),
        address.into(),
        candidate.host.clone(),
    )
}
