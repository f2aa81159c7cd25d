//! After the story: whatever happens.

use super::Conversation;
use crate::{error::DemoError, events::Event, sip_user, xmpp_user};

impl Conversation {
    /// Shows all that happens until the user or the gateway ends it; Juliet answers who writes to her.
    pub(crate) fn follow(&mut self) -> Result<(), DemoError> {
        for number in 1.. {
            match self.events.next()? {
                Event::Flow(flow) => self.trace.flow(&flow)?,
                Event::AdapterUp(name) => self.trace.entry("adapter", &format!("{name} is up"))?,
                Event::Sip(received) => self.show_sip(&received)?,
                Event::Xmpp(xmpp_user::Received::Message(incoming)) => {
                    self.echo(&incoming, &format!("echo-{number}"))?;
                }
                Event::Xmpp(received) => self.show_xmpp(&received)?,
                Event::Mail(mail) => {
                    let to = "gateway → Rosaline's mail server";
                    self.trace.wire("native out", to, &mail.wire)?;
                }
                Event::GatewayEnded | Event::Interrupted => break,
            }
        }
        Ok(())
    }

    /// Lets Juliet answer, or her server if it was not for her.
    fn echo(&mut self, incoming: &xmpp_user::Incoming, id: &str) -> Result<(), DemoError> {
        let (to, from) = ("gateway → Juliet's server", "Juliet's server → gateway");
        self.trace.wire("native out", to, &incoming.wire)?;
        let reply = format!("Thou saidst: {}", incoming.text);
        match &incoming.refusal {
            Some(refusal) => self.trace.wire("refusal", from, refusal),
            None => self.juliet_sends(&incoming.from, id, &reply),
        }
    }

    fn show_sip(&mut self, received: &sip_user::Received) -> Result<(), DemoError> {
        match received {
            sip_user::Received::Request(incoming) => {
                let (to, from) = ("gateway → Romeo's phone", "Romeo's phone → gateway");
                self.trace.wire("native out", to, &incoming.wire)?;
                self.trace.wire("answer", from, &incoming.answer)
            }
            sip_user::Received::Response { wire, .. } => {
                self.trace.wire("seen", "gateway → Romeo", wire)
            }
        }
    }

    fn show_xmpp(&mut self, received: &xmpp_user::Received) -> Result<(), DemoError> {
        use xmpp_user::Received;
        let (wire, answer) = match received {
            Received::Joined => return self.trace.entry("joined", "Juliet's server again"),
            Received::Message(incoming) => (&incoming.wire, incoming.refusal.as_ref()),
            Received::Error { wire, .. } => (wire, None),
            Received::Other { wire, answer } => (wire, answer.as_ref()),
        };
        let (to, from) = ("gateway → Juliet's server", "Juliet's server → gateway");
        self.trace.wire("native out", to, wire)?;
        answer.map_or(Ok(()), |answer| self.trace.wire("answer", from, answer))
    }
}
