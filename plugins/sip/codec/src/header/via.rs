//! Via: where responses go.

use std::net::{IpAddr, Ipv4Addr};

use super::{Param, ParamValue, Params};
use crate::{
    DecodeError, HeaderName, Host,
    lex::{self, Cursor},
    uri::parse_ipv6,
};

/// The prefix of branches that are unique by themselves (RFC 3261 §8.1.1.7).
pub const BRANCH_COOKIE: &str = "z9hG4bK";

/// One Via value (RFC 3261 §20.42, RFC 3581).
#[derive(Clone, Copy, Debug)]
pub struct Via<'a> {
    protocol: &'a str,
    version: &'a str,
    transport: Transport<'a>,
    host: Host<'a>,
    sent_by: &'a str,
    port: Option<u16>,
    branch: Option<&'a str>,
    received: Option<IpAddr>,
    rport: Rport,
    maddr: Option<Host<'a>>,
    ttl: Option<u8>,
    before_params: &'a str,
    params: Params<'a>,
}

impl<'a> Via<'a> {
    /// Reads one value, up to the end or to a comma.
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let beginning = cursor.at();
        let (protocol, version) = read_protocol(cursor)?;
        let transport = Transport::parse(cursor.token()?);
        if !cursor.peek().is_some_and(lex::is_space) {
            return Err(cursor.expected("white space"));
        }
        cursor.skip_space();
        let start = cursor.at();
        let host = read_host(cursor)?;
        let port = cursor
            .eat_separator(b':')
            .then(|| read_port(cursor))
            .transpose()?;
        let sent_by = cursor.since(start);
        let params = Params::default();
        let (branch, received, rport, maddr, ttl) = (None, None, Rport::Absent, None, None);
        let mut via = Self {
            protocol,
            version,
            transport,
            host,
            sent_by,
            port,
            branch,
            received,
            rport,
            maddr,
            ttl,
            before_params: cursor.since(beginning),
            params,
        };
        let malformed = cursor.expected("one branch, and received, rport, maddr and ttl in order");
        via.params = Params::read_each(cursor, |param| via.take_param(param).ok_or(malformed))?;
        Ok(via)
    }

    /// Takes what a parameter says; `None` when its value is malformed, or a second branch.
    ///
    /// Of the others the last counts: peers add an `rport` with the port beside ours without.
    fn take_param(&mut self, param: &Param<'a>) -> Option<()> {
        let is = |name| param.name.eq_ignore_ascii_case(name);
        let value = match param.value {
            Some(ParamValue::Token(text)) => Some(text),
            // None of these may be quoted, and each is refused when it is empty.
            Some(ParamValue::Quoted(_)) => Some(""),
            None => None,
        };
        if is("branch") && value.is_some() {
            let is_second = self.branch.replace(param.as_token()?).is_some();
            return (!is_second).then_some(());
        } else if is("rport") {
            self.rport = match value {
                Some(port) => Rport::Port(decimal(port)?),
                None => Rport::Requested,
            };
        } else if is("received") {
            self.received = Some(parse_address(value?)?);
        } else if is("maddr") {
            self.maddr = Some(Host::parse(value?).ok()?);
        } else if is("ttl") {
            self.ttl = Some(decimal(value?)?);
        }
        Some(())
    }

    /// The protocol's name: SIP.
    #[must_use]
    pub const fn protocol(&self) -> &'a str {
        self.protocol
    }

    /// The protocol's version: 2.0.
    #[must_use]
    pub const fn version(&self) -> &'a str {
        self.version
    }

    /// The transport it was sent over, as its sender says.
    #[must_use]
    pub const fn transport(&self) -> Transport<'a> {
        self.transport
    }

    /// The host of sent-by.
    #[must_use]
    pub const fn host(&self) -> Host<'a> {
        self.host
    }

    /// The port of sent-by, when one is written.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// The port of sent-by, or what its transport has by default.
    #[must_use]
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or_else(|| self.transport.default_port())
    }

    /// Host and port as they were written; a part of the transaction's key.
    #[must_use]
    pub const fn sent_by(&self) -> &'a str {
        self.sent_by
    }

    /// The branch; `None` when missing or empty.
    #[must_use]
    pub const fn branch(&self) -> Option<&'a str> {
        self.branch
    }

    /// The branch when it names its transaction alone: cookie, and something after it.
    ///
    /// `None` sends the matching of transactions back to RFC 2543 (RFC 3261 §17.2.3).
    #[must_use]
    pub fn unique_branch(&self) -> Option<&'a str> {
        let (cookie, rest) = self.branch?.split_at_checked(BRANCH_COOKIE.len())?;
        (cookie.eq_ignore_ascii_case(BRANCH_COOKIE) && !rest.is_empty())
            .then_some(self.branch)
            .flatten()
    }

    /// The address that the next hop saw.
    #[must_use]
    pub const fn received(&self) -> Option<IpAddr> {
        self.received
    }

    /// What is said about the source port.
    #[must_use]
    pub const fn rport(&self) -> Rport {
        self.rport
    }

    /// The host to answer to instead.
    #[must_use]
    pub const fn maddr(&self) -> Option<Host<'a>> {
        self.maddr
    }

    /// The time to live of multicast answers.
    #[must_use]
    pub const fn ttl(&self) -> Option<u8> {
        self.ttl
    }

    /// Protocol, transport and sent-by as they were written.
    #[must_use]
    pub const fn before_params(&self) -> &'a str {
        self.before_params
    }

    /// All parameters.
    #[must_use]
    pub const fn params(&self) -> Params<'a> {
        self.params
    }

    /// Whether the response would go to all hosts of a network (RFC 4475 §3.3.10).
    #[must_use]
    pub fn is_broadcast(&self) -> bool {
        let broadcast = IpAddr::V4(Ipv4Addr::BROADCAST);
        self.host == Host::Address(broadcast) || self.received == Some(broadcast)
    }
}

