//! A SIP user agent that takes many messages, and answers each with 200.

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{peers::sipp::SIP_HOST, process::PATIENCE, raw_sip::ok, sip_message::SipMessage};

/// A receiver over UDP.
#[derive(Debug)]
pub struct SipSink {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// A request that has come; one that was only sent again by its transaction counts once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// Its body.
    pub text: String,
    /// Its Call-ID, by which the receiver knows a copy.
    pub call_id: String,
    branch: String,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    arrived: Vec<Arrived>,
    is_over: bool,
}

impl SipSink {
    /// Starts it.
    ///
    /// # Panics
    /// When there is no port for it.
    pub fn start() -> Self {
        Self::start_at((SIP_HOST, 0).into())
    }

    fn start_at(address: SocketAddr) -> Self {
        let bound = UdpSocket::bind(address).and_then(|socket| {
            socket.set_read_timeout(Some(Duration::from_millis(100)))?;
            Ok((socket.local_addr()?, socket))
        });
        let (address, socket) = bound.unwrap_or_else(|error| panic!("no UDP socket: {error}"));
        let shared = Arc::new(Shared::default());
        let taking = Arc::clone(&shared);
        let thread = thread::spawn(move || taking.take_all(&socket));
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// Closes its port; what it has not read is lost.
    pub fn stop(&mut self) {
        self.shared.state().is_over = true;
        let _ended = self.thread.take().map(JoinHandle::join);
    }

    /// Opens the same port again, and knows nothing of what came before.
    ///
    /// # Panics
    /// When somebody has taken it meanwhile.
    pub fn start_again(&mut self) {
        self.stop();
        *self = Self::start_at(self.address);
    }

    /// Where a gateway sends to.
    pub fn next_hop(&self) -> String {
        format!("udp:{}", self.address)
    }

    /// What has come.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.shared.state().arrived.clone()
    }

    /// Waits until more than so many have come, but no longer than that; how many have.
    pub fn await_more_than(&self, count: usize, within: Duration) -> usize {
        let waited = self
            .shared
            .changed
            .wait_timeout_while(self.shared.state(), within, |state| {
                state.arrived.len() <= count
            });
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.arrived.len()
    }

    /// Waits until a text has come.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn await_text(&self, text: &str) {
        let is_missing = |state: &mut State| state.arrived.iter().all(|one| one.text != text);
        let waited =
            self.shared
                .changed
                .wait_timeout_while(self.shared.state(), PATIENCE, is_missing);
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        let last = state.arrived.last().cloned();
        drop(state);
        assert!(!timeout.timed_out(), "no {text:?}; the last was {last:?}");
    }
}

impl Drop for SipSink {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_all(&self, socket: &UdpSocket) {
        let mut datagram = vec![0; 1 << 16];
        while !self.state().is_over {
            if let Ok((length, source)) = socket.recv_from(&mut datagram)
                && let Some(message) = SipMessage::parse(&datagram[..length])
                && message.method().is_some()
            {
                let _refused = socket.send_to(ok(&message, "").as_bytes(), source);
                self.note(&message);
            }
        }
    }

    fn note(&self, message: &SipMessage) {
        let header = |name| message.header(name).unwrap_or_default().to_owned();
        let arrived = Arrived {
            text: String::from_utf8_lossy(message.body()).into_owned(),
            call_id: header("Call-ID"),
            branch: header("Via"),
        };
        let mut state = self.state();
        if !state.arrived.contains(&arrived) {
            state.arrived.push(arrived);
        }
        drop(state);
        self.changed.notify_all();
    }
}
