//! Adapters that run.

mod delivery;
mod here;
mod host;
mod start;
mod stop;

use std::{fmt, sync::Arc, time::Duration};

use rialto_abi as abi;
use rialto_bridge::{
    Ticket,
    calls::{self, Subject},
    operation::{DispositionView, PresenceView, View},
};
use rialto_model::{
    DispositionOperation, Failure, FailureReason, MessageOperation, NotifyOperation,
    ResponseStatus, SubscribeOperation, TransactionId,
};

use crate::{
    Claim, Former, Manifest,
    child::{self, LentOperation, Plan, Remote},
    gateway::not_offered,
    watchdog,
};
use here::{Handle, Inner};
pub(crate) use host::Side;
pub(crate) use start::Opened;
pub(crate) use stop::Unended;

pub use delivery::Delivery;
pub use stop::StopError;

/// The gateway's own number for an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AdapterId(u32);

impl AdapterId {
    /// A number of the gateway's choice.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// A running adapter; clones are the same. When the last one is dropped the plugin is released.
#[derive(Clone)]
pub struct Adapter {
    place: Place,
}

/// Where the plugin runs.
#[derive(Clone)]
enum Place {
    /// In this process.
    Here(Arc<Inner>),
    /// In a process of its own.
    Child(Arc<Remote>),
}

/// Where one operation goes.
enum Way<'a> {
    Here(&'a Inner),
    Child(child::Way),
}

impl Adapter {
    /// The gateway's number for it.
    pub fn id(&self) -> AdapterId {
        self.side().id()
    }

    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        self.side().name()
    }

    /// What its plugin says of itself.
    pub fn manifest(&self) -> &Manifest {
        match &self.place {
            Place::Here(inner) => inner.library.manifest(),
            Place::Child(remote) => remote.manifest(),
        }
    }

    /// What it has alone.
    pub fn claims(&self) -> &[Claim] {
        match &self.place {
            Place::Here(inner) => inner.claims.claims(),
            Place::Child(remote) => remote.claims(),
        }
    }

    /// The process that its plugin runs in now, if that is one of its own.
    pub fn process(&self) -> Option<u32> {
        match &self.place {
            Place::Here(_) => None,
            Place::Child(remote) => remote.process(),
        }
    }

    /// How many operations it has been handed and not answered. Looks at every call of the gateway: for who waits for their end.
    pub fn in_flight(&self) -> usize {
        match &self.place {
            Place::Here(inner) => calls::waiting_of(inner.owner),
            Place::Child(remote) => remote.in_flight(),
        }
    }

    /// The same adapter, to be loaded once more when this one has ended; `config` is its configuration.
    pub fn former(&self, config: String) -> Former {
        match &self.place {
            Place::Here(inner) => {
                let (name, library) = (Arc::clone(inner.side.name()), inner.library.clone());
                Former::here(name, library, config)
            }
            Place::Child(remote) => Former::in_child(Plan {
                config,
                ..remote.plan().clone()
            }),
        }
    }

    /// Hands a message to the plugin. The response comes to [`Gateway::responded`](crate::Gateway::responded) with this `token`:
    /// once, on any thread, perhaps before this returns. A plugin that does not answer in time is answered for; one that does not offer the service
    /// is not called.
    pub fn deliver_with(&self, operation: MessageOperation, token: u64) -> Ticket {
        let (way, side) = (self.way(), self.side());
        let subject = way.subject(operation.transaction_id(), operation.deadline());
        let ticket = calls::open_with(subject, side, token);
        self.carry_message(&way, &operation, ticket);
        ticket
    }

    /// Hands a disposition to the plugin, as [`deliver_with`](Self::deliver_with) does a message. The response comes to
    /// [`Gateway::disposition_responded`](crate::Gateway::disposition_responded); a plugin that does not offer the service is not called.
    pub fn deliver_disposition_with(&self, operation: DispositionOperation, token: u64) -> Ticket {
        let (way, told) = (self.way(), self.side().told());
        let subject = way.subject(operation.transaction_id(), operation.deadline());
        let ticket = calls::open_with(subject, told, token);
        self.carry_disposition(&way, &operation, ticket);
        ticket
    }

    /// Hands a subscription to the plugin, as [`deliver_with`](Self::deliver_with) does a message. The response comes to
    /// [`Gateway::subscribe_responded`](crate::Gateway::subscribe_responded); a plugin that does not offer the service is not called.
    pub fn subscribe_with(&self, operation: SubscribeOperation, token: u64) -> Ticket {
        let (way, subscribed) = (self.way(), self.side().subscribed());
        let subject = way.subject(operation.transaction_id(), operation.deadline());
        let ticket = calls::open_with(subject, subscribed, token);
        self.carry_presence(&way, &mut PresenceView::subscribe(&operation), ticket);
        ticket
    }

    /// Hands a notification to the plugin, as [`deliver_with`](Self::deliver_with) does a message. The response comes to
    /// [`Gateway::notify_responded`](crate::Gateway::notify_responded); a plugin that does not offer the service is not called.
    pub fn notify_with(&self, operation: NotifyOperation, token: u64) -> Ticket {
        let (way, notified) = (self.way(), self.side().notified());
        let subject = way.subject(operation.transaction_id(), operation.deadline());
        let ticket = calls::open_with(subject, notified, token);
        self.carry_presence(&way, &mut PresenceView::notify(&operation), ticket);
        ticket
    }

    /// Ends the waiting for a response: none comes any more, and the plugin is told. False: it has come.
    pub fn cancel(&self, ticket: Ticket) -> bool {
        let waited = calls::abandon(ticket);
        if waited {
            self.tell_cancelled(ticket);
        }
        waited
    }

