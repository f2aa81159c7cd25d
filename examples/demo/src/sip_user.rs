//! Romeo: a SIP user agent that knows MESSAGE and nothing else (RFC 3428).
//!
//! It speaks UDP and leaves out what loopback does not need: it never retransmits.

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::Arc,
};

use rialto_sip_codec::{
    BRANCH_COOKIE, HeaderName, MessageWriter, Method, Reply, Request, Response, SipMessage,
    StartLine, StatusCode, Transport, Uri,
};

use crate::{
    error::DemoError,
    events::{self, Event, EventSender},
};

/// The user's name at the SIP domain.
pub(crate) const NAME: &str = "romeo";
/// The domain that the gateway has a route for.
pub(crate) const DOMAIN: &str = "sip.example";

/// A user agent with a socket of its own, which answers what it receives.
#[derive(Debug)]
pub(crate) struct SipUser {
    socket: Arc<UdpSocket>,
    local: SocketAddr,
    gateway: SocketAddr,
}

/// A request that went out.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) wire: String,
    pub(crate) call_id: String,
}

/// What came in.
#[derive(Debug)]
pub(crate) enum Received {
    /// A request of the gateway's.
    Request(Incoming),
    /// The response to a request of ours.
    Response {
        wire: String,
        call_id: String,
        status: StatusCode,
    },
}

/// A request that came in, and what was answered at once.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) wire: String,
    /// The URI of its From.
    pub(crate) from: String,
    pub(crate) text: String,
    pub(crate) answer: String,
    pub(crate) status: StatusCode,
}

impl SipUser {
    /// Opens a socket and begins to answer on it; all requests will go to `gateway`.
    pub(crate) fn start(gateway: SocketAddr, events: EventSender) -> Result<Self, DemoError> {
        let failed = || DemoError::io("Romeo has no socket");
        let socket = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed())?);
        let local = socket.local_addr().map_err(failed())?;
        let listening = Arc::clone(&socket);
        events::thread("romeo", move || listen(&listening, &events))?;
        Ok(Self {
            socket,
            local,
            gateway,
        })
    }

    /// Where it listens.
    pub(crate) fn local_address(&self) -> SocketAddr {
        self.local
    }

    /// Sends a MESSAGE to a SIP URI by way of the gateway.
    pub(crate) fn write(&self, to: &str, text: &str) -> Result<Sent, DemoError> {
        let [branch, tag, call_id] =
            std::array::from_fn(|_| format!("{:016x}", rand::random::<u64>()));
        let branch = format!("{BRANCH_COOKIE}{branch}");
        let mut wire = Vec::new();
        MessageWriter::request(&mut wire, Method::Message, to)
            .via(Transport::Udp, &self.local.to_string(), &branch)
            .max_forwards(70)
            .from("Romeo", &format!("sip:{NAME}@{DOMAIN}"), &tag)
            .to("", to, "")
            .call_id(&call_id)
            .cseq(1, Method::Message)
            .header(HeaderName::ContentType, "text/plain;charset=UTF-8")
            .finish(text.as_bytes())
            .map_err(DemoError::Sip)?;
        let sent = self.socket.send_to(&wire, self.gateway);
        sent.map_err(DemoError::io("Romeo cannot send"))?;
        Ok(Sent {
            wire: shown(&wire),
            call_id,
        })
    }
}

/// Takes datagrams until nobody is interested any more.
fn listen(socket: &UdpSocket, events: &EventSender) {
    let mut datagram = vec![0; 65_535];
    let mut last_branch = String::new();
    while let Ok((length, source)) = socket.recv_from(&mut datagram) {
        let wire = datagram.get(..length).unwrap_or_default();
        let Ok(message) = SipMessage::parse(wire) else {
            continue;
        };
        let received = match message.start_line() {
            StartLine::Response { .. } => response(wire, &message),
            StartLine::Request { .. } => {
                let Some((answer, incoming)) = request(wire, &message, source) else {
                    continue;
                };
                // A lost answer shows when the request comes again, which nobody has to be told of.
                let _lost = socket.send_to(&answer, source);
                let branch = message
                    .via()
                    .ok()
                    .and_then(|via| via.branch())
                    .unwrap_or_default();
                if std::mem::replace(&mut last_branch, branch.to_owned()) == branch {
                    continue;
                }
                Some(Received::Request(incoming))
            }
        };
        if let Some(received) = received
            && events.send(Event::Sip(received)).is_err()
        {
            return;
        }
    }
}

fn response(wire: &[u8], message: &SipMessage<'_>) -> Option<Received> {
    let response = Response::read(message).ok()?;
    let (call_id, status) = (response.call_id().to_owned(), response.status());
    (status >= StatusCode::OK).then(|| Received::Response {
        wire: shown(wire),
        call_id,
        status,
    })
}

/// Answers a request; `None` for one that is too broken for an answer.
fn request(
    wire: &[u8],
    message: &SipMessage<'_>,
    source: SocketAddr,
) -> Option<(Vec<u8>, Incoming)> {
    let request = Request::read(message).ok()?;
    let status = match (request.method(), request.uri()) {
        (Method::Message, Uri::Sip(uri)) if uri.user() == Some(NAME) => StatusCode::OK,
        (Method::Message, _) => StatusCode::NOT_FOUND,
        _ => StatusCode::METHOD_NOT_ALLOWED,
    };
    let mut answer = Vec::new();
    let reply = Reply {
        status,
        reason: "",
        source: Some(source),
        to_tag: "romeo-is-here",
    };
    let mut writer = MessageWriter::response(&mut answer, message, &reply);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        writer = writer.header(HeaderName::Allow, "MESSAGE");
    }
    writer.finish(&[]).ok()?;
    let incoming = Incoming {
        wire: shown(wire),
        from: request.from().uri_text().to_owned(),
        text: shown(message.body()),
        answer: shown(&answer),
        status,
    };
    Some((answer, incoming))
}

fn shown(wire: &[u8]) -> String {
    String::from_utf8_lossy(wire).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Events;

    /// Two user agents, each the other's gateway.
    fn pair() -> (SipUser, SocketAddr, Events) {
        let (sender, events) = events::channel();
        let other = SipUser::start(([127, 0, 0, 1], 9).into(), sender.clone()).unwrap();
        let user = SipUser::start(other.local_address(), sender).unwrap();
        (user, other.local_address(), events)
    }

    fn answer_to(user: &SipUser, events: &mut Events, to: &str) -> (String, StatusCode) {
        let sent = user.write(to, "Adieu! 🌹\nTill then.").unwrap();
        let text = events.wait("the request", |event| match event {
            Event::Sip(Received::Request(incoming)) => Ok(incoming.text),
            event => Err(event),
        });
        let status = events.wait("the response", |event| match event {
            Event::Sip(Received::Response {
                call_id, status, ..
            }) if call_id == sent.call_id => Ok(status),
            event => Err(event),
        });
        (text.unwrap(), status.unwrap())
    }

    #[test]
    fn sip_user_takes_a_message_and_answers_200() {
        let (user, _, mut events) = pair();
        let answered = answer_to(&user, &mut events, "sip:romeo@sip.example");
        assert_eq!(answered, ("Adieu! 🌹\nTill then.".into(), StatusCode::OK));
    }

    #[test]
    fn sip_user_answers_404_when_another_user_is_meant() {
        let (user, _, mut events) = pair();
        let (_, status) = answer_to(&user, &mut events, "sip:mercutio@sip.example");
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}
