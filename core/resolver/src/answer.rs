//! What a server said to one question, and what that means once aliases are followed.

use std::{
    fmt,
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
};

use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

/// One question to DNS.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    pub(crate) name: Name,
    pub(crate) kind: RecordType,
}

/// What a server said: the answer section, or that there is nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) records: Vec<Record>,
    /// The last name of the answer does not exist. RFC 2308 §2.1.
    pub(crate) no_such_name: bool,
    /// For how many seconds what is not there stays so; without a statement it is not to be kept. RFC 2308 §5.
    pub(crate) negative_ttl: Option<u32>,
}

/// What DNS says once aliases are followed.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Of the type asked for; none when there are none.
    pub(crate) records: Vec<RData>,
    /// The name that the aliases lead to, when there are any.
    pub(crate) alias: Option<Name>,
    pub(crate) no_such_name: bool,
    /// The smallest of all that was read.
    pub(crate) ttl: Option<u32>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// No server gave one that could be read.
    NoAnswer(String),
    /// Aliases lead in a circle, or are too many.
    AliasLoop(String),
    /// The domain's records ask for more questions than are put for one.
    TooManyQuestions,
}

/// Where questions go.
pub(crate) trait Dns: Sync {
    /// Asks one question; aliases are not followed.
    fn ask(&self, question: &Question) -> impl Future<Output = Result<Reply, Trouble>> + Send;
}

/// How many questions may still be put for a domain.
#[derive(Debug)]
pub(crate) struct Budget(AtomicUsize);

impl Budget {
    /// The most questions for one domain.
    pub(crate) const MAX_QUESTIONS: usize = 120;

    pub(crate) const fn new() -> Self {
        Self(AtomicUsize::new(Self::MAX_QUESTIONS))
    }

    fn spend(&self) -> Result<(), Trouble> {
        let less = |left: usize| left.checked_sub(1);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .map(drop)
            .map_err(|_| Trouble::TooManyQuestions)
    }
}

impl Question {
    /// Nothing for a name that cannot be, because it is too long.
    pub(crate) fn new(name: &str, kind: RecordType) -> Option<Self> {
        let mut name = Name::from_ascii(name).ok()?;
        name.set_fqdn(true);
        Some(Self { name, kind })
    }
}

impl Answer {
    /// That there is nothing, and never will be.
    pub(crate) const fn never() -> Self {
        Self {
            records: Vec::new(),
            alias: None,
            no_such_name: true,
            ttl: Some(u32::MAX),
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, shown(&self.name))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(why) => f.write_str(why),
            Self::AliasLoop(name) => write!(
                f,
                "the aliases (CNAME) of {name} lead in a circle or are too many"
            ),
            Self::TooManyQuestions => write!(
                f,
                "its records ask for more than {} questions",
                Budget::MAX_QUESTIONS
            ),
        }
    }
}

/// The most aliases that are followed from one name.
pub(crate) const MAX_ALIASES: usize = 8;

/// Asks, follows aliases, and asks again where they lead out of what the server said. RFC 1034 §3.6.2.
///
/// Reads nothing but records of the type asked for at the name asked for, or at the end of its aliases.
pub(crate) async fn answer<D: Dns>(
    dns: &D,
    budget: &Budget,
    question: &Question,
) -> Result<Answer, Trouble> {
    let mut aliases = Aliases::of(question);
    loop {
        budget.spend()?;
        let asked = Question {
            name: aliases.end().clone(),
            kind: question.kind,
        };
        let reply = dns.ask(&asked).await?;
        let has_led_on = question.kind != RecordType::CNAME && aliases.follow(&reply)?;
        let records = reply.of(aliases.end(), question.kind);
        if !records.is_empty() {
            let ttl = records.iter().map(|record| record.ttl).min();
            return Ok(aliases.answer(records, ttl));
        }
        if !has_led_on || reply.no_such_name {
            return Ok(Answer {
                no_such_name: reply.no_such_name,
                ..aliases.answer(Vec::new(), reply.negative_ttl)
            });
        }
    }
}

/// A name and where its aliases have led so far.
struct Aliases {
    names: Vec<Name>,
    first: Name,
    ttl: u32,
}

impl Aliases {
    fn of(question: &Question) -> Self {
        Self {
            names: Vec::new(),
            first: question.name.clone(),
            ttl: u32::MAX,
        }
    }

    fn end(&self) -> &Name {
        self.names.last().unwrap_or(&self.first)
    }

    /// Goes as far as the reply leads; says whether it led anywhere.
    fn follow(&mut self, reply: &Reply) -> Result<bool, Trouble> {
        let before = self.names.len();
        while let Some((next, ttl)) = reply.alias(self.end()) {
            let is_loop = *next == self.first || self.names.contains(next);
            if is_loop || self.names.len() >= MAX_ALIASES {
                return Err(Trouble::AliasLoop(shown(&self.first)));
            }
            self.ttl = self.ttl.min(ttl);
            self.names.push(next.clone());
        }
        Ok(self.names.len() > before)
    }

    fn answer(mut self, records: Vec<&Record>, ttl: Option<u32>) -> Answer {
        Answer {
            records: records.into_iter().map(|r| r.data.clone()).collect(),
            ttl: ttl.map(|ttl| ttl.min(self.ttl)),
            alias: self.names.pop(),
            no_such_name: false,
        }
    }
}

impl Reply {
    fn alias(&self, name: &Name) -> Option<(&Name, u32)> {
        self.records.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == *name => Some((&target.0, record.ttl)),
            _ => None,
        })
    }

    fn of(&self, name: &Name, kind: RecordType) -> Vec<&Record> {
        let is_asked_for = |record: &&Record| record.name == *name && record.record_type() == kind;
        self.records.iter().filter(is_asked_for).collect()
    }
}

/// A name as people write it: without the final dot, and in lower case, whatever case a question made of it.
pub(crate) fn shown(name: &Name) -> String {
    let mut text = name.to_lowercase().to_ascii();
    if text.len() > 1 && text.ends_with('.') {
        text.pop();
    }
    text
}
