//! Sockets that one version of a plugin hands over to the next.
//!
//! | | first version | its successor, while the first runs | the successor, alone |
//! |---|---|---|---|
//! | binds | alone: a port that is taken is an error | beside the first | |
//! | gets what comes | all | all that is new | all |

use std::{io, os::fd::AsFd};

use nix::{
    libc::{BPF_K, BPF_RET, sock_filter, sock_fprog},
    sys::socket::{
        setsockopt,
        sockopt::{AttachReusePortCbpf, ReusePort},
    },
};

/// Whether an adapter starts beside an earlier version of itself, and how listening sockets are opened in either case.
///
/// For plugins whose [`PluginInfo`](crate::PluginInfo) says [`hands_over`](crate::PluginInfo::hands_over). Around the binding of each socket that the
/// adapter claims, first [`prepare`](Self::prepare), then [`share`](Self::share).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Succession {
    /// There is no earlier version, or it has left.
    First,
    /// An earlier version runs, and has what this one claims. It gets no new operation, and no new traffic once this one has started.
    Beside,
}

impl Succession {
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
        net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
        time::Duration,
    };

    use nix::sys::socket::{
        AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, listen, socket,
    };

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn any() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }

    fn open(
        kind: SockType,
        at: SocketAddr,
        succession: Succession,
    ) -> io::Result<std::os::fd::OwnedFd> {
        let socket = socket(AddressFamily::Inet, kind, SockFlag::empty(), None)?;
        let SocketAddr::V4(at) = at else {
            panic!("{at} is not of IPv4");
        };
        succession.prepare(&socket)?;
        bind(
            std::os::fd::AsRawFd::as_raw_fd(&socket),
            &SockaddrIn::from(at),
        )?;
        if kind == SockType::Stream {
            listen(&socket, Backlog::new(64)?)?;
        }
        succession.share(&socket)?;
        Ok(socket)
    }

    fn udp(at: SocketAddr, succession: Succession) -> io::Result<UdpSocket> {
        let socket = UdpSocket::from(open(SockType::Datagram, at, succession)?);
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(socket)
    }

    fn tcp(at: SocketAddr, succession: Succession) -> io::Result<TcpListener> {
        open(SockType::Stream, at, succession).map(TcpListener::from)
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

    #[test]
    fn port_that_is_shared_is_taken_all_the_same_for_whoever_is_no_successor() {
        let first = udp(any(), Succession::First).unwrap();
        let at = first.local_addr().unwrap();
        let taken = |error: io::Error| assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        taken(udp(at, Succession::First).unwrap_err());
        let _next = udp(at, Succession::Beside).unwrap();
        taken(udp(at, Succession::First).unwrap_err());
        let first = tcp(any(), Succession::First).unwrap();
        taken(tcp(first.local_addr().unwrap(), Succession::First).unwrap_err());
    }

    #[test]
    fn connections_reach_the_successor_and_older_ones_stay() {
        let first = tcp(any(), Succession::First).unwrap();
        let at = first.local_addr().unwrap();
        let old = TcpStream::connect(at).unwrap();
        let next = tcp(at, Succession::Beside).unwrap();
        let (_, peer) = first.accept().unwrap();
        assert_eq!(peer, old.local_addr().unwrap());
        for _ in 0..20 {
            let new = TcpStream::connect(at).unwrap();
            let (_, peer) = next.accept().unwrap();
            assert_eq!(peer, new.local_addr().unwrap());
        }
    }
}
