//! A name server that passes questions on, or lies, and writes down what it was asked.

use std::{
    fmt,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::DNS_HOST;
use crate::{
    ports::{Port, Transport},
    process::PATIENCE,
};

/// One question; the same again, because its answer was late, is not another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Over what.
    pub transport: Transport,
    /// The name in lower case, without the final dot.
    pub name: String,
    /// `A`, `SRV` and so on; `TYPE99` for others.
    pub kind: String,
    id: [u8; 2],
}

/// What the proxy does with questions.
#[derive(Clone)]
pub enum Plan {
    /// Passes them on.
    Forward(SocketAddr),
    /// Keeps silent.
    Silent,
    /// Holds each back until there is another plan, which then is for it too.
    Hold,
    /// Sends what the function makes of the message, each as one message.
    Lie(Arc<dyn Liar>),
}

/// Makes messages of a question, whole and as they go over the wire.
pub trait Liar: Fn(Transport, &[u8]) -> Vec<Vec<u8>> + Send + Sync {}

impl<F: Fn(Transport, &[u8]) -> Vec<Vec<u8>> + Send + Sync> Liar for F {}

/// A running proxy.
#[derive(Debug)]
pub struct DnsProxy {
    state: Arc<State>,
    address: SocketAddr,
    _port: Port,
}

struct State {
    plan: Mutex<Plan>,
    changed: Condvar,
    asked: Mutex<Vec<Asked>>,
    was_asked: Condvar,
    stopped: AtomicBool,
}

impl DnsProxy {
    /// Starts with a plan.
    ///
    /// # Panics
    /// When its port is taken.
    pub fn start(plan: Plan) -> Self {
        let port = Port::take();
        let address = SocketAddr::new(DNS_HOST, port.number());
        let udp = UdpSocket::bind(address)
            .unwrap_or_else(|error| panic!("{address} cannot be bound: {error}"));
        let tcp = TcpListener::bind(address)
            .unwrap_or_else(|error| panic!("{address} cannot be bound: {error}"));
        let state = Arc::new(State {
            plan: Mutex::new(plan),
            changed: Condvar::new(),
            asked: Mutex::default(),
            was_asked: Condvar::new(),
            stopped: AtomicBool::new(false),
        });
        let (for_udp, for_tcp) = (Arc::clone(&state), Arc::clone(&state));
        thread::spawn(move || for_udp.serve_udp(&Arc::new(udp)));
        thread::spawn(move || for_tcp.serve_tcp(&tcp));
        Self {
            state,
            address,
            _port: port,
        }
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Does something else from now on.
    pub fn change(&self, plan: Plan) {
        *lock(&self.state.plan) = plan;
        self.state.changed.notify_all();
    }

    /// All questions so far, in their order.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.state.asked).clone()
    }

    /// Waits until that many questions have come.
    ///
    /// # Panics
    /// When they do not in time.
    pub fn await_asked(&self, count: usize) {
        let (asked, timeout) = self
            .state
            .was_asked
            .wait_timeout_while(lock(&self.state.asked), PATIENCE, |asked| {
                asked.len() < count
            })
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "only these were asked: {asked:?}");
    }

    /// Forgets the questions so far.
    pub fn forget(&self) {
        lock(&self.state.asked).clear();
    }
}

impl Drop for DnsProxy {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        self.change(Plan::Silent);
        // Wakes both threads, which then see that it is over.
        if let Ok(socket) = UdpSocket::bind((DNS_HOST, 0)) {
            let _sent = socket.send_to(&[], self.address);
        }
        let _connected = TcpStream::connect(self.address);
    }
}

impl State {
    fn serve_udp(self: &Arc<Self>, socket: &Arc<UdpSocket>) {
        let mut buffer = vec![0; MAX_MESSAGE];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            if self.stopped.load(Ordering::SeqCst) {
                return;
            }
            let query = buffer.get(..length).unwrap_or_default().to_vec();
            self.write_down(Transport::Udp, &query);
            let (state, socket) = (Arc::clone(self), Arc::clone(socket));
            thread::spawn(move || {
                for answer in state.answers(Transport::Udp, &query) {
                    let _sent = socket.send_to(&answer, from);
                }
            });
        }
    }

    fn serve_tcp(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            if self.stopped.load(Ordering::SeqCst) {
                return;
            }
            let state = Arc::clone(self);
            thread::spawn(move || state.converse(stream));
        }
    }

    fn converse(&self, mut stream: TcpStream) {
        while let Some(query) = read_framed(&mut stream) {
            self.write_down(Transport::Tcp, &query);
            for answer in self.answers(Transport::Tcp, &query) {
                if stream.write_all(&framed(&answer)).is_err() {
                    return;
                }
            }
        }
    }

    fn answers(&self, transport: Transport, query: &[u8]) -> Vec<Vec<u8>> {
        let waits = |plan: &mut Plan| matches!(plan, Plan::Hold);
        let plan = self.changed.wait_while(lock(&self.plan), waits);
        let plan = plan.unwrap_or_else(PoisonError::into_inner).clone();
        match plan {
            Plan::Forward(server) => forward(transport, server, query).into_iter().collect(),
            Plan::Silent | Plan::Hold => Vec::new(),
            Plan::Lie(lie) => lie(transport, query),
        }
    }

    fn write_down(&self, transport: Transport, query: &[u8]) {
        let Some(question) = question(transport, query) else {
            return;
        };
        let mut asked = lock(&self.asked);
        if !asked.contains(&question) {
            asked.push(question);
            self.was_asked.notify_all();
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forward(_) => "Forward",
            Self::Silent => "Silent",
            Self::Hold => "Hold",
            Self::Lie(_) => "Lie",
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn forward(transport: Transport, server: SocketAddr, query: &[u8]) -> Option<Vec<u8>> {
    match transport {
        Transport::Udp => {
            let socket = UdpSocket::bind((DNS_HOST, 0)).ok()?;
            socket.set_read_timeout(Some(PATIENCE)).ok()?;
            socket.send_to(query, server).ok()?;
            let mut buffer = vec![0; MAX_MESSAGE];
            let length = socket.recv(&mut buffer).ok()?;
            buffer.truncate(length);
            Some(buffer)
        }
        Transport::Tcp => {
            let mut stream = TcpStream::connect(server).ok()?;
            stream.set_read_timeout(Some(PATIENCE)).ok()?;
            stream.write_all(&framed(query)).ok()?;
            read_framed(&mut stream)
        }
    }
}

/// RFC 1035 §4.2.2.
fn framed(message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes(), message].concat()
}

fn read_framed(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut message).ok()?;
    Some(message)
}

const MAX_MESSAGE: usize = 65_535;

/// The first question. RFC 1035 §4.1.
fn question(transport: Transport, query: &[u8]) -> Option<Asked> {
    let (header, mut rest) = query.split_at_checked(12)?;
    let mut labels = Vec::new();
    loop {
        let (&length, after) = rest.split_first()?;
        let (label, after) = after.split_at_checked(length.into())?;
        rest = after;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(label).to_lowercase());
    }
    let kind = u16::from_be_bytes(*rest.first_chunk()?);
    let known = KINDS.iter().find(|(number, _)| *number == kind);
    let kind = known.map_or_else(|| format!("TYPE{kind}"), |(_, name)| (*name).to_owned());
    Some(Asked {
        transport,
        name: labels.join("."),
        kind,
        id: *header.first_chunk()?,
    })
}

const KINDS: [(u16, &str); 6] = [
    (1, "A"),
    (5, "CNAME"),
    (15, "MX"),
    (28, "AAAA"),
    (33, "SRV"),
    (35, "NAPTR"),
];
