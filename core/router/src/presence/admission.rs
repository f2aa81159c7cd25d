//! Which subscribe operations may pass, and what becomes of their watchers.

use rand::CryptoRng;
use rialto_model::{
    Authentication, Failure, FailureReason, Package, Presentity, SubscribeOperation,
};

use super::{
    Index, PresenceLimits, PresenceService,
    presentities::PresentityId,
    rules::{Handling, View, Way},
    subscription::{Standing, Subscription},
    table::Pair,
};
use crate::{
    AdapterId,
    decision::presence::{Watching, inbox_of},
};

/// A subscribe operation that may pass.
pub(super) struct Admitted {
    pub(super) watching: Watching,
    pub(super) handling: Handling,
    /// The watcher's subscription, if it has one.
    pub(super) existing: Option<Index>,
}

impl<R: CryptoRng> PresenceService<R> {
    pub(super) fn admit(
        &mut self,
        from: AdapterId,
        operation: &SubscribeOperation,
    ) -> Result<Admitted, Failure> {
        if self.is_draining {
            return Err(FailureReason::ShuttingDown.into());
        }
        if operation
            .reference()
            .is_some_and(|of| of.len() > PresenceLimits::MAX_REFERENCE)
        {
            return Err(Failure::new(FailureReason::TooLarge)
                .with_detail("the plugin's reference is longer than is kept"));
        }
        let watching = self.watching(from, operation)?;
        let pair = self.pair_of(&watching, operation.package());
        let ended = pair.and_then(|pair| self.subscriptions.ended_of_pair(pair));
        if ended.is_some_and(|of| of.has_id(operation.subscription_id())) {
            return Err(is_ending(operation));
        }
        let existing = pair.and_then(|pair| self.subscriptions.by_pair(pair));
        if let Some(index) = existing
            && let Some(known) = self.subscriptions.get(index)
            && known.has_id(operation.subscription_id())
        {
            // Nobody else may refresh or end it, by whatever name. RFC 2779 §5.1.8.
            if known.adapter != from {
                return Err(not_permitted());
            }
            if operation.is_of_no_duration() {
                let handling = known.handling;
                return Ok(Admitted {
                    watching,
                    handling,
                    existing,
                });
            }
        }
        let way = if operation.is_of_no_duration() {
            Way::Fetch
        } else {
            Way::Subscribe
        };
        let authentication = operation.authentication();
        let handling = self.handling_of(operation.package(), &watching, authentication, way);
        if handling == Handling::Block {
            return Err(not_permitted());
        }
        Ok(Admitted {
            watching,
            handling,
            existing,
        })
    }

    fn watching(
        &self,
        from: AdapterId,
        operation: &SubscribeOperation,
    ) -> Result<Watching, Failure> {
        let sides = [operation.watcher(), operation.target()];
        let is_hosted = self.settings.hosts(operation.target().domain());
        let authentication = operation.authentication();
        self.table
            .admit_watcher(from, sides, authentication, is_hosted)
    }

    fn pair_of(&self, watching: &Watching, package: Package) -> Option<Pair> {
        let watcher = watching.watcher_of(package).ok()?;
        let watcher = self.addresses.find(&watcher)?;
        let presentity = self.presentities.find(&watching.presentity)?;
        Some((watcher, presentity, package))
    }

    /// What becomes of a watcher of a package: who watches is for the presentity itself alone. RFC 3857 §4.6.
    pub(super) fn handling_of(
        &self,
        package: Package,
        watching: &Watching,
        authentication: Authentication,
        way: Way,
    ) -> Handling {
        let may = watching.is_of_itself() && authentication.is_authenticated();
        match package {
            Package::Presence => self.handling(watching, authentication, way),
            _ if may => Handling::Allow(View::All),
            _ => Handling::Block,
        }
    }

    /// What becomes of a watcher: the presentity itself may, else its rules decide, else it is a matter of who vouches.
    pub(super) fn handling(
        &self,
        watching: &Watching,
        authentication: Authentication,
        way: Way,
    ) -> Handling {
        let presentity = &watching.presentity;
        if watching.is_of_itself() && authentication.is_authenticated() {
            return Handling::Allow(View::All);
        }
        let known = self.presentities.find(presentity);
        let known = known.and_then(|id| self.presentities.get(id));
        let rules = known.and_then(|known| known.rules.as_ref());
        let ruled = rules.and_then(|rules| rules.judge(&watching.watcher, authentication, way));
        ruled.unwrap_or_else(|| {
            if !authentication.is_authenticated() {
                Handling::Block
            } else if self.settings.hosts(presentity.domain()) {
                self.settings.hosted_default()
            } else {
                Handling::Allow(View::All)
            }
        })
    }

    /// Whether the service alone says what a watcher is told, so that all are told it in the same way.
    pub(super) fn is_governed(&self, of: &Subscription) -> bool {
        let presentity = self.presentities.get(of.presentity);
        presentity
            .is_some_and(|known| known.is_polite() || self.settings.hosts(known.address.domain()))
            || of.handling == Handling::Confirm
    }

    pub(super) fn check_room(
        &self,
        watcher: &Presentity,
        presentity: &Presentity,
    ) -> Result<(), Failure> {
        let limits = self.settings.limits();
        // A watcher is named at most three times by each of its subscriptions.
        let uses = self
            .addresses
            .find(watcher)
            .map_or(0, |id| self.addresses.uses(id));
        let known = self.presentities.find(presentity);
        let watchers = known.and_then(|id| self.presentities.get(id));
        let is_full = self.subscriptions.len() >= limits.max_subscriptions
            || uses / 2 >= limits.max_per_watcher
            || watchers.is_some_and(|of| of.watchers.len() >= limits.max_per_presentity);
        if is_full {
            return Err(Failure::new(FailureReason::Overloaded)
                .with_detail("there are as many subscriptions as are kept"));
        }
        Ok(())
    }

    /// What a new subscription is, before the presentity's network says more.
    pub(super) fn standing(&self, presentity: PresentityId, handling: Handling) -> Standing {
        let known = self.presentities.get(presentity);
        let is_ours = known
            .is_some_and(|known| known.is_polite() || self.settings.hosts(known.address.domain()));
        match handling {
            Handling::Confirm => Standing::Pending,
            Handling::PoliteBlock => Standing::Active,
            _ if is_ours => Standing::Active,
            _ => Standing::Pending,
        }
    }

    /// The watcher and the presentity again, after the rules of either may have changed.
    pub(super) fn watching_of(&self, of: &Subscription) -> Option<Watching> {
        let presentity = self.presentities.get(of.presentity)?.address.clone();
        let watcher = inbox_of(&self.addresses.get(of.watcher)?).ok()?;
        Some(Watching {
            watcher,
            presentity,
        })
    }
}

/// What is said of a subscription that has ended, while its watcher is still to be told so under its name.
fn is_ending(operation: &SubscribeOperation) -> Failure {
    let reason = match operation.is_of_known() || operation.is_of_no_duration() {
        true => FailureReason::NoPresentity,
        false => FailureReason::Overloaded,
    };
    Failure::new(reason)
        .with_detail("this subscription has ended, and its watcher is being told so")
}

fn not_permitted() -> Failure {
    Failure::new(FailureReason::NotPermitted)
        .with_detail("the presentity's rules do not permit this watcher")
}