    /// Hands a message to the plugin; ready at the first poll if the plugin answers within the call. Dropping it cancels.
    pub fn deliver(&self, operation: MessageOperation) -> Delivery {
        let (way, id) = (self.way(), *operation.transaction_id());
        let pending = calls::open(way.subject(&id, operation.deadline()));
        if let Some(ticket) = pending.ticket() {
            self.carry_message(&way, &operation, ticket);
        }
        Delivery::new(self.clone(), id, pending)
    }

    /// Hands a disposition to the plugin, as [`deliver`](Self::deliver) does a message.
    pub fn deliver_disposition(&self, operation: DispositionOperation) -> Delivery {
        let (way, id) = (self.way(), *operation.transaction_id());
        let pending = calls::open(way.subject(&id, operation.deadline()));
        if let Some(ticket) = pending.ticket() {
            self.carry_disposition(&way, &operation, ticket);
        }
        Delivery::new(self.clone(), id, pending)
    }

    /// Hands a subscription to the plugin, as [`deliver`](Self::deliver) does a message.
    pub fn subscribe(&self, operation: SubscribeOperation) -> Delivery {
        let (way, id) = (self.way(), *operation.transaction_id());
        let pending = calls::open(way.subject(&id, operation.deadline()));
        if let Some(ticket) = pending.ticket() {
            self.carry_presence(&way, &mut PresenceView::subscribe(&operation), ticket);
        }
        Delivery::new(self.clone(), id, pending)
    }

    /// Hands a notification to the plugin, as [`deliver`](Self::deliver) does a message.
    pub fn notify(&self, operation: NotifyOperation) -> Delivery {
        let (way, id) = (self.way(), *operation.transaction_id());
        let pending = calls::open(way.subject(&id, operation.deadline()));
        if let Some(ticket) = pending.ticket() {
            self.carry_presence(&way, &mut PresenceView::notify(&operation), ticket);
        }
        Delivery::new(self.clone(), id, pending)
    }

    /// Says which lines of the plugin are wanted from now on.
    pub fn set_level(&self, level: tracing::Level) {
        match &self.place {
            Place::Here(inner) => inner.set_level(level),
            Place::Child(remote) => remote.set_level(level),
        }
    }

    /// An adapter in a process of its own.
    pub(crate) fn in_child(remote: Remote) -> Self {
        Self {
            place: Place::Child(Arc::new(remote)),
        }
    }

    /// Lends an operation that came in a frame to a plugin of this process, without a limit: whoever sent it keeps the time. `None`:
    /// it does not run here, or the operation has no identifier.
    pub(crate) fn lend(&self, operation: &LentOperation<'_>, token: u64) -> Option<Ticket> {
        let Place::Here(inner) = &self.place else {
            return None;
        };
        let id = operation.transaction_id()?;
        let subject = Subject::operation(inner.owner, &id);
        let ticket = calls::open_with(subject, inner.side, token);
        inner.deliver(operation.raw(), ticket);
        Some(ticket)
    }

    /// Tells the plugin that nobody waits for an operation, which may have been handed to another adapter.
    pub fn tell_cancelled(&self, ticket: Ticket) {
        match &self.place {
            Place::Here(inner) => inner.tell_cancelled(ticket),
            Place::Child(remote) => remote.tell_cancelled(ticket),
        }
    }

    fn side(&self) -> &'static Side {
        match &self.place {
            Place::Here(inner) => inner.side,
            Place::Child(remote) => remote.side(),
        }
    }

    #[inline(always)]
    fn way(&self) -> Way<'_> {
        match &self.place {
            Place::Here(inner) => Way::Here(inner),
            Place::Child(remote) => Way::Child(remote.way()),
        }
    }

    /// Only to a plugin that offers the service.
    #[inline(always)]
    fn carry_message(&self, way: &Way<'_>, operation: &MessageOperation, ticket: Ticket) {
        if self.manifest().offers_messages() {
            way.carry(View::of(operation).raw(), ticket);
        } else {
            calls::answer(ticket, not_offered());
        }
    }

    /// Only to a plugin that offers the service.
    fn carry_disposition(&self, way: &Way<'_>, operation: &DispositionOperation, ticket: Ticket) {
        if self.manifest().offers_dispositions() {
            way.carry(DispositionView::of(operation).raw(), ticket);
        } else {
            calls::answer(ticket, not_offered());
        }
    }

    /// Only to a plugin that offers the service.
    fn carry_presence(&self, way: &Way<'_>, operation: &mut PresenceView<'_>, ticket: Ticket) {
        if self.manifest().offers_presence() {
            way.carry(operation.raw(), ticket);
        } else {
            calls::answer(ticket, not_offered());
        }
    }
}

impl Way<'_> {
    fn subject<'a>(&self, id: &'a TransactionId, deadline: Option<Duration>) -> Subject<'a> {
        let limit = deadline.map_or(watchdog::LONGEST, |deadline| {
            deadline.saturating_add(watchdog::GRACE)
        });
        let owner = match self {
            Self::Here(inner) => inner.owner,
            Self::Child(way) => way.owner(),
        };
        Subject::operation(owner, id).with_limit(limit)
    }

    /// `operation` is what a view lends.
    fn carry(&self, operation: &abi::Operation, ticket: Ticket) {
        watchdog::arm();
        match self {
            Self::Here(inner) => inner.deliver(operation, ticket),
            Self::Child(way) => way.carry(operation, ticket),
        }
    }
}

pub(crate) fn shutting_down() -> ResponseStatus {
    Failure::new(FailureReason::ShuttingDown)
        .with_detail("the adapter is stopping")
        .into()
}

impl fmt::Debug for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Adapter({})", self.name())
    }
}
