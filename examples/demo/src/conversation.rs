//! The story: what happens in which order, and what must come of it.

use rialto_sip_codec::StatusCode;

use crate::{
    error::DemoError,
    events::{Event, Events},
    flow::Flow,
    mail_user::{self, MailUser},
    sip_user::{self, SipUser},
    trace::Trace,
    xmpp_user::{self, XmppUser},
};

mod afterwards;

/// The users, and what is seen of them.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) romeo: SipUser,
    pub(crate) juliet: XmppUser,
    pub(crate) rosaline: MailUser,
    pub(crate) events: Events,
    pub(crate) trace: Trace,
}

const TO_JULIET: &str = "sip:juliet@xmpp.example";
const JULIET_ON_SIP: &str = "sip:juliet@xmpp.example;gr=balcony";
const TO_NOBODY_ON_XMPP: &str = "sip:nurse@xmpp.example";
const NOBODY_ON_SIP: &str = "mercutio";

const GREETING: &str = "Good morrow, Juliet! 🌹\nShall we meet at the orchard wall?";
const REPLY: &str = "Art thou not Romeo? שלום ❤\nThe orchard walls are high & hard to climb.";
const ASTRAY: &str = "Nurse, is she up?";
const ALSO_ASTRAY: &str = "Mercutio, where is he?";

const TO_ROSALINE: &str = "sip:rosaline@mail.example";
const ROMEO_BY_MAIL: &str = "romeo@sip.example";
const JULIET_BY_MAIL: &str = "juliet@xmpp.example";
const NOBODY_BY_MAIL: &str = "mercutio@sip.example";
const INVITATION: &str = "Fair Rosaline, wilt thou be at the feast? 今夜";
const DECLINED: &str = "I have sworn to live chaste.\nGo to the feast all the same.";
const GOSSIP: &str = "He shall be at the feast – be kind to him.";

const SUCCESS: &str = "success";
const FAILURE: &str = "failure";
const ON_ITS_WAY: &str = "indeterminant";

/// One after the other; each is shown as it happens, and fails where it does not.
impl Conversation {
    /// Holds the whole conversation: there and back, two messages that reach nobody, and two with a mail user.
    pub(crate) fn hold(&mut self) -> Result<(), DemoError> {
        self.trace.put(LEGEND)?;
        let romeo_on_xmpp = self.romeo_writes_to_juliet()?;
        self.juliet_replies(&romeo_on_xmpp)?;
        self.romeo_writes_to_nobody()?;
        self.juliet_writes_to_nobody(&romeo_on_xmpp)?;
        self.romeo_writes_to_rosaline()?;
        self.rosaline_writes_to_juliet()?;
        self.leave()
    }

    /// Returns the address under which Juliet sees Romeo.
    fn romeo_writes_to_juliet(&mut self) -> Result<String, DemoError> {
        self.scene("1. Romeo, on SIP, writes to Juliet, on XMPP")?;
        let sent = self.romeo_sends(TO_JULIET, GREETING)?;
        let transaction = self.crosses_from("sip")?;

        let incoming = self.xmpp_receives()?;
        same("the text that Juliet reads", GREETING, &incoming.text)?;
        self.xmpp_proves_it_took_all()?;

        self.is_answered(&transaction, SUCCESS)?;
        self.romeo_sees(&sent, StatusCode::OK)?;
        Ok(incoming.from)
    }

    fn juliet_replies(&mut self, romeo: &str) -> Result<(), DemoError> {
        self.scene("2. Juliet replies to the address that she was shown")?;
        self.juliet_sends(romeo, "reply-1", REPLY)?;
        let transaction = self.crosses_from("xmpp")?;

        let incoming = self.sip_receives(StatusCode::OK)?;
        same("the text that Romeo reads", REPLY, &incoming.text)?;
        same(
            "the address under which Romeo sees Juliet",
            JULIET_ON_SIP,
            &incoming.from,
        )?;

        self.is_answered(&transaction, SUCCESS)?;
        self.trace.entry(
            "seen",
            "Juliet hears of no error: XMPP does not confirm what arrives",
        )
    }

    fn romeo_writes_to_nobody(&mut self) -> Result<(), DemoError> {
        self.scene("3. Romeo writes to someone whom Juliet's server does not know")?;
        let sent = self.romeo_sends(TO_NOBODY_ON_XMPP, ASTRAY)?;
        let transaction = self.crosses_from("sip")?;

        let refusal = self.xmpp_receives()?.refusal.unwrap_or_default();
        self.trace
            .wire("refusal", "Juliet's server → gateway", &refusal)?;

        self.is_answered(&transaction, FAILURE)?;
        self.romeo_sees(&sent, StatusCode::NOT_FOUND)
    }

