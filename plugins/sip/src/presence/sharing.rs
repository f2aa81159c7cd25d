//! Subscriptions that several devices of one watcher share.
//!
//! The service has one subscription for each watcher and presentity; further devices join it. What is remembered here is who shares one;
//! the same stands in the subscription's reference, from which it is learned again after a restart: with the first notification, which follows at once.
//! A device whose subscription is found nowhere hears 481, subscribes anew, and joins again.

use std::{collections::HashMap, time::Duration};

use rialto_sdk::model::{NotifyOperation, Package, Presentity, SubscribeOperation, SubscriptionId};

use crate::mapping::{Device, Devices, Second, TooMany};

/// Who shares subscriptions, and who looks out for one to join; `W` is told of it.
#[derive(Debug)]
pub(crate) struct Sharing<W> {
    limit: usize,
    /// By the names of the subscriptions.
    shared: HashMap<SubscriptionId, Shared>,
    /// The subscription that a device has joined, by the name that its own would have.
    joined: HashMap<SubscriptionId, SubscriptionId>,
    lookouts: HashMap<Pair, Vec<W>>,
}

/// Who is told by one subscription.
#[derive(Debug)]
struct Shared {
    watcher: Presentity,
    devices: Devices,
}

/// Whom a watcher is told of: he has one subscription for it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Pair {
    watcher: Presentity,
    target: Presentity,
    package: Package,
}

/// A subscription, and who is told by it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Found {
    pub(crate) id: SubscriptionId,
    /// Whose it is.
    pub(crate) watcher: Presentity,
    pub(crate) devices: Devices,
}

impl<W> Sharing<W> {
    /// One for so many shared subscriptions, and so many pairs that are looked out for.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            shared: HashMap::new(),
            joined: HashMap::new(),
            lookouts: HashMap::new(),
        }
    }

    /// Tells of the next notification of a pair; who has no need of it any more, `is_idle`, makes room.
    pub(crate) fn look_out(&mut self, pair: Pair, who: W, is_idle: impl Fn(&W) -> bool) {
        if self.lookouts.len() >= self.limit {
            self.lookouts.retain(|_, waiting| {
                waiting.retain(|who| !is_idle(who));
                !waiting.is_empty()
            });
        }
        if self.lookouts.len() < self.limit || self.lookouts.contains_key(&pair) {
            let waiting = self.lookouts.entry(pair).or_default();
            waiting.retain(|who| !is_idle(who));
            if waiting.len() < Devices::MAX {
                waiting.push(who);
            }
        }
    }

    /// Who is to be told by a notification, and who looked out for it.
    ///
    /// What is remembered counts, as the reference may not say the newest.
    pub(crate) fn tell(
        &mut self,
        operation: &NotifyOperation,
        kept: Devices,
        now: Second,
    ) -> (Found, Vec<W>) {
        let mut found = Found {
            id: *operation.subscription_id(),
            watcher: operation.watcher().clone(),
            devices: kept,
        };
        if operation.state().is_terminated() {
            if let Some(devices) = self.forget(&found.id) {
                found.devices = devices;
            }
            return (found, Vec::new());
        }
        match self.shared.get(&found.id) {
            Some(known) => found.devices = known.devices.clone(),
            None if found.devices.is_alone() => {}
            None => {
                self.remember(found.clone(), now);
            }
        }
        let waiting = self.lookouts.remove(&Pair::of_notified(operation));
        (found, waiting.unwrap_or_default())
    }

    /// Has a device told by a subscription that is there: who is told then, if there is room.
    pub(crate) fn join(&mut self, found: &Found, device: Device, now: Second) -> Option<Found> {
        let mut found = found.clone();
        if let Some(known) = self.shared.get(&found.id) {
            found.devices = known.devices.clone();
        }
        found.devices.put(device).ok()?;
        self.remember(found, now)
    }

    /// Whose subscription it is that a device shares.
    pub(crate) fn watcher_of(&self, device: &Device) -> Option<&Presentity> {
        let id = self.joined.get(&device.watcher.name()?)?;
        self.shared.get(id).map(|shared| &shared.watcher)
    }

    /// Takes note of what a device asks within its dialog; `None` where nobody shares its subscription.
    pub(crate) fn renew(&mut self, device: Device) -> Result<Option<Found>, TooMany> {
        let name = device.watcher.name();
        let id = name.and_then(|name| self.joined.get(&name)).copied();
        let shared = id.and_then(|id| Some((id, self.shared.get_mut(&id)?)));
        let Some((id, shared)) = shared else {
            return Ok(None);
        };
        shared.devices.put(device)?;
        let (watcher, devices) = (shared.watcher.clone(), shared.devices.clone());
        Ok(Some(Found {
            id,
            watcher,
            devices,
        }))
    }

    /// Tells these devices no more; whether anybody else shares the subscription.
    pub(crate) fn part(&mut self, id: &SubscriptionId, gone: &[SubscriptionId]) -> bool {
        let Some(shared) = self.shared.get_mut(id) else {
            return false;
        };
        for name in gone {
            self.joined.remove(name);
        }
        match shared.devices.without(gone) {
            Some(left) => shared.devices = left,
            None => {
                self.shared.remove(id);
                return false;
            }
        }
        true
    }

    fn remember(&mut self, found: Found, now: Second) -> Option<Found> {
        if self.shared.len() >= self.limit {
            self.shared.retain(|_, of| of.devices.until() > now);
            let shared = &self.shared;
            self.joined.retain(|_, of| shared.contains_key(of));
        }
        if self.shared.len() >= self.limit && !self.shared.contains_key(&found.id) {
            return None;
        }
        let names = found.devices.iter().filter_map(|of| of.watcher.name());
        self.joined.extend(names.map(|name| (name, found.id)));
        let shared = Shared {
            watcher: found.watcher.clone(),
            devices: found.devices.clone(),
        };
        self.shared.insert(found.id, shared);
        Some(found)
    }

    fn forget(&mut self, id: &SubscriptionId) -> Option<Devices> {
        let devices = self.shared.remove(id)?.devices;
        for name in devices.iter().filter_map(|device| device.watcher.name()) {
            self.joined.remove(&name);
        }
        Some(devices)
    }
}

impl Found {
    /// The same for one that shares it from now on: nobody is told for longer than the subscription lasts.
    pub(crate) fn ending(&self, now: Second, expires_in: Duration) -> Self {
        let seconds = Second::try_from(expires_in.as_secs()).unwrap_or(Second::MAX);
        let mut ending = self.clone();
        ending.devices = ending.devices.until_at_most(now.saturating_add(seconds));
        ending
    }
}

impl Pair {
    pub(crate) fn of_asked(operation: &SubscribeOperation) -> Self {
        Self {
            watcher: operation.watcher().clone(),
            target: operation.target().clone(),
            package: operation.package(),
        }
    }

    fn of_notified(operation: &NotifyOperation) -> Self {
        Self {
            watcher: operation.watcher().clone(),
            target: operation.target().clone(),
            package: operation.package(),
        }
    }
}

#[cfg(test)]
mod tests;
