//! SIP users that write one message after the other, each when the one before was answered.
//!
//! They do what RFC 3261 §17.1.2 asks of a client over UDP: what is not answered is sent again, unchanged.

use std::{
    collections::{BTreeSet, HashMap},
    net::{SocketAddr, UdpSocket},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{peers::sipp::SIP_HOST, process::PATIENCE, raw_sip::ok, sip_message::SipMessage};

/// How long one waits for a response before the request is sent again.
const AGAIN: Duration = Duration::from_millis(200);
/// How often that happens before one gives up; RFC 3261's 64 T1.
const TIMES: u32 = 160;

/// Users that write, until they are stopped.
#[derive(Debug)]
pub struct SipCallers {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Vec<Written>>>,
}

/// How soon users go on when they were answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// At once.
    Eager,
    /// When nothing has come for a moment: all together at a few hundred messages a second at most.
    Steady,
}

/// A message that a user has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The number of the user.
    pub caller: usize,
    /// Its text: the user's number and the message's.
    pub text: String,
    /// The final response; none, if there was none.
    pub status: Option<u16>,
    /// How often it was sent.
    pub times: u32,
}

/// How many of the callers' texts came first after a later one of the same user.
///
/// # Panics
/// When a text is like one of theirs, and is none.
pub fn out_of_order<'a>(arrived: impl IntoIterator<Item = &'a str>) -> usize {
    let mut seen = BTreeSet::new();
    let mut last: HashMap<&str, u64> = HashMap::new();
    let mut count = 0;
    for text in arrived.into_iter().filter(|text| seen.insert(*text)) {
        let Some((caller, number)) = text.split_once('-') else {
            continue;
        };
        let Ok(number) = number.parse() else {
            panic!("{text} is no text of a caller");
        };
        let last = last.entry(caller).or_insert(number);
        count += usize::from(number < *last);
        *last = number.max(*last);
    }
    count
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    answers: HashMap<u16, usize>,
    /// What was sent to the users.
    told: Vec<String>,
    is_stopping: bool,
    has_ended: bool,
}

impl SipCallers {
    /// Starts so many users, `alice0@sip.example` and so on, who all write to one.
    ///
    /// # Panics
    /// When there is no port for them.
    pub fn start(gateway: SocketAddr, to: &str, callers: usize, pace: Pace) -> Self {
        let socket = UdpSocket::bind((SIP_HOST, 0)).and_then(|socket| {
            socket.set_read_timeout(Some(AGAIN / 10))?;
            Ok(socket)
        });
        let socket = socket.unwrap_or_else(|error| panic!("no UDP socket: {error}"));
        let shared = Arc::new(Shared::default());
        let office = Office {
            socket,
            gateway,
            to: to.to_owned(),
            shared: Arc::clone(&shared),
            pace,
            under_way: HashMap::new(),
            pausing: Vec::new(),
            written: Vec::new(),
        };
        Self {
            shared,
            thread: Some(thread::spawn(move || office.run(callers))),
        }
    }

    /// Waits until so many final responses have come.
    ///
    /// # Panics
    /// When they do not in time.
    pub fn await_answers(&self, count: usize) {
        self.await_state(&format!("{count} answers"), |state| {
            state.answers.values().sum::<usize>() >= count
        });
    }

    /// Waits until so many final responses with this status have come.
    ///
    /// # Panics
    /// When they do not in time.
    pub fn await_status(&self, status: u16, count: usize) {
        self.await_state(&format!("{count} answers {status}"), |state| {
            state.answers.get(&status).copied().unwrap_or_default() >= count
        });
    }

    /// How many final responses have come.
    pub fn answers(&self) -> usize {
        self.shared.state().answers.values().sum()
    }

    /// How many of them had this status.
    pub fn count(&self, status: u16) -> usize {
        let state = self.shared.state();
        state.answers.get(&status).copied().unwrap_or_default()
    }

    /// What was written to the users themselves until now.
    pub fn told(&self) -> Vec<String> {
        self.shared.state().told.clone()
    }

    /// Lets them write for so long.
    pub fn go_on_for(&self, time: Duration) {
        let state = self.shared.state();
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, time, |state| !state.has_ended);
        drop(waited);
    }

    /// Lets them write no more, and waits for the last answers.
    ///
    /// # Panics
    /// When the thread that writes for them has panicked.
    pub fn stop(mut self) -> Vec<Written> {
        self.shared.state().is_stopping = true;
        let thread = self.thread.take().map(JoinHandle::join);
        match thread {
            Some(Ok(written)) => written,
            _ => panic!("the callers have panicked"),
        }
    }

    fn await_state(&self, what: &str, is_so: impl Fn(&State) -> bool) {
        let (state, timeout) = self
            .shared
            .changed
            .wait_timeout_while(self.shared.state(), PATIENCE, |state| !is_so(state))
            .unwrap_or_else(PoisonError::into_inner);
        let answers = format!("{:?}", state.answers);
        drop(state);
        assert!(!timeout.timed_out(), "no {what}: {answers}");
    }
}

