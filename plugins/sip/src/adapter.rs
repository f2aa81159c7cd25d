//! A started adapter: its sockets, its loop, and the way out.

use std::{io, sync::Arc};

use rialto_sdk::prelude::{Error, Result, Succession};
use tokio::sync::mpsc;

use crate::{
    config::{Config, ListenAddress, TransportKind},
    endpoint::{Endpoint, Entrance, Shared, Sockets},
    gateway::Gateway,
    locals::Locals,
    outbound::Outbound,
    presence::{Legs, Locked, Sharing},
    transport::{Connections, Listener, StreamLimits, Tls, UdpPort, accept, bind_tcp},
};

/// A running SIP adapter.
#[derive(Debug)]
pub(crate) struct Adapter {
    outbound: Outbound,
    addresses: Vec<ListenAddress>,
}

impl Adapter {
    /// Opens all sockets, then starts the tasks; an error leaves nothing behind.
    pub(crate) fn start<G: Gateway>(
        config: &Config,
        gateway: &G,
        succession: Succession,
    ) -> Result<Self> {
        config.check()?;
        let tls = config.tls()?;
        tls.warn_of_flaw();
        let limits = StreamLimits {
            max_message: config.max_message_size(),
            idle: config.idle_timeout(),
            message: config.message_timeout(),
            connect: config.connect_timeout(),
        };
        let Bound {
            udp,
            listeners,
            addresses,
        } = Bound::open(config, &tls, limits.max_message, succession)?;
        let (to_loop, requests) = mpsc::channel(REQUEST_QUEUE);
        let (to_streams, streams) = mpsc::channel(STREAM_QUEUE);
        let connections = Connections::new(config.max_connections);
        let locals = Arc::new(Locals::new(config, &addresses));
        let legs = Locked::new(Legs::new(config.max_subscriptions));
        let sharing = Locked::new(Sharing::new(MAX_SHARED));
        let sockets = Sockets {
            udp,
            connections: connections.clone(),
            tls,
            limits,
            streams,
            to_streams: to_streams.clone(),
            locals: Arc::clone(&locals),
            legs: legs.clone(),
            sharing: sharing.clone(),
        };
        let endpoint = Shared::new(Endpoint::new(gateway.clone(), config, sockets, requests)?);
        let entrance = Entrance::new(endpoint.clone(), to_loop);
        let outbound = Outbound::new(config, locals, (legs, sharing), entrance);
        let stopping = gateway.stopping();
        gateway.spawn_to_the_end("sip endpoint", endpoint.run(stopping));
        for listener in listeners {
            let task = accept(
                listener,
                gateway.clone(),
                connections.clone(),
                limits,
                to_streams.clone(),
            );
            gateway.spawn("sip listener", task);
        }
        Ok(Self {
            outbound,
            addresses,
        })
    }

    pub(crate) const fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    /// Where it listens, with the ports that the system chose.
    pub(crate) fn addresses(&self) -> &[ListenAddress] {
        &self.addresses
    }
}

/// All sockets of an adapter.
struct Bound {
    udp: Vec<UdpPort>,
    listeners: Vec<Listener>,
    addresses: Vec<ListenAddress>,
}

impl Bound {
    fn open(
        config: &Config,
        tls: &Tls,
        max_message: usize,
        succession: Succession,
    ) -> Result<Self> {
        let (mut udp, mut listeners, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
        for listen in &config.listen {
            let refused = |error: io::Error| refused(*listen, error);
            let address = match listen.transport {
                TransportKind::Udp => {
                    let port =
                        UdpPort::bind(listen.address, max_message, succession).map_err(refused)?;
                    let local = port.local();
                    udp.push(port);
                    local
                }
                kind @ (TransportKind::Tcp | TransportKind::Tls) => {
                    let socket = bind_tcp(listen.address, succession).map_err(refused)?;
                    let local = socket.local_addr().map_err(refused)?;
                    let tls = (kind == TransportKind::Tls).then(|| tls.clone());
                    listeners.push(Listener { socket, tls });
                    local
                }
            };
            addresses.push(ListenAddress { address, ..*listen });
        }
        Ok(Self {
            udp,
            listeners,
            addresses,
        })
    }
}

/// The most requests of ours that wait for the loop.
const REQUEST_QUEUE: usize = 8192;
/// The most subscriptions that several devices share; each takes 4 KiB at most.
const MAX_SHARED: usize = 65_536;
/// The most messages of all connections that wait for the loop.
const STREAM_QUEUE: usize = 4096;

fn refused(listen: ListenAddress, error: io::Error) -> Error {
    Error::config(format!("listen: cannot listen on {listen}")).with_source(error)
}
