//! Who is there, and whether mail is taken from them: what MAIL and RCPT are answered.

use std::net::IpAddr;

use mail_auth::{SpfOutput, SpfResult};
use rialto_email_codec::{
    ForwardPath, Mailbox,
    smtp::{MailFrom, Protocol, RcptTo, Reply},
    smtp_reply,
};
use rialto_sdk::model::{Failure, InstantInbox};

use super::Reception;
use crate::{
    config::{AuthenticationMode, Config},
    failures::reply,
    mapping::address::{destination_inbox, source_mailbox},
};

/// Who has connected, and what is known of the sender of the message under way.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) address: IpAddr,
    pub(crate) standing: Standing,
    /// What SPF says of the reverse-path.
    pub(crate) spf: Option<SpfOutput>,
    /// Recipients of the message under way.
    recipients: usize,
    /// Whether reports are one of them: then there is no other.
    is_for_reports: bool,
}

/// What the operator says of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It sees to it that senders are who they say they are.
    Trusted,
    /// It hands on what others sent.
    Relay,
    /// Nothing.
    Stranger,
}

/// Where a recipient is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Recipient {
    /// Behind the gateway.
    Inbox {
        mailbox: Mailbox,
        inbox: InstantInbox,
    },
    /// Nobody: reports on messages that were sent by mail come here.
    Reports,
}

impl Client {
    pub(crate) fn new(address: IpAddr, config: &Config) -> Self {
        let standing = if config.trusted().contain(address) {
            Standing::Trusted
        } else if config.relays().contain(address) {
            Standing::Relay
        } else {
            Standing::Stranger
        };
        Self {
            address,
            standing,
            spf: None,
            recipients: 0,
            is_for_reports: false,
        }
    }

    /// Whether the reverse-path is no forgery, as far as can be known before the message is there.
    ///
    /// Only then may a report go there that the client did not get as an answer.
    pub(crate) fn is_sender_known(&self) -> bool {
        let passed = |spf: &SpfOutput| spf.result() == SpfResult::Pass;
        self.standing == Standing::Trusted || self.spf.as_ref().is_some_and(passed)
    }
}

impl Reception {
    /// Answers MAIL.
    pub(crate) async fn mail(
        &self,
        client: &mut Client,
        greeting: &str,
        mail_from: &MailFrom,
    ) -> Reply {
        client.recipients = 0;
        client.is_for_reports = false;
        client.spf = None;
        if client.standing == Standing::Stranger
            && let Some(authenticator) = self.authenticator()
        {
            let reverse_path = mail_from.reverse_path.mailbox();
            let spf = authenticator
                .spf(client.address, greeting, reverse_path)
                .await;
            let is_refused = spf.result() == SpfResult::Fail
                && self.config().authentication().mode == AuthenticationMode::Enforce;
            if is_refused {
                self.count("rialto_email_spf_refused_total");
                let text = "SPF of the sender's domain does not let you send for it";
                return smtp_reply!(550, 7, 23, text);
            }
            client.spf = Some(spf);
        }
        smtp_reply!(250, 1, 0, "sender ok")
    }

    /// Answers RCPT.
    pub(crate) fn recipient(
        &self,
        client: &mut Client,
        protocol: Protocol,
        recipient: &RcptTo,
    ) -> Reply {
        let mut is_for_reports = false;
        match self.place_of(&recipient.forward_path) {
            Ok(Recipient::Reports) => is_for_reports = true,
            Ok(Recipient::Inbox { inbox, .. }) if !self.is_served(client, &inbox) => {
                return smtp_reply!(550, 7, 1, "no mail is taken for that domain here");
            }
            Ok(Recipient::Inbox { .. }) => {}
            Err(failure) => return reply(&failure),
        }
        // What reports say is read and not handed on: a person beside them would get nothing.
        if client.is_for_reports || (is_for_reports && client.recipients > 0) {
            let text = "one recipient at a time, since a report goes to nobody else";
            return smtp_reply!(452, 5, 3, text);
        }
        // One answer for all means a report for those who do not get it; a stranger may have forged whom that goes to.
        if protocol == Protocol::Smtp && client.recipients > 0 && !client.is_sender_known() {
            let text = "one recipient at a time, since nobody vouches for the sender";
            return smtp_reply!(452, 5, 3, text);
        }
        client.recipients += 1;
        client.is_for_reports = is_for_reports;
        smtp_reply!(250, 1, 5, "recipient ok")
    }

    /// Where a recipient is.
    pub(crate) fn place_of(&self, forward_path: &ForwardPath) -> Result<Recipient, Failure> {
        let mailbox = match forward_path {
            ForwardPath::Mailbox(mailbox) => mailbox.clone(),
            _ => return self.postmaster(),
        };
        if self.takes_reports(&mailbox) {
            return Ok(Recipient::Reports);
        }
        let is_postmaster = mailbox
            .local_part()
            .as_str()
            .eq_ignore_ascii_case("postmaster");
        let inbox = destination_inbox(&mailbox)?;
        let is_own = self
            .config()
            .domains()
            .iter()
            .any(|own| own.as_str() == inbox.domain());
        if is_postmaster && is_own {
            return self.postmaster();
        }
        Ok(Recipient::Inbox { mailbox, inbox })
    }

    fn is_served(&self, client: &Client, inbox: &InstantInbox) -> bool {
        let domains = self.config().domains();
        client.standing == Standing::Trusted
            || inbox == self.config().postmaster()
            || domains
                .iter()
                .any(|domain| domain.as_str() == inbox.domain())
    }

    /// RFC 5321 §4.5.1: every server has one.
    fn postmaster(&self) -> Result<Recipient, Failure> {
        let inbox = self.config().postmaster().clone();
        let mailbox = source_mailbox(&inbox)?;
        Ok(Recipient::Inbox { mailbox, inbox })
    }
}
