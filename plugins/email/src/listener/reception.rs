//! A whole message: read, judged, handed on, answered.

use std::sync::Arc;

use rialto_email_codec::{
    Mailbox, ReversePath,
    message::{Mail, MailError},
    smtp::{Envelope, Protocol, RcptTo, Reply, ReplyCode},
    smtp_reply,
};
use rialto_sdk::{
    Host,
    model::{
        Authentication, Bytes, Failure, FailureReason, InstantInbox, MessageOperation,
        ResponseStatus,
    },
    tokio::sync::Semaphore,
};

use super::{
    Client,
    answers::{Answers, taken, weigh},
    policy::{Recipient, Standing},
};
use crate::{
    authentication::{Authenticator, Verdict},
    clock::now,
    config::Config,
    failures::reply,
    mapping::{
        from_mail::{Arrival, author, max_forwards},
        identity::Identity,
        threads::Threads,
    },
    reports::Reports,
    settled::Settled,
};

/// Takes messages, and answers when their outcome is known or the gateway keeps them.
#[derive(Debug)]
pub(crate) struct Reception {
    config: Arc<Config>,
    host: Host,
    authenticator: Option<Authenticator>,
    threads: Arc<Threads>,
    reports: Arc<Reports>,
    settled: Settled,
    places: Semaphore,
}

/// A recipient, and what is to be done for them.
enum Task<'e> {
    Deliver(&'e RcptTo, Mailbox, InstantInbox),
    /// They have it already.
    Serve,
    Refuse(Failure),
}

