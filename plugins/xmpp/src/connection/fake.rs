//! A server and a gateway for tests, in memory.

use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

use rialto_sdk::Legacy;
use rialto_sdk::model::{
    DispositionOperation, InstantInbox, InstantMessage, MessageOperation, NotifyOperation,
    Response, ResponseStatus, SubscribeOperation, TransactionId,
};
use rialto_sdk::serde_json::{self, json};
use tokio::io::{DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{Connect, Connection, Tcp, WriteEnd};
use crate::config::Config;
use crate::gateway::{Event, Gateway};
use crate::inbound::Inbound;
use crate::link::Link;
use crate::presence::Presences;
use crate::principal::Principals;
use crate::succession::{Inherited, inherited};

mod server;

pub(crate) use self::server::FakeServer;
use self::server::Peer;

/// Hands the other end of each connection to the test.
#[derive(Debug)]
pub(crate) struct Dial {
    accepted: mpsc::Sender<Peer>,
    buffer: usize,
}

impl Connect for Dial {
    type Reader = ReadHalf<DuplexStream>;
    type Writer = WriteHalf<DuplexStream>;

    async fn connect(&self) -> io::Result<(Self::Reader, Self::Writer)> {
        let (ours, theirs) = duplex(self.buffer);
        self.accepted
            .send(Box::new(theirs))
            .await
            .map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(split(ours))
    }

    fn adopt(&self, _: OwnedFd) -> io::Result<(Self::Reader, Self::Writer)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn keep(_: &Self::Reader) -> io::Result<OwnedFd> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl WriteEnd for WriteHalf<DuplexStream> {
    fn forget(self: Box<Self>) {}
}

/// The whole plugin without the SDK, and its server's side.
pub(crate) struct Rig {
    pub(crate) config: Arc<Config>,
    pub(crate) link: Arc<Link>,
    pub(crate) inbound: Inbound<FakeGateway>,
    pub(crate) gateway: FakeGateway,
    pub(crate) submitted: mpsc::Receiver<Submitted>,
    pub(crate) reported: mpsc::Receiver<Submitted<DispositionOperation>>,
    pub(crate) presences: Presences<FakeGateway>,
    pub(crate) asked: mpsc::Receiver<Submitted<SubscribeOperation, Response>>,
    pub(crate) told: mpsc::Receiver<Submitted<NotifyOperation>>,
    pub(crate) task: JoinHandle<()>,
    accept: mpsc::Receiver<Peer>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(json!({}), 64 * 1024)
    }

    /// `keys` go into the configuration; `buffer` is what the connection holds unread.
    pub(crate) fn with(keys: serde_json::Value, buffer: usize) -> Self {
        let (accepted, accept) = mpsc::channel(1);
        Self::of(keys, Dial { accepted, buffer }, accept, None)
    }

    /// By TCP, to a server that listens there.
    pub(crate) async fn over_tcp() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = listener.local_addr().unwrap().to_string();
        let (accepted, accept) = mpsc::channel(1);
        drop(spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                drop(accepted.send(Box::new(stream) as Peer).await);
            }
        }));
        Self::of(
            json!({ "endpoint": endpoint }),
            Tcp { endpoint },
            accept,
            None,
        )
    }

    /// The version that follows, with what this one has left.
    pub(crate) fn successor(self, legacy: Legacy) -> Self {
        let endpoint = self.config.endpoint().to_owned();
        let inherited = inherited(legacy, &self.config);
        let keys = json!({ "endpoint": endpoint });
        Self::of(keys, Tcp { endpoint }, self.accept, inherited)
    }

    fn of(
        keys: serde_json::Value,
        connect: impl Connect,
        accept: mpsc::Receiver<Peer>,
        inherited: Option<Inherited>,
    ) -> Self {
        let mut table = json!({ "domain": "sip.example.com", "secret": "s" });
        for (key, value) in keys.as_object().unwrap() {
            table[key] = value.clone();
        }
        let config: Arc<Config> = Arc::new(serde_json::from_value(table).unwrap());
        let link = Arc::new(Link::new(config.outbox()));
        let (submit, submitted) = mpsc::channel(64);
        let (report, reported) = mpsc::channel(64);
        let (ask, asked) = mpsc::channel(64);
        let (tell, told) = mpsc::channel(64);
        let gateway = FakeGateway {
            submit,
            report,
            ask,
            tell,
            events: Arc::default(),
        };
        let presences = Presences::new(gateway.clone(), Arc::clone(&link), Arc::clone(&config));
        let principals = Principals::new(gateway.clone(), Arc::clone(&link), Arc::clone(&config));
        let inbound = Inbound::new(
            (presences.clone(), principals),
            gateway.clone(),
            Arc::clone(&link),
            ("sip".into(), config.inbound_messages()),
        );
        let connection = Connection {
            connect,
            config: Arc::clone(&config),
            link: Arc::clone(&link),
            inbound: inbound.clone(),
            gateway: gateway.clone(),
            inherited,
        };
        let task = spawn(connection.run_until(std::future::pending()));
        Self {
            config,
            link,
            inbound,
            gateway,
            submitted,
            reported,
            presences,
            asked,
            told,
            task,
            accept,
        }
    }

    /// The next connection, before any handshake.
    pub(crate) async fn accept(&mut self) -> FakeServer {
        FakeServer::at(self.accept.recv().await.expect("a connection"))
    }

    /// The next connection, after its handshake.
    pub(crate) async fn join(&mut self) -> FakeServer {
        let mut server = self.accept().await;
        server.handshake().await;
        self.settle().await;
        server
    }

    /// Lets everything run that can.
    pub(crate) async fn settle(&self) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }

    /// Stops in a task of its own.
    pub(crate) fn stop(&self) -> JoinHandle<()> {
        let link = Arc::clone(&self.link);
        spawn(async move { link.stop().await })
    }

    /// Tells a sender in a task of its own.
    pub(crate) fn tell(&self, operation: DispositionOperation) -> JoinHandle<ResponseStatus> {
        self.inbound.tells(&operation);
        let (link, config) = (Arc::clone(&self.link), Arc::clone(&self.config));
        spawn(async move {
            crate::outbound::deliver_disposition(&link, config.domains(), &operation).await
        })
    }

    /// Delivers in a task of its own.
    pub(crate) fn deliver(&self, operation: MessageOperation) -> JoinHandle<ResponseStatus> {
        let (link, config) = (Arc::clone(&self.link), Arc::clone(&self.config));
        spawn(async move { crate::outbound::deliver(&link, &config, &operation).await })
    }
}