/// Says what a Via asks or tells about the source port (RFC 3581).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the parameter has these three states"
)]
pub enum Rport {
    /// No such parameter.
    Absent,
    /// The parameter without a value: the client wants to be told.
    Requested,
    /// The port that the server saw.
    Port(u16),
}

/// Names a transport; case does not matter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Transport<'a> {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// SCTP.
    Sctp,
    /// TLS over SCTP.
    TlsSctp,
    /// WebSocket.
    Ws,
    /// WebSocket over TLS.
    Wss,
    /// Any other token, as it was written.
    Other(&'a str),
}

impl<'a> Transport<'a> {
    /// Reads a transport's name.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        const KNOWN: [Transport<'static>; 7] = [
            Transport::Udp,
            Transport::Tcp,
            Transport::Tls,
            Transport::Sctp,
            Transport::TlsSctp,
            Transport::Ws,
            Transport::Wss,
        ];
        let known = KNOWN
            .iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(text));
        known.copied().unwrap_or(Self::Other(text))
    }

    /// The name as Via writes it.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Sctp => "SCTP",
            Self::TlsSctp => "TLS-SCTP",
            Self::Ws => "WS",
            Self::Wss => "WSS",
            Self::Other(text) => text,
        }
    }

    /// The port where none is written.
    #[must_use]
    pub const fn default_port(&self) -> u16 {
        match self {
            Self::Tls | Self::TlsSctp => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
            _ => 5060,
        }
    }
}

/// Reads `SIP / 2.0 /`, which nearly all write without spaces.
fn read_protocol<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a str, &'a str), DecodeError> {
    const USUAL: &str = "SIP/2.0/";
    if cursor.rest().starts_with(USUAL) {
        cursor.advance(USUAL.len());
        return Ok(("SIP", "2.0"));
    }
    let protocol = cursor.token()?;
    separator(cursor, b'/')?;
    let version = cursor.token()?;
    separator(cursor, b'/')?;
    Ok((protocol, version))
}

/// Reads digits and nothing else: no sign.
fn decimal<T: TryFrom<u64>>(text: &str) -> Option<T> {
    T::try_from(lex::number(text)?).ok()
}

fn separator(cursor: &mut Cursor<'_>, byte: u8) -> Result<(), DecodeError> {
    if cursor.eat_separator(byte) {
        Ok(())
    } else {
        Err(cursor.expected("slash"))
    }
}

fn read_host<'a>(cursor: &mut Cursor<'a>) -> Result<Host<'a>, DecodeError> {
    let (host, length) = Host::parse_prefix(cursor.rest())
        .map_err(|error| cursor.expected_at(cursor.at() + error.at, error.expected))?;
    cursor.advance(length);
    Ok(host)
}

fn read_port(cursor: &mut Cursor<'_>) -> Result<u16, DecodeError> {
    let digits = cursor.take_while(|byte| byte.is_ascii_digit());
    decimal(digits).ok_or_else(|| cursor.expected("port of 0 to 65535"))
}

/// Reads an address; brackets around IPv6 are taken too (RFC 5118 §4.5).
fn parse_address(text: &str) -> Option<IpAddr> {
    let inside = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match inside {
        Some(address) => parse_ipv6(address).map(IpAddr::V6),
        None => text
            .parse()
            .ok()
            .or_else(|| parse_ipv6(text).map(IpAddr::V6)),
    }
}

/// Reads the first Via value of one header field.
pub(crate) fn first_via(base: usize, text: &str) -> Result<(Via<'_>, usize), DecodeError> {
    let mut cursor = Cursor::new(HeaderName::Via, base, text);
    let via = Via::read(&mut cursor)?;
    cursor.skip_space();
    if cursor.is_end() || cursor.peek() == Some(b',') {
        return Ok((via, cursor.at()));
    }
    Err(cursor.expected("parameter or comma"))
}
