//! What principals decide while there are watchers.

use std::time::Instant;

use rand::CryptoRng;
use rialto_model::{Failure, FailureReason, Package, Presentity, TerminationReason};

use super::{
    Index, PresenceAction, PresenceService,
    presentities::PresentityId,
    rules::{Handling, PrincipalRules, RulesChange, RulesRecord, Way},
    subscription::{LegStage, Stage, Standing, Subscription},
    writes::{Former, Purpose, Ruling, not_kept},
};
use crate::{
    CallerTicket, Change, JournalTable,
    decision::presence::{folded, inbox_of},
};

impl<R: CryptoRng> PresenceService<R> {
    /// Sets the rules of a presentity's principal; none takes them back. As [`handle_rules_change`](Self::handle_rules_change).
    pub fn handle_rules(
        &mut self,
        now: Instant,
        presentity: &Presentity,
        rules: Option<PrincipalRules>,
        ticket: CallerTicket,
    ) {
        let change = RulesChange::Replaced(rules.unwrap_or_default());
        self.handle_rules_change(now, presentity, change, ticket);
    }

    /// Changes the rules of a presentity's principal, as the table knows it ([`PresenceSettings::presentity`](super::PresenceSettings::presentity)).
    ///
    /// They hold when they are safe, for watchers that there are too; `ticket` comes back with [`PresenceAction::RulesSet`].
    /// Changes are made one after the other.
    pub fn handle_rules_change(
        &mut self,
        now: Instant,
        presentity: &Presentity,
        change: RulesChange,
        ticket: CallerTicket,
    ) {
        self.begin(now);
        let id = self.presentities.learn(presentity);
        let Some(entry) = self.presentities.get_mut(id) else {
            return;
        };
        if entry.ruling == 0 {
            return self.rule(id, change, ticket);
        }
        if !self.rulings.wait(id, change, ticket) {
            let failure = Failure::new(FailureReason::Overloaded)
                .with_detail("other changes of these rules are not written yet");
            self.rules_set(ticket, Err(failure));
        }
    }

    /// Makes a change, unless it changes nothing.
    fn rule(&mut self, id: PresentityId, change: RulesChange, ticket: CallerTicket) {
        match self.rules_after(id, change) {
            Ok(Some(rules)) => self.write_rules(id, rules, ticket),
            result => {
                self.rules_set(ticket, result.map(|_| ()));
                self.rule_next(id);
                // Not before: those that wait name it.
                self.presentities.forget(id);
            }
        }
    }

    /// What the rules are after a change; none: what they are.
    fn rules_after(
        &self,
        id: PresentityId,
        change: RulesChange,
    ) -> Result<Option<PrincipalRules>, Failure> {
        let entry = self.presentities.get(id);
        let before = entry.and_then(|entry| entry.rules.as_deref());
        let before = before.cloned().unwrap_or_default();
        let after = before.changed(change).map_err(|error| {
            Failure::new(FailureReason::TooLarge).with_detail(error.to_string())
        })?;
        if after == before {
            return Ok(None);
        }
        self.writes.check_room()?;
        let is_full = self.presentities.ruling() >= self.settings.limits().max_ruling;
        if before.is_empty() && is_full {
            return Err(Failure::new(FailureReason::Overloaded)
                .with_detail("there are as many principals with rules as are kept"));
        }
        Ok(Some(after))
    }

    fn write_rules(&mut self, id: PresentityId, rules: PrincipalRules, ticket: CallerTicket) {
        let Some(entry) = self.presentities.get_mut(id) else {
            return;
        };
        entry.ruling += 1;
        let rules = Some(rules).filter(|rules| !rules.is_empty());
        let change = record(&entry.address, rules.as_ref());
        self.presentities.count(id);
        let ruling = Ruling {
            presentity: id,
            rules,
            ticket,
        };
        self.write(Purpose::Rules(Box::new(ruling)), vec![change]);
    }

    /// Makes the change that waited for the one that has ended.
    fn rule_next(&mut self, id: PresentityId) {
        if let Some((change, ticket)) = self.rulings.next(id) {
            self.rule(id, change, ticket);
        }
    }

    fn rules_set(&mut self, ticket: CallerTicket, result: Result<(), Failure>) {
        self.actions
            .push_back(PresenceAction::RulesSet { ticket, result });
    }

    /// The rules of a presentity's principal.
    pub fn rules(&self, presentity: &Presentity) -> Option<&PrincipalRules> {
        let known = self.presentities.find(presentity)?;
        self.presentities.get(known)?.rules.as_deref()
    }

