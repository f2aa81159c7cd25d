//! What it takes to tell a watcher more, kept by the gateway.
//!
//! The first line has a version, where sequence numbers begin, the way back, and the `id` of Event; the rest is the dialog:
//!
//! ```text
//! 1 217728000 udp:192.0.2.1:5060 7
//! 2xTb9vxSit55XU7p8@client.example
//! 43b1a1c8de2f1d75 sip:juliet@xmpp.example
//! xfg9 sip:romeo@sip.example
//! sip:romeo@192.0.2.1:5060
//! ```

use std::{fmt, hash::Hasher as _, str::FromStr};

use rialto_sdk::model::{Package, SubscriptionId};
use rialto_sip_codec::{Dialog, limits::MAX_CSEQ};
use siphasher::sip128::{Hasher128 as _, SipHasher24};
use time::OffsetDateTime;

use super::event;
use crate::{
    config::{Hop, NextHop},
    mapping::Arrival,
};

/// A watcher of this network, as notifications need it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Watcher {
    base: Second,
    hop: Hop,
    event_id: Option<String>,
    dialog: Dialog,
}

/// A text is no watcher of this version's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NoWatcher;

const VERSION: &str = "1";

impl Watcher {
    pub(super) fn new(arrival: &Arrival<'_>, event_id: Option<&str>, dialog: Dialog) -> Self {
        Self {
            base: second(arrival.now),
            hop: arrival.hop,
            event_id: event_id.map(str::to_owned),
            dialog,
        }
    }

    /// The name of its subscription: of its dialog, and of the `id` of its Event (RFC 6665 §4.5.1). The same after a restart, and in the next release.
    pub(crate) fn name(&self) -> Option<SubscriptionId> {
        let mut hasher = SipHasher24::new();
        for part in [
            self.dialog.call_id(),
            self.dialog.remote_tag(),
            self.dialog.local_tag(),
            self.event_id.as_deref().unwrap_or_default(),
        ] {
            hasher.write(part.as_bytes());
            hasher.write_u8(0); // stands in none of them
        }
        let name = format!("{:032x}", hasher.finish128().as_u128());
        SubscriptionId::parse(name.as_bytes()).ok()
    }

    /// Where the SUBSCRIBE came from.
    pub(crate) const fn hop(&self) -> Hop {
        self.hop
    }

    /// The value of Event.
    pub(crate) fn event(&self, package: Package) -> String {
        event(package, self.event_id.as_deref())
    }

    /// The number of CSeq for a notification of this version.
    ///
    /// Versions of a subscription rise, and the base, which each refresh sets anew, does not fall while the clock does not.
    pub(crate) const fn sequence(&self, version: u32) -> u32 {
        self.base.wrapping_add(version) & MAX_CSEQ
    }

    pub(crate) const fn dialog(&self) -> &Dialog {
        &self.dialog
    }
}

/// Seconds of a clock, as RFC 3261 §8.1.1.5 has it; from 2020 on, so that the numbers last.
pub(crate) type Second = u32;

/// The second that this is.
pub(crate) fn second(now: OffsetDateTime) -> Second {
    const YEAR_2020: i64 = 1_577_836_800;
    let seconds = now.unix_timestamp().saturating_sub(YEAR_2020);
    u32::try_from(seconds).unwrap_or_default() & MAX_CSEQ
}

impl fmt::Display for Watcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            base, hop, dialog, ..
        } = self;
        let event_id = self.event_id.as_deref().unwrap_or_default();
        write!(formatter, "{VERSION} {base} {hop} {event_id}\n{dialog}")
    }
}

impl FromStr for Watcher {
    type Err = NoWatcher;

    fn from_str(text: &str) -> Result<Self, NoWatcher> {
        let (head, dialog) = text.split_once('\n').ok_or(NoWatcher)?;
        let words: Vec<&str> = head.splitn(4, ' ').collect();
        let [VERSION, base, hop, event_id] = words[..] else {
            return Err(NoWatcher);
        };
        let hop: NextHop = hop.parse().map_err(|_| NoWatcher)?;
        Ok(Self {
            base: base.parse().map_err(|_| NoWatcher)?,
            hop: hop.preferred().ok_or(NoWatcher)?,
            event_id: (!event_id.is_empty()).then(|| event_id.to_owned()),
            dialog: dialog.parse().map_err(|_| NoWatcher)?,
        })
    }
}

#[cfg(test)]
mod tests;