/// A message from SIP for Juliet.
pub(crate) fn operation(id: &str, text: &str) -> MessageOperation {
    MessageOperation::new(
        TransactionId::parse(id.as_bytes()).unwrap(),
        InstantInbox::parse("im:romeo@sip.example.com").unwrap(),
        InstantInbox::parse("im:juliet@example.com").unwrap(),
        InstantMessage::text(text.to_owned()),
    )
}

/// Keeps what was submitted until the test answers it.
#[derive(Clone, Debug)]
pub(crate) struct FakeGateway {
    submit: mpsc::Sender<Submitted>,
    report: mpsc::Sender<Submitted<DispositionOperation>>,
    ask: mpsc::Sender<Submitted<SubscribeOperation, Response>>,
    tell: mpsc::Sender<Submitted<NotifyOperation>>,
    pub(crate) events: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug)]
pub(crate) struct Submitted<O = MessageOperation, R = ResponseStatus> {
    pub(crate) operation: O,
    pub(crate) answer: oneshot::Sender<R>,
}

impl FakeGateway {
    /// How often something happened whose description begins so.
    pub(crate) fn count(&self, begin: &str) -> usize {
        let events = self.events.lock().unwrap();
        events
            .iter()
            .filter(|event| event.starts_with(begin))
            .count()
    }
}

impl Gateway for FakeGateway {
    fn submit(
        &self,
        operation: MessageOperation,
        then: impl FnOnce(ResponseStatus) + Send + 'static,
    ) {
        hand_over(&self.submit, operation, then);
    }

    fn submit_disposition(
        &self,
        operation: DispositionOperation,
        then: impl FnOnce(ResponseStatus) + Send + 'static,
    ) {
        hand_over(&self.report, operation, then);
    }

    fn submit_subscribe(
        &self,
        operation: SubscribeOperation,
        then: impl FnOnce(Response) + Send + 'static,
    ) {
        hand_over(&self.ask, operation, then);
    }

    fn submit_notify(
        &self,
        operation: NotifyOperation,
        then: impl FnOnce(ResponseStatus) + Send + 'static,
    ) {
        hand_over(&self.tell, operation, then);
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(spawn(task));
    }

    fn event(&self, event: Event<'_>) {
        self.events.lock().unwrap().push(format!("{event:?}"));
    }
}

fn hand_over<O: std::fmt::Debug, R: std::fmt::Debug + Send + 'static>(
    to: &mpsc::Sender<Submitted<O, R>>,
    operation: O,
    then: impl FnOnce(R) + Send + 'static,
) {
    let (answer, status) = oneshot::channel();
    to.try_send(Submitted { operation, answer })
        .expect("room in the test's queue");
    drop(spawn(async move {
        if let Ok(status) = status.await {
            then(status);
        }
    }));
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test's runtime ends with the test"
)]
pub(crate) fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    tokio::spawn(task)
}
