//! What happened to one operation, for `rialto trace`.

use std::time::{Instant, SystemTime};

use rialto_router::{Answer, Digest, Life, Step, StepKind};
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::Gateway;
use crate::{
    control::TracedStep,
    presence::Watching,
    shard::{Messages, Shard},
};

impl Gateway {
    /// The lives of all operations that have this identifier: their sender's, the onward one, their network's name of the
    /// message, or the name of the subscription on either side; each the oldest step first.
    pub(crate) fn lives(&self, identifier: &str) -> Vec<Vec<TracedStep>> {
        let of_shard = |shard: &Shard<Messages>| {
            shard.look(|custodian| custodian.router().lives(identifier.as_bytes()))
        };
        let of_presentities =
            |shard: &Shard<Watching>| shard.look(|service| service.lives(identifier.as_bytes()));
        let of_messages = self.shards().iter().flat_map(of_shard);
        let lives = of_messages.chain(self.presence.iter().flat_map(of_presentities));
        lives.map(|life| self.traced(&life)).collect()
    }

    fn traced(&self, life: &Life) -> Vec<TracedStep> {
        let begin = life.steps.first().map(|step| step.at);
        let steps = life.steps.iter();
        steps.map(|step| self.step(begin, step)).collect()
    }

    fn step(&self, begin: Option<Instant>, step: &Step) -> TracedStep {
        let begin = begin.unwrap_or(step.at);
        let mut details = Map::new();
        let name = self.name_step(step.what, &mut |key: &str, value: String| {
            details.insert(key.to_owned(), Value::from(value));
        });
        TracedStep {
            time: rfc3339(self.clock().at(step.at)),
            after_us: step.at.saturating_duration_since(begin).as_micros() as u64,
            step: name.to_owned(),
            details,
        }
    }

    /// The step's word; what else there is to it goes to `add`.
    fn name_step(&self, step: StepKind, add: &mut dyn FnMut(&str, String)) -> &'static str {
        match step {
            StepKind::Received { from, .. } => {
                add("adapter", self.name(from).to_owned());
                "received"
            }
            StepKind::Tried { .. } => "tried again",
            StepKind::Restored { .. } => "taken up again",
            StepKind::Resolving => "resolving",
            StepKind::HandedOver {
                adapter, onward, ..
            } => {
                add("adapter", self.name(adapter).to_owned());
                if let Some(onward) = onward {
                    add("transaction_id", onward.to_string());
                }
                "handed over"
            }
            StepKind::FailedOver { reason, .. } => {
                add("reason", format!("{reason:?}"));
                "failed over"
            }
            StepKind::Ended(answer) => {
                add_answer(answer, add);
                "delivery ended"
            }
            StepKind::Kept { key, .. } => {
                add("id", key.number().to_string());
                "kept"
            }
            StepKind::Written => "safe",
            StepKind::Accepted => "accepted",
            StepKind::RetryPlanned { after, reason, .. } => {
                add("in_ms", after.as_millis().to_string());
                add("reason", format!("{reason:?}"));
                "retry planned"
            }
            StepKind::Answered(answer) => {
                add_answer(answer, add);
                "answered"
            }
            StepKind::DispositionReceived(disposition) => {
                add("disposition", format!("{disposition:?}"));
                "disposition received"
            }
            StepKind::DispositionKept {
                disposition, key, ..
            } => {
                add("disposition", format!("{disposition:?}"));
                add("id", key.number().to_string());
                "disposition kept"
            }
            StepKind::DispositionTold(disposition) => {
                add("disposition", format!("{disposition:?}"));
                "disposition told"
            }
            StepKind::Refreshed => "asked again",
            StepKind::Heard {
                from,
                authentication,
                document,
                ..
            } => {
                add("adapter", self.name(from).to_owned());
                add("vouched_for", authentication.is_authenticated().to_string());
                add_document(document, add);
                "heard"
            }
            StepKind::Told {
                adapter,
                version,
                document,
                ..
            } => {
                add("adapter", self.name(adapter).to_owned());
                add("version", version.to_string());
                add_document(document, add);
                "told"
            }
            StepKind::Taken(answer) => {
                add_answer(answer, add);
                "telling ended"
            }
            StepKind::Expired => "expired",
            StepKind::Dropped => "dropped",
            _ => "unknown",
        }
    }
}

fn add_document(document: Option<Digest>, add: &mut dyn FnMut(&str, String)) {
    if let Some(digest) = document {
        add("document", digest.to_string());
    }
}

fn add_answer(answer: Answer, add: &mut dyn FnMut(&str, String)) {
    let (word, reason) = match answer {
        Answer::Success => ("success", None),
        Answer::Indeterminant => ("indeterminant", None),
        Answer::Failure(reason) => ("failure", Some(reason)),
        _ => ("unknown", None),
    };
    add("status", word.to_owned());
    if let Some(reason) = reason {
        add("reason", format!("{reason:?}"));
    }
}

/// To the microsecond; empty for a year that RFC 3339 has no digits for.
fn rfc3339(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let whole = time.replace_nanosecond(time.microsecond() * 1000);
    let written = whole.unwrap_or(time).format(&Rfc3339);
    written.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn time_of_a_step_is_that_of_rfc_3339_to_the_microsecond() {
        let time = UNIX_EPOCH + Duration::from_nanos(1_000_000_000_123_456_789);
        assert_eq!(rfc3339(time), "2001-09-09T01:46:40.123456Z");
    }
}
