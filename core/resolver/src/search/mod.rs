//! Which questions are put, and what follows from the answers.

use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::proto::rr::{RData, RecordType};
use rialto_model::{Domain, Failure, FailureClass};

use self::{
    asking::Asking,
    finding::{Candidate, Finding, Place, decided, failure, unresolvable},
};
use crate::{
    Config, Protocol, Service,
    answer::{Budget, Dns, MAX_ALIASES, Trouble, shown},
    journal::Journal,
    resolution::Target,
};

mod addresses;
mod asking;
mod finding;
mod native;
#[cfg(test)]
mod tests;

/// A search for the hops of a domain.
#[derive(Clone, Copy)]
pub(crate) struct Search<'a, D> {
    pub(crate) dns: &'a D,
    pub(crate) config: &'a Config,
    pub(crate) protocols: &'a [Protocol],
    pub(crate) service: Service,
}

/// What a search found, and for how long that holds.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) targets: Result<Vec<Target>, Failure>,
    pub(crate) holds: Duration,
    pub(crate) lines: Vec<String>,
}

impl Found {
    /// The failure that will pass, if it is one.
    pub(crate) fn temporary_failure(&self) -> Option<&Failure> {
        let failure = self.targets.as_ref().err();
        failure.filter(|failure| failure.reason().class() == FailureClass::Temporary)
    }
}

impl<'a, D: Dns> Search<'a, D> {
    /// Searches without words.
    pub(crate) async fn run(&self, domain: &Domain) -> Found {
        self.search(domain, Journal::silent(self.config)).await
    }

    /// Searches, and says what was asked, what DNS said and what follows.
    pub(crate) async fn explain(&self, domain: &Domain) -> Found {
        self.search(domain, Journal::telling(self.config)).await
    }

    async fn search(&self, domain: &Domain, journal: Journal<'_>) -> Found {
        let budget = Budget::new();
        let mut asking = Asking {
            dns: self.dns,
            budget: &budget,
            journal,
        };
        let targets = self.targets(&mut asking, domain).await;
        let (holds, lines) = asking.journal.close();
        let upto = match &targets {
            Ok(_) => self.config.max_ttl,
            Err(_) => self.config.max_negative_ttl,
        };
        Found {
            targets,
            holds: holds.min(upto),
            lines,
        }
    }

    /// The rules, one after the other. RFC 3861 §4.
    async fn targets(
        &self,
        asking: &mut Asking<'_, D>,
        domain: &Domain,
    ) -> Result<Vec<Target>, Failure> {
        let (domain, listed) = self.listed(asking, domain).await?;
        if let Some(candidates) = decided(&listed)? {
            let label = self.service.label();
            asking.journal.note(|| {
                format!("{domain} lists with {label} how it is reached: nothing else is looked for")
            });
            return self.reached(asking, &domain, candidates).await;
        }
        let found = self.native(asking, &domain, listed).await;
        if let Some(candidates) = decided(&found)? {
            asking
                .journal
                .note(|| format!("{domain} is reached by a protocol's own records"));
            return self.reached(asking, &domain, candidates).await;
        }
        if let Some(question) = found.iter().find_map(Finding::not_offered) {
            let detail = format!("{question}: the target `.` says that this is not offered");
            return Err(unresolvable(detail));
        }
        self.implicit(asking, &domain).await
    }

    /// What the domain lists with `_im` or `_pres`; or the domain that it is an alias of.
    async fn listed(
        &self,
        asking: &mut Asking<'_, D>,
        domain: &Domain,
    ) -> Result<(Domain, Vec<Finding>), Failure> {
        let mut before = Vec::new();
        let mut domain = domain.clone();
        loop {
            let listed = self.list_of(asking, &domain).await;
            let is_nothing = |finding| matches!(finding, &Finding::Nothing);
            if !listed.iter().all(is_nothing) {
                return Ok((domain, listed));
            }
            let Some(next) = alias_of(asking, &domain).await? else {
                return Ok((domain, listed));
            };
            asking.journal.note(|| {
                format!(
                    "{domain} is an alias: {next} is processed as if it were the initial domain"
                )
            });
            before.push(domain);
            if before.contains(&next) || before.len() > MAX_ALIASES {
                let trouble = Trouble::AliasLoop(next.to_string());
                return Err(unresolvable(trouble.to_string()));
            }
            domain = next;
        }
    }

