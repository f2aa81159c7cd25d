//! What principals decide while there are watchers.

use std::time::Instant;

use rand::CryptoRng;
use rialto_model::{Package, Presentity, TerminationReason};

use super::{
    Index, PresenceAction, PresenceService,
    addresses::compact,
    rules::{Handling, PrincipalRules, RulesRecord, Way},
    subscription::{LegStage, Stage, Standing},
    writes::{Purpose, Ruling, not_kept},
};
use crate::{CallerTicket, Change, JournalTable};

impl<R: CryptoRng> PresenceService<R> {
    /// Sets the rules of a presentity's principal, as the table knows it ([`RoutingTable::presentity`](crate::RoutingTable::presentity)); none
    /// takes them back. They hold when they are safe, for watchers that there are too; `ticket` comes back with
    /// [`PresenceAction::RulesSet`].
    pub fn handle_rules(
        &mut self,
        now: Instant,
        presentity: &Presentity,
        rules: Option<PrincipalRules>,
        ticket: CallerTicket,
    ) {
        self.begin(now);
        let rules = rules.filter(|rules| !rules.is_empty());
        let id = self.presentities.learn(&compact(presentity));
        if let Some(entry) = self.presentities.get_mut(id) {
            entry.ruling += 1;
        }
        let change = change(presentity, rules.as_ref());
        let ruling = Ruling {
            presentity: id,
            rules,
            ticket,
        };
        self.write(Purpose::Rules(Box::new(ruling)), vec![change]);
    }

    /// The rules of a presentity's principal.
    pub fn rules(&self, presentity: &Presentity) -> Option<&PrincipalRules> {
        let known = self.presentities.find(presentity)?;
        self.presentities.get(known)?.rules.as_deref()
    }

    /// Ends the subscriptions of a watcher to a presentity, which does not want it any more; how many there were.
    ///
    /// The watcher is told, and may subscribe again unless a rule forbids it. RFC 2779 §5.1.16.
    pub fn cancel(&mut self, now: Instant, presentity: &Presentity, watcher: &Presentity) -> usize {
        self.begin(now);
        let Some(known) = self.presentities.find(presentity) else {
            return 0;
        };
        let watchers = self.presentities.get(known).map(|of| of.watchers.clone());
        let mut ended = 0;
        for index in watchers.unwrap_or_default() {
            let of = self.subscriptions.get(index).filter(|of| !of.is_over());
            let is_it = of.is_some_and(|of| self.addresses.get(of.watcher) == Some(watcher));
            if is_it {
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
            let before = change(&entry.address, entry.rules.as_deref());
            let result = Err(not_kept());
            self.actions
                .push_back(PresenceAction::RulesSet { ticket, result });
            self.presentities.forget(presentity);
            return self.write(Purpose::Removal, vec![before]);
        }
        entry.rules = rules.map(Box::new);
        let result = Ok(());
        self.actions
            .push_back(PresenceAction::RulesSet { ticket, result });
        for index in entry.watchers.clone() {
            self.judge_again(index);
        }
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
        } else if has_leg && !had_leg {
            self.ask(index);
        }
        if is_other {
            self.settle_acceptance(index);
            self.want_changed_notice(index);
            self.tell_of_watchers(presentity);
        }
    }
}

fn change(presentity: &Presentity, rules: Option<&PrincipalRules>) -> Change {
    let value = rules.map(|rules| {
        let record = RulesRecord {
            presentity: presentity.clone(),
            rules: rules.clone(),
        };
        record.write()
    });
    Change::of(JournalTable::Rules, RulesRecord::key(presentity), value)
}
