//! Many datagrams with one system call.

use std::{
    cell::RefCell,
    io::{IoSlice, IoSliceMut},
    net::{SocketAddr, SocketAddrV4, SocketAddrV6},
    os::fd::RawFd,
};

use nix::sys::socket::{
    MsgFlags, MultiHeaders, SockaddrIn, SockaddrIn6, SockaddrLike, recvmmsg, sendmmsg,
};

/// The most datagrams of one call.
pub(super) const BATCH: usize = 64;

// The headers hold pointers and so belong to a thread; made once, since each has its address
// buffers. One for each family: a call leaves the length of the addresses it saw behind. One for
// each direction: sending leaves pointers to addresses of its caller behind, and receiving with
// them would write where those were.
thread_local! {
    static V4: RefCell<MultiHeaders<SockaddrIn>> = RefCell::new(MultiHeaders::preallocate(BATCH, None));
    static V6: RefCell<MultiHeaders<SockaddrIn6>> = RefCell::new(MultiHeaders::preallocate(BATCH, None));
    static TO_V4: RefCell<MultiHeaders<SockaddrIn>> = RefCell::new(MultiHeaders::preallocate(BATCH, None));
    static TO_V6: RefCell<MultiHeaders<SockaddrIn6>> = RefCell::new(MultiHeaders::preallocate(BATCH, None));
}

/// One datagram in the buffers: its length and where it came from.
pub(super) type Arrivals = [Option<(usize, SocketAddr)>; BATCH];

/// Receives what is there, each datagram into a chunk of `stride` bytes, without waiting.
pub(super) fn receive(
    fd: RawFd,
    is_ipv4: bool,
    buffers: &mut [u8],
    stride: usize,
) -> nix::Result<Arrivals> {
    if is_ipv4 {
        V4.with_borrow_mut(|headers| {
            receive_with(fd, headers, buffers, stride, |address: SockaddrIn| {
                SocketAddrV4::from(address).into()
            })
        })
    } else {
        V6.with_borrow_mut(|headers| {
            receive_with(fd, headers, buffers, stride, |address: SockaddrIn6| {
                SocketAddrV6::from(address).into()
            })
        })
    }
}

fn receive_with<S: SockaddrLike + Copy>(
    fd: RawFd,
    headers: &mut MultiHeaders<S>,
    buffers: &mut [u8],
    stride: usize,
    address: impl Fn(S) -> SocketAddr,
) -> nix::Result<Arrivals> {
    let mut chunks = buffers.chunks_mut(stride);
    let mut slices: [[IoSliceMut<'_>; 1]; BATCH] =
        std::array::from_fn(|_| [IoSliceMut::new(chunks.next().unwrap_or_default())]);
    let mut arrivals = [None; BATCH];
    let results = recvmmsg(fd, headers, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None)?;
    for (arrival, result) in arrivals.iter_mut().zip(results) {
        *arrival = result.address.map(|from| (result.bytes, address(from)));
    }
    Ok(arrivals)
}

/// Sends datagrams, at most [`BATCH`] of them, without waiting; says how many went out.
pub(super) fn send<'a>(
    fd: RawFd,
    is_ipv4: bool,
    datagrams: impl Iterator<Item = (&'a [u8], SocketAddr)> + Clone,
) -> nix::Result<usize> {
    if is_ipv4 {
        TO_V4.with_borrow_mut(|headers| {
            send_with(fd, headers, datagrams, |to| match to {
                SocketAddr::V4(to) => Some(SockaddrIn::from(to)),
                SocketAddr::V6(_) => None,
            })
        })
    } else {
        TO_V6.with_borrow_mut(|headers| {
            send_with(fd, headers, datagrams, |to| match to {
                SocketAddr::V6(to) => Some(SockaddrIn6::from(to)),
                SocketAddr::V4(_) => None,
            })
        })
    }
}

fn send_with<'a, S: SockaddrLike + Copy>(
    fd: RawFd,
    headers: &mut MultiHeaders<S>,
    datagrams: impl Iterator<Item = (&'a [u8], SocketAddr)> + Clone,
    address: impl Fn(SocketAddr) -> Option<S>,
) -> nix::Result<usize> {
    let mut texts = datagrams.clone().map(|(bytes, _)| bytes);
    let mut destinations = datagrams.take(BATCH).map(|(_, to)| to);
    let slices: [[IoSlice<'_>; 1]; BATCH] =
        std::array::from_fn(|_| [IoSlice::new(texts.next().unwrap_or_default())]);
    let mut count = 0;
    let addresses: [Option<S>; BATCH] = std::array::from_fn(|_| {
        let to = destinations.next();
        count += usize::from(to.is_some());
        to.and_then(&address)
    });
    let sent = sendmmsg(
        fd,
        headers,
        slices.iter().take(count),
        addresses,
        [],
        MsgFlags::MSG_DONTWAIT,
    )?;
    Ok(sent.count())
}

#[cfg(test)]
mod tests {
    use std::{net::UdpSocket, os::fd::AsRawFd};

    use super::*;

    #[test]
    fn source_is_the_datagrams_own_after_others_were_answered() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut buffers = [0; 16 * BATCH];
        for _ in 0..3 {
            let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
            let address = peer.local_addr().unwrap();
            peer.send_to(b"x", socket.local_addr().unwrap()).unwrap();
            let arrivals = receive(socket.as_raw_fd(), true, &mut buffers, 16).unwrap();
            assert_eq!(arrivals[0], Some((1, address)));
            let answer = std::iter::once((&b"y"[..], address));
            assert_eq!(send(socket.as_raw_fd(), true, answer), Ok(1));
        }
    }
}