    fn juliet_writes_to_nobody(&mut self, romeo: &str) -> Result<(), DemoError> {
        self.scene("4. Juliet writes to someone whom Romeo's phone does not know")?;
        let nobody = romeo.replace(sip_user::NAME, NOBODY_ON_SIP);
        self.juliet_sends(&nobody, "astray-1", ALSO_ASTRAY)?;
        let transaction = self.crosses_from("xmpp")?;

        self.sip_receives(StatusCode::NOT_FOUND)?;

        self.is_answered(&transaction, FAILURE)?;
        self.juliet_sees_error("astray-1", "item-not-found")
    }
}

/// The third network.
impl Conversation {
    fn romeo_writes_to_rosaline(&mut self) -> Result<(), DemoError> {
        self.scene("5. Romeo writes to Rosaline, who has a mailbox, and she answers")?;
        let sent = self.romeo_sends(TO_ROSALINE, INVITATION)?;
        let transaction = self.crosses_from("sip")?;
        let mail = self.mail_receives()?;
        same("the text that Rosaline reads", INVITATION, &mail.text)?;
        same("the address that Rosaline sees", ROMEO_BY_MAIL, &mail.from)?;
        self.is_answered(&transaction, ON_ITS_WAY)?;
        self.romeo_sees(&sent, StatusCode::ACCEPTED)?;

        let sent = self.rosaline_sends(&mail.from, mail.id.as_ref(), DECLINED)?;
        let transaction = self.crosses_from("email")?;
        let incoming = self.sip_receives(StatusCode::OK)?;
        same("the text that Romeo reads", DECLINED, &incoming.text)?;
        self.is_answered(&transaction, SUCCESS)?;
        self.rosaline_sees(&sent, "250")
    }

    fn rosaline_writes_to_juliet(&mut self) -> Result<(), DemoError> {
        self.scene("6. Rosaline writes to Juliet, and to someone whom nobody knows")?;
        let sent = self.rosaline_sends(JULIET_BY_MAIL, None, GOSSIP)?;
        let transaction = self.crosses_from("email")?;
        let incoming = self.xmpp_receives()?;
        same("the text that Juliet reads", GOSSIP, &incoming.text)?;
        self.xmpp_proves_it_took_all()?;
        self.is_answered(&transaction, SUCCESS)?;
        self.rosaline_sees(&sent, "250")?;

        let sent = self.rosaline_sends(NOBODY_BY_MAIL, None, ALSO_ASTRAY)?;
        let transaction = self.crosses_from("email")?;
        self.sip_receives(StatusCode::NOT_FOUND)?;
        self.is_answered(&transaction, FAILURE)?;
        self.rosaline_sees(&sent, "550")
    }

    /// She has the gateway's last word by now: it comes when the outcome is known.
    fn rosaline_sends(
        &mut self,
        to: &str,
        answered: Option<&rialto_email_codec::message::MessageId>,
        text: &str,
    ) -> Result<mail_user::Sent, DemoError> {
        let sent = self.rosaline.write(to, answered, text)?;
        let how = "Rosaline's mail server → gateway, SMTP";
        self.trace.wire("native in", how, &sent.wire)?;
        Ok(sent)
    }

    fn mail_receives(&mut self) -> Result<mail_user::Incoming, DemoError> {
        let what = "the mail on Rosaline's server";
        let mail = self.events.wait(what, |event| match event {
            Event::Mail(mail) => Ok(mail),
            event => Err(event),
        })?;
        let to = "gateway → Rosaline's mail server, SMTP";
        self.trace.wire("native out", to, &mail.wire)?;
        Ok(mail)
    }

    fn rosaline_sees(&mut self, sent: &mail_user::Sent, code: &str) -> Result<(), DemoError> {
        let from = "gateway → Rosaline's mail server";
        self.trace.wire("seen", from, &sent.reply)?;
        let got = sent.reply.split(' ').next().unwrap_or_default();
        same("the code that Rosaline's server sees", code, got)
    }
}

/// What the users do.
impl Conversation {
    fn scene(&mut self, title: &str) -> Result<(), DemoError> {
        self.leave()?;
        self.trace.title(title)
    }

    /// Ends a scene: what is left of it must be no error.
    fn leave(&mut self) -> Result<(), DemoError> {
        for event in self.events.take()? {
            if let Event::Xmpp(xmpp_user::Received::Error { condition, .. }) = event {
                same("what Juliet sees", "no error", &condition)?;
            }
        }
        Ok(())
    }

    fn romeo_sends(&mut self, to: &str, text: &str) -> Result<sip_user::Sent, DemoError> {
        let sent = self.romeo.write(to, text)?;
        self.trace
            .wire("native in", "Romeo → gateway, SIP over UDP", &sent.wire)?;
        Ok(sent)
    }

    fn juliet_sends(&mut self, to: &str, id: &str, text: &str) -> Result<(), DemoError> {
        let wire = self.juliet.write(to, id, text)?;
        self.trace.wire(
            "native in",
            "Juliet's server → gateway, component stream",
            &wire,
        )
    }
}

