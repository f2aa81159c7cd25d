//! Where a message goes, and how its sender is shown there.

use rialto_model::{
    Authentication, Domain, Failure, FailureReason, InstantInbox, MaxForwards, MessageOperation,
};

mod canonical;
mod destination;
pub(crate) mod presence;
mod trace;
mod verdict;
mod way_back;

use self::{
    canonical::Canonical,
    destination::Onward,
    trace::{Silence, Step, Trace},
    verdict::Admission,
};
pub use self::{
    trace::Explanation,
    verdict::{Decision, Hop, Undecided, Verdict},
};
use crate::{
    AdapterId, AddressPattern, RoutingTable, Ruling,
    access::{Question, fold},
};

/// What of an operation decides where it goes.
#[derive(Clone, Copy, Debug)]
struct Envelope<'a> {
    source: &'a InstantInbox,
    destination: &'a InstantInbox,
    authentication: Authentication,
    max_forwards: MaxForwards,
    service: Service,
}

/// What is asked of the destination: inboxes and presentities have rules of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Messages,
    Presence,
}

impl<'a> Envelope<'a> {
    fn of(operation: &'a MessageOperation) -> Self {
        Self {
            source: operation.source(),
            destination: operation.destination(),
            authentication: operation.authentication(),
            max_forwards: operation.max_forwards(),
            service: Service::Messages,
        }
    }
}

impl RoutingTable {
    /// Decides where an operation goes that came from an adapter, as far as the table can tell.
    ///
    /// Steps: valid inboxes (their types say so), whether messages are passed on at all, hop count, whom they stand for (alias, else relay domain), access rules, the
    /// way on (static route, else DNS), way back. Allocates only to unwrap or wrap a source route, for the aliases of
    /// domains, and for failures. RFC 3860 §3.4.1.
    pub fn decide(
        &self,
        from: AdapterId,
        operation: &MessageOperation,
    ) -> Result<Verdict, Failure> {
        self.walk(from, Envelope::of(operation), &mut Silence)
    }

    /// Decides in the same way, and says why.
    pub fn explain(&self, from: AdapterId, operation: &MessageOperation) -> Explanation {
        Explanation::record(Vec::new(), |steps| {
            self.walk(from, Envelope::of(operation), steps)
        })
    }

    /// What the access rules say of an operation that came from an adapter, if `deliverer` is the one that DNS names.
    ///
    /// Fails for a destination that stands for nobody.
    pub fn judge(
        &self,
        from: AdapterId,
        operation: &MessageOperation,
        deliverer: Option<AdapterId>,
    ) -> Result<Ruling, Failure> {
        let source = Canonical::of_source(self, from, operation.source());
        let destination = Canonical::find(self, from, operation.destination(), &mut Silence)?;
        let question = Question {
            from,
            authentication: operation.authentication(),
            source: source.party(self),
            destination: destination.party(self),
            to: destination.adapter(self).or(deliverer),
        };
        Ok(self.rule(Service::Messages, &question))
    }

    /// Completes what DNS had to be asked for, for one of the next hops that it named.
    ///
    /// `source` is the operation's own.
    pub fn settle(
        &self,
        undecided: &Undecided,
        source: &InstantInbox,
        hop: Hop,
    ) -> Result<Decision, Failure> {
        self.complete(undecided, source, hop, &mut Silence)
    }

    /// Completes in the same way, for the hop that is tried first, and says why; `steps` are those that came before.
    pub fn explain_resolved(
        &self,
        steps: Vec<String>,
        undecided: &Undecided,
        source: &InstantInbox,
        hops: Result<Vec<Hop>, Failure>,
    ) -> Explanation {
        Explanation::record(steps, |steps| {
            let hops = hops?;
            for (index, hop) in hops.iter().enumerate() {
                steps.step(Step::NextHop {
                    index,
                    adapter: self.adapter(hop.adapter),
                    hop,
                });
            }
            let first = hops.into_iter().next().ok_or_else(|| undecided.nowhere())?;
            let decision = self.complete(undecided, source, first, steps)?;
            Ok(Verdict::Decided(decision))
        })
    }

    /// Whether two inboxes are one user's, as the network behind an adapter writes them: aliases and source routes undone, and local
    /// parts folded.
    pub(crate) fn is_same_user(&self, there: AdapterId, inboxes: [&InstantInbox; 2]) -> bool {
        let [one, other] = inboxes;
        if one == other {
            return true;
        }
        let [one, other] = inboxes.map(|inbox| Canonical::of_source(self, there, inbox));
        fold(one.inbox()) == fold(other.inbox())
    }

    /// Who has what goes to a destination, if it is not one of those that DNS may name, and the inbox as that network knows it.
    ///
    /// What [`decide`](Self::decide) says of the way on, without the rest: neither the rules nor the way back are asked.
    pub(crate) fn way_on(
        &self,
        from: AdapterId,
        destination: &InstantInbox,
    ) -> Option<(Option<AdapterId>, InstantInbox)> {
        let found = Canonical::find(self, from, destination, &mut Silence).ok()?;
        let adapter = match destination::find(self, &found, &mut Silence).ok()? {
            Onward::Known(hop) => Some(hop.adapter),
            Onward::Dns { only } => only,
        };
        let inbox = found.into_changed().unwrap_or_else(|| destination.clone());
        Some((adapter, inbox))
    }

    /// Where the users are whom every network knows by what a pattern names; none if that is where they are.
    pub(crate) fn address_shown_as(&self, pattern: &AddressPattern) -> Option<AddressPattern> {
        self.address_meant_by(AdapterId::GATEWAY, pattern)
    }

