//! Where a message goes, and how its sender is shown there.

use rialto_model::{Domain, Failure, FailureReason, InstantInbox, MessageOperation};

mod destination;
mod trace;
mod verdict;
mod way_back;

use self::destination::Onward;
use self::trace::{Silence, Step, Trace};
pub use self::{
    trace::Explanation,
    verdict::{Decision, Hop, Undecided, Verdict},
};
use crate::{AdapterId, RoutingTable};

impl RoutingTable {
    /// Decides where an operation goes that came from an adapter, as far as the table can tell.
    ///
    /// Steps: valid inboxes (their types say so), hop count, destination (relay domain, else static route, else DNS), way back.
    /// Allocates only to unwrap or wrap a source route, and for failures. RFC 3860 §3.4.1.
    pub fn decide(
        &self,
        from: AdapterId,
        operation: &MessageOperation,
    ) -> Result<Verdict, Failure> {
        self.walk(from, operation, &mut Silence)
    }

    /// Decides in the same way, and says why.
    pub fn explain(&self, from: AdapterId, operation: &MessageOperation) -> Explanation {
        Explanation::record(Vec::new(), |steps| self.walk(from, operation, steps))
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

    fn walk(
        &self,
        from: AdapterId,
        operation: &MessageOperation,
        trace: &mut impl Trace,
    ) -> Result<Verdict, Failure> {
        let (source, destination) = (operation.source(), operation.destination());
        trace.step(Step::Inboxes {
            source,
            destination,
        });
        let max_forwards = operation
            .max_forwards()
            .decrement()
            .map_err(|_| Failure::new(FailureReason::HopLimitReached))?;
        trace.step(Step::Hops(max_forwards));
        let (onward, inner) = destination::find(self, destination, trace)?;
        match onward {
            Onward::Known(hop) => Ok(Verdict::Decided(Decision {
                source: way_back::find(self, from, source, hop.adapter, trace)?,
                hop,
                destination: inner,
                max_forwards,
            })),
            Onward::Dns { only } => Ok(Verdict::Undecided(Undecided {
                domain: domain(inner.as_ref().unwrap_or(destination))?,
                from,
                only,
                destination: inner,
                max_forwards,
            })),
        }
    }

    fn complete(
        &self,
        undecided: &Undecided,
        source: &InstantInbox,
        hop: Hop,
        trace: &mut impl Trace,
    ) -> Result<Decision, Failure> {
        let source = way_back::find(self, undecided.from, source, hop.adapter, trace)?;
        Ok(Decision {
            hop,
            source,
            destination: undecided.destination.clone(),
            max_forwards: undecided.max_forwards,
        })
    }
}

/// A copy, since the inbox's own text may be a whole source route.
fn domain(inbox: &InstantInbox) -> Result<Domain, Failure> {
    Domain::parse(inbox.domain()).map_err(|error| {
        Failure::new(FailureReason::InvalidDestination).with_detail(error.to_string())
    })
}
