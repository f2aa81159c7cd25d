//! The other end of the plugin's network: says what it is told to.

mod conversation;
mod datagrams;
mod script;

use std::net::SocketAddr;

use tokio::net::TcpListener;

pub use conversation::Conversation;
pub use datagrams::Datagrams;
pub use script::Script;

/// A server on a port of its own, at the loopback address.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Listens.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port at the loopback address");
        let address = listener.local_addr().expect("its address");
        Self { listener, address }
    }

    /// Where the plugin shall connect to.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection, waited for.
    pub async fn accept(&self) -> Conversation {
        let (stream, _) = self.listener.accept().await.expect("a connection");
        Conversation::of(stream)
    }

    /// Listens no more: whoever connects from now on is refused. What is connected stays.
    pub fn close(self) -> SocketAddr {
        self.address
    }

    /// Listens at the address where one was that has been closed.
    pub async fn open_again(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await;
        let listener = listener.expect("the port that was free a moment ago");
        Self { listener, address }
    }
}
