//! Misbehaves as its configuration says; the tests show that nothing else is disturbed.
//!
//! Without a `fault` it answers every message with success, inside the call: benchmarks use that.

#![forbid(unsafe_code)]

use std::{
    future::pending,
    net::SocketAddr,
    time::{Duration, Instant},
};

use rialto_sdk::{prelude::*, tokio::task::yield_now, tracing};

rialto_sdk::export_plugin!(Faulty);

/// Does what an author's worst day brings.
#[derive(Debug)]
pub struct Faulty {
    config: Config,
    host: Host,
}

/// The `[adapters.<name>]` table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields)]
#[schemars(crate = "rialto_sdk::schemars")]
pub struct Config {
    /// What to do wrong. Default: nothing.
    #[serde(default)]
    fault: Fault,
    /// What to claim.
    #[serde(default)]
    listen: Vec<SocketAddr>,
    /// Another claim.
    domain: Option<String>,
}

/// What to do wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", rename_all = "snake_case")]
#[schemars(crate = "rialto_sdk::schemars")]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Panics when asked for claims.
    PanicInClaims,
    /// Panics when started.
    PanicInStart,
    /// Refuses to start.
    RefusesToStart,
    /// Is never ready.
    NeverReady,
    /// Panics inside the call.
    PanicInCall,
    /// Panics after a wait.
    PanicAfterWait,
    /// Waits for ever; says so when it is given up.
    NeverAnswers,
    /// Answers with the response to another operation.
    AnswersAnother,
    /// Fails with a chain of causes.
    Fails,
    /// Does not stop.
    HangsInStop,
    /// Panics when stopped.
    PanicInStop,
    /// Has a task that does not stop.
    KeepsTask,
    /// Has a task that panics.
    TaskPanics,
    /// Logs and measures.
    Talks,
    /// Submits and gives up at once.
    GivesUp,
    /// Submits as many messages as the text says, and answers with nanoseconds per message in the detail.
    Submits,
    /// Waits once, then succeeds.
    Waits,
}

impl Plugin for Faulty {
    const INFO: PluginInfo = PluginInfo::new("faulty", env!("CARGO_PKG_VERSION"))
        .schemes(&["faulty", "broken"])
        .lookups(&["srv _faulty._tcp tcp:", "address 7"])
        .services(Services::MESSAGES.and(Services::DISPOSITIONS).and(Services::PRESENCE))
        .patience(Duration::from_secs(20))
        .licence("MIT OR Apache-2.0");

    type Config = Config;

    fn claims(config: &Config) -> Result<Claims> {
        assert!(config.fault != Fault::PanicInClaims, "claims: a bug");
        if let Some(at) = config.listen.iter().position(|address| address.port() == 1) {
            return Err(Error::config(format!("listen[{at}]: port 1 is reserved")));
        }
        let addresses = config.listen.iter().copied().map(Claim::udp);
        Ok(addresses
            .chain(config.domain.iter().map(Claim::domain))
            .collect())
    }

    async fn start(context: Context<Config>) -> Result<Self> {
        match context.config.fault {
            Fault::PanicInStart => panic!("start: a bug"),
            Fault::RefusesToStart => {
                return Err(Error::temporary("cannot reach the server")
                    .with_source(std::io::Error::other("connection refused")));
            }
            Fault::NeverReady => pending().await,
            Fault::KeepsTask => context.tasks.spawn("stubborn", pending()),
            Fault::TaskPanics => context
                .tasks
                .spawn("clumsy", async { panic!("task: a bug") }),
            _ => {}
        }
        Ok(Self {
            config: context.config,
            host: context.host,
        })
    }

