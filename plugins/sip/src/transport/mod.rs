//! Sockets: datagrams in batches, and streams with a task each.

mod bounced;
mod connection;
mod line;
mod listener;
mod mmsg;
mod tls;
mod udp;
mod wire;

pub(crate) use self::{
    connection::{Connection, FromConnection, OtherEnd, StreamLimits, open},
    line::Queued,
    listener::{Connections, Listener, accept, bind_tcp},
    tls::{Domains, Tls, Trouble},
    udp::{Datagram, UdpPort},
};
