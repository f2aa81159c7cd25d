//! Sockets: datagrams in batches, and streams with a task each.

mod bounced;
mod connection;
mod line;
mod listener;
mod mmsg;
mod udp;

pub(crate) use self::{
    connection::{Connection, FromConnection, StreamLimits, open},
    line::Queued,
    listener::{Connections, accept, bind_tcp},
    udp::{Datagram, UdpPort},
};
