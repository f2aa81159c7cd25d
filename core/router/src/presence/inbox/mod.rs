//! The gateway's own inbox, to which principals write to rule over their presentities and inboxes.
//!
//! A message is a command, in the words in which rules are written ([`InboxCommand`]). The answer is a message from the inbox. Who is not known to
//! be the principal of its address is refused; nobody rules over others. Answers cannot go round in a circle: nothing but texts is
//! answered, a text that is no command is answered once, and then refused until a command comes. RFC 2779 §2.3, §5.1.11,
//! §5.1.16 and §5.4.10; RFC 3834 for what is not answered.

use std::time::Instant;

use rand::CryptoRng;
use rialto_model::{
    ByteString, CommandMessage, Failure, FailureReason, InstantInbox, InstantMessage,
    MessageOperation, Presentity,
};

mod answer;
mod command;
mod restraint;
#[cfg(test)]
mod tests;

pub use self::command::{InboxCommand, RulesPart};
use self::{answer::HELP, restraint::Restraint};
use super::{
    PresenceService, PresenceSettings,
    rules::{RulesChange, RulesTextError},
};
use crate::{AdapterId, RoutingTable, access::fold, decision::presence::presentity_of};

/// The names of the inbox, for whoever looks at each message.
#[derive(Clone, Debug, Default)]
pub struct OwnAddresses {
    /// Folded.
    addresses: Vec<InstantInbox>,
}

/// The inbox; a state machine without I/O.
#[derive(Debug)]
pub struct OwnInbox {
    addresses: OwnAddresses,
    settings: PresenceSettings,
    restraint: Restraint,
}

/// What a principal has written to the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboxRequest {
    /// Whose rules it is about, as the table knows it.
    pub principal: Presentity,
    /// What a program that asks for it calls the command; then it is to be answered as a command, too.
    pub name: Option<ByteString>,
    /// Where it is answered: its inbox, as the table knows it.
    pub reply_to: InstantInbox,
    /// What it asks for; an error is to be told to it.
    pub command: Result<InboxCommand, RulesTextError>,
}

/// What an inbox command leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever asks has to do something for each"
)]
pub enum InboxAnswer {
    /// To be told to the principal.
    Now(String),
    /// To be told when this change holds, which is left to [`handle_rules_change`](PresenceService::handle_rules_change).
    OnceChanged {
        /// The change.
        change: RulesChange,
        /// What to tell then.
        said: String,
    },
}

impl OwnAddresses {
    /// The inbox has these names.
    pub fn new(addresses: impl IntoIterator<Item = InstantInbox>) -> Self {
        let addresses = addresses.into_iter();
        Self {
            addresses: addresses.map(|inbox| fold(&inbox).into_owned()).collect(),
        }
    }

    /// Whether a message is for the inbox. Costs a comparison for each name, where the domain is another.
    pub fn contain(&self, destination: &InstantInbox) -> bool {
        let mut addresses = self.addresses.iter();
        addresses.any(|own| own.domain() == destination.domain() && *own == *fold(destination))
    }
}

impl OwnInbox {
    /// The longest command, in bytes.
    pub const MAX_COMMAND: usize = 64 * 1024;

    /// An inbox with these names. Hosted presentities have no network that their principals write from: `settings` names them.
    pub fn new(addresses: OwnAddresses, settings: PresenceSettings) -> Self {
        Self {
            addresses,
            settings,
            restraint: Restraint::default(),
        }
    }

