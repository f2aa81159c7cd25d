//! Writes down what watchers were granted and told, and complains when that may not be.

use std::collections::BTreeMap;

use rialto_model::{NotifyOperation, SubscriptionState};

/// What must never happen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    SecondResponse { ticket: u64 },
    NoResponse { ticket: u64 },
    Doubled { id: String },
    BeforeTheGrant { id: String },
    AfterTheEnd { id: String },
    OldVersion { id: String },
    WentBack { id: String },
    NotNewest { id: String, shown: Option<u64> },
    Lost { id: String },
    LeftOver,
}

/// What a watcher asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Subscribe(String),
    Unsubscribe(String),
    Fetch,
    Publish(u64),
}

/// A subscription as its watcher knows it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) pair: usize,
    pub(crate) is_granted: bool,
    /// Somebody has asked for the end; was told the end; both may come.
    pub(crate) is_ending: bool,
    pub(crate) is_over: bool,
    /// Whether the service knows that the watcher was told the end.
    pub(crate) is_taken: bool,
    pub(crate) expires_at: u64,
    version: Option<u32>,
    shown: Option<u64>,
    is_active: bool,
    /// In which life of the service it was told last.
    life: u64,
}

/// All subscriptions and operations of a run.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) known: BTreeMap<String, Known>,
    wishes: BTreeMap<u64, (Wish, bool)>,
    life: u64,
}

impl Ledger {
    pub(crate) fn asked(&mut self, ticket: u64, wish: Wish) {
        self.wishes.insert(ticket, (wish, false));
    }

    pub(crate) fn opened(&mut self, id: &str, pair: usize) {
        self.known.entry(id.to_owned()).or_insert(Known {
            pair,
            is_granted: false,
            is_ending: false,
            is_over: false,
            is_taken: false,
            expires_at: 0,
            version: None,
            shown: None,
            is_active: false,
            life: 0,
        });
    }

    /// The presentity has ended what there is of a pair; a crash may still undo it, as long as nobody was told.
    pub(crate) fn ending(&mut self, pair: usize) {
        let of_pair = self.known.values_mut().filter(|known| known.pair == pair);
        of_pair.for_each(|known| known.is_ending = true);
    }

    /// The service died: what was asked and not answered will not be.
    pub(crate) fn crashed(&mut self) {
        self.wishes.retain(|_, (_, is_answered)| *is_answered);
        self.life += 1;
    }

    /// An answer; yields what had been asked for.
    pub(crate) fn answered(&mut self, ticket: u64) -> Result<Wish, Violation> {
        let Some((wish, is_answered)) = self.wishes.get_mut(&ticket) else {
            return Err(Violation::SecondResponse { ticket });
        };
        if std::mem::replace(is_answered, true) {
            return Err(Violation::SecondResponse { ticket });
        }
        Ok(wish.clone())
    }

    pub(crate) fn granted(&mut self, id: &str, now: u64, expires_at: u64) -> Result<(), Violation> {
        let pair = self.known.get(id).map(|known| known.pair);
        let is_other = |(name, other): (&String, &Known)| {
            let is_live = other.is_granted && !other.is_over && !other.is_ending;
            name != id && Some(other.pair) == pair && is_live && other.expires_at > now
        };
        if self.known.iter().any(is_other) {
            return Err(Violation::Doubled { id: id.to_owned() });
        }
        if let Some(known) = self.known.get_mut(id) {
            known.is_granted = true;
            known.expires_at = expires_at;
        }
        Ok(())
    }

    pub(crate) fn told(
        &mut self,
        notify: &NotifyOperation,
        shown: Option<u64>,
    ) -> Result<(), Violation> {
        let id = notify.subscription_id().to_string();
        let life = self.life;
        let Some(known) = self.known.get_mut(&id) else {
            return Ok(()); // a fetch
        };
        let is_new_life = std::mem::replace(&mut known.life, life) != life;
        let is_end = notify.state().is_terminated();
        // The end itself is told until it is taken, and again so if that was forgotten in a crash.
        known.is_taken &= !is_new_life;
        if known.is_over && (!is_end || known.is_taken) {
            return Err(Violation::AfterTheEnd { id });
        }
        // One whose grant was on its way in the crash is told all the same.
        if !known.is_granted && life == 0 {
            return Err(Violation::BeforeTheGrant { id });
        }
        if known
            .version
            .is_some_and(|version| version >= notify.version())
        {
            return Err(Violation::OldVersion { id });
        }
        known.version = Some(notify.version());
        if let (Some(before), Some(now)) = (known.shown, shown)
            && before > now
            && now > 0 // what is out of contact is shown as closed
            && !is_new_life
        {
            return Err(Violation::WentBack { id });
        }
        known.is_active = notify.state() == SubscriptionState::Active;
        known.shown = shown.or_else(|| known.shown.filter(|_| !known.is_active));
        known.is_over |= is_end;
        Ok(())
    }

    /// Everything is quiet: who has a subscription was told the newest.
    pub(crate) fn close(
        &self,
        now: u64,
        newest: impl Fn(usize) -> u64,
        is_there: impl Fn(&str, usize) -> bool,
    ) -> Result<(), Violation> {
        for (id, known) in &self.known {
            let is_live = known.is_granted && !known.is_over && !known.is_ending;
            if !is_live || known.expires_at <= now {
                continue;
            }
            let id = id.clone();
            if !is_there(&id, known.pair) {
                return Err(Violation::Lost { id });
            }
            if !known.is_active || known.shown != Some(newest(known.pair)) {
                let shown = known.shown;
                return Err(Violation::NotNewest { id, shown });
            }
        }
        let unanswered = self
            .wishes
            .iter()
            .find(|(_, (_, is_answered))| !is_answered);
        match unanswered {
            Some((ticket, _)) => Err(Violation::NoResponse { ticket: *ticket }),
            None => Ok(()),
        }
    }
}
