//! What one way of looking has found.

use bytestring::ByteString;
use rialto_model::{Domain, Failure, FailureReason, Retry};

use crate::{Config, Protocol, answer::Trouble, resolution::Tier};

/// What one way of looking for a protocol has found.
#[derive(Clone, Debug)]
pub(super) enum Finding {
    /// No records.
    Nothing,
    /// Records; perhaps none that can be used.
    Found(Vec<Candidate>),
    /// The record of this question that says so with the target `.`.
    NotOffered(String),
    /// This question has no answer.
    Trouble(String, Trouble),
}

/// A host and port that a record names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) protocol: ByteString,
    pub(super) prefix: ByteString,
    pub(super) tier: Tier,
    pub(super) weight: u16,
    pub(super) host: Domain,
    pub(super) port: u16,
    pub(super) is_addressed: bool,
}

/// Where the candidates of a question stand among all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) protocol: (u8, &'a Protocol),
    pub(super) rank: u8,
    pub(super) prefix: &'a ByteString,
}

impl Finding {
    /// The question whose answer is that the service is not offered.
    pub(super) fn not_offered(&self) -> Option<&str> {
        match self {
            Self::NotOffered(question) => Some(question),
            _ => None,
        }
    }
}

impl Place<'_> {
    pub(super) fn candidate(
        &self,
        host: Domain,
        port: u16,
        preference: u16,
        weight: u16,
    ) -> Candidate {
        let (index, protocol) = self.protocol;
        Candidate {
            protocol: protocol.name().clone(),
            prefix: self.prefix.clone(),
            tier: Tier {
                protocol: index,
                rank: self.rank,
                preference,
            },
            weight,
            host,
            port,
            is_addressed: protocol.is_addressed(),
        }
    }
}

/// What a set of findings decides: where to go, a failure, or nothing yet.
///
/// A question without an answer is no "nothing": what it would have decided stays open, so no weaker rule is applied.
pub(super) fn decided(findings: &[Finding]) -> Result<Option<Vec<Candidate>>, Failure> {
    if findings
        .iter()
        .any(|finding| matches!(finding, Finding::Found(_)))
    {
        let found = findings.iter().filter_map(|finding| match finding {
            Finding::Found(candidates) => Some(candidates.clone()),
            _ => None,
        });
        return Ok(Some(found.flatten().collect()));
    }
    let trouble = findings.iter().find_map(|finding| match finding {
        Finding::Trouble(question, trouble) => Some(failure(question, trouble)),
        _ => None,
    });
    trouble.map_or(Ok(None), Err)
}

/// What a question without an answer means for the domain.
pub(super) fn failure(question: &str, trouble: &Trouble) -> Failure {
    let detail = format!("{question}: {trouble}");
    match trouble {
        Trouble::NoAnswer(_) => Failure::new(FailureReason::Unreachable)
            .with_retry(Retry::After(Config::TEMPORARY))
            .with_detail(detail),
        Trouble::AliasLoop(_) | Trouble::TooManyQuestions => unresolvable(detail),
    }
}

pub(super) fn unresolvable(detail: String) -> Failure {
    Failure::new(FailureReason::Unresolvable).with_detail(detail)
}
