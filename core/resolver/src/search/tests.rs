//! What holds for any records whatever.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::Mutex,
    time::Instant,
};

use futures_util::FutureExt;
use hickory_resolver::proto::rr::{
    Name, Record,
    rdata::{A, AAAA, CNAME, MX, NAPTR, SRV},
};
use proptest::{collection::vec, prelude::*, sample::select};
use rand::{SeedableRng, rngs::SmallRng};

use super::*;
use crate::{
    Lookup, Resolution,
    answer::{Question, Reply},
};

/// All records that there are; also what every answer has beside those asked for.
#[derive(Debug)]
struct World {
    records: Vec<Record>,
    lies: Vec<Record>,
    silent_for: Vec<Name>,
    asked: Mutex<Vec<Question>>,
}

impl Dns for World {
    async fn ask(&self, question: &Question) -> Result<Reply, Trouble> {
        self.asked.lock().unwrap().push(question.clone());
        if self.silent_for.contains(&question.name) {
            return Err(Trouble::NoAnswer("nothing".into()));
        }
        let here = |record: &&Record| record.name == question.name;
        let is_wanted =
            |record: &&Record| [question.kind, RecordType::CNAME].contains(&record.record_type());
        let found = self.records.iter().filter(here).filter(is_wanted);
        Ok(Reply {
            records: self.lies.iter().chain(found).cloned().collect(),
            no_such_name: !self
                .records
                .iter()
                .any(|record| record.name == question.name),
            negative_ttl: Some(60),
        })
    }
}

const NAMES: [&str; 11] = [
    "a.example.",
    "b.example.",
    "host1.example.",
    "host2.example.",
    "_im._sip.a.example.",
    "_im._xmpp.a.example.",
    "_im._sip.b.example.",
    "_im._xmpp.b.example.",
    "_sip._udp.a.example.",
    "_xmpp-server._tcp.a.example.",
    ".",
];

fn name() -> impl Strategy<Value = Name> {
    let odd = Name::from_labels([&b"\x80 *"[..], b"example"]).unwrap();
    prop_oneof![
        20 => select(&NAMES[..]).prop_map(|name| Name::from_ascii(name).unwrap()),
        1 => Just(odd),
    ]
}

fn data() -> impl Strategy<Value = RData> {
    prop_oneof![
        3 => any::<u32>().prop_map(|bits| RData::A(A(Ipv4Addr::from_bits(bits)))),
        2 => any::<u128>().prop_map(|bits| RData::AAAA(AAAA(Ipv6Addr::from_bits(bits)))),
        2 => name().prop_map(|target| RData::CNAME(CNAME(target))),
        5 => (0..3_u16, any::<u16>(), any::<u16>(), name())
            .prop_map(|(priority, weight, port, target)| RData::SRV(SRV::new(priority, weight, port, target))),
        1 => (any::<u16>(), name()).prop_map(|(preference, target)| RData::MX(MX::new(preference, target))),
        1 => (0..3_u16, 0..3_u16, name()).prop_map(|(order, preference, replacement)| {
            let text = |text: &[u8]| text.to_vec().into_boxed_slice();
            RData::NAPTR(NAPTR::new(order, preference, text(b"s"), text(b"SIP+D2U"), text(b""), replacement))
        }),
    ]
}

fn record() -> impl Strategy<Value = Record> {
    (name(), any::<u32>(), data()).prop_map(|(name, ttl, data)| Record::from_rdata(name, ttl, data))
}

fn world() -> impl Strategy<Value = World> {
    (vec(record(), 0..40), vec(record(), 0..3), vec(name(), 0..2)).prop_map(
        |(records, lies, silent_for)| World {
            records,
            lies,
            silent_for,
            asked: Mutex::default(),
        },
    )
}

fn protocols() -> Vec<Protocol> {
    let srv = |name: &str| Lookup::Srv {
        name: name.into(),
        prefix: "udp:".into(),
    };
    let naptr = Lookup::Naptr {
        services: vec![("SIP+D2U".into(), "udp:".into())],
    };
    let mx = Lookup::Mx {
        port: 25,
        prefix: "".into(),
    };
    vec![
        Protocol::new("sip")
            .with_lookup(naptr)
            .with_lookup(srv("_sip._udp"))
            .with_implicit(5060, ""),
        Protocol::new("xmpp").with_lookup(srv("_xmpp-server._tcp")),
        Protocol::new("smtp").with_lookup(mx),
    ]
}

