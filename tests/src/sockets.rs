//! What sockets of the internet a process has open, as the kernel tells.

use std::{
    collections::HashSet,
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use crate::{ports::Transport, process::Process};

/// A socket over IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket {
    /// Datagrams or a connection.
    pub transport: Transport,
    /// The own end.
    pub local: SocketAddr,
    /// The other end; none of a socket that listens.
    pub remote: Option<SocketAddr>,
}

/// The sockets that the process has open.
///
/// # Panics
/// When it has one over IPv6, of which the rig's IPv4 tests know nothing.
pub fn of(process: &Process) -> Vec<Socket> {
    let numbers = inodes(process.id());
    let v6 = ["udp6", "tcp6"].map(|file| lines(file, &numbers).len());
    assert_eq!(v6, [0, 0], "it has sockets over IPv6");
    let of = |transport, file| {
        let lines = lines(file, &numbers);
        lines
            .into_iter()
            .filter_map(move |line| Socket::parse(transport, &line))
    };
    of(Transport::Udp, "udp")
        .chain(of(Transport::Tcp, "tcp"))
        .collect()
}

impl Socket {
    /// A line of `/proc/net/tcp`: number, both ends in hexadecimal, state and more.
    fn parse(transport: Transport, line: &str) -> Option<Self> {
        let mut columns = line.split_whitespace().skip(1);
        let (local, remote) = (address(columns.next()?)?, address(columns.next()?)?);
        Some(Self {
            transport,
            local,
            remote: (remote.port() != 0).then_some(remote),
        })
    }
}

/// `0B00007F:13C4` is 127.0.0.11:5060: the address is written as the machine keeps it.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let host = u32::from_str_radix(host, 16).ok()?.to_ne_bytes();
    let port = u16::from_str_radix(port, 16).ok()?;
    Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::from(host)), port))
}

/// The lines about sockets with these numbers.
fn lines(file: &str, numbers: &HashSet<String>) -> Vec<String> {
    let table = fs::read_to_string(format!("/proc/net/{file}")).unwrap_or_default();
    let is_one = |line: &&str| {
        let number = line.split_whitespace().nth(9);
        number.is_some_and(|number| numbers.contains(number))
    };
    table.lines().filter(is_one).map(str::to_owned).collect()
}

/// The numbers of the process's open sockets.
fn inodes(process: u32) -> HashSet<String> {
    let folder = format!("/proc/{process}/fd");
    let files = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{folder} cannot be read: {error}"))
        .flatten();
    files
        .filter_map(|file| fs::read_link(file.path()).ok())
        .filter_map(|link| {
            let link = link.to_str()?.strip_prefix("socket:[")?;
            Some(link.strip_suffix(']')?.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_is_read_from_a_line_of_the_kernel() {
        let line =
            "   1: 0D00007F:3E82 0B00007F:13C4 01 00000000:00000000 00:00000000 00000000 0 0 7 1";
        let end = |host, port| SocketAddr::from(([127, 0, 0, host], port));
        let socket = Socket {
            transport: Transport::Tcp,
            local: end(13, 16002),
            remote: Some(end(11, 5060)),
        };
        let is_little_endian = 1_u16.to_ne_bytes() == [1, 0];
        assert!(!is_little_endian || Socket::parse(Transport::Tcp, line) == Some(socket));
    }
}
