//! The devices of one watcher that share a subscription, kept by the gateway.
//!
//! RFC 3859 gives a watcher one subscription for each presentity; a user of SIP has a dialog for each of his phones. One phone alone is
//! its [`Watcher`]. Of several each has a paragraph, which begins with the second at which it is over:
//!
//! ```text
//! 2
//! 217731600 1 217728000 udp:192.0.2.1:5060 7
//! 2xTb9vxSit55XU7p8@client.example
//! …
//!
//! 217731655 1 217728055 tcp:192.0.2.2:5060
//! …
//! ```

use std::{fmt, str::FromStr, time::Duration};

use rialto_sdk::{model::SubscriptionId, prelude::MessageOperation};

use super::watcher::{NoWatcher, Second, Watcher};

/// One of them, and until when it wants to be told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Device {
    pub(crate) until: Second,
    pub(crate) watcher: Watcher,
}

/// All of them; at least one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Devices(Vec<Device>);

/// There are as many as may share a subscription, or the text of all is longer than the gateway keeps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct TooMany;

const VERSION: &str = "2";
const BETWEEN: &str = "\n\n";

impl Device {
    /// One that is told as long as its subscription lasts.
    pub(crate) const fn alone(watcher: Watcher) -> Self {
        let until = Second::MAX;
        Self { until, watcher }
    }

    /// One that is told for so long from now on.
    pub(crate) fn until(now: Second, time: Duration, watcher: Watcher) -> Self {
        let seconds = Second::try_from(time.as_secs()).unwrap_or(Second::MAX);
        // The last second means that it is alone.
        let until = now.saturating_add(seconds).min(Second::MAX - 1);
        Self { until, watcher }
    }

    /// Whether it never shared its subscription.
    pub(crate) const fn is_alone(&self) -> bool {
        self.until == Second::MAX
    }

    /// How much longer it is told.
    pub(crate) fn left(&self, now: Second) -> Duration {
        Duration::from_secs(self.until.saturating_sub(now).into())
    }

    /// Whether its time is over.
    pub(crate) const fn is_over(&self, now: Second) -> bool {
        self.until <= now
    }
}

impl Devices {
    /// The most that share a subscription.
    pub(crate) const MAX: usize = 8;

    pub(crate) fn of(device: Device) -> Self {
        Self(vec![device])
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Device> {
        self.0.iter()
    }

    /// Whether there is one, which never shared its subscription.
    pub(crate) fn is_alone(&self) -> bool {
        self.0.iter().all(Device::is_alone)
    }

    /// The same, where one alone is told until then.
    pub(crate) fn until_at_most(mut self, until: Second) -> Self {
        for device in &mut self.0 {
            device.until = device.until.min(until);
        }
        self
    }

    /// When the last of them is over.
    pub(crate) fn until(&self) -> Second {
        let all = self.0.iter().map(|device| device.until);
        all.max().unwrap_or_default()
    }

    /// Adds one, in the place of what is known of it already.
    pub(crate) fn put(&mut self, device: Device) -> Result<(), TooMany> {
        let name = device.watcher.name();
        let mut devices = self.0.clone();
        match devices
            .iter_mut()
            .find(|known| known.watcher.name() == name)
        {
            Some(known) => *known = device,
            None => devices.push(device),
        }
        let all = Self(devices);
        if all.0.len() > Self::MAX || all.to_string().len() > MessageOperation::MAX_KEPT {
            return Err(TooMany);
        }
        *self = all;
        Ok(())
    }

    /// What is left of them without some; `None` where that is nobody.
    pub(crate) fn without(&self, names: &[SubscriptionId]) -> Option<Self> {
        let stays = |device: &&Device| {
            let name = device.watcher.name();
            name.is_none_or(|name| !names.contains(&name))
        };
        let left: Vec<Device> = self.0.iter().filter(stays).cloned().collect();
        (!left.is_empty()).then_some(Self(left))
    }
}

impl fmt::Display for Devices {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [
            Device {
                until: Second::MAX,
                watcher,
            },
        ] = self.0.as_slice()
        {
            return watcher.fmt(formatter);
        }
        let mut before = "\n";
        formatter.write_str(VERSION)?;
        for Device { until, watcher } in &self.0 {
            write!(formatter, "{before}{until} {watcher}")?;
            before = BETWEEN;
        }
        Ok(())
    }
}

impl FromStr for Devices {
    type Err = NoWatcher;

    fn from_str(text: &str) -> Result<Self, NoWatcher> {
        let Some((VERSION, paragraphs)) = text.split_once('\n') else {
            return Ok(Self::of(Device::alone(text.parse()?)));
        };
        let paragraphs = paragraphs.split(BETWEEN).take(Self::MAX + 1);
        let devices: Vec<Device> = paragraphs.map(device).collect::<Result<_, _>>()?;
        match devices.len() {
            1..=Self::MAX => Ok(Self(devices)),
            _ => Err(NoWatcher),
        }
    }
}

fn device(paragraph: &str) -> Result<Device, NoWatcher> {
    let (until, watcher) = paragraph.split_once(' ').ok_or(NoWatcher)?;
    Ok(Device {
        until: until.parse().map_err(|_| NoWatcher)?,
        watcher: watcher.parse()?,
    })
}

#[cfg(test)]
mod tests;
