//! Email: SMTP and LMTP in, SMTP out, reports both ways.
//!
//! | common side          | this plugin                                                                   |
//! |----------------------|-------------------------------------------------------------------------------|
//! | message operation    | a mail for one recipient, both ways (RFC 5321, RFC 2033, RFC 5322)             |
//! | source, destination  | author and recipient; a user of another network is shown in ASCII             |
//! | success              | in: 250; out: the recipient's server has the mail (2yz after DATA of LMTP)     |
//! | failure              | its code, both ways (RFC 3463); after an early answer a report (RFC 3464)      |
//! | indeterminant        | in: 250, and a report if it fails; out: a server of SMTP has taken the mail    |
//! | disposition          | delivery report, or notification of display, both ways (RFC 3464, RFC 8098)    |
//! | subscribe, notify    | refused: a mailbox has no presentity (NoPresentity)                           |
//!
//! Configuration: see [`Config`]. Mapping, losses and limits: see `README.md`.

#![forbid(unsafe_code)]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rialto_sdk::{
    model::{DispositionOperation, NotifyOperation, SubscribeOperation},
    prelude::*,
    tokio::{self, sync::watch},
    tracing,
};

mod authentication;
mod clock;
mod config;
mod failures;
mod listener;
mod mapping;
mod outbound;
mod reports;
mod settled;
mod wire;

pub use self::config::Config;
use self::{
    authentication::{Authenticator, resolver},
    config::AuthenticationMode,
    listener::{Acceptor, Entrance, Listener, Places, Reception},
    mapping::threads::Threads,
    outbound::{Exchanges, Outbound},
    reports::Reports,
};

rialto_sdk::export_plugin!(Email);

/// How long a client is kept waiting before the gateway keeps the message and answers.
///
/// Clients bear minutes (RFC 5321 §4.5.3.2.6), but a server in front has few connections for all its mail, and one dead network shall not
/// hold them.
const PATIENCE: Duration = Duration::from_secs(5);

/// Takes mail by SMTP and LMTP, and sends it.
#[derive(Debug)]
pub struct Email {
    outbound: Arc<Outbound>,
    reports: Arc<Reports>,
    entrance: Arc<Entrance>,
    #[cfg(test)]
    addresses: Vec<SocketAddr>,
}

impl Plugin for Email {
    const INFO: PluginInfo = PluginInfo::new("email", env!("CARGO_PKG_VERSION"))
        .schemes(&["mailto"])
        .lookups(&["mx 25", "address 25"])
        .services(
            Services::MESSAGES
                .and(Services::DISPOSITIONS)
                .and(Services::PRESENCE),
        )
        .capabilities(&[
            "content */*",
            "receipt delivered",
            "receipt displayed",
            "receipt failed",
        ])
        .patience(PATIENCE)
        .hands_over()
        .licence("MIT OR Apache-2.0");

    const WORKERS: usize = 2;

    type Config = Config;

    /// Sockets, and the domains whose mail comes in by them.
    fn claims(config: &Config) -> Result<Claims> {
        let sockets = config.listen().iter();
        Ok(sockets.map(|listen| Claim::tcp(listen.address)).collect())
    }

    async fn start(context: Context<Config>) -> Result<Self> {
        let Context {
            config,
            host,
            tasks,
            succession,
            ..
        } = context;
        let config = Arc::new(config);
        let threads = Arc::new(Threads::new(config.hostname()));
        let authenticator = match config.authentication().mode {
            AuthenticationMode::Off => None,
            _ => Some(Authenticator::new(
                config.authentication(),
                config.hostname().as_str(),
            )?),
        };
        let exchanges = match config.outgoing().smart_host {
            Some(_) => None,
            None => Some(Exchanges::new(resolver(config.authentication())?)),
        };
        let outbound = Arc::new(Outbound::new(&config, Arc::clone(&threads), exchanges)?);
        let bounce_domain = outbound::bounce_domain(&config)?;
        let reports = Arc::new(Reports::new(
            host.clone(),
            config.hostname().clone(),
            bounce_domain,
            Arc::clone(&outbound),
        ));
        let acceptor = config.tls().map(Acceptor::new).transpose()?;
        let mut listeners = Vec::new();
        for listen in config.listen() {
            listeners.push(Listener::open(listen, succession)?);
        }
        let addresses = listeners
            .iter()
            .filter_map(|listener| listener.address().ok());
        let addresses: Vec<SocketAddr> = addresses.collect();
        tracing::info!(listen.addresses = ?addresses, "mail comes in here");
        let limits = config.limits();
        let places = Places::new(
            limits.sessions,
            limits.sessions_per_address,
            limits.memory(),
        );
        let entrance = Arc::new(Entrance {
            reception: Reception::new(
                Arc::clone(&config),
                host,
                authenticator,
                threads,
                Arc::clone(&reports),
            ),
            places,
            acceptor,
            makes_way: watch::Sender::new(false),
        });
        for listener in listeners {
            tasks.spawn(
                "listener",
                listener.run(Arc::clone(&entrance), tasks.clone()),
            );
        }
        let (tended, stopping) = (Arc::clone(&outbound), tasks.stopping());
        tasks.spawn("connections", async move {
            tokio::select! {
                () = stopping => {}
                () = tended.tend() => {}
            }
        });
        Ok(Self {
            outbound,
            reports,
            entrance,
            #[cfg(test)]
            addresses,
        })
    }

    async fn deliver(&self, operation: MessageOperation) -> Result<Response> {
        let status = self.outbound.deliver(&operation).await;
        Ok(operation.respond(status))
    }

    async fn deliver_disposition(&self, operation: DispositionOperation) -> Result<Response> {
        tokio::task::yield_now().await;
        let status = self.reports.tell(&operation).await;
        Ok(operation.respond(status))
    }

    /// A mailbox has no presentity, and never will: whoever asks is to hear that, and not that something is missing here.
    async fn subscribe(&self, operation: SubscribeOperation) -> Result<Response> {
        Ok(operation.respond(no_presentity()))
    }

    /// Nobody with a mailbox watches anybody: what is told to one anyway ends the subscription.
    async fn notify(&self, operation: NotifyOperation) -> Result<Response> {
        Ok(operation.respond(no_presentity()))
    }

    /// Sessions that began here end here, and so do those that wait to be accepted.
    async fn make_way(&self) {
        self.entrance.make_way().await;
    }

    /// Takes leave of the servers; sessions are told by the tasks' end.
    async fn stop(&self) {
        self.outbound.close().await;
    }
}

fn no_presentity() -> ResponseStatus {
    Failure::new(FailureReason::NoPresentity)
        .with_detail("email: a mailbox has no presentity")
        .into()
}

#[cfg(test)]
mod tests;