    /// Takes a message; fails as its sender is to be told, without a word from the inbox.
    pub fn handle_message(
        &mut self,
        now: Instant,
        table: &RoutingTable,
        from: AdapterId,
        operation: &MessageOperation,
    ) -> Result<InboxRequest, Failure> {
        let (principal, reply_to) = self.principal(table, from, operation)?;
        let asked = CommandMessage::read(operation.message());
        let text = match &asked {
            Some(asked) => asked.text(),
            None => text(operation.message())?,
        };
        if text.len() > Self::MAX_COMMAND {
            return Err(FailureReason::TooLarge.into());
        }
        self.restraint.hear(now, &principal)?;
        let meant = |pattern| table.address_meant_by(from, &pattern).unwrap_or(pattern);
        let command = text.parse::<InboxCommand>();
        let command = command.map(|command| command.with_addresses(&meant));
        if let (Some(_), Err(error)) = (&asked, &command) {
            let failure = Failure::new(FailureReason::UnsupportedContent);
            return Err(failure.with_detail(error.to_string()));
        }
        if !self.restraint.may_answer(&principal, command.is_ok()) {
            return Err(Failure::new(FailureReason::UnsupportedContent)
                .with_detail("this is no command either; write `help`"));
        }
        Ok(InboxRequest {
            principal,
            reply_to,
            name: asked.map(|asked| asked.name().clone()),
            command,
        })
    }

    /// Whom a message comes from, if somebody vouches for it and it is a user of ours.
    fn principal(
        &self,
        table: &RoutingTable,
        from: AdapterId,
        operation: &MessageOperation,
    ) -> Result<(Presentity, InstantInbox), Failure> {
        let source = operation.source();
        if from == AdapterId::GATEWAY || self.addresses.contain(source) {
            return Err(not_permitted("the gateway has no rules of its own"));
        }
        let authentication = operation.authentication();
        if !authentication.is_authenticated() {
            return Err(not_permitted(
                "no network vouches that this comes from the principal of its address",
            ));
        }
        let itself = presentity_of(source)?;
        let is_hosted = self.settings.hosts(source.domain());
        // Who may watch itself by this network is who it says it is.
        let sides = [&itself, &itself];
        let watching = table.admit_watcher(from, sides, authentication, is_hosted)?;
        if !watching.is_of_itself() {
            return Err(not_permitted("the address means another principal here"));
        }
        // Messages may come by another network that vouches; rules are written from home.
        if table
            .home(&watching.watcher)
            .is_some_and(|home| home != from)
        {
            return Err(not_permitted(
                "this network does not speak for the principal of the address",
            ));
        }
        Ok((watching.presentity, watching.watcher))
    }
}

impl<R: CryptoRng> PresenceService<R> {
    /// Does what a principal has asked for, but for changes.
    pub fn handle_command(
        &mut self,
        now: Instant,
        principal: &Presentity,
        command: InboxCommand,
    ) -> InboxAnswer {
        InboxAnswer::Now(match command {
            InboxCommand::Help => HELP.to_owned(),
            InboxCommand::Rules(part) => answer::rules(self.rules(principal), part),
            InboxCommand::Watchers => answer::watchers(&self.watchers(principal)),
            InboxCommand::End(watcher) => {
                let ended = self.cancel(now, principal, &watcher);
                answer::ended(&watcher, ended)
            }
            InboxCommand::Change(change) => {
                let said = answer::done(&change);
                return InboxAnswer::OnceChanged { change, said };
            }
        })
    }
}

/// What a principal has written, if it is a text that a person writes.
fn text(message: &InstantMessage) -> Result<&str, Failure> {
    let kind = message.content_type();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_encoded = message.content_headers().iter().any(|header| {
        let name = &header.name;
        name.eq_ignore_ascii_case("Content-Transfer-Encoding")
    });
    if !kind.eq_ignore_ascii_case("text/plain") || is_encoded {
        return Err(not_understood("the gateway reads plain texts only"));
    }
    std::str::from_utf8(message.payload().as_bytes())
        .map_err(|_| not_understood("the gateway reads texts in UTF-8 only"))
}

fn not_understood(detail: &'static str) -> Failure {
    Failure::new(FailureReason::UnsupportedContent).with_detail(detail)
}

fn not_permitted(detail: &'static str) -> Failure {
    Failure::new(FailureReason::NotPermitted).with_detail(detail)
}
