//! Rules as they are stored.

use rialto_model::{Bytes, Presentity};

use super::{Handling, PrincipalRules, Reception, SenderRule, Subject, View, WatcherRule, Way};
use crate::{
    AddressPattern,
    custody::record::{
        Unreadable,
        wire::{Reader, Writer},
    },
};

/// The rules of one principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::presence) struct RulesRecord {
    pub(in crate::presence) presentity: Presentity,
    pub(in crate::presence) rules: PrincipalRules,
}

impl RulesRecord {
    pub(in crate::presence) const KIND: u8 = 18;

    pub(in crate::presence) fn write(&self) -> Vec<u8> {
        let mut to = Writer::new(Self::KIND, 256);
        to.bytes(self.presentity.as_str().as_bytes());
        to.count(self.rules.watchers.len());
        for rule in &self.rules.watchers {
            put_subject(&mut to, rule.subject());
            to.byte(match rule.way() {
                None => 0,
                Some(Way::Subscribe) => 1,
                Some(Way::Fetch) => 2,
            });
            to.byte(rule.handling().code());
        }
        to.count(self.rules.senders.len());
        for rule in &self.rules.senders {
            put_subject(&mut to, rule.subject());
            to.byte(u8::from(rule.reception() == Reception::Refuse));
        }
        to.count(self.rules.publishers.len());
        for publisher in &self.rules.publishers {
            to.bytes(publisher.to_string().as_bytes());
        }
        to.end()
    }

    pub(in crate::presence) fn read(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let presentity = Presentity::parse(&from.text()?)
            .map_err(|_| Unreadable::Damaged("an address is no presentity"))?;
        let watchers = from.list(watcher_rule)?;
        let senders = from.list(sender_rule)?;
        let publishers = from.list(pattern)?;
        let rules = PrincipalRules::new(watchers)
            .and_then(|rules| rules.with_senders(senders)?.with_publishers(publishers))
            .map_err(|_| Unreadable::Damaged("there are too many rules"))?;
        Ok(Self { presentity, rules })
    }

    /// The key: the presentity itself.
    pub(in crate::presence) fn key(presentity: &Presentity) -> Bytes {
        Bytes::copy_from_slice(presentity.mailbox().as_bytes())
    }
}

fn put_subject(to: &mut Writer, subject: &Subject) {
    match subject {
        Subject::Address(pattern) => {
            to.byte(0);
            to.bytes(pattern.to_string().as_bytes());
        }
        Subject::Anonymous => to.byte(1),
        Subject::Unauthenticated => to.byte(2),
        Subject::Anyone => to.byte(3),
    }
}

fn subject(from: &mut Reader<'_>) -> Result<Subject, Unreadable> {
    Ok(match from.byte()? {
        0 => Subject::Address(pattern(from)?),
        1 => Subject::Anonymous,
        2 => Subject::Unauthenticated,
        3 => Subject::Anyone,
        _ => return Err(Unreadable::Damaged("a rule means nobody known")),
    })
}

fn sender_rule(from: &mut Reader<'_>) -> Result<SenderRule, Unreadable> {
    let subject = subject(from)?;
    let reception = match from.byte()? {
        0 => Reception::Accept,
        1 => Reception::Refuse,
        _ => return Err(Unreadable::Damaged("what a rule does is unknown")),
    };
    Ok(SenderRule::new(subject, reception))
}

fn watcher_rule(from: &mut Reader<'_>) -> Result<WatcherRule, Unreadable> {
    let subject = subject(from)?;
    let way = match from.byte()? {
        0 => None,
        1 => Some(Way::Subscribe),
        2 => Some(Way::Fetch),
        _ => return Err(Unreadable::Damaged("a rule is about no known way")),
    };
    let handling = Handling::from_code(from.byte()?)
        .ok_or(Unreadable::Damaged("what a rule does is unknown"))?;
    let rule = WatcherRule::new(subject, handling);
    Ok(match way {
        Some(way) => rule.only_for(way),
        None => rule,
    })
}

fn pattern(from: &mut Reader<'_>) -> Result<AddressPattern, Unreadable> {
    AddressPattern::parse(&from.text()?).map_err(|_| Unreadable::Damaged("a pattern is none"))
}

impl Handling {
    pub(in crate::presence) const fn code(self) -> u8 {
        match self {
            Self::Allow(View::All) => 0,
            Self::Allow(View::StatusOnly) => 1,
            Self::Allow(View::Nothing) => 2,
            Self::Confirm => 3,
            Self::Block => 4,
            Self::PoliteBlock => 5,
        }
    }

    pub(in crate::presence) const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Allow(View::All),
            1 => Self::Allow(View::StatusOnly),
            2 => Self::Allow(View::Nothing),
            3 => Self::Confirm,
            4 => Self::Block,
            5 => Self::PoliteBlock,
            _ => return None,
        })
    }
}