impl Drop for SipCallers {
    fn drop(&mut self) {
        self.shared.state().is_stopping = true;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one socket of all callers.
#[derive(Debug)]
struct Office {
    socket: UdpSocket,
    gateway: SocketAddr,
    to: String,
    shared: Arc<Shared>,
    pace: Pace,
    /// By the number of the message.
    under_way: HashMap<usize, Call>,
    /// The users, with the numbers of their next messages.
    pausing: Vec<(usize, usize)>,
    /// All messages, in the order in which they were written.
    written: Vec<Written>,
}

#[derive(Debug)]
struct Call {
    datagram: Vec<u8>,
    /// How many silences have passed since it was sent.
    silences: u32,
}

impl Office {
    fn run(mut self, callers: usize) -> Vec<Written> {
        for caller in 0..callers {
            self.write_next(caller, 0);
        }
        let mut datagram = vec![0; 1 << 16];
        let mut turns = 0_u32;
        while !self.under_way.is_empty() || !self.pausing.is_empty() {
            match self.socket.recv_from(&mut datagram) {
                Ok((length, source)) => self.take(&datagram[..length], source),
                Err(_) => {
                    turns += 1;
                    self.go_on();
                }
            }
            // Nothing has come for a while, or much has: the patience of each is counted in either.
            turns += u32::from(self.written.len().is_multiple_of(64));
            if turns >= 10 {
                turns = 0;
                self.send_again();
            }
        }
        self.shared.state().has_ended = true;
        self.shared.changed.notify_all();
        self.written
    }

    fn write_next(&mut self, caller: usize, number: usize) {
        let at = self.written.len();
        let text = format!("{caller}-{number}");
        let address = self
            .socket
            .local_addr()
            .unwrap_or_else(|error| panic!("not bound: {error}"));
        let (to, port) = (&self.to, address.port());
        let datagram = format!(
            "MESSAGE {to} SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bK-{port}-{at}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:alice{caller}@sip.example>;tag={at}\r\nTo: <{to}>\r\n\
             Call-ID: {port}-{at}\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n\
             Content-Length: {}\r\n\r\n{text}",
            text.len()
        )
        .into_bytes();
        self.send(&datagram);
        let written = Written {
            caller,
            text,
            status: None,
            times: 1,
        };
        self.written.push(written);
        let call = Call {
            datagram,
            silences: 0,
        };
        self.under_way.insert(at, call);
    }

    fn send(&self, datagram: &[u8]) {
        // Nobody may be listening just now; then it is sent again.
        let _refused = self.socket.send_to(datagram, self.gateway);
    }

    fn send_again(&mut self) {
        let mut given_up = Vec::new();
        for (at, call) in &mut self.under_way {
            call.silences += 1;
            if call.silences < 2 {
                continue; // it was sent just before
            }
            let Some(written) = self.written.get_mut(*at) else {
                continue;
            };
            written.times += 1;
            if call.silences > TIMES {
                given_up.push(*at);
            }
            let _refused = self.socket.send_to(&call.datagram, self.gateway);
        }
        for at in given_up {
            self.end(at, None);
        }
    }

    fn take(&mut self, datagram: &[u8], source: SocketAddr) {
        let Some(message) = SipMessage::parse(datagram) else {
            panic!("this is no SIP: {}", datagram.escape_ascii());
        };
        match message.status() {
            Some(100..=199) => {}
            Some(status) => {
                let branch = message.header("Via").and_then(|via| {
                    let (_, branch) = via.split_once("branch=z9hG4bK-")?;
                    let (_, at) = branch.split(';').next()?.split_once('-')?;
                    at.parse().ok()
                });
                self.end(branch.unwrap_or(usize::MAX), Some(status));
            }
            None => {
                let _refused = self.socket.send_to(ok(&message, "").as_bytes(), source);
                let text = String::from_utf8_lossy(message.body()).into_owned();
                self.shared.state().told.push(text);
                self.shared.changed.notify_all();
            }
        }
    }

    /// Ends a message; the same user then writes the next.
    fn end(&mut self, at: usize, status: Option<u16>) {
        if self.under_way.remove(&at).is_none() {
            return; // answered twice
        }
        let Some(written) = self.written.get_mut(at) else {
            return;
        };
        written.status = status;
        let (caller, number) = (written.caller, written.text.clone());
        let mut state = self.shared.state();
        *state.answers.entry(status.unwrap_or(408)).or_default() += 1;
        drop(state);
        self.shared.changed.notify_all();
        let number: Option<usize> = number.split_once('-').and_then(|(_, n)| n.parse().ok());
        self.pausing.push((caller, number.unwrap_or(0) + 1));
        if self.pace == Pace::Eager {
            self.go_on();
        }
    }

    fn go_on(&mut self) {
        let is_stopping = self.shared.state().is_stopping;
        for (caller, number) in std::mem::take(&mut self.pausing) {
            if !is_stopping {
                self.write_next(caller, number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_first_arrivals_and_of_each_user_alone() {
        assert_eq!(out_of_order(["1-0", "2-5", "1-1", "1-0", "2-6"]), 0);
        assert_eq!(out_of_order(["1-0", "1-2", "1-1", "1-3", "last"]), 1);
    }
}
