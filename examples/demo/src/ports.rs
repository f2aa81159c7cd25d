//! Where the gateway of the demo listens.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
};

use crate::error::DemoError;

/// Addresses on loopback that nobody has taken, on UDP and on TCP.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FreePorts {
    /// For the gateway.
    pub(crate) sip: SocketAddr,
    /// For the gateway, by mail.
    pub(crate) mail: SocketAddr,
    /// For a SIP client of one's own.
    pub(crate) guest: SocketAddr,
}

impl FreePorts {
    /// Finds them; what binds them soon will have them.
    pub(crate) fn find() -> Result<Self, DemoError> {
        let [sip, mail, guest] = [free_port(), free_port(), free_port()];
        let failed = || DemoError::io("there is no free port");
        Ok(Self {
            sip: sip.map_err(failed())?,
            mail: mail.map_err(failed())?,
            guest: guest.map_err(failed())?,
        })
    }
}

fn free_port() -> io::Result<SocketAddr> {
    const TRIES: usize = 16;
    let both = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        UdpSocket::bind(address).map(|_| address)
    };
    (1..TRIES).find_map(|_| both().ok()).map_or_else(both, Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_that_were_found_can_be_bound() {
        let ports = FreePorts::find().unwrap();
        assert_ne!(ports.sip, ports.guest);
        assert!(TcpListener::bind(ports.sip).is_ok() && UdpSocket::bind(ports.sip).is_ok());
    }
}
