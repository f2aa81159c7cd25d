//! The servers that are asked, by way of hickory.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use hickory_resolver::{
    NameServerPool, PoolContext, TlsConfig,
    config::{ConnectionConfig, NameServerConfig, ResolverOpts},
    net::{
        DnsError, NetError, NoRecords,
        runtime::TokioRuntimeProvider,
        xfer::{DnsHandle, FirstAnswer, RetryDnsHandle},
    },
    proto::{
        op::{DnsRequestOptions, Message, Query, ResponseCode},
        rr::{RData, Record},
    },
    system_conf::read_system_conf,
};

use tokio::sync::Semaphore;

use crate::{
    Config, ConfigError,
    answer::{Dns, Question, Reply, Trouble},
};

/// Lets a bounded number of questions out at a time; the others wait for their turn.
///
/// Each question over UDP has a socket of its own, and each repetition another one.
pub(crate) struct Throttle<D> {
    dns: D,
    turns: Semaphore,
}

impl<D> Throttle<D> {
    /// The most questions that wait for an answer.
    pub(crate) const MAX_IN_FLIGHT: usize = 128;

    pub(crate) fn new(dns: D) -> Self {
        Self {
            dns,
            turns: Semaphore::new(Self::MAX_IN_FLIGHT),
        }
    }
}

impl<D: Dns> Dns for Throttle<D> {
    async fn ask(&self, question: &Question) -> Result<Reply, Trouble> {
        // It is never closed.
        let _turn = self.turns.acquire().await;
        self.dns.ask(question).await
    }
}

/// The configured servers; the pool under hickory's own resolver, which hides neither aliases nor what is not there.
#[derive(Clone)]
pub(crate) struct Servers {
    pool: RetryDnsHandle<NameServerPool<TokioRuntimeProvider>>,
    options: DnsRequestOptions,
}

impl Servers {
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigError> {
        let no_servers = |error: NetError| ConfigError::NoNameServers(error.into());
        let servers = if config.name_servers.is_empty() {
            system_servers().map_err(no_servers)?
        } else {
            config.name_servers.iter().copied().map(server).collect()
        };
        let options = options(config.timeout);
        let mut request = DnsRequestOptions::default();
        request.use_edns = options.edns0;
        request.edns_payload_len = options.edns_payload_len;
        request.case_randomization = options.case_randomization;
        request.recursion_desired = true;
        let tls = TlsConfig::new().map_err(no_servers)?;
        let context = Arc::new(PoolContext::new(options, tls));
        let pool = NameServerPool::from_config(servers, context, TokioRuntimeProvider::default());
        Ok(Self {
            pool: RetryDnsHandle::new(pool, config.attempts.saturating_sub(1)),
            options: request,
        })
    }
}

impl Dns for Servers {
    async fn ask(&self, question: &Question) -> Result<Reply, Trouble> {
        let query = Query::query(question.name.clone(), question.kind);
        let response = self.pool.lookup(query, self.options).first_answer().await;
        match response {
            Ok(response) => Ok(reply(response.into_message())),
            Err(NetError::Dns(DnsError::NoRecordsFound(nothing))) => no_records(nothing),
            Err(error) => Err(Trouble::NoAnswer(said(&error))),
        }
    }
}

/// Those of `/etc/resolv.conf`; where it is not there, the one on this machine (resolv.conf(5)).
fn system_servers() -> Result<Vec<NameServerConfig>, NetError> {
    match read_system_conf() {
        Ok((system, _)) => Ok(system.name_servers().to_vec()),
        Err(NetError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
            Ok(vec![server(SocketAddr::from((Ipv4Addr::LOCALHOST, 53)))])
        }
        Err(error) => Err(error),
    }
}

fn server(address: SocketAddr) -> NameServerConfig {
    let (mut udp, mut tcp) = (ConnectionConfig::udp(), ConnectionConfig::tcp());
    udp.port = address.port();
    tcp.port = address.port();
    NameServerConfig::new(address.ip(), true, vec![udp, tcp])
}

/// Random ports and letters in random case make an answer hard to guess; one that does not fit in 1232 bytes comes over TCP.
fn options(timeout: Duration) -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.timeout = timeout;
    options.edns0 = true;
    options.case_randomization = true;
    options.max_active_requests = MAX_ACTIVE_REQUESTS;
    options
}

/// The most questions on one connection, when servers are asked over TCP.
const MAX_ACTIVE_REQUESTS: usize = 256;

fn reply(message: Message) -> Reply {
    Reply {
        no_such_name: message.metadata.response_code == ResponseCode::NXDomain,
        negative_ttl: negative_ttl(&message),
        records: message.answers,
    }
}

/// The smaller of the SOA record's own time and its `minimum`. RFC 2308 §5.
fn negative_ttl(message: &Message) -> Option<u32> {
    let soa = |record: &Record| match &record.data {
        RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
        _ => None,
    };
    message.authorities.iter().find_map(soa)
}

fn no_records(nothing: NoRecords) -> Result<Reply, Trouble> {
    // Not "nothing is there", but "ask others": the server does not recurse.
    if nothing.ns.is_some() && nothing.soa.is_none() {
        return Err(Trouble::NoAnswer(
            "the name server refers to others and does not ask them (it must be a recursive one)"
                .into(),
        ));
    }
    Ok(Reply {
        records: Vec::new(),
        no_such_name: nothing.response_code == ResponseCode::NXDomain,
        negative_ttl: nothing.negative_ttl,
    })
}

/// The error in words that an operator can act on.
fn said(error: &NetError) -> String {
    match error {
        NetError::Timeout => "no name server answered in time".into(),
        NetError::Dns(DnsError::ResponseCode(code)) => format!("the name server says: {code}"),
        NetError::Io(error) => format!("no name server can be reached: {error}"),
        NetError::Proto(error) => format!("the name server's answer cannot be read: {error}"),
        other => format!("no answer from a name server: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::{FutureExt, future::join_all};
    use hickory_resolver::proto::rr::RecordType;

    use super::*;

    /// Never answers.
    #[derive(Default)]
    struct Silent(AtomicUsize);

    impl Dns for Silent {
        async fn ask(&self, _: &Question) -> Result<Reply, Trouble> {
            self.0.fetch_add(1, Ordering::Relaxed);
            std::future::pending().await
        }
    }

    #[test]
    fn questions_beyond_the_bound_wait_for_their_turn() {
        let dns = Throttle::new(Silent::default());
        let question = Question::new("example.com", RecordType::A).unwrap();
        let all = join_all((0..1000).map(|_| dns.ask(&question)));
        assert!(all.now_or_never().is_none());
        assert_eq!(
            dns.dns.0.load(Ordering::Relaxed),
            Throttle::<Silent>::MAX_IN_FLIGHT
        );
    }
}
