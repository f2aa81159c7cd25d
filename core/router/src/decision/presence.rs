//! Where a subscription goes, by the same steps as a message.

use rialto_model::{
    Authentication, Failure, FailureReason, InstantInbox, MaxForwards, Package, Presentity,
    SubscribeOperation,
};

use super::{Envelope, Hop, Service, Undecided, Verdict, canonical::Canonical, trace::Silence};
use crate::{
    AdapterId, RoutingTable, Ruling,
    access::{Question, fold},
};

/// A watcher and a presentity, as the table knows them: aliases and source routes of ours undone, the presentity folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Watching {
    pub(crate) watcher: InstantInbox,
    pub(crate) presentity: Presentity,
}

/// The way of a subscription to its presentity's network.
#[derive(Clone, Debug)]
pub(crate) enum Onward {
    /// Known.
    Known(Way),
    /// DNS has to name the next hops.
    Dns(Undecided),
}

impl Watching {
    /// Whether a presentity watches itself.
    pub(crate) fn is_of_itself(&self) -> bool {
        fold(&self.watcher).mailbox() == self.presentity.mailbox()
    }

    /// The watcher as a presentity. Only the presentity itself may know who watches, however it has written its name.
    pub(crate) fn watcher_of(&self, package: Package) -> Result<Presentity, Failure> {
        match package {
            Package::WatcherInformation if self.is_of_itself() => Ok(self.presentity.clone()),
            _ => presentity_of(&self.watcher),
        }
    }
}

/// One way: who delivers, how the watcher is shown there, and the presentity as its network knows it.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) hop: Hop,
    pub(crate) watcher: Presentity,
    /// As it was written: case may matter there.
    pub(crate) target: Presentity,
    pub(crate) max_forwards: MaxForwards,
}

impl RoutingTable {
    /// The presentity that an adapter's network means by an address, if it is not hosted.
    ///
    /// Its local part is folded, so that rules hold however a name is written that some network does not tell from another.
    ///
    /// Fails for an address at a relay domain that stands for nobody.
    pub(crate) fn presentity(
        &self,
        from: AdapterId,
        target: &Presentity,
    ) -> Result<Presentity, Failure> {
        let inbox = inbox_of(target)?;
        let canonical = Canonical::find(self, from, &inbox, &mut Silence).map_err(of_presence)?;
        folded(canonical.inbox())
    }

    /// Who a subscription is of and about, if the operator's rules let it pass; `hosted` is a presentity that is nowhere else.
    pub(crate) fn admit_watcher(
        &self,
        from: AdapterId,
        [watcher, target]: [&Presentity; 2],
        authentication: Authentication,
        is_hosted: bool,
    ) -> Result<Watching, Failure> {
        let [watcher, target] = [inbox_of(watcher)?, inbox_of(target)?];
        let source = Canonical::of_source(self, from, &watcher);
        let destination = if is_hosted {
            Canonical::as_given(self, &target)
        } else {
            Canonical::find(self, from, &target, &mut Silence).map_err(of_presence)?
        };
        let mut party = destination.party(self);
        if is_hosted {
            party.is_own = true;
            party.home = crate::access::Home::Anywhere;
        }
        let question = Question {
            from,
            authentication,
            source: source.party(self),
            destination: party,
            to: destination.adapter(self),
        };
        // What hangs on the adapter that DNS names is asked again when it is known.
        if let Ruling::Denied(ground) = self.access().judge(&question) {
            return Err(ground.failure());
        }
        Ok(Watching {
            watcher: source.inbox().clone(),
            presentity: folded(destination.inbox())?,
        })
    }

    /// The way on of a subscription: static routes, else DNS.
    pub(crate) fn way_to_presentity(
        &self,
        from: AdapterId,
        operation: &SubscribeOperation,
    ) -> Result<Onward, Failure> {
        let [watcher, target] = [
            inbox_of(operation.watcher())?,
            inbox_of(operation.target())?,
        ];
        let envelope = Envelope {
            source: &watcher,
            destination: &target,
            authentication: operation.authentication(),
            max_forwards: operation.max_forwards(),
            service: Service::Presence,
        };
        let verdict = self
            .walk(from, envelope, &mut Silence)
            .map_err(of_presence)?;
        Ok(match verdict {
            Verdict::Decided(decision) => Onward::Known(Way {
                watcher: shown(decision.source(), operation.watcher())?,
                target: shown(decision.destination(), operation.target())?,
                max_forwards: decision.max_forwards(),
                hop: decision.hop,
            }),
            Verdict::Undecided(undecided) => Onward::Dns(undecided),
        })
    }

    /// Completes the way for one of the next hops that DNS named.
    pub(crate) fn settle_watching(
        &self,
        undecided: &Undecided,
        [watcher, target]: [&Presentity; 2],
        hop: Hop,
    ) -> Result<Way, Failure> {
        let source = inbox_of(watcher)?;
        let decision = self.settle(undecided, &source, hop)?;
        Ok(Way {
            watcher: shown(decision.source(), watcher)?,
            target: shown(decision.destination(), target)?,
            max_forwards: decision.max_forwards(),
            hop: decision.hop,
        })
    }
}

fn shown(changed: Option<&InstantInbox>, given: &Presentity) -> Result<Presentity, Failure> {
    changed.map_or_else(|| Ok(given.clone()), presentity_of)
}

/// The table's own form of an address: users have one, whatever service they are asked for.
pub(crate) fn inbox_of(presentity: &Presentity) -> Result<InstantInbox, Failure> {
    InstantInbox::parse(&format!("im:{}", presentity.mailbox())).map_err(|error| {
        Failure::new(FailureReason::InvalidDestination).with_detail(error.to_string())
    })
}

/// The presentity that an inbox's user is, as rules know it.
pub(crate) fn folded(inbox: &InstantInbox) -> Result<Presentity, Failure> {
    presentity_of(&fold(inbox))
}

pub(crate) fn presentity_of(inbox: &InstantInbox) -> Result<Presentity, Failure> {
    Presentity::parse(&format!("pres:{}", inbox.mailbox())).map_err(|error| {
        Failure::new(FailureReason::InvalidDestination).with_detail(error.to_string())
    })
}

/// The same failure in the words of presence.
fn of_presence(failure: Failure) -> Failure {
    match failure.reason() {
        FailureReason::NoSuchInbox => {
            let detail = failure.detail().to_owned();
            Failure::new(FailureReason::NoPresentity).with_detail(detail)
        }
        _ => failure,
    }
}
