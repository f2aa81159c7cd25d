//! What each command does.

use super::{Decision, Event, Protocol, Secured, Session, StartTls, State, reply};
use crate::smtp::{
    command::Command,
    envelope::{MailFrom, RcptTo},
};

impl Session {
    pub(super) fn write_greeting(&mut self) {
        let name = match self.options.protocol {
            Protocol::Smtp => "ESMTP",
            Protocol::Lmtp => "LMTP",
        };
        let line = format!("220 {} {name} ready\r\n", self.options.host);
        self.output.extend_from_slice(line.as_bytes());
    }

    pub(super) fn handle_command(&mut self, command: Command) -> Option<Event> {
        if self.needs_tls_for(&command) {
            self.refuse(&reply::needs_tls());
            return None;
        }
        match command {
            Command::Helo { client } => self.hello(client, Hello::Plain),
            Command::Ehlo { client } => self.hello(client, Hello::Extended),
            Command::Lhlo { client } => self.hello(client, Hello::Local),
            Command::Mail(mail_from) => return self.mail(mail_from),
            Command::Rcpt(recipient) => return self.recipient(recipient),
            Command::Data => self.data(),
            Command::Bdat { size, last } => self.chunk(size, last),
            Command::StartTls => return self.start_tls(),
            Command::Reset => {
                self.transaction = None;
                self.idle_reply(&reply::ok());
            }
            Command::Noop => self.idle_reply(&reply::ok()),
            Command::Verify => self.idle_reply(&reply::cannot_verify()),
            Command::Help => self.idle_reply(&reply::help()),
            Command::Quit => self.close(&reply::goodbye()),
        }
        None
    }

    /// RFC 3207 §4: what is allowed before TLS where TLS is demanded.
    fn needs_tls_for(&self, command: &Command) -> bool {
        self.options.starttls == StartTls::Required
            && self.secured == Secured::No
            && !matches!(
                command,
                Command::Noop
                    | Command::Ehlo { .. }
                    | Command::Lhlo { .. }
                    | Command::StartTls
                    | Command::Quit
            )
    }

    /// A command that moves no mail.
    fn idle_reply(&mut self, reply: &crate::smtp::Reply) {
        self.send(reply);
        self.count_idle();
    }

    fn hello(&mut self, client: String, hello: Hello) {
        // RFC 2033 §4.1: LMTP knows LHLO alone, and nothing else knows it.
        if (hello == Hello::Local) != (self.options.protocol == Protocol::Lmtp) {
            self.refuse(&reply::unknown_command());
            return;
        }
        self.transaction = None;
        self.client = Some(client);
        let line = match hello {
            Hello::Plain => format!("250 {}\r\n", self.options.host),
            Hello::Extended | Hello::Local => self.extensions(),
        };
        self.output.extend_from_slice(line.as_bytes());
        self.count_idle();
    }

    fn extensions(&self) -> String {
        let starttls = match (self.options.starttls, self.secured) {
            (StartTls::Offered | StartTls::Required, Secured::No) => "250-STARTTLS\r\n",
            _ => "",
        };
        format!(
            "250-{}\r\n250-PIPELINING\r\n250-SIZE {}\r\n{starttls}250-8BITMIME\r\n\
             250-SMTPUTF8\r\n250-CHUNKING\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES\r\n",
            self.options.host, self.options.max_message,
        )
    }

    fn mail(&mut self, mail_from: MailFrom) -> Option<Event> {
        if self.client.is_none() {
            self.refuse(&reply::out_of_order("say hello first"));
        } else if self.transaction.is_some() {
            self.refuse(&reply::out_of_order(
                "a message is under way; finish it or say RSET",
            ));
        } else if mail_from
            .size
            .is_some_and(|size| size > self.options.max_message)
        {
            self.refuse(&reply::too_large(self.options.max_message));
        } else {
            self.state = State::Decision(Decision::Mail(mail_from.clone()));
            return Some(Event::Mail(mail_from));
        }
        None
    }

    fn recipient(&mut self, recipient: RcptTo) -> Option<Event> {
        let Some(transaction) = &self.transaction else {
            self.refuse(&reply::out_of_order("say MAIL first"));
            return None;
        };
        if transaction.chunks > 0 {
            self.refuse(&reply::out_of_order("the message is under way"));
        } else if transaction.envelope.recipients.len() >= self.options.max_recipients {
            self.refuse(&reply::too_many_recipients());
        } else if !transaction.envelope.mail_from.smtputf8 && needs_smtputf8(&recipient) {
            self.refuse(&reply::needs_smtputf8());
        } else {
            self.state = State::Decision(Decision::Recipient(recipient.clone()));
            return Some(Event::Recipient(recipient));
        }
        None
    }

    fn data(&mut self) {
        match &self.transaction {
            None => self.refuse(&reply::out_of_order("say MAIL first")),
            Some(transaction) if transaction.chunks > 0 => {
                self.refuse(&reply::out_of_order("a message comes by DATA or by BDAT"));
            }
            Some(transaction) if transaction.envelope.recipients.is_empty() => {
                self.refuse(&reply::no_recipient(self.options.protocol));
            }
            Some(_) => {
                self.send(&reply::send_data());
                self.state = State::Data;
            }
        }
    }

    /// A chunk is taken off the wire whatever becomes of it (RFC 3030 §2).
    fn chunk(&mut self, size: usize, last: bool) {
        let refused = match &mut self.transaction {
            None => Some(reply::out_of_order("say MAIL first")),
            Some(transaction) if transaction.envelope.recipients.is_empty() => {
                Some(reply::no_recipient(self.options.protocol))
            }
            Some(transaction) => {
                transaction.chunks += 1;
                None
            }
        };
        self.state = State::Chunk {
            left: size,
            last,
            refused,
            size,
        };
    }

    fn start_tls(&mut self) -> Option<Event> {
        match (self.options.starttls, self.secured) {
            (StartTls::NotOffered, _) => self.refuse(&reply::not_implemented()),
            (_, Secured::Yes) => self.refuse(&reply::out_of_order("TLS is on already")),
            (StartTls::Offered | StartTls::Required, Secured::No) => {
                self.transaction = None;
                self.send(&reply::start_tls());
                self.state = State::Tls;
                return Some(Event::StartTls);
            }
        }
        None
    }
}

/// How a client greets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hello {
    Plain,
    Extended,
    Local,
}

fn needs_smtputf8(recipient: &RcptTo) -> bool {
    match &recipient.forward_path {
        crate::mailbox::ForwardPath::Mailbox(mailbox) => mailbox.needs_smtputf8(),
        crate::mailbox::ForwardPath::Postmaster => false,
    }
}