impl Reception {
    pub(crate) fn new(
        config: Arc<Config>,
        host: Host,
        authenticator: Option<Authenticator>,
        threads: Arc<Threads>,
        reports: Arc<Reports>,
    ) -> Self {
        let places = Semaphore::new(config.limits().inbound_messages);
        Self {
            config,
            host,
            authenticator,
            threads,
            reports,
            settled: Settled::new(),
            places,
        }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    pub(super) fn authenticator(&self) -> Option<&Authenticator> {
        self.authenticator.as_ref()
    }

    pub(super) fn count(&self, metric: &'static str) {
        self.host.count(metric, 1);
    }

    /// Whether mail to this mailbox can only be a report.
    pub(super) fn takes_reports(&self, mailbox: &Mailbox) -> bool {
        self.reports.concerned_by(mailbox).is_some()
    }

    /// Takes a message: one reply for SMTP, one for each recipient for LMTP.
    pub(super) async fn message(
        &self,
        client: &Client,
        protocol: Protocol,
        envelope: &Envelope,
        octets: Bytes,
    ) -> Vec<Reply> {
        let mail = match Mail::parse(&octets) {
            Ok(mail) => mail,
            Err(error) => return self.same_for_all(protocol, envelope, unreadable(error)),
        };
        if let Some(about) = self.reports.read(&mail, envelope) {
            let reply = self.reports.take(about).await;
            return self.same_for_all(protocol, envelope, reply);
        }
        match self.judge(client, &mail, envelope, &octets).await {
            Ok(arrival) => self.hand_on(protocol, &arrival).await,
            Err(reply) => self.same_for_all(protocol, envelope, reply),
        }
    }

    /// Who wrote it, who vouches for that, and whether it may come in at all.
    async fn judge<'m>(
        &self,
        client: &Client,
        mail: &'m Mail<'m>,
        envelope: &'m Envelope,
        octets: &'m Bytes,
    ) -> Result<Arrival<'m>, Reply> {
        let (author, source) = author(mail).map_err(|failure| reply(&failure))?;
        max_forwards(mail).map_err(|failure| reply(&failure))?;
        let verdict = self
            .verdict(client, envelope, &author.mailbox, octets)
            .await;
        if verdict == Verdict::Reject {
            self.count("rialto_email_dmarc_refused_total");
            let text = "the author's domain (DMARC) does not let you send for it, or From is not of one domain";
            return Err(smtp_reply!(550, 7, 26, text));
        }
        let is_vouched = verdict == Verdict::Authentic;
        let same_domain = |path: &ReversePath| {
            path.mailbox()
                .is_some_and(|mailbox| mailbox.host() == author.mailbox.host())
        };
        let may_return = client.is_sender_known()
            || (is_vouched && same_domain(&envelope.mail_from.reverse_path));
        let authentication = if is_vouched {
            Authentication::Network
        } else {
            Authentication::None
        };
        Ok(Arrival {
            mail,
            octets,
            envelope,
            author,
            source,
            authentication,
            may_return,
            at: now(),
        })
    }

    async fn verdict(
        &self,
        client: &Client,
        envelope: &Envelope,
        author: &Mailbox,
        octets: &[u8],
    ) -> Verdict {
        match (client.standing, &self.authenticator) {
            (Standing::Trusted, _) => Verdict::Authentic,
            (_, Some(authenticator)) => {
                let reverse_path = envelope.mail_from.reverse_path.mailbox();
                let spf = client.spf.as_ref();
                authenticator.judge(octets, author, reverse_path, spf).await
            }
            (_, None) => Verdict::Unknown,
        }
    }

    async fn hand_on(&self, protocol: Protocol, arrival: &Arrival<'_>) -> Vec<Reply> {
        let identity = Identity::of(&arrival.envelope.mail_from.reverse_path, arrival.mail);
        let tasks: Vec<_> = arrival
            .envelope
            .recipients
            .iter()
            .map(|recipient| self.task(identity.as_ref(), recipient))
            .collect();
        let outcomes = self.deliver(arrival, identity.as_ref(), &tasks).await;
        self.remember(identity.as_ref(), &tasks, &outcomes);
        let Answers { replies, unsaid } = weigh(protocol, &outcomes);
        if unsaid.is_empty() {
            return replies;
        }
        let failures = unsaid.iter().filter_map(|at| {
            let recipient = arrival.envelope.recipients.get(*at)?;
            match outcomes.get(*at)? {
                ResponseStatus::Failure(failure) => Some((recipient, failure)),
                _ => None,
            }
        });
        let failures: Vec<_> = failures.collect();
        // Only when the report is out of our hands is nothing left to be said; until then the client keeps the message.
        match self.reports.failed(arrival, &failures).await {
            Ok(()) => vec![taken()],
            Err(_) => vec![smtp_reply!(
                451,
                3,
                0,
                "the report of what failed cannot be sent now",
            )],
        }
    }

    fn task<'e>(&self, identity: Option<&Identity>, recipient: &'e RcptTo) -> Task<'e> {
        match self.place_of(&recipient.forward_path) {
            Ok(Recipient::Inbox { mailbox, inbox }) => match identity {
                Some(identity) if self.settled.has(identity, &mailbox) => Task::Serve,
                _ => Task::Deliver(recipient, mailbox, inbox),
            },
            // What is no report, and yet for reports.
            Ok(Recipient::Reports) => Task::Refuse(FailureReason::NoSuchInbox.into()),
            Err(failure) => Task::Refuse(failure),
        }
    }

    /// Submits in the recipients' order, then waits for all.
    async fn deliver(
        &self,
        arrival: &Arrival<'_>,
        identity: Option<&Identity>,
        tasks: &[Task<'_>],
    ) -> Vec<ResponseStatus> {
        let submissions: Vec<_> = tasks
            .iter()
            .map(|task| match task {
                Task::Serve => Err(ResponseStatus::Success),
                Task::Refuse(failure) => Err(failure.clone().into()),
                Task::Deliver(recipient, mailbox, inbox) => {
                    let place = self.places.try_acquire();
                    let place = place.map_err(|_| {
                        ResponseStatus::from(Failure::new(FailureReason::Overloaded))
                    })?;
                    let operation = self
                        .operation(arrival, identity, recipient, mailbox, inbox)
                        .map_err(ResponseStatus::from)?;
                    Ok((self.host.submit(operation), place))
                }
            })
            .collect();
        let mut outcomes = Vec::with_capacity(submissions.len());
        for submission in submissions {
            outcomes.push(match submission {
                Ok((submission, _place)) => submission.await.into_status(),
                Err(status) => status,
            });
        }
        outcomes
    }

    fn operation(
        &self,
        arrival: &Arrival<'_>,
        identity: Option<&Identity>,
        recipient: &RcptTo,
        mailbox: &Mailbox,
        inbox: &InstantInbox,
    ) -> Result<MessageOperation, Failure> {
        let rule = self.config.content().rule_for(inbox);
        let id = self.host.transaction_id();
        let how = (&*self.threads, &rule);
        let operation = arrival.operation(id, identity, recipient, mailbox, inbox.clone(), how)?;
        Ok(operation.with_deadline(self.config.limits().answer()))
    }

    fn remember(
        &self,
        identity: Option<&Identity>,
        tasks: &[Task<'_>],
        outcomes: &[ResponseStatus],
    ) {
        let Some(identity) = identity else {
            return;
        };
        for (task, outcome) in tasks.iter().zip(outcomes) {
            if let Some(mailbox) = task.mailbox()
                && !matches!(outcome, ResponseStatus::Failure(_))
            {
                self.settled.note(identity, mailbox);
            }
        }
    }

    fn same_for_all(&self, protocol: Protocol, envelope: &Envelope, reply: Reply) -> Vec<Reply> {
        if !reply.is_success() {
            self.count("rialto_email_messages_refused_total");
        }
        let count = match protocol {
            Protocol::Smtp => 1,
            Protocol::Lmtp => envelope.recipients.len(),
        };
        vec![reply; count]
    }
}

impl Task<'_> {
    fn mailbox(&self) -> Option<&Mailbox> {
        match self {
            Self::Deliver(_, mailbox, _) => Some(mailbox),
            Self::Serve | Self::Refuse(_) => None,
        }
    }
}

fn unreadable(error: MailError) -> Reply {
    let code = match error {
        MailError::TooLarge { .. } => const { ReplyCode::of(552, 3, 4) },
        _ => const { ReplyCode::of(554, 6, 0) },
    };
    Reply::with(code, &error.to_string())
}