    /// Where the users are whom the network behind an adapter knows by what a pattern names; none if that is where they are.
    pub(crate) fn address_meant_by(
        &self,
        from: AdapterId,
        pattern: &AddressPattern,
    ) -> Option<AddressPattern> {
        match pattern {
            AddressPattern::One(inbox) => {
                let found = Canonical::find(self, from, inbox, &mut Silence).ok()?;
                found.into_changed().map(AddressPattern::One)
            }
            AddressPattern::At(domain) => {
                let view = self.views().of(from);
                view.domain_behind(domain).cloned().map(AddressPattern::At)
            }
            AddressPattern::Below(_) => None,
        }
    }

    fn walk(
        &self,
        from: AdapterId,
        envelope: Envelope<'_>,
        trace: &mut impl Trace,
    ) -> Result<Verdict, Failure> {
        let Envelope {
            source,
            destination,
            ..
        } = envelope;
        trace.step(Step::Inboxes {
            source,
            destination,
        });
        self.is_given(envelope.service, from)?;
        let max_forwards = envelope
            .max_forwards
            .decrement()
            .map_err(|_| Failure::new(FailureReason::HopLimitReached))?;
        trace.step(Step::Hops(max_forwards));
        let source = Canonical::of_source(self, from, source);
        let destination = Canonical::find(self, from, destination, trace)?;
        let admission = self.admit(from, &envelope, [&source, &destination], trace)?;
        let onward = destination::find(self, &destination, trace)?;
        match onward {
            Onward::Known(hop) => {
                let source = way_back::find(self, from, source, hop.adapter, trace)?;
                Ok(Verdict::Decided(Decision {
                    hop,
                    source,
                    destination: destination.into_changed(),
                    max_forwards,
                }))
            }
            Onward::Dns { only } => Ok(Verdict::Undecided(Undecided {
                domain: domain(destination.inbox())?,
                from,
                only,
                admission,
                destination: destination.into_changed(),
                max_forwards,
            })),
        }
    }

    /// Whether the gateway gives a service to an adapter at all; to itself it does.
    fn is_given(&self, service: Service, from: AdapterId) -> Result<(), Failure> {
        let is_given = match service {
            Service::Messages => self.gives_messages() || from == AdapterId::GATEWAY,
            // Where it is not given, nobody asks for it.
            Service::Presence => true,
        };
        match is_given {
            true => Ok(()),
            false => Err(Failure::new(FailureReason::UnsupportedService)
                .with_detail("this gateway gives no message service")),
        }
    }

    /// Asks the access rules, as far as they can tell before DNS.
    fn admit(
        &self,
        from: AdapterId,
        envelope: &Envelope<'_>,
        [source, destination]: [&Canonical<'_>; 2],
        trace: &mut impl Trace,
    ) -> Result<Admission, Failure> {
        let authentication = envelope.authentication;
        let question = Question {
            from,
            authentication,
            source: source.party(self),
            destination: destination.party(self),
            to: destination.adapter(self),
        };
        let waits = || Admission::ByAdapter {
            authentication,
            destination: destination.inbox().clone(),
        };
        let ruling = self.rule(envelope.service, &question);
        self.heed(&question, ruling, trace)
            .map(|settled| if settled { Admission::Settled } else { waits() })
    }

    fn complete(
        &self,
        undecided: &Undecided,
        source: &InstantInbox,
        hop: Hop,
        trace: &mut impl Trace,
    ) -> Result<Decision, Failure> {
        let source = Canonical::of_source(self, undecided.from, source);
        if let Admission::ByAdapter {
            authentication,
            destination,
        } = &undecided.admission
        {
            let destination = Canonical::as_given(self, destination);
            let question = Question {
                from: undecided.from,
                authentication: *authentication,
                source: source.party(self),
                destination: destination.party(self),
                to: Some(hop.adapter),
            };
            // The recipient has been asked before.
            let ruling = self.access().judge(&question);
            self.heed(&question, ruling, trace)?;
        }
        let source = way_back::find(self, undecided.from, source, hop.adapter, trace)?;
        Ok(Decision {
            hop,
            source,
            destination: undecided.destination.clone(),
            max_forwards: undecided.max_forwards,
        })
    }

    /// What the recipient says, else the operator.
    fn rule(&self, service: Service, question: &Question<'_>) -> Ruling {
        let of_recipient = match service {
            Service::Messages => self.inboxes().judge(question),
            // Its rules on watchers are the presence service's.
            Service::Presence => None,
        };
        of_recipient.unwrap_or_else(|| self.access().judge(question))
    }

    /// Whether the rules have said all that they have to say; fails when they deny the message.
    fn heed(
        &self,
        question: &Question<'_>,
        ruling: Ruling,
        trace: &mut impl Trace,
    ) -> Result<bool, Failure> {
        trace.step(Step::Ruled {
            question,
            ruling,
            table: self,
        });
        match ruling {
            Ruling::Allowed(_) => Ok(true),
            Ruling::Denied(ground) => Err(ground.failure()),
            Ruling::NeedsAdapter => Ok(false),
        }
    }
}

/// A copy, since the inbox's own text may be a whole source route.
fn domain(inbox: &InstantInbox) -> Result<Domain, Failure> {
    Domain::parse(inbox.domain()).map_err(|error| {
        Failure::new(FailureReason::InvalidDestination).with_detail(error.to_string())
    })
}