fn search(world: &World, config: &Config) -> Found {
    let protocols = protocols();
    let search = Search {
        dns: world,
        config,
        protocols: &protocols,
        service: Service::InstantMessaging,
    };
    let domain = Domain::parse("a.example").unwrap();
    let silent = search
        .run(&domain)
        .now_or_never()
        .expect("the world never waits");
    let told = search
        .explain(&domain)
        .now_or_never()
        .expect("the world never waits");
    assert_eq!(silent.targets, told.targets);
    assert_eq!(silent.holds, told.holds);
    silent
}

#[expect(clippy::disallowed_methods, reason = "time has to begin somewhere")]
fn hops(found: Found) -> Result<Vec<crate::Hop>, Failure> {
    let domain = Domain::parse("a.example").unwrap();
    let resolution = Resolution::new(domain, found.targets, Instant::now(), 4);
    let mut rng = SmallRng::seed_from_u64(0);
    Ok(resolution.hops(&mut rng, None)?.cloned().collect())
}

/// The hosts and ports that SRV records of a name list.
fn listed_by<'a>(world: &'a World, owner: &str) -> Vec<&'a SRV> {
    let owner = Name::from_ascii(owner).unwrap();
    let records = world.records.iter().filter(|record| record.name == owner);
    records
        .filter_map(|record| match &record.data {
            RData::SRV(srv) => Some(srv),
            _ => None,
        })
        .collect()
}

proptest! {
    #[test]
    fn any_search_ends_within_its_budget_and_bounds(world in world()) {
        let config = Config::default();
        let found = search(&world, &config);
        // Two searches, for it was run with words and without.
        prop_assert!(world.asked.lock().unwrap().len() <= 2 * Budget::MAX_QUESTIONS);
        prop_assert!(found.holds >= config.min_ttl && found.holds <= config.max_ttl);
        if let Ok(hops) = hops(found) {
            prop_assert!(!hops.is_empty() && hops.len() <= 4);
        }
    }

    #[test]
    fn cpim_2_2_2_no_a_record_is_used_but_those_of_the_hosts_that_srv_records_name(mut world in world()) {
        world.lies.clear();
        world.silent_for.clear();
        world.records.retain(|record| record.record_type() != RecordType::CNAME);
        let names = ["_im._sip.a.example.", "_im._xmpp.a.example."];
        let listed: Vec<_> = names.iter().flat_map(|name| listed_by(&world, name)).cloned().collect();
        prop_assume!(listed.iter().any(|srv| !srv.target.is_root()));
        let found = search(&world, &Config::default());
        for hop in hops(found).unwrap_or_default() {
            let is_listed = listed.iter().any(|srv| {
                shown(&srv.target) == hop.host().as_str() && hop.address().ends_with(&format!(":{}", srv.port))
            });
            prop_assert!(is_listed, "{hop:?} of {listed:?}");
        }
        let domain = Name::from_ascii("a.example.").unwrap();
        let about_itself = listed.iter().any(|srv| srv.target == domain);
        prop_assert!(about_itself || world.asked.lock().unwrap().iter().all(|q| q.name != domain));
    }

    #[test]
    fn cpim_2_2_4_sort_lower_preference_always_comes_first(mut world in world(), seed: u64) {
        world.silent_for.clear();
        let Ok(targets) = search(&world, &Config::default()).targets else { return Ok(()) };
        let all: usize = targets.iter().map(|target| target.hops.len()).sum();
        let domain = Domain::parse("a.example").unwrap();
        #[expect(clippy::disallowed_methods, reason = "time has to begin somewhere")]
        let resolution = Resolution::new(domain, Ok(targets), Instant::now(), usize::MAX);
        let tier = |hop: &crate::Hop| {
            let is_of = |target: &&Target| target.hops.iter().any(|one| std::ptr::eq(one, hop));
            resolution.targets().iter().find(is_of).map(|target| target.tier)
        };
        let mut rng = SmallRng::seed_from_u64(seed);
        let drawn: Vec<_> = resolution.hops(&mut rng, None).unwrap().filter_map(tier).collect();
        prop_assert_eq!(drawn.len(), all);
        prop_assert!(drawn.is_sorted());
    }
}