    /// Ends the subscriptions of a watcher to a presentity, which does not want it any more, however its name is written; how many there were.
    ///
    /// The watcher is told, and may subscribe again unless a rule forbids it. RFC 2779 §5.1.16.
    pub fn cancel(&mut self, now: Instant, presentity: &Presentity, watcher: &Presentity) -> usize {
        self.begin(now);
        let Some(known) = self.presentities.find(presentity) else {
            return 0;
        };
        let watchers = self.presentities.get(known).map(|of| of.watchers.clone());
        let meant = known_by_rules(watcher);
        let mut ended = 0;
        for index in watchers.unwrap_or_default() {
            let of = self.subscriptions.get(index).filter(|of| !of.is_over());
            let is_it = |of: &Subscription| {
                let address = self.addresses.get(of.watcher)?;
                Some(address == *watcher || meant.is_some() && known_by_rules(&address) == meant)
            };
            if of.and_then(is_it) == Some(true) {
                self.terminate(index, TerminationReason::Rejected);
                ended += 1;
            }
        }
        ended
    }

    /// Rules are written, or not.
    pub(super) fn ruled(&mut self, ruling: Ruling, is_safe: bool) {
        let Ruling {
            presentity,
            rules,
            ticket,
        } = ruling;
        let Some(entry) = self.presentities.get_mut(presentity) else {
            return;
        };
        entry.ruling -= 1;
        if !is_safe {
            // The disk may have them all the same: the former ones are put in their place.
            let former = Former::Rules(entry.address.clone());
            self.rules_set(ticket, Err(not_kept()));
            self.put_back(former);
        } else {
            self.table.inboxes().set(&entry.address, rules.as_ref());
            entry.rules = rules.map(Box::new);
            let watchers = entry.watchers.clone();
            self.rules_set(ticket, Ok(()));
            for index in watchers {
                self.judge_again(index);
            }
        }
        self.presentities.count(presentity);
        self.rule_next(presentity);
        self.presentities.forget(presentity);
    }

    /// Asks the rules again about a watcher that there is.
    pub(super) fn judge_again(&mut self, index: Index) {
        let Some(of) = self.subscriptions.get(index).filter(|of| !of.is_over()) else {
            return;
        };
        let Some(watching) = self.watching_of(of) else {
            return;
        };
        let way = if of.stage == Stage::Fetching {
            Way::Fetch
        } else {
            Way::Subscribe
        };
        let handling = self.handling_of(of.package, &watching, of.authentication, way);
        self.handle_as(index, handling);
        self.subscriptions.set_alarm(index);
    }

    /// Treats a watcher as the rules say from now on.
    pub(super) fn handle_as(&mut self, index: Index, handling: Handling) {
        if handling == Handling::Block {
            return self.terminate(index, TerminationReason::Rejected);
        }
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        let is_other = std::mem::replace(&mut of.handling, handling) != handling;
        let is_fetch = of.stage == Stage::Fetching;
        let (presentity, former) = (of.presentity, of.standing);
        let has_leg = self.has_leg(index);
        let begins = self.standing(presentity, handling);
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        let had_leg = of.leg.stage != LegStage::None;
        of.standing = match (begins, handling) {
            _ if of.package == Package::WatcherInformation => Standing::Active,
            // What the presentity's network has said stands.
            (Standing::Pending, Handling::Allow(_)) if had_leg => former,
            (begins, _) => begins,
        };
        let is_other = is_other || of.standing != former;
        if had_leg && !has_leg {
            self.end_leg(index);
            if let Some(of) = self.subscriptions.get_mut(index) {
                of.document = None;
                of.in_contact = false;
            }
        } else if has_leg && !had_leg && !is_fetch {
            self.ask(index);
        }
        if is_fetch {
            self.judge_fetch(index);
        } else if is_other {
            self.settle_acceptance(index);
            self.want_changed_notice(index);
            self.tell_of_watchers(presentity);
        }
    }
}

/// A watcher's name as rules compare it.
fn known_by_rules(watcher: &Presentity) -> Option<Presentity> {
    folded(&inbox_of(watcher).ok()?).ok()
}

pub(super) fn record(presentity: &Presentity, rules: Option<&PrincipalRules>) -> Change {
    let value = rules.map(|rules| {
        let record = RulesRecord {
            presentity: presentity.clone(),
            rules: rules.clone(),
        };
        record.write()
    });
    Change::of(JournalTable::Rules, RulesRecord::key(presentity), value)
}
