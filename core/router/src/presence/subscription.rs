//! One subscription: its watcher's side, and its presentity's.

use std::{sync::Arc, time::Duration};

use rialto_model::{
    Authentication, ByteString, MaxForwards, Package, SubscriptionId, SubscriptionState,
    TerminationReason,
};

use super::{
    addresses::AddressId, document::Document, presentities::PresentityId, rules::Handling,
};
use crate::{AdapterId, JournalKey, custody::clock::Millis};

/// A subscription, or a fetch, which is one that ends with its first notification.
///
/// Small, as there are many of them: texts that others have too are kept elsewhere, the rest in one piece.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) key: JournalKey,
    /// What nobody knows of the name on the presentity's side but those it was told to.
    pub(super) nonce: u64,
    pub(super) watcher: AddressId,
    /// As the watcher's network has it.
    pub(super) shown_watcher: AddressId,
    /// As the watcher's network has it.
    pub(super) shown_target: AddressId,
    pub(super) presentity: PresentityId,
    /// Where it stands among those of its presentity.
    pub(super) place: u32,
    names: Names,
    pub(super) adapter: AdapterId,
    pub(super) package: Package,
    pub(super) authentication: Authentication,
    pub(super) max_forwards: MaxForwards,
    pub(super) handling: Handling,
    pub(super) stage: Stage,
    pub(super) standing: Standing,
    /// Whether the journal has it.
    pub(super) is_safe: bool,
    /// Whether what is known of the presentity is true, as far as one can tell.
    pub(super) in_contact: bool,
    pub(super) document: Option<Arc<Document>>,
    pub(super) accepted_at: Millis,
    pub(super) expires_at: Millis,
    pub(super) leg: Leg,
    pub(super) notice: Notice,
}

/// How far it is with its watcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The watcher waits for an answer.
    Accepting,
    /// It is told of changes.
    Live,
    /// It is told once.
    Fetching,
    /// Its end is being written.
    Closing,
    /// It is told of the end, which is safe.
    Ending,
}

/// What the watcher is told of the subscription itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Pending,
    Active,
    Ended(TerminationReason),
}

/// The service's own subscription on the presentity's side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leg {
    pub(super) stage: LegStage,
    /// Who serves it, once somebody does.
    pub(super) adapter: AdapterId,
    pub(super) tries: u8,
    /// When something is due.
    pub(super) due: Millis,
    /// How long it holds.
    pub(super) until: Millis,
    /// Whether it was granted since this service runs: only then does it say something when its network cannot be reached.
    pub(super) is_proven: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LegStage {
    /// There is none: the presentity is hosted here, or the watcher gets nothing.
    None,
    /// DNS is asked.
    Resolving,
    /// The presentity's network is asked.
    Asking,
    /// It holds.
    Held,
    /// It is asked for again later.
    Resting,
    /// The presentity's network has said all that it will ever say.
    Done,
}

/// What the watcher is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Notice {
    /// Whether there is something that it was not told.
    pub(super) is_due: bool,
    /// Whether it stands in line to be told.
    pub(super) is_queued: bool,
    pub(super) told: Told,
    pub(super) tries: u8,
    pub(super) due: Millis,
    pub(super) version: u32,
    /// Up to which version none comes again after a restart, as the disk has it.
    pub(super) reserved: u32,
    /// Whether the disk is asked for more.
    pub(super) is_reserving: bool,
}

/// What was told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Nothing,
    /// What is shown of whom one cannot reach.
    Closed,
    Other,
    /// The end.
    End,
}

/// The watcher's name of the subscription, and its plugin's reference, in one piece: the length of the name, whether there is a reference, both.
#[derive(Debug, PartialEq, Eq)]
struct Names(Box<str>);

pub(super) const NEVER: Millis = Millis(u64::MAX);

impl Subscription {
    /// When something is to be done with it next.
    pub(super) fn due(&self) -> Millis {
        let ends = match self.stage {
            Stage::Accepting | Stage::Live => self.expires_at,
            Stage::Fetching | Stage::Closing | Stage::Ending => NEVER,
        };
        ends.min(self.leg.due).min(self.notice.due)
    }

    pub(super) fn id(&self) -> Option<SubscriptionId> {
        SubscriptionId::parse(self.names.id().as_bytes()).ok()
    }

    pub(super) fn has_id(&self, id: &SubscriptionId) -> bool {
        self.names.id() == id.as_str()
    }

    pub(super) fn reference(&self) -> Option<ByteString> {
        self.names.reference().map(ByteString::from)
    }

    /// Whether they are others than before.
    pub(super) fn set_names(
        &mut self,
        id: &SubscriptionId,
        reference: Option<&ByteString>,
    ) -> bool {
        let names = Names::new(id, reference);
        std::mem::replace(&mut self.names, names) != self.names
    }

