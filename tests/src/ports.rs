//! Ports that no other test has: each is held by a lock for as long as its test runs.
//!
//! Binding to port 0 would give a port that is free only until it is closed again, and a peer that is
//! killed and restarted must find its port still its own. So ports are taken below the range that the kernel gives to outgoing
//! connections, and a locked file keeps other test processes away.

use std::{
    fs::{self, File},
    net::{TcpListener, UdpSocket},
    process,
    sync::atomic::{AtomicU16, Ordering},
};

const FIRST: u16 = 16_000;
const PAIRS: u16 = 8_000;

/// What a port belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// Connections.
    Tcp,
}

/// A port that is free on UDP and TCP, IPv4 and IPv6, and stays this test's until it is dropped.
///
/// So is the one above it, which SIP user agents take for TLS unasked.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _lock: File,
}

impl Port {
    /// Takes a free port.
    ///
    /// # Panics
    /// When none is left, or the folder for the locks cannot be made.
    pub fn take() -> Self {
        static TRIED: AtomicU16 = AtomicU16::new(0);
        let folder = std::env::temp_dir().join("rialto-test-ports");
        fs::create_dir_all(&folder)
            .unwrap_or_else(|error| panic!("{} cannot be made: {error}", folder.display()));
        // Neighbouring processes start far from each other.
        let start = process::id().wrapping_mul(97) as u16;
        for _ in 0..PAIRS {
            let step = TRIED.fetch_add(1, Ordering::Relaxed);
            let number = FIRST + 2 * (start.wrapping_add(step) % PAIRS);
            let Ok(lock) = File::create(folder.join(number.to_string())) else {
                continue;
            };
            if lock.try_lock().is_ok() && is_free(number) && is_free(number + 1) {
                return Self {
                    number,
                    _lock: lock,
                };
            }
        }
        panic!("no free port between {FIRST} and {}", FIRST + 2 * PAIRS);
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }
}

/// Whether someone on this machine listens on the port; asks the kernel, so that nobody notices.
pub fn is_listening(transport: Transport, port: u16) -> bool {
    // A bound UDP socket is in state 07, a listening TCP socket in state 0A.
    let (files, state) = match transport {
        Transport::Udp => (["/proc/net/udp", "/proc/net/udp6"], "07"),
        Transport::Tcp => (["/proc/net/tcp", "/proc/net/tcp6"], "0A"),
    };
    let end = format!(":{port:04X}");
    let listens = |line: &str| {
        let mut columns = line.split_whitespace();
        let local = columns.nth(1).is_some_and(|local| local.ends_with(&end));
        local && columns.nth(1) == Some(state)
    };
    files.iter().any(|file| {
        fs::read_to_string(file)
            .unwrap_or_default()
            .lines()
            .any(listens)
    })
}

fn is_free(port: u16) -> bool {
    let everywhere = [("0.0.0.0", port), ("::1", port)];
    everywhere
        .iter()
        .all(|address| TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_is_not_given_twice_while_it_is_held() {
        let held: Vec<Port> = (0..20).map(|_| Port::take()).collect();
        let mut numbers: Vec<u16> = held.iter().map(Port::number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), held.len());
    }

    #[test]
    fn port_is_listening_from_bind_to_close() {
        let port = Port::take().number();
        assert!(!is_listening(Transport::Tcp, port));
        let listener = TcpListener::bind(("127.0.0.12", port)).expect("the port is ours");
        assert!(is_listening(Transport::Tcp, port) && !is_listening(Transport::Udp, port));
        drop(listener);
        assert!(!is_listening(Transport::Tcp, port));
    }

    #[test]
    fn port_in_use_by_others_is_not_free() {
        let port = Port::take();
        let _other = UdpSocket::bind(("127.0.0.1", port.number())).expect("the port is ours");
        assert!(!is_free(port.number()));
    }
}
