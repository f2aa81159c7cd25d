//! Sockets that one version of a plugin hands over to the next.
//!
//! | | first version | its successor, while the first runs | the successor, alone |
//! |---|---|---|---|
//! | binds | alone: a port that is taken is an error | beside the first | |
//! | gets what comes | all | all that is new | all |

use std::{io, net::SocketAddr, os::fd::AsFd};

use nix::{
    libc::{BPF_K, BPF_RET, sock_filter, sock_fprog},
    sys::socket::{
        setsockopt,
        sockopt::{AttachReusePortCbpf, ReusePort},
    },
};
use tokio::net::{TcpListener, TcpSocket};

/// Whether an adapter starts beside an earlier version of itself, and how listening sockets are opened in either case.
///
/// For plugins whose [`PluginInfo`](crate::PluginInfo) says [`hands_over`](crate::PluginInfo::hands_over). Each TCP port that the adapter claims is opened by
/// [`listen`](Self::listen); around the binding of any other socket stand first [`prepare`](Self::prepare), then [`share`](Self::share).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Succession {
    /// There is no earlier version, or it has left.
    First,
    /// An earlier version runs, and has what this one claims. It gets no new operation, and no new traffic once this one has started.
    Beside,
}

impl Succession {
    /// Listens at an address, as [`TcpListener::bind`] does; on the adapter's runtime.
    pub fn listen(self, address: SocketAddr) -> io::Result<TcpListener> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // A restart does not wait for connections of the run before.
        socket.set_reuseaddr(true)?;
        self.prepare(&socket)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        self.share(&listener)?;
        Ok(listener)
    }

    /// Call this before the socket is bound.
    pub fn prepare(self, socket: &impl AsFd) -> io::Result<()> {
        match self {
            // Nobody else's port is taken by accident.
            Self::First => Ok(()),
            Self::Beside => Ok(setsockopt(socket, ReusePort, &true)?),
        }
    }

    /// Call this when the socket is bound and, if it is one of streams, listens.
    pub fn share(self, socket: &impl AsFd) -> io::Result<()> {
        match self {
            // From now on, a successor may join.
            Self::First => Ok(setsockopt(socket, ReusePort, &true)?),
            Self::Beside => Ok(all_to_the_second(socket)?),
        }
    }
}

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// Has the system hand all that is new to the second socket of those that share a port; if there is only one, to that.
fn all_to_the_second(socket: &impl AsFd) -> nix::Result<()> {
    const SECOND: u32 = 1;
    let mut program = [sock_filter {
        code: (BPF_RET | BPF_K) as u16,
        jt: 0,
        jf: 0,
        k: SECOND,
    }];
    let program = sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    setsockopt(socket, AttachReusePortCbpf, &program)
}

#[cfg(test)]
mod tests {
    use std::{
        net::{Ipv6Addr, UdpSocket},
        os::fd::AsRawFd as _,
        time::Duration,
    };

    use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, socket};
    use tokio::net::TcpStream;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn any() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }

    fn udp(at: SocketAddr, succession: Succession) -> io::Result<UdpSocket> {
        let SocketAddr::V4(at) = at else {
            panic!("{at} is not of IPv4");
        };
        let (family, kind) = (AddressFamily::Inet, SockType::Datagram);
        let socket = socket(family, kind, SockFlag::empty(), None)?;
        succession.prepare(&socket)?;
        bind(socket.as_raw_fd(), &SockaddrIn::from(at))?;
        succession.share(&socket)?;
        let socket = UdpSocket::from(socket);
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(socket)
    }

    /// From many ports, since the system spreads by them what nobody directs.
    fn all_reach(socket: &UdpSocket) {
        let to = socket.local_addr().unwrap();
        for number in 0..50_u8 {
            UdpSocket::bind(any())
                .unwrap()
                .send_to(&[number], to)
                .unwrap();
            let mut received = [0];
            socket.recv(&mut received).unwrap();
            assert_eq!(received, [number]);
        }
    }

    #[test]
    fn datagrams_reach_the_successor_from_its_start_and_also_when_it_is_alone() {
        let first = udp(any(), Succession::First).unwrap();
        let at = first.local_addr().unwrap();
        all_reach(&first);
        let mut last = first;
        for _ in 0..3 {
            let next = udp(at, Succession::Beside).unwrap();
            all_reach(&next);
            drop(std::mem::replace(&mut last, next));
            all_reach(&last);
        }
    }

    #[test]
    fn successor_that_leaves_again_gives_all_back() {
        let first = udp(any(), Succession::First).unwrap();
        drop(udp(first.local_addr().unwrap(), Succession::Beside).unwrap());
        all_reach(&first);
    }

    #[tokio::test]
    async fn port_that_is_shared_is_taken_all_the_same_for_whoever_is_no_successor() {
        let first = udp(any(), Succession::First).unwrap();
        let at = first.local_addr().unwrap();
        let taken = |error: io::Error| assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        taken(udp(at, Succession::First).unwrap_err());
        let _next = udp(at, Succession::Beside).unwrap();
        taken(udp(at, Succession::First).unwrap_err());
        let first = Succession::First.listen(any()).unwrap();
        let at = first.local_addr().unwrap();
        taken(Succession::First.listen(at).unwrap_err());
        let _next = Succession::Beside.listen(at).unwrap();
        taken(Succession::First.listen(at).unwrap_err());
    }

    #[tokio::test]
    async fn connections_reach_the_successor_and_older_ones_stay() {
        for any in [any(), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))] {
            let first = Succession::First.listen(any).unwrap();
            let at = first.local_addr().unwrap();
            let old = TcpStream::connect(at).await.unwrap();
            let next = Succession::Beside.listen(at).unwrap();
            let (_, peer) = first.accept().await.unwrap();
            assert_eq!(peer, old.local_addr().unwrap());
            for _ in 0..20 {
                let new = TcpStream::connect(at).await.unwrap();
                let (_, peer) = next.accept().await.unwrap();
                assert_eq!(peer, new.local_addr().unwrap());
            }
        }
    }
}