    async fn deliver(&self, operation: MessageOperation) -> Result<Response> {
        match self.config.fault {
            Fault::PanicInCall => panic!("deliver: a bug"),
            Fault::PanicAfterWait => {
                yield_now().await;
                panic!("deliver: a late bug");
            }
            Fault::NeverAnswers => {
                let _dropped = Dropped(self.host.clone());
                self.host.count("waiting", 1);
                pending().await
            }
            Fault::AnswersAnother => {
                let (other, _responder) = operation.into_forward(self.host.transaction_id());
                return Ok(other.respond(ResponseStatus::Success));
            }
            Fault::Fails => {
                return Err(Error::permanent("the far side said no")
                    .with_source(std::io::Error::other("550 no such user")));
            }
            Fault::Talks => self.talk(),
            Fault::GivesUp => drop(self.host.submit(operation.clone())),
            // Boxed: every delivery would carry its size.
            Fault::Submits => return Box::pin(self.submit_many(operation)).await,
            Fault::Waits => yield_now().await,
            _ => {}
        }
        Ok(operation.respond(ResponseStatus::Success))
    }

    /// Has the faults of `deliver` that are those of a call.
    async fn deliver_disposition(&self, operation: DispositionOperation) -> Result<Response> {
        match self.config.fault {
            Fault::PanicInCall => panic!("deliver_disposition: a bug"),
            Fault::NeverAnswers => {
                let _dropped = Dropped(self.host.clone());
                self.host.count("waiting", 1);
                pending().await
            }
            Fault::GivesUp => drop(self.host.submit_disposition(operation.clone())),
            Fault::Waits => yield_now().await,
            _ => {}
        }
        Ok(operation.respond(ResponseStatus::Success))
    }

    /// Has the faults of `deliver` that are those of a call; grants what is asked for.
    async fn subscribe(&self, operation: SubscribeOperation) -> Result<Response> {
        match self.config.fault {
            Fault::PanicInCall => panic!("subscribe: a bug"),
            Fault::NeverAnswers => {
                let _dropped = Dropped(self.host.clone());
                self.host.count("waiting", 1);
                pending().await
            }
            Fault::GivesUp => drop(self.host.submit_subscribe(operation.clone())),
            Fault::Waits => yield_now().await,
            _ => {}
        }
        let duration = operation.duration().unwrap_or(Duration::from_secs(3600));
        Ok(operation.respond(ResponseStatus::Success).with_duration(duration))
    }

    /// Has the faults of `deliver` that are those of a call.
    async fn notify(&self, operation: NotifyOperation) -> Result<Response> {
        match self.config.fault {
            Fault::PanicInCall => panic!("notify: a bug"),
            Fault::NeverAnswers => {
                let _dropped = Dropped(self.host.clone());
                self.host.count("waiting", 1);
                pending().await
            }
            Fault::GivesUp => drop(self.host.submit_notify(operation.clone())),
            Fault::Waits => yield_now().await,
            _ => {}
        }
        Ok(operation.respond(ResponseStatus::Success))
    }

    async fn stop(&self) {
        match self.config.fault {
            Fault::HangsInStop => pending().await,
            Fault::PanicInStop => panic!("stop: a bug"),
            _ => {}
        }
    }
}

impl Faulty {
    fn talk(&self) {
        tracing::info!(
            peer.addr = "192.0.2.1:5060",
            attempt = 3,
            "a line of the plugin"
        );
        tracing::debug!("not wanted at level info");
        self.host.count("messages_total", 2);
        self.host.gauge("connections", 1.5);
        self.host.observe("delivery_seconds", 0.25);
        self.host
            .health(Health::Degraded("the peer is slow".to_owned()));
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "measures; no decision hangs on it"
    )]
    async fn submit_many(&self, operation: MessageOperation) -> Result<Response> {
        let text = String::from_utf8_lossy(operation.message().payload().as_bytes());
        let times: u32 = text.parse().map_err(|_| Error::permanent("not a number"))?;
        let message = InstantMessage::text("x".repeat(200));
        let started = Instant::now();
        for _ in 0..times {
            let (id, to) = (*operation.transaction_id(), operation.source().clone());
            let own =
                MessageOperation::new(id, operation.destination().clone(), to, message.clone());
            let response = self.host.submit(own).await;
            if !response.status().is_success() {
                return Err(Error::temporary("a submission failed"));
            }
        }
        let nanoseconds = started.elapsed().as_nanos() / u128::from(times.max(1));
        let failure = Failure::new(FailureReason::Refused).with_detail(nanoseconds.to_string());
        Ok(operation.respond(failure.into()))
    }
}

/// Says that a delivery was given up.
struct Dropped(Host);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.count("dropped", 1);
    }
}
