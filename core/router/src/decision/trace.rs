//! The steps of a decision, for people.

use std::fmt;

use rialto_model::{Failure, InstantInbox, MaxForwards, SourceRoute};

use super::{Decision, Hop, Verdict};
use crate::{AccessRule, Adapter, Ground, Route, RoutingTable, Ruling, access::Question};

/// Takes the steps of a decision.
pub(super) trait Trace {
    fn step(&mut self, step: Step<'_>);
}

/// Takes no notice; compiles to nothing.
pub(super) struct Silence;

/// A decision, and each step that led to it as a line of text.
#[derive(Clone, Debug)]
pub struct Explanation {
    steps: Vec<String>,
    verdict: Result<Verdict, Failure>,
}

/// What was looked at, and the rule that decided; shown as one line.
pub(super) enum Step<'a> {
    Inboxes {
        source: &'a InstantInbox,
        destination: &'a InstantInbox,
    },
    Hops(MaxForwards),
    Unwrapped {
        relay: &'a str,
        route: &'a SourceRoute,
    },
    Alias {
        name: &'a InstantInbox,
        address: &'a InstantInbox,
    },
    Ruled {
        question: &'a Question<'a>,
        ruling: Ruling,
        table: &'a RoutingTable,
    },
    Routed(&'a Route),
    Named {
        adapter: Option<&'a Adapter>,
    },
    Dns {
        only: Option<&'a Adapter>,
    },
    NextHop {
        index: usize,
        adapter: Option<&'a Adapter>,
        hop: &'a Hop,
    },
    SourceAsIs(Shown),
    SourceNamed(&'a InstantInbox),
    SourceUnwrapped(&'a InstantInbox),
    SourceWrapped {
        receiver: &'a Adapter,
        wrapped: &'a InstantInbox,
    },
}

/// Why a source is shown as it is.
#[derive(Clone, Copy)]
pub(super) enum Shown {
    AtRelay,
    OwnMessage,
    NoRelay,
    SameNetwork,
    Reached,
}

impl Trace for Silence {
    #[inline]
    fn step(&mut self, _: Step<'_>) {}
}

impl Trace for Vec<String> {
    fn step(&mut self, step: Step<'_>) {
        self.push(step.to_string());
    }
}

impl Explanation {
    /// Puts together again what [`into_parts`](Self::into_parts) took apart.
    pub const fn new(steps: Vec<String>, verdict: Result<Verdict, Failure>) -> Self {
        Self { steps, verdict }
    }

    pub(super) fn record(
        mut steps: Vec<String>,
        decide: impl FnOnce(&mut Vec<String>) -> Result<Verdict, Failure>,
    ) -> Self {
        let verdict = decide(&mut steps);
        if let Err(failure) = &verdict {
            steps.push(format!("failure: {failure}"));
        }
        Self { steps, verdict }
    }

    /// The steps in order, one line each, the last one the failure if there is one.
    pub fn steps(&self) -> &[String] {
        &self.steps
    }

    /// What was decided, if DNS has nothing more to say.
    pub const fn decision(&self) -> Result<Option<&Decision>, &Failure> {
        match &self.verdict {
            Ok(Verdict::Decided(decision)) => Ok(Some(decision)),
            Ok(Verdict::Undecided(_)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The steps, and what came of them.
    pub fn into_parts(self) -> (Vec<String>, Result<Verdict, Failure>) {
        (self.steps, self.verdict)
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inboxes {
                source,
                destination,
            } => {
                write!(f, "inboxes: {source} to {destination}, both valid")
            }
            Self::Hops(hops) => write!(f, "hop count: {hops} left after this gateway"),
            Self::Unwrapped { relay, route } => {
                let (protocol, inbox) = (route.protocol(), route.inbox());
                write!(
                    f,
                    "relay domain {relay}: the source route leads to {inbox} by {protocol}"
                )
            }
            Self::Alias { name, address } => {
                write!(f, "alias: {name} stands for {address}")
            }
            Self::Ruled {
                question,
                ruling,
                table,
            } => ruled(f, question, *ruling, table),
            Self::Routed(route) => {
                write!(
                    f,
                    "static route {}: adapter {}",
                    route.domain(),
                    route.adapter()
                )?;
                route
                    .next_hop()
                    .map_or(Ok(()), |next_hop| write!(f, ", next hop {next_hop}"))
            }
            Self::Named { adapter } => {
                let name = adapter.map_or("", |adapter| adapter.name());
                write!(f, "source route: adapter {name}, which it names")
            }
            Self::Dns { only: None } => f.write_str("no static route: DNS names the next hops"),
            Self::Dns {
                only: Some(adapter),
            } => {
                let name = adapter.name();
                write!(f, "source route: DNS names the next hops of adapter {name}")
            }
            Self::NextHop {
                index,
                adapter,
                hop,
            } => {
                let name = adapter.map_or("", |adapter| adapter.name());
                write!(f, "next hop {}: adapter {name}", index + 1)?;
                hop.next_hop()
                    .map_or(Ok(()), |next_hop| write!(f, ", {next_hop}"))
            }
            Self::SourceAsIs(shown) => write!(f, "way back: shown as it is, {shown}"),
            Self::SourceNamed(name) => write!(f, "way back: shown as {name}, its alias there"),
            Self::SourceUnwrapped(inbox) => {
                write!(f, "way back: shown as {inbox}, which its own network knows")
            }
            Self::SourceWrapped { receiver, wrapped } => {
                write!(
                    f,
                    "way back: shown as {wrapped}, as {} does not reach its domain",
                    receiver.name()
                )
            }
        }
    }
}

/// Whom the rules looked at, what they said, and which of them.
fn ruled(
    f: &mut fmt::Formatter<'_>,
    question: &Question<'_>,
    ruling: Ruling,
    table: &RoutingTable,
) -> fmt::Result {
    let (source, destination) = (question.source.inbox, question.destination.inbox);
    write!(
        f,
        "access: {source} to {destination}, {}",
        question.authentication
    )?;
    let (word, ground) = match ruling {
        Ruling::Allowed(ground) => ("allowed", ground),
        Ruling::Denied(ground) => ("denied", ground),
        Ruling::NeedsAdapter => return f.write_str(": hangs on the adapter that DNS names"),
    };
    write!(f, ": {word} by {ground}")?;
    match ground {
        Ground::Rule(number) => match table.access_rule(number).and_then(AccessRule::place) {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtRelay => "at a relay domain already",
            Self::OwnMessage => "sent by the gateway itself",
            Self::NoRelay => "as there is no relay domain",
            Self::SameNetwork => "as it stays on its network",
            Self::Reached => "as the network reaches its domain",
        })
    }
}
