//! An adapter whose plugin runs in a child.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rialto_abi as abi;
use rialto_bridge::{
    Ticket,
    calls::{self, Owner, Subject},
    response::milliseconds,
};
use rialto_model::ResponseStatus;
use tokio::{sync::oneshot, time::timeout};

use super::{
    frame::Kind,
    link::Link,
    plan::Plan,
    shared::Shared,
    supervisor::{self, Begin, Begun},
};
use crate::{
    AdapterId, Claim, Gateway, LoadError, Manifest,
    adapter::{Side, Unended, shutting_down},
    claims::Reservation,
};

/// An adapter whose process has opened its plugin.
pub(crate) struct Waiting {
    plan: Arc<Plan>,
    begun: Begun,
    /// Bits: `START_…`, for the first process.
    pub(crate) flags: u64,
}

impl Waiting {
    /// Starts a process that opens the library and checks the configuration.
    pub(crate) fn begin(plan: Plan) -> Result<Self, LoadError> {
        let plan = Arc::new(plan);
        let begun = supervisor::begin(Arc::clone(&plan))?;
        Ok(Self {
            plan,
            begun,
            flags: 0,
        })
    }

    pub(crate) const fn manifest(&self) -> &Manifest {
        &self.begun.account.manifest
    }

    pub(crate) fn wanted(&self) -> Vec<Claim> {
        self.begun.account.claims.clone()
    }

    pub(crate) fn process(&self) -> Option<u32> {
        self.begun.shared.process()
    }

    /// Starts the adapter in the process.
    pub(crate) async fn start(
        self,
        claims: Reservation,
        id: AdapterId,
        gateway: Arc<dyn Gateway>,
        level: tracing::Level,
        limit: Duration,
    ) -> Result<Remote, LoadError> {
        let Self { plan, begun, flags } = self;
        let name = Arc::clone(&plan.name);
        let side = Side::leak(id, Arc::clone(&name), gateway);
        let (started, starts) = oneshot::channel();
        // Dropped on the way out, it lets the process go.
        let remote = Remote {
            plan,
            side,
            shared: begun.shared,
            manifest: begun.account.manifest,
            claims: Arc::new(claims),
            nobody: Owner::unique(),
            is_stopping: AtomicBool::new(false),
        };
        let begin = Begin {
            side,
            level,
            limit,
            flags,
            claims: Arc::downgrade(&remote.claims),
            started,
        };
        let gone = || LoadError::Process {
            adapter: Arc::clone(&name),
            problem: "is not watched any more".to_owned(),
        };
        begun.begin.send(begin).map_err(|_| gone())?;
        match timeout(limit, starts).await {
            Ok(Ok(started)) => started.map(|()| remote),
            Ok(Err(_)) => Err(gone()),
            Err(_) => Err(LoadError::StartTimedOut {
                adapter: name,
                limit,
            }),
        }
    }
}

/// Where one operation goes.
#[derive(Debug)]
pub(crate) enum Way {
    To(Arc<Link>),
    /// It is answered at once.
    Nowhere(Owner, Box<ResponseStatus>),
}

impl Way {
    /// Whose call it is.
    pub(crate) fn owner(&self) -> Owner {
        match self {
            Self::To(link) => link.deliveries(),
            Self::Nowhere(nobody, _) => *nobody,
        }
    }

    /// Sends it, or answers it; `operation` is what a view lends.
    pub(crate) fn carry(&self, operation: &abi::Operation, ticket: Ticket) {
        match self {
            Self::To(link) => link.deliver(operation, ticket),
            Self::Nowhere(_, status) => {
                calls::answer(ticket, (**status).clone());
            }
        }
    }
}

/// An adapter whose plugin runs in a child; let go when it is dropped.
pub(crate) struct Remote {
    plan: Arc<Plan>,
    side: &'static Side,
    shared: Arc<Shared>,
    manifest: Manifest,
    claims: Arc<Reservation>,
    /// Whose calls are answered before they go anywhere.
    nobody: Owner,
    is_stopping: AtomicBool,
}

impl Remote {
    pub(crate) const fn side(&self) -> &'static Side {
        self.side
    }

    pub(crate) const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(crate) fn claims(&self) -> &[Claim] {
        self.claims.claims()
    }

    /// What its processes run.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The process that there is now.
    pub(crate) fn process(&self) -> Option<u32> {
        self.shared.process()
    }

    /// How many operations the process has been handed and not answered.
    pub(crate) fn in_flight(&self) -> usize {
        let link = self.shared.link();
        link.map_or(0, |link| calls::waiting_of(link.deliveries()))
    }

    pub(crate) fn set_level(&self, level: tracing::Level) {
        self.shared.set_level(level);
    }

    /// Where an operation goes that is delivered now.
    pub(crate) fn way(&self) -> Way {
        if self.is_stopping.load(Ordering::Acquire) {
            return Way::Nowhere(self.nobody, Box::new(shutting_down()));
        }
        match self.shared.link() {
            Ok(link) => Way::To(link),
            Err(failure) => Way::Nowhere(self.nobody, Box::new(failure.into())),
        }
    }

    pub(crate) fn tell_cancelled(&self, ticket: Ticket) {
        if let Ok(link) = self.shared.link() {
            link.cancel(ticket);
        }
    }

    /// As [`Adapter::make_way`](crate::Adapter::make_way); no other process follows this one.
    pub(crate) async fn make_way(&self, limit: Duration) -> Result<(), Unended> {
        self.shared.make_last();
        match self.shared.link() {
            Ok(link) => self.end(&link, Kind::MakeWay, limit).await,
            Err(_) => Ok(()),
        }
    }

    /// As [`Adapter::stop`](crate::Adapter::stop); the process leaves.
    pub(crate) async fn stop(&self, limit: Duration) -> Result<(), Unended> {
        self.is_stopping.store(true, Ordering::Release);
        self.shared.make_last();
        let Ok(link) = self.shared.link() else {
            self.shared.release();
            return Ok(());
        };
        let stopped = self.end(&link, Kind::Stop, limit).await;
        calls::fail_all(link.deliveries(), &shutting_down());
        self.shared.release();
        stopped
    }

    async fn end(&self, link: &Link, ending: Kind, limit: Duration) -> Result<(), Unended> {
        let pending = calls::open(Subject::lifecycle(link.lifecycle()));
        if let Some(ticket) = pending.ticket() {
            link.say(ending, ticket.number(), |frame| {
                frame.number(milliseconds(limit));
            });
        }
        Unended::unless(pending, limit).await
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.shared.release();
        if let Ok(link) = self.shared.link() {
            calls::fail_all(link.deliveries(), &shutting_down());
        }
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remote({})", self.side.name())
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Waiting({})", self.plan.name)
    }
}
