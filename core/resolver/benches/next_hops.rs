//! What a message pays for its next hops when they are known: the look-up and the draw.
#![expect(clippy::unwrap_used, reason = "fixed input")]

use std::{
    hint::black_box,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use divan::Bencher;
use hickory_resolver::proto::{
    op::{Message, OpCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, SRV},
    },
};
use rand::{SeedableRng, rngs::SmallRng};
use rialto_model::Domain;
use rialto_resolver::{Config, IpNet, Protocol, Resolver, Service};
use tokio::{net::UdpSocket, runtime::Runtime};

/// Shows what each of them allocates.
#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

/// A resolver that knows `d0.example` and so on, each with so many records.
struct Known {
    runtime: Runtime,
    resolver: Resolver,
    domains: Vec<Domain>,
}

impl Known {
    fn new(domains: usize, records: u16) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(serve(&runtime, records));
        let config = Config::default()
            .with_name_servers([server])
            .with_alternates(usize::from(records).max(2))
            .unwrap()
            .with_denied(Vec::<IpNet>::new());
        let resolver = Resolver::new(config, vec![Protocol::new("sip")]).unwrap();
        let domains = (0..domains).map(|n| Domain::parse(&format!("d{n}.example")).unwrap());
        let domains: Vec<_> = domains.collect();
        for domain in &domains {
            let found = runtime.block_on(resolver.resolve(Service::InstantMessaging, domain));
            assert!(found.failure().is_none(), "{found:?}");
        }
        Self {
            runtime,
            resolver,
            domains,
        }
    }
}

/// Answers every SRV question with so many records of one preference, and every address question with one address.
async fn serve(runtime: &Runtime, records: u16) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    runtime.spawn(async move {
        let mut buffer = [0; 1500];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            let question = Message::from_vec(&buffer[..length]).unwrap();
            let answer = answer(&question, records).to_vec().unwrap();
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    address
}

fn answer(question: &Message, records: u16) -> Message {
    let query = &question.queries[0];
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.add_query(query.clone());
    let owner = || query.name().clone();
    let host = Name::from_ascii("host.example.").unwrap();
    match query.query_type() {
        RecordType::SRV => answer.add_answers((0..records).map(|n| {
            let record = SRV::new(10, n, 5060 + n, host.clone());
            Record::from_rdata(owner(), 3600, RData::SRV(record))
        })),
        RecordType::A => {
            let address = RData::A(A::new(192, 0, 2, 1));
            answer.add_answers([Record::from_rdata(owner(), 3600, address)])
        }
        _ => &mut answer,
    };
    answer
}

#[divan::bench(sample_count = 200, sample_size = 500)]
fn look_up_of_a_known_domain(bencher: Bencher<'_, '_>) {
    let known = Known::new(1, 1);
    let domain = &known.domains[0];
    bencher.bench_local(|| {
        known
            .resolver
            .cached(Service::InstantMessaging, black_box(domain))
    });
}

#[divan::bench(sample_count = 200, sample_size = 500)]
fn look_up_of_one_of_5000_domains(bencher: Bencher<'_, '_>) {
    let known = Known::new(5000, 1);
    let next = AtomicUsize::new(0);
    bencher.bench_local(|| {
        let next = next.fetch_add(7919, Ordering::Relaxed) % known.domains.len();
        let domain = &known.domains[next];
        known.resolver.cached(Service::InstantMessaging, domain)
    });
}

#[divan::bench(args = [1, 2, 4, 16], sample_count = 200, sample_size = 500)]
fn draw_of_all_hops(bencher: Bencher<'_, '_>, records: u16) {
    let known = Known::new(1, records);
    let service = Service::InstantMessaging;
    let resolution: Arc<_> = known.resolver.cached(service, &known.domains[0]).unwrap();
    let mut rng = SmallRng::seed_from_u64(1);
    bencher.bench_local(|| {
        let hops = resolution.hops(&mut rng, None).unwrap();
        hops.fold(0, |sum, hop| sum + hop.address().len())
    });
}

/// With three questions to a server on this machine: what is not known yet.
#[divan::bench(sample_count = 20, sample_size = 100)]
fn look_up_of_a_new_domain(bencher: Bencher<'_, '_>) {
    let known = Known::new(1, 1);
    let next = AtomicUsize::new(1);
    bencher.bench_local(|| {
        let next = next.fetch_add(1, Ordering::Relaxed);
        let domain = Domain::parse(&format!("d{next}.example")).unwrap();
        let service = Service::InstantMessaging;
        known
            .runtime
            .block_on(known.resolver.resolve(service, &domain))
    });
}
