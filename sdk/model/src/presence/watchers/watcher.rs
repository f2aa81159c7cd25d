//! One watcher.

use std::{fmt, time::Duration};

use super::WatcherId;
use crate::{
    SubscriptionState, TerminationReason,
    presence::{Note, Uri},
};

/// One watcher, and how far its subscription is. RFC 3858 §3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watcher {
    pub(super) id: WatcherId,
    pub(super) uri: Uri,
    pub(super) status: WatcherStatus,
    pub(super) event: WatcherEvent,
    pub(super) display_name: Option<Note>,
    pub(super) expiration: Option<Duration>,
    pub(super) duration_subscribed: Option<Duration>,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $word:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$of])* $word,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$word),*];

            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text),* }
            }

            /// The one with this word, however it is written.
            pub fn parse(word: &str) -> Option<Self> {
                let is_it = |known: &&Self| known.as_str().eq_ignore_ascii_case(word.trim());
                Self::ALL.iter().find(is_it).copied()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// How far a subscription is, for those who see who watches. RFC 3857 §4.7.1.
    WatcherStatus {
        /// Nobody has decided yet whether the watcher may.
        Pending = "pending",
        /// The watcher is told of changes.
        Active = "active",
        /// It ended before anybody had decided; the watcher may come back.
        Waiting = "waiting",
        /// It has ended.
        Terminated = "terminated",
    }
}

words! {
    /// What brought a subscription to where it is. RFC 3857 §4.7.1.
    WatcherEvent {
        /// The watcher subscribed.
        Subscribe = "subscribe",
        /// Somebody, or a rule, decided that the watcher may.
        Approved = "approved",
        /// It was ended without a change of rules; the watcher should subscribe again at once.
        Deactivated = "deactivated",
        /// It was ended; the watcher may subscribe again later.
        Probation = "probation",
        /// Somebody, or a rule, decided that the watcher may not.
        Rejected = "rejected",
        /// It was not refreshed in time, or the watcher ended it.
        Timeout = "timeout",
        /// Nobody decided.
        GiveUp = "giveup",
        /// The presentity is no more.
        NoResource = "noresource",
    }
}

impl WatcherStatus {
    /// What most often leads to this status.
    pub const fn usual_event(self) -> WatcherEvent {
        match self {
            Self::Pending => WatcherEvent::Subscribe,
            Self::Active => WatcherEvent::Approved,
            Self::Waiting | Self::Terminated => WatcherEvent::Timeout,
        }
    }
}

impl From<SubscriptionState> for WatcherStatus {
    fn from(state: SubscriptionState) -> Self {
        match state {
            SubscriptionState::Pending => Self::Pending,
            SubscriptionState::Active => Self::Active,
            SubscriptionState::Terminated { .. } => Self::Terminated,
        }
    }
}

/// Of presence that will never change there is no word: its subscriptions end as those that are given up without a change of rules.
impl From<TerminationReason> for WatcherEvent {
    fn from(reason: TerminationReason) -> Self {
        match reason {
            TerminationReason::Deactivated | TerminationReason::Invariant => Self::Deactivated,
            TerminationReason::Probation => Self::Probation,
            TerminationReason::Rejected => Self::Rejected,
            TerminationReason::Timeout => Self::Timeout,
            TerminationReason::GiveUp => Self::GiveUp,
            TerminationReason::NoResource => Self::NoResource,
        }
    }
}

impl Watcher {
    /// A watcher of which no more is told.
    pub const fn new(id: WatcherId, uri: Uri, status: WatcherStatus, event: WatcherEvent) -> Self {
        Self {
            id,
            uri,
            status,
            event,
            display_name: None,
            expiration: None,
            duration_subscribed: None,
        }
    }

    /// Says what people call the watcher, and perhaps in which language.
    pub fn with_display_name(mut self, display_name: Note) -> Self {
        self.display_name = Some(display_name);
        self
    }

    /// Says for how much longer the subscription lasts, to the second.
    pub const fn with_expiration(mut self, expiration: Duration) -> Self {
        self.expiration = Some(Duration::from_secs(expiration.as_secs()));
        self
    }

    /// Says how long the subscription has been there, to the second.
    pub const fn with_duration_subscribed(mut self, duration: Duration) -> Self {
        self.duration_subscribed = Some(Duration::from_secs(duration.as_secs()));
        self
    }

    /// The subscription.
    pub const fn id(&self) -> &WatcherId {
        &self.id
    }

    /// Who watches.
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// How far the subscription is.
    pub const fn status(&self) -> WatcherStatus {
        self.status
    }

    /// What brought it there.
    pub const fn event(&self) -> WatcherEvent {
        self.event
    }

    /// What people call the watcher.
    pub const fn display_name(&self) -> Option<&Note> {
        self.display_name.as_ref()
    }

    /// For how much longer the subscription lasts, if that is told.
    pub const fn expiration(&self) -> Option<Duration> {
        self.expiration
    }

    /// How long the subscription has been there, if that is told.
    pub const fn duration_subscribed(&self) -> Option<Duration> {
        self.duration_subscribed
    }
}