/// What the gateway does.
impl Conversation {
    /// Shows the operation and its route, and returns its transaction.
    fn crosses_from(&mut self, from: &str) -> Result<String, DemoError> {
        let received = self.events.wait("an operation", |event| match event {
            Event::Flow(Flow::Received(received)) if received.adapter == from => Ok(received),
            event => Err(event),
        })?;
        let id = received.transaction_id.clone();
        let routed = self.events.wait("a route", |event| match event {
            Event::Flow(Flow::Routed(routed)) if routed.passage.transaction_id == id => Ok(routed),
            event => Err(event),
        })?;
        self.trace.flow(&Flow::Received(received))?;
        self.trace.flow(&Flow::Routed(routed))?;
        Ok(id)
    }

    fn is_answered(&mut self, transaction: &str, status: &str) -> Result<(), DemoError> {
        let answered = self.events.wait("a response", |event| match event {
            Event::Flow(Flow::Answered(answered)) if answered.transaction_id == transaction => {
                Ok(answered)
            }
            event => Err(event),
        })?;
        let got = answered.status.clone();
        self.trace.flow(&Flow::Answered(answered))?;
        same("the response", status, &got)
    }
}

/// What comes out at the other end.
impl Conversation {
    fn xmpp_receives(&mut self) -> Result<xmpp_user::Incoming, DemoError> {
        let what = "the message on Juliet's server";
        let incoming = self.events.wait(what, |event| match event {
            Event::Xmpp(xmpp_user::Received::Message(incoming)) => Ok(incoming),
            event => Err(event),
        })?;
        let to = "gateway → Juliet's server, component stream";
        self.trace.wire("native out", to, &incoming.wire)?;
        Ok(incoming)
    }

    /// A stream keeps its order: whoever answers a ping has taken all that came before it.
    fn xmpp_proves_it_took_all(&mut self) -> Result<(), DemoError> {
        let (ping, pong) = self
            .events
            .wait("the gateway's ping", |event| match event {
                Event::Xmpp(xmpp_user::Received::Other {
                    wire,
                    answer: Some(answer),
                }) => Ok((wire, answer)),
                event => Err(event),
            })?;
        self.trace.wire(
            "proof",
            "gateway → Juliet's server: was all before this taken?",
            &ping,
        )?;
        self.trace
            .wire("", "Juliet's server → gateway: it was", &pong)
    }

    fn sip_receives(&mut self, answered: StatusCode) -> Result<sip_user::Incoming, DemoError> {
        let what = "the message at Romeo's phone";
        let incoming = self.events.wait(what, |event| match event {
            Event::Sip(sip_user::Received::Request(incoming)) => Ok(incoming),
            event => Err(event),
        })?;
        let to = "gateway → Romeo's phone, SIP over UDP";
        self.trace.wire("native out", to, &incoming.wire)?;
        let label = match answered {
            StatusCode::OK => "proof",
            _ => "refusal",
        };
        let from = "Romeo's phone → gateway";
        self.trace.wire(label, from, &incoming.answer)?;
        let (wanted, got) = (answered.to_string(), incoming.status.to_string());
        same("the phone's answer", &wanted, &got)?;
        Ok(incoming)
    }

    fn romeo_sees(&mut self, sent: &sip_user::Sent, wanted: StatusCode) -> Result<(), DemoError> {
        let (wire, status) = self
            .events
            .wait("the response to Romeo", |event| match event {
                Event::Sip(sip_user::Received::Response {
                    wire,
                    call_id,
                    status,
                }) if call_id == sent.call_id => Ok((wire, status)),
                event => Err(event),
            })?;
        self.trace.wire("seen", "gateway → Romeo", &wire)?;
        same("what Romeo sees", &wanted.to_string(), &status.to_string())
    }

    /// A stream keeps its order: an error about an earlier message would have come first.
    fn juliet_sees_error(&mut self, about: &str, wanted: &str) -> Result<(), DemoError> {
        let what = "the error for Juliet";
        let (wire, about_this, condition) = self.events.wait(what, |event| match event {
            Event::Xmpp(xmpp_user::Received::Error {
                wire,
                id,
                condition,
            }) => Ok((wire, id, condition)),
            event => Err(event),
        })?;
        self.trace
            .wire("seen", "gateway → Juliet's server", &wire)?;
        same("what the error is about", about, &about_this)?;
        same("what Juliet sees", wanted, &condition)
    }
}

const LEGEND: &str = "\
Romeo is on SIP, Juliet is on XMPP, Rosaline has a mailbox; the gateway between them knows no network, its plugins do.
What went over the sockets is shown as it was; XML gets a line for each element.
";

fn same(what: &'static str, expected: &str, got: &str) -> Result<(), DemoError> {
    if got == expected {
        return Ok(());
    }
    Err(DemoError::Differs {
        what,
        expected: expected.to_owned(),
        got: got.to_owned(),
    })
}
