//! What goes out: messages as mails, and reports.

mod connection;
mod dkim;
mod exchange;
mod hop;
mod pool;
mod tls;

use std::{sync::Arc, time::Duration};

use rialto_email_codec::{Domain, Host, message::Written, smtp::Delivery};
use rialto_sdk::{
    Error, Result,
    model::{Failure, FailureReason, MessageOperation, Origin, ResponseStatus},
    tokio::{task::yield_now, time::Instant},
};

pub(crate) use exchange::Exchanges;
pub(crate) use hop::{HopProtocol, NextHop, Server};

use self::{connection::Dialler, dkim::Signer, pool::Pool, tls::Connector};
use crate::{
    clock::now,
    config::Config,
    failures::unreachable,
    mapping::{threads::Threads, to_mail::Composer},
};

/// Sends mail.
#[derive(Debug)]
pub(crate) struct Outbound {
    composer: Composer,
    threads: Arc<Threads>,
    signer: Option<Signer>,
    smart_host: Option<NextHop>,
    exchanges: Option<Exchanges>,
    pool: Pool,
}

impl Outbound {
    pub(crate) fn new(
        config: &Config,
        threads: Arc<Threads>,
        exchanges: Option<Exchanges>,
    ) -> Result<Self> {
        let outgoing = config.outgoing();
        let bounce_domain = bounce_domain(config)?;
        let dialler = Dialler {
            hostname: config.hostname().clone(),
            connector: Connector::new(outgoing)?,
            credentials: outgoing.smart_host.clone().zip(outgoing.plain()),
            connect_timeout: outgoing.connect_timeout(),
            reply_timeout: outgoing.reply_timeout(),
        };
        let subject = outgoing.subject.clone();
        Ok(Self {
            composer: Composer::new(config.hostname().clone(), bounce_domain, subject),
            threads,
            signer: config.dkim().map(Signer::new).transpose()?,
            smart_host: outgoing.smart_host.clone(),
            exchanges,
            pool: Pool::new(
                dialler,
                outgoing.connections,
                outgoing.queue,
                outgoing.idle(),
            ),
        })
    }

    /// Delivers a message to the next hop that the gateway names, else to the smart host.
    pub(crate) async fn deliver(&self, operation: &MessageOperation) -> ResponseStatus {
        let until = Instant::now() + operation.deadline().map_or(LONGEST, before);
        match self.deliver_until(operation, until).await {
            Ok(by) => taken(by),
            Err(failure) => failure.into(),
        }
    }

    /// By what protocol the next hop has taken it.
    async fn deliver_until(
        &self,
        operation: &MessageOperation,
        until: Instant,
    ) -> std::result::Result<HopProtocol, Failure> {
        let hop = self.hop_of(operation)?;
        // To compose and to sign takes time, which is not the gateway's.
        yield_now().await;
        let mut delivery = self.composer.compose(operation, &self.threads, now())?;
        delivery.message = self.signed(delivery.message)?;
        let name = certificate_name(&hop, operation.destination().domain());
        self.pool.send(&hop, &name, delivery, until).await?;
        Ok(hop.protocol)
    }

    /// Sends a report to whoever sent a mail: by the smart host, else to the exchanges of its domain.
    pub(crate) async fn report(&self, mut delivery: Delivery) -> std::result::Result<(), Failure> {
        let domain = match delivery.recipient.host() {
            Host::Domain(domain) => domain.clone(),
            _ => return Err(FailureReason::Unresolvable.into()),
        };
        delivery.message = self.signed(delivery.message)?;
        let hops = match (&self.smart_host, &self.exchanges) {
            (Some(hop), _) => vec![hop.clone()],
            (None, Some(exchanges)) => exchanges.of(&domain).await?,
            (None, None) => return Err(no_way()),
        };
        let until = Instant::now() + LONGEST;
        let mut last = unreachable("the domain's exchanges cannot be reached");
        for hop in hops {
            let name = certificate_name(&hop, domain.as_str());
            match self.pool.send(&hop, &name, delivery.clone(), until).await {
                Err(failure) if failure.reason() == FailureReason::Unreachable => last = failure,
                sent => return sent,
            }
        }
        Err(last)
    }

    /// Closes connections that nobody uses.
    pub(crate) async fn tend(&self) {
        self.pool.tend().await;
    }

    /// Says goodbye to all servers.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    fn hop_of(&self, operation: &MessageOperation) -> std::result::Result<NextHop, Failure> {
        match operation.next_hop() {
            Some(hop) => hop.parse().map_err(|error: hop::NoHop| {
                Failure::new(FailureReason::Unresolvable)
                    .with_origin(Origin::Operator)
                    .with_detail(format!("email: {error}"))
            }),
            None => self.smart_host.clone().ok_or_else(no_way),
        }
    }

    fn signed(&self, message: Written) -> std::result::Result<Written, Failure> {
        match &self.signer {
            None => Ok(message),
            Some(signer) => signer
                .sign(&message.octets)
                .map(Written::as_it_is)
                .map_err(Error::into_failure),
        }
    }
}

/// What it means that a server has taken a message: by LMTP that the recipient has it, as such a server has no queue (RFC 2033 §2); by SMTP that
/// it will deliver it or hand it on, and report if it cannot (RFC 5321 §6.1).
fn taken(by: HopProtocol) -> ResponseStatus {
    match by {
        HopProtocol::Lmtp => ResponseStatus::Success,
        HopProtocol::Smtp => ResponseStatus::Indeterminant,
    }
}

/// How long a delivery takes at most, if nobody says.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// A little before the deadline, so that what is answered is what is known.
fn before(deadline: Duration) -> Duration {
    const MARGIN: Duration = Duration::from_millis(500);
    deadline - MARGIN.min(deadline / 10)
}

/// Whom a certificate must be for: the server's name, or, where only its address is known, the domain that it serves.
fn certificate_name(hop: &NextHop, domain: &str) -> String {
    match &hop.server {
        Server::Name(name) => name.to_string(),
        Server::Address(_) => domain.to_owned(),
    }
}

fn no_way() -> Failure {
    Failure::new(FailureReason::Unresolvable)
        .with_origin(Origin::Operator)
        .with_detail("email: neither a route nor `outgoing.smart_host` says where to send it")
}

/// The domain of mailboxes that reports come to, if there is one.
pub(crate) fn bounce_domain(config: &Config) -> Result<Option<Domain>> {
    let parse = |text: &String| {
        text.parse()
            .map_err(|_| Error::config("outgoing.bounce_domain: this is no domain name"))
    };
    config
        .outgoing()
        .bounce_domain
        .as_ref()
        .map(parse)
        .transpose()
}
