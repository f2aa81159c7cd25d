//! The mail exchanges of a domain, for reports: the gateway finds next hops for messages alone (RFC 5321 §5.1).

use std::{fmt, net::SocketAddr};

use hickory_resolver::{TokioResolver, proto::rr::RData};
use mail_auth::MessageAuthenticator;
use rialto_email_codec::Domain;
use rialto_sdk::model::{Failure, FailureReason};

use super::NextHop;
use crate::failures::unreachable;

/// Asks DNS for exchanges.
pub(crate) struct Exchanges(MessageAuthenticator);

/// Exchanges that are tried.
const MAX_EXCHANGES: usize = 4;
/// Addresses of an exchange that are tried.
const MAX_ADDRESSES: usize = 2;
/// Where they listen.
const PORT: u16 = 25;

impl Exchanges {
    pub(crate) fn new(asks: MessageAuthenticator) -> Self {
        Self(asks)
    }

    /// The next hops of a domain, the preferred ones first; without MX, the domain itself.
    pub(super) async fn of(&self, domain: &Domain) -> Result<Vec<NextHop>, Failure> {
        let resolver = self.0.resolver();
        let names = names(resolver, domain).await?;
        let mut hops = Vec::new();
        for name in names.iter().take(MAX_EXCHANGES) {
            // An exchange without addresses gives way to the next.
            if let Ok(found) = resolver.lookup_ip(name.as_str()).await {
                let addresses = found.iter().take(MAX_ADDRESSES);
                hops.extend(addresses.map(|address| NextHop::smtp(SocketAddr::new(address, PORT))));
            }
        }
        if hops.is_empty() {
            return Err(unreachable("the exchanges of the domain have no addresses"));
        }
        Ok(hops)
    }
}

async fn names(resolver: &TokioResolver, domain: &Domain) -> Result<Vec<String>, Failure> {
    let itself = vec![format!("{domain}.")];
    let found = match resolver.mx_lookup(format!("{domain}.")).await {
        Ok(found) => found,
        Err(error) if error.is_nx_domain() => return Err(FailureReason::Unresolvable.into()),
        Err(error) if error.is_no_records_found() => return Ok(itself),
        Err(_) => return Err(unreachable("DNS does not say where the domain's mail goes")),
    };
    let mut records: Vec<_> = found
        .answers()
        .iter()
        .filter_map(|record| match &record.data {
            RData::MX(record) => Some(record),
            _ => None,
        })
        .collect();
    records.sort_by_key(|record| record.preference);
    if records.is_empty() {
        return Ok(itself);
    }
    // The exchange `.` takes no mail (RFC 7505).
    let named = records.iter().filter(|record| !record.exchange.is_root());
    let named: Vec<_> = named.map(|record| record.exchange.to_string()).collect();
    if named.is_empty() {
        return Err(FailureReason::Unresolvable.into());
    }
    Ok(named)
}

impl fmt::Debug for Exchanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exchanges")
    }
}
