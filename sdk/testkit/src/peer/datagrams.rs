//! A peer over UDP.

use std::net::SocketAddr;

use tokio::net::UdpSocket;

use crate::golden;

/// A socket for datagrams on a port of its own, at the loopback address. What it does not answer is lost, as far as the plugin can see.
#[derive(Debug)]
pub struct Datagrams {
    socket: UdpSocket,
    address: SocketAddr,
}

impl Datagrams {
    /// The longest datagram.
    const MAX_LEN: usize = 65_535;

    /// Opens one.
    pub async fn open() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await;
        let socket = socket.expect("a port at the loopback address");
        let address = socket.local_addr().expect("its address");
        Self { socket, address }
    }

    /// Where it is.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next datagram, and who sent it.
    pub async fn receive(&self) -> (Vec<u8>, SocketAddr) {
        let mut bytes = vec![0; Self::MAX_LEN];
        let received = self.socket.recv_from(&mut bytes).await;
        let (len, from) = received.expect("an open socket");
        bytes.truncate(len);
        (bytes, from)
    }

    /// The next datagram must be this one; who sent it.
    pub async fn expect(&self, expected: impl AsRef<[u8]>) -> SocketAddr {
        let (came, from) = self.receive().await;
        if came != expected.as_ref() {
            let difference = golden::difference(expected.as_ref(), &came);
            panic!("the plugin sent something else:\n{difference}");
        }
        from
    }

    /// Sends a datagram.
    pub async fn send(&self, to: SocketAddr, bytes: impl AsRef<[u8]>) {
        let sent = self.socket.send_to(bytes.as_ref(), to).await;
        sent.expect("a datagram that can be sent");
    }
}
