//! Sockets: datagrams in batches, and streams with a task for each direction.

mod bounced;
mod connection;
mod listener;
mod mmsg;
mod udp;

pub(crate) use self::{
    connection::{Connection, FromConnection, StreamLimits, open},
    listener::{Connections, accept, bind_tcp},
    udp::{Datagram, UdpPort},
};