    /// Asks for `_im.<protocol>` beneath a domain, for all protocols at the same time.
    async fn list_of(&self, asking: &mut Asking<'_, D>, domain: &Domain) -> Vec<Finding> {
        let each = self.places().map(|place| {
            let mut branch = asking.branch();
            async move { (self.list_by(&mut branch, &place, domain).await, branch) }
        });
        let found = join_all(each).await;
        asking.join(found)
    }

    async fn list_by(
        &self,
        asking: &mut Asking<'_, D>,
        place: &Place<'_>,
        domain: &Domain,
    ) -> Finding {
        let name = |domain: &Domain| {
            let (service, protocol) = (self.service.label(), place.protocol.1.name());
            format!("{service}._{protocol}.{domain}")
        };
        let (finding, alias) = asking.srv(&name(domain), place).await;
        let end = alias.and_then(|end| Domain::parse(&shown(&end)).ok());
        match (finding, end) {
            // The alias leads to a domain, not to its records: those are asked for, beneath it.
            (Finding::Nothing, Some(end)) if end != *domain => {
                asking.srv(&name(&end), place).await.0
            }
            (finding, _) => finding,
        }
    }

    /// Asks for each protocol's own records, where `_im` or `_pres` says nothing about it.
    async fn native(
        &self,
        asking: &mut Asking<'_, D>,
        domain: &Domain,
        listed: Vec<Finding>,
    ) -> Vec<Finding> {
        let each = self.places().zip(listed).map(|(place, finding)| {
            let mut branch = asking.branch();
            async move {
                let finding = match finding {
                    Finding::Nothing => native::look_up(&mut branch, place.protocol, domain).await,
                    decided => decided,
                };
                (finding, branch)
            }
        });
        let found = join_all(each).await;
        asking.join(found)
    }

    /// The bare address of the domain, "as if it was associated with an implicit SRV RR, with a preference of 0".
    async fn implicit(
        &self,
        asking: &mut Asking<'_, D>,
        domain: &Domain,
    ) -> Result<Vec<Target>, Failure> {
        let taker = self
            .places()
            .find_map(|place| Some((place, place.protocol.1.implicit()?)));
        let Some((place, implicit)) = taker else {
            let detail = format!("{domain} publishes no way by any configured protocol");
            return Err(unresolvable(detail));
        };
        let addresses = addresses::of_host(asking, self.config, domain).await;
        if !addresses.usable.is_empty() {
            let (port, protocol) = (implicit.port, place.protocol.1.name());
            asking.journal.note(|| {
                format!(
                    "no SRV records, but an address: an implicit one, {protocol} on port {port}"
                )
            });
            let prefix = &implicit.prefix;
            let candidate = Place { prefix, ..place }.candidate(domain.clone(), port, 0, 0);
            return Ok(vec![addresses::target(&candidate, &addresses.usable)]);
        }
        Err(addresses
            .failure
            .unwrap_or_else(|| match addresses.no_such_name {
                true => no_such_domain(domain),
                false => unresolvable(format!(
                    "{domain} has neither SRV records nor an address that can be used"
                )),
            }))
    }

    /// The candidates with their addresses.
    async fn reached(
        &self,
        asking: &mut Asking<'_, D>,
        domain: &Domain,
        candidates: Vec<Candidate>,
    ) -> Result<Vec<Target>, Failure> {
        let targets = addresses::targets(asking, self.config, candidates).await?;
        if targets.is_empty() {
            let detail = format!(
                "{domain} names its hosts, but none of them has an address and port that can be used"
            );
            return Err(unresolvable(detail));
        }
        Ok(targets)
    }

    /// Each protocol, in its place.
    fn places(&self) -> impl Iterator<Item = Place<'a>> {
        (0..).zip(self.protocols).map(|protocol| Place {
            protocol,
            rank: 0,
            prefix: protocol.1.prefix(),
        })
    }
}

/// What a domain is an alias of; fails when there is no such domain (nothing is beneath it then, RFC 8020).
async fn alias_of<D: Dns>(
    asking: &mut Asking<'_, D>,
    domain: &Domain,
) -> Result<Option<Domain>, Failure> {
    let answer = asking.ask(domain.as_str(), RecordType::CNAME).await;
    let answer = answer.map_err(|trouble| failure(&format!("CNAME {domain}"), &trouble))?;
    if answer.no_such_name {
        return Err(no_such_domain(domain));
    }
    let target = answer.records.iter().find_map(|data| match data {
        RData::CNAME(target) => Some(&target.0),
        _ => None,
    });
    Ok(target.and_then(|name| asking.host(name)))
}

fn no_such_domain(domain: &Domain) -> Failure {
    unresolvable(format!("there is no domain {domain}"))
}
