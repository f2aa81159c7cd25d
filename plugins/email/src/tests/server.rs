//! A mail server that takes what it is told to take.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use rialto_email_codec::smtp::{
    Envelope, Event, Protocol, Reply, Session, SessionOptions, StartTls,
};
use rialto_sdk::prelude::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};

/// A server, and what it has taken.
pub(super) struct Server {
    /// As a route names it.
    pub(super) hop: String,
    pub(super) address: SocketAddr,
    pub(super) script: Arc<Script>,
    taken: mpsc::Receiver<(Envelope, Bytes)>,
    _accepting: JoinSet<()>,
}

/// What it does, one answer after the other; when there is nothing left it takes everything.
#[derive(Default)]
pub(super) struct Script {
    recipients: Mutex<VecDeque<&'static str>>,
    messages: Mutex<VecDeque<Answer>>,
    pub(super) sessions: Mutex<usize>,
    pub(super) manner: Mutex<Manner>,
}

/// How it is with all clients.
#[derive(Clone, Copy, Default)]
pub(super) enum Manner {
    #[default]
    Polite,
    /// It hangs up when they connect.
    Gone,
    /// It offers TLS, and hangs up when they begin it.
    WithoutTls,
}

#[derive(Clone, Copy)]
pub(super) enum Answer {
    Reply(&'static str),
    /// Takes the message and hangs up without a word.
    HangUp,
}

impl Script {
    pub(super) fn recipient(&self, reply: &'static str) {
        self.recipients.lock().unwrap().push_back(reply);
    }

    pub(super) fn message(&self, answer: Answer) {
        self.messages.lock().unwrap().push_back(answer);
    }
}

impl Server {
    pub(super) async fn start() -> Self {
        Self::speaking(Protocol::Smtp).await
    }

    pub(super) async fn speaking(protocol: Protocol) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::<Script>::default();
        let (sender, taken) = mpsc::channel(1000);
        let accepting = Arc::clone(&script);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut sessions = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                *accepting.sessions.lock().unwrap() += 1;
                let session = serve(stream, protocol, Arc::clone(&accepting), sender.clone());
                sessions.spawn(session);
            }
        });
        let hop = match protocol {
            Protocol::Smtp => format!("smtp:{address}"),
            Protocol::Lmtp => format!("lmtp:{address}"),
        };
        Self {
            hop,
            address,
            script,
            taken,
            _accepting: task,
        }
    }

    /// The next message that it has taken: the envelope, and header and body.
    pub(super) async fn next(&mut self) -> (Envelope, String) {
        let (envelope, octets) = self.taken.recv().await.unwrap();
        (envelope, String::from_utf8(octets.to_vec()).unwrap())
    }

    /// Whether it has taken nothing more.
    pub(super) fn is_empty(&mut self) -> bool {
        self.taken.try_recv().is_err()
    }
}

async fn serve(
    mut stream: TcpStream,
    protocol: Protocol,
    script: Arc<Script>,
    taken: mpsc::Sender<(Envelope, Bytes)>,
) {
    let host = "mx.mail.example".parse().unwrap();
    let mut options = SessionOptions::new(protocol, host);
    let manner = *script.manner.lock().unwrap();
    match manner {
        Manner::Polite => {}
        Manner::Gone => return,
        Manner::WithoutTls => options = options.with_starttls(StartTls::Offered),
    }
    let mut session = Session::new(options);
    let mut buffer = vec![0; 65536];
    loop {
        if stream.write_all(&session.take_output()).await.is_err() {
            return;
        }
        let count = stream.read(&mut buffer).await.unwrap_or(0);
        if count == 0 {
            return;
        }
        let mut input = &buffer[..count];
        while let Some(event) = session.handle_bytes(&mut input) {
            let reply = match event {
                Event::Mail(_) => "250 2.1.0 ok",
                Event::Recipient(_) => {
                    let next = script.recipients.lock().unwrap().pop_front();
                    next.unwrap_or("250 2.1.5 ok")
                }
                Event::Message { envelope, content } => {
                    let next = script.messages.lock().unwrap().pop_front();
                    match next.unwrap_or(Answer::Reply("250 2.6.0 ok")) {
                        Answer::HangUp => return,
                        Answer::Reply(reply) => {
                            if reply.starts_with('2') {
                                taken.send((envelope, content)).await.unwrap();
                            }
                            reply
                        }
                    }
                }
                _ => {
                    let _gone = stream.write_all(&session.take_output()).await;
                    return;
                }
            };
            session.answer(&Reply::parse(reply).unwrap()).unwrap();
        }
    }
}
