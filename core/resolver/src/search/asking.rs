//! Questions with a journal.

use hickory_resolver::proto::rr::{Name, RData, RecordType, rdata::SRV};
use rialto_model::Domain;

use super::finding::{Candidate, Finding, Place};
use crate::{
    answer::{Answer, Budget, Dns, Question, Trouble, answer, shown},
    journal::Journal,
};

/// Puts questions, one after the other, and notes what is said.
pub(super) struct Asking<'a, D> {
    pub(super) dns: &'a D,
    pub(super) budget: &'a Budget,
    pub(super) journal: Journal<'a>,
}

impl<'a, D: Dns> Asking<'a, D> {
    /// One more, for questions that are put at the same time.
    pub(super) fn branch(&self) -> Self {
        Self {
            dns: self.dns,
            budget: self.budget,
            journal: self.journal.branch(),
        }
    }

    /// Takes in what was heard at the same time, in order.
    pub(super) fn join<T>(&mut self, branches: Vec<(T, Self)>) -> Vec<T> {
        let heard = branches.into_iter().map(|(found, branch)| {
            self.journal.join(branch.journal);
            found
        });
        heard.collect()
    }

    /// Asks, and follows aliases.
    pub(super) async fn ask(&mut self, name: &str, kind: RecordType) -> Result<Answer, Trouble> {
        let Some(question) = Question::new(name, kind) else {
            return Ok(Answer::never());
        };
        let answer = answer(self.dns, self.budget, &question).await;
        self.journal.heard(&question, &answer);
        answer
    }

    /// Asks for the SRV records of a name; also says where its aliases end, if it has any.
    pub(super) async fn srv(&mut self, name: &str, place: &Place<'_>) -> (Finding, Option<Name>) {
        let answer = match self.ask(name, RecordType::SRV).await {
            Ok(answer) => answer,
            Err(trouble) => return (Finding::Trouble(format!("SRV {name}"), trouble), None),
        };
        let records: Vec<&SRV> = answer.records.iter().filter_map(as_srv).collect();
        let finding = match records.as_slice() {
            [] => Finding::Nothing,
            all if all.iter().all(|record| record.target.is_root()) => {
                Finding::NotOffered(format!("SRV {name}"))
            }
            all => Finding::Found(self.candidates(all, place)),
        };
        (finding, answer.alias)
    }

    /// The records that name a host and a port, those of the lowest preference first.
    fn candidates(&mut self, records: &[&SRV], place: &Place<'_>) -> Vec<Candidate> {
        let mut sorted = records.to_vec();
        sorted.sort_by_key(|record| record.priority);
        let named = sorted.into_iter().take(MAX_RECORDS).filter_map(|record| {
            let host = self.host(&record.target)?;
            let candidate = place.candidate(host, record.port, record.priority, record.weight);
            (record.port != 0).then_some(candidate)
        });
        named.collect()
    }

    /// The name of a host, if it can be one.
    pub(super) fn host(&mut self, name: &Name) -> Option<Domain> {
        let host = Domain::parse(&shown(name)).ok();
        if host.is_none() {
            self.journal
                .note(|| format!("{} names no host: left out", shown(name)));
        }
        host
    }
}

fn as_srv(data: &RData) -> Option<&SRV> {
    match data {
        RData::SRV(record) => Some(record),
        _ => None,
    }
}

/// How many records of one answer are used, the best first.
pub(super) const MAX_RECORDS: usize = 16;