    /// The name of the subscription on the presentity's side: the same after a restart.
    pub(super) fn leg_id(&self) -> Option<SubscriptionId> {
        let name = format!("{:016x}{:016x}", self.key.number(), self.nonce);
        SubscriptionId::parse(name.as_bytes()).ok()
    }

    /// Reads such a name: the key, and what nobody else knows.
    pub(super) fn read_leg_id(id: &SubscriptionId) -> Option<(JournalKey, u64)> {
        let (key, nonce) = id.as_str().split_at_checked(16)?;
        let number = |text: &str| u64::from_str_radix(text, 16).ok();
        Some((JournalKey::new(number(key)?), number(nonce)?))
    }

    pub(super) const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Closing | Stage::Ending)
    }
}

impl Names {
    const WITH: char = '1';
    const WITHOUT: char = '0';

    fn new(id: &SubscriptionId, reference: Option<&ByteString>) -> Self {
        let mut text =
            String::with_capacity(2 + id.as_bytes().len() + reference.map_or(0, |of| of.len()));
        text.push(char::from(id.as_bytes().len() as u8)); // at most 40
        text.push(reference.map_or(Self::WITHOUT, |_| Self::WITH));
        text.push_str(id.as_str());
        if let Some(reference) = reference {
            text.push_str(reference);
        }
        Self(text.into())
    }

    fn split(&self) -> Option<(&str, &str)> {
        let len = usize::from(*self.0.as_bytes().first()?);
        self.0.get(2..)?.split_at_checked(len)
    }

    fn id(&self) -> &str {
        self.split().map_or("", |(id, _)| id)
    }

    fn reference(&self) -> Option<&str> {
        let (_, reference) = self.split()?;
        let has = self.0.chars().nth(1) == Some(Self::WITH);
        has.then_some(reference)
    }
}

/// What a subscription begins with.
pub(super) struct Beginning<'a> {
    pub(super) key: JournalKey,
    pub(super) nonce: u64,
    pub(super) watcher: AddressId,
    pub(super) shown_watcher: AddressId,
    pub(super) shown_target: AddressId,
    pub(super) presentity: PresentityId,
    pub(super) adapter: AdapterId,
    pub(super) id: &'a SubscriptionId,
    pub(super) reference: Option<&'a ByteString>,
    pub(super) package: Package,
    pub(super) authentication: Authentication,
    pub(super) max_forwards: MaxForwards,
    pub(super) handling: Handling,
    pub(super) stage: Stage,
    pub(super) standing: Standing,
    pub(super) accepted_at: Millis,
    pub(super) expires_at: Millis,
}

impl From<Beginning<'_>> for Subscription {
    fn from(of: Beginning<'_>) -> Self {
        Self {
            key: of.key,
            nonce: of.nonce,
            watcher: of.watcher,
            shown_watcher: of.shown_watcher,
            shown_target: of.shown_target,
            presentity: of.presentity,
            place: 0,
            names: Names::new(of.id, of.reference),
            adapter: of.adapter,
            package: of.package,
            authentication: of.authentication,
            max_forwards: of.max_forwards,
            handling: of.handling,
            stage: of.stage,
            standing: of.standing,
            is_safe: false,
            in_contact: false,
            document: None,
            accepted_at: of.accepted_at,
            expires_at: of.expires_at,
            leg: Leg::NONE,
            notice: Notice::NONE,
        }
    }
}

impl Leg {
    /// How long it holds at least, whatever its network says: that one is not asked more often.
    pub(super) const SHORTEST: Duration = Duration::from_secs(1);

    pub(super) const NONE: Self = Self {
        stage: LegStage::None,
        adapter: AdapterId::GATEWAY,
        tries: 0,
        due: NEVER,
        until: Millis(0),
        is_proven: false,
    };
}

impl Notice {
    /// Up to which version none comes again, once the disk has what it is asked for.
    pub(super) fn reserving(&self) -> u32 {
        let more = match self.is_reserving {
            true => Subscription::VERSIONS,
            false => 0,
        };
        self.reserved.saturating_add(more)
    }

    const NONE: Self = Self {
        is_due: false,
        is_queued: false,
        told: Told::Nothing,
        tries: 0,
        due: NEVER,
        version: 0,
        reserved: 0,
        is_reserving: false,
    };
}

impl Standing {
    pub(super) const fn state(self) -> SubscriptionState {
        match self {
            Self::Pending => SubscriptionState::Pending,
            Self::Active => SubscriptionState::Active,
            Self::Ended(reason) => SubscriptionState::terminated(reason),
        }
    }
}

const _: () = assert!(
    size_of::<Subscription>() <= 136,
    "there may be millions of subscriptions, and each has grown"
);
