//! A protocol's own records.

use bytestring::ByteString;
use hickory_resolver::proto::rr::{
    Name, RData, RecordType,
    rdata::{MX, NAPTR},
};
use rialto_model::Domain;

use super::{
    asking::{Asking, MAX_RECORDS},
    finding::{Finding, Place},
};
use crate::{
    Lookup, Protocol,
    answer::{Dns, shown},
};

/// Tries the lookups of a protocol until one finds records.
///
/// One that says "not offered" speaks for itself alone: SIP over UDP is not SIP over TCP.
pub(super) async fn look_up<D: Dns>(
    asking: &mut Asking<'_, D>,
    protocol: (u8, &Protocol),
    domain: &Domain,
) -> Finding {
    let mut result = Finding::Nothing;
    for lookup in protocol.1.lookups() {
        match one(asking, protocol, lookup, domain).await {
            Finding::Nothing => {}
            refused @ Finding::NotOffered(_) => result = refused,
            decided => return decided,
        }
    }
    result
}

async fn one<D: Dns>(
    asking: &mut Asking<'_, D>,
    protocol: (u8, &Protocol),
    lookup: &Lookup,
    domain: &Domain,
) -> Finding {
    let place = |prefix| Place {
        protocol,
        rank: 0,
        prefix,
    };
    match lookup {
        Lookup::Naptr { services } => naptr(asking, protocol, services, domain).await,
        Lookup::Srv { name, prefix } => {
            let name = format!("{name}.{domain}");
            asking.srv(&name, &place(prefix)).await.0
        }
        Lookup::Mx { port, prefix } => mx(asking, &place(prefix), *port, domain).await,
    }
}

/// RFC 3263 §4.1: the supported services of the lowest order, in the order of their preference.
async fn naptr<D: Dns>(
    asking: &mut Asking<'_, D>,
    protocol: (u8, &Protocol),
    services: &[(String, ByteString)],
    domain: &Domain,
) -> Finding {
    let answer = match asking.ask(domain.as_str(), RecordType::NAPTR).await {
        Ok(answer) => answer,
        Err(trouble) => return Finding::Trouble(format!("NAPTR {domain}"), trouble),
    };
    let mut found: Option<Vec<_>> = None;
    let mut result = Finding::Nothing;
    for (rank, (replacement, prefix)) in (0..).zip(supported(&answer.records, services)) {
        let place = Place {
            protocol,
            rank,
            prefix,
        };
        match asking.srv(&shown(replacement), &place).await.0 {
            Finding::Found(candidates) => found.get_or_insert_default().extend(candidates),
            Finding::Nothing => {}
            other => result = other,
        }
    }
    found.map_or(result, Finding::Found)
}

/// The names to ask for SRV, and what stands before what is found there.
fn supported<'a>(
    records: &'a [RData],
    services: &'a [(String, ByteString)],
) -> Vec<(&'a Name, &'a ByteString)> {
    let service = |record: &NAPTR| {
        let is = |(name, _): &&(String, ByteString)| {
            name.as_bytes().eq_ignore_ascii_case(&record.services)
        };
        services.iter().find(is).map(|(_, prefix)| prefix)
    };
    let is_terminal = |record: &NAPTR| {
        record.flags.eq_ignore_ascii_case(b"s")
            && record.regexp.is_empty()
            && !record.replacement.is_root()
    };
    let usable = records.iter().filter_map(|data| match data {
        RData::NAPTR(record) if is_terminal(record) => {
            service(record).map(|prefix| (record, prefix))
        }
        _ => None,
    });
    let mut usable: Vec<_> = usable.collect();
    usable.sort_by_key(|(record, _)| (record.order, record.preference));
    let lowest = usable.first().map(|(record, _)| record.order);
    usable.retain(|(record, _)| Some(record.order) == lowest);
    usable.truncate(MAX_REPLACEMENTS);
    usable
        .into_iter()
        .map(|(record, prefix)| (&record.replacement, prefix))
        .collect()
}

/// How many NAPTR records of a domain are followed.
const MAX_REPLACEMENTS: usize = 4;

/// RFC 5321 §5.1; the exchange `.` says that the domain takes no mail (RFC 7505).
async fn mx<D: Dns>(
    asking: &mut Asking<'_, D>,
    place: &Place<'_>,
    port: u16,
    domain: &Domain,
) -> Finding {
    let answer = match asking.ask(domain.as_str(), RecordType::MX).await {
        Ok(answer) => answer,
        Err(trouble) => return Finding::Trouble(format!("MX {domain}"), trouble),
    };
    let mut records: Vec<&MX> = answer.records.iter().filter_map(as_mx).collect();
    records.sort_by_key(|record| record.preference);
    match records.as_slice() {
        [] => Finding::Nothing,
        all if all.iter().all(|record| record.exchange.is_root()) => {
            Finding::NotOffered(format!("MX {domain}"))
        }
        all => {
            let named = all.iter().take(MAX_RECORDS).filter_map(|record| {
                let host = asking.host(&record.exchange)?;
                Some(place.candidate(host, port, record.preference, 0))
            });
            Finding::Found(named.collect())
        }
    }
}

fn as_mx(data: &RData) -> Option<&MX> {
    match data {
        RData::MX(record) => Some(record),
        _ => None,
    }
}
