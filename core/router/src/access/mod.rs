//! Access rules: who may send to whom.
//!
//! The first of these that has something to say decides:
//!
//! 1. the recipient: the block list that the operator keeps for it, and the rules that it wrote itself ([`Inboxes`]), which no rule of the
//!    operator's overrides (RFC 2779 §2.3.5);
//! 2. the operator's rules, in their order: the first that matches;
//! 3. a message of the gateway's own is the operator's, and permitted;
//! 4. *own users speak by their own network only*: a source that is ours, or is written at a relay domain of ours, and
//!    does not belong to the network that the message came from, is denied unless its network vouches for it;
//! 5. *no open relay*: to a foreign destination, a message is denied that comes from a foreign source, or from one that
//!    is ours by its own word alone: whoever can send to an adapter can write an address of ours;
//! 6. all else is permitted.
//!
//! A destination that a source route wants to reach by another network than its own is foreign in this.
//! A rule that allows lifts 4 only if it names the adapter that the message comes from: an address proves nothing.
//!
//! *Ours* is a domain with a static route that is not a partner's; all others are foreign. Rules look at inboxes as the
//! table knows them: aliases and source routes of ours undone, on both sides, and local parts folded, as some networks do not
//! tell `Bob` from `bob`. The adapter that delivers may be known only
//! when DNS has answered; a ruling waits for that only if it hangs on it, so that strangers make nobody ask DNS.
//! draft-ietf-impp-cpim-03 §2.4.1.

mod block_list;
mod buckets;
mod conflict;
mod fold;
mod inboxes;
mod question;
mod rule;
mod rules;
mod ruling;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use foldhash::fast::FixedState;
use rialto_model::InstantInbox;

pub(crate) use self::{
    block_list::BlockList,
    fold::{fold, fold_pattern},
    inboxes::Inboxes,
    question::{Home, Party, Question},
    rule::Condition,
    rules::{Rules, check},
};
pub use self::{
    conflict::AccessRuleConflict,
    rule::{AccessRule, RuleAction},
    ruling::{Ground, Ruling},
};
use crate::AdapterId;

/// The rules of the operator and of the principals.
#[derive(Debug, Default)]
pub(crate) struct Access {
    rules: Rules,
    /// Keys are the operator's, so a fixed hash will do.
    principals: HashMap<InstantInbox, BlockList, FixedState>,
}

impl Access {
    pub(crate) const fn new(
        rules: Rules,
        principals: HashMap<InstantInbox, BlockList, FixedState>,
    ) -> Self {
        Self { rules, principals }
    }

    /// The operator's rule with that number.
    pub(crate) fn rule(&self, number: usize) -> Option<&AccessRule> {
        self.rules.rule(number)
    }

    /// Whether a message may pass.
    pub(crate) fn judge(&self, question: &Question<'_>) -> Ruling {
        let default = defaults(question);
        if self.principals.is_empty() && self.rules.is_empty() {
            return default;
        }
        let [source, destination] =
            [question.source, question.destination].map(|side| fold(side.inbox));
        let question = Question {
            source: Party {
                inbox: &source,
                ..question.source
            },
            destination: Party {
                inbox: &destination,
                ..question.destination
            },
            ..*question
        };
        if self.is_blocked(&question) {
            return Ruling::Denied(Ground::Recipient);
        }
        self.rules.judge(&question, default)
    }

    fn is_blocked(&self, question: &Question<'_>) -> bool {
        !self.principals.is_empty()
            && self
                .principals
                .get(question.destination.inbox)
                .is_some_and(|blocked| blocked.contains(question.source.inbox))
    }
}

/// What holds where no rule says otherwise; never hangs on the adapter that delivers.
fn defaults(question: &Question<'_>) -> Ruling {
    if question.from == AdapterId::GATEWAY {
        return Ruling::Allowed(Ground::Gateway);
    }
    let speaks_by_its_network = match question.source.home {
        Home::Anywhere => true,
        Home::Behind(adapter) => adapter == question.from,
        Home::Nowhere => false,
    };
    if !speaks_by_its_network && !question.authentication.is_authenticated() {
        return Ruling::Denied(Ground::NotItsNetwork);
    }
    // A source route to one of ours by another network leads out, to wherever that network finds the domain.
    let arrives_at_ours = question.destination.is_own && question.destination.home != Home::Nowhere;
    if !arrives_at_ours {
        if !question.source.is_own {
            return Ruling::Denied(Ground::OpenRelay);
        }
        if !question.authentication.is_authenticated() {
            return Ruling::Denied(Ground::NobodyVouches);
        }
    }
    Ruling::Allowed(Ground::Default)
}
