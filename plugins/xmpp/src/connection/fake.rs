//! A server and a gateway for tests, in memory.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex};

use rialto_sdk::model::{
    DispositionOperation, InstantInbox, InstantMessage, MessageOperation, NotifyOperation,
    Response, ResponseStatus, SubscribeOperation, TransactionId,
};
use rialto_sdk::serde_json::{self, json};
use rialto_xmpp_codec::{
    ContentNamespace, Limits, Message, Presence, Stanza, StreamEvent, StreamReader, namespace,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{Connect, Connection};
use crate::config::Config;
use crate::gateway::{Event, Gateway};
use crate::inbound::Inbound;
use crate::link::Link;
use crate::presence::Presences;
use crate::principal::Principals;

/// Hands the other end of each connection to the test.
#[derive(Debug)]
pub(crate) struct Dial {
    accepted: mpsc::Sender<DuplexStream>,
    buffer: usize,
}

impl Connect for Dial {
    type Reader = ReadHalf<DuplexStream>;
    type Writer = WriteHalf<DuplexStream>;

    async fn connect(&self) -> io::Result<(Self::Reader, Self::Writer)> {
        let (ours, theirs) = duplex(self.buffer);
        self.accepted
            .send(theirs)
            .await
            .map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(split(ours))
    }
}

/// The whole plugin without the SDK, and its server's side.
pub(crate) struct Rig {
    pub(crate) config: Arc<Config>,
    pub(crate) link: Arc<Link>,
    pub(crate) gateway: FakeGateway,
    pub(crate) submitted: mpsc::Receiver<Submitted>,
    pub(crate) reported: mpsc::Receiver<Submitted<DispositionOperation>>,
    pub(crate) presences: Presences<FakeGateway>,
    pub(crate) asked: mpsc::Receiver<Submitted<SubscribeOperation, Response>>,
    pub(crate) told: mpsc::Receiver<Submitted<NotifyOperation>>,
    pub(crate) task: JoinHandle<()>,
    accept: mpsc::Receiver<DuplexStream>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(json!({}), 64 * 1024)
    }

    /// `keys` go into the configuration; `buffer` is what the connection holds unread.
    pub(crate) fn with(keys: serde_json::Value, buffer: usize) -> Self {
        let mut table = json!({ "domain": "sip.example.com", "secret": "s" });
        for (key, value) in keys.as_object().unwrap() {
            table[key] = value.clone();
        }
        let config: Arc<Config> = Arc::new(serde_json::from_value(table).unwrap());
        let link = Arc::new(Link::new(config.outbox()));
        let (accepted, accept) = mpsc::channel(1);
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
            connect: Dial { accepted, buffer },
            config: Arc::clone(&config),
            link: Arc::clone(&link),
            inbound,
            gateway: gateway.clone(),
        };
        let task = spawn(connection.run_until(std::future::pending()));
        Self {
            config,
            link,
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
        let stream = self.accept.recv().await.expect("a connection");
        let reader = StreamReader::new(ContentNamespace::Component, Limits::default());
        FakeServer {
            stream,
            reader,
            unread: VecDeque::new(),
        }
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

/// The server's end of a connection.
pub(crate) struct FakeServer {
    stream: DuplexStream,
    reader: StreamReader,
    unread: VecDeque<StreamEvent>,
}

impl FakeServer {
    /// Accepts whatever secret; the codec's own tests check it.
    pub(crate) async fn handshake(&mut self) {
        assert!(matches!(self.next().await, Some(StreamEvent::Header(_))));
        self.header().await;
        let Some(StreamEvent::Element(element)) = self.next().await else {
            panic!("no handshake")
        };
        assert!(element.is(namespace::COMPONENT, "handshake"));
        self.send("<handshake/>").await;
    }

    pub(crate) async fn header(&mut self) {
        self.send(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' \
             xmlns:stream='http://etherx.jabber.org/streams' from='sip.example.com' id='1'>",
        )
        .await;
    }

    pub(crate) async fn send(&mut self, xml: &str) {
        self.stream
            .write_all(xml.as_bytes())
            .await
            .expect("an open connection");
    }

    /// The two directions of the connection, as bytes.
    pub(crate) fn into_halves(self) -> (ReadHalf<DuplexStream>, WriteHalf<DuplexStream>) {
        split(self.stream)
    }

    /// What the plugin sent next; `None` once it closed the connection.
    pub(crate) async fn next(&mut self) -> Option<StreamEvent> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(event) = self.unread.pop_front() {
                return Some(event);
            }
            let count = self
                .stream
                .read(&mut buffer)
                .await
                .ok()
                .filter(|count| *count > 0)?;
            let mut bytes = &buffer[..count];
            while let Some(event) = self.reader.read(&mut bytes).expect("a readable stream") {
                self.unread.push_back(event);
            }
        }
    }

    pub(crate) async fn message(&mut self) -> Message {
        match self.next().await {
            Some(StreamEvent::Stanza(Stanza::Message(message))) => message,
            other => panic!("no message: {other:?}"),
        }
    }

    pub(crate) async fn presence(&mut self) -> Presence {
        match self.next().await {
            Some(StreamEvent::Stanza(Stanza::Presence(presence))) => presence,
            other => panic!("no presence: {other:?}"),
        }
    }

    /// The id of the answer that comes next.
    pub(crate) async fn answer(&mut self) -> String {
        match self.next().await {
            Some(StreamEvent::Stanza(Stanza::Iq(iq))) => iq.id.expect("an id").to_string(),
            other => panic!("no answer: {other:?}"),
        }
    }

    /// Answers the ping that comes next.
    pub(crate) async fn prove(&mut self) {
        let ping = self.ping().await;
        self.pong(&ping).await;
    }

    /// The id of the ping that comes next.
    pub(crate) async fn ping(&mut self) -> String {
        match self.next().await {
            Some(StreamEvent::Stanza(Stanza::Iq(iq))) => {
                assert_eq!(iq.to.as_deref(), Some("example.com"));
                iq.id.expect("an id").to_string()
            }
            other => panic!("no ping: {other:?}"),
        }
    }

    pub(crate) async fn pong(&mut self, id: &str) {
        self.send(&format!(
            "<iq type='result' from='example.com' to='sip.example.com' id='{id}'/>"
        ))
        .await;
    }
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
