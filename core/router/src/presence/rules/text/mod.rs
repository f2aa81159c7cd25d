//! Rules as people write them: a rule to a line.
//!
//! ```text
//! allow WHO                          all of the presence information; also: show all to WHO
//! show status-only to WHO            open or closed
//! show nothing to WHO                that there is a subscription
//! confirm WHO                        the subscription waits until a rule decides
//! block WHO                          refused
//! polite-block WHO                   treated as if the presentity were offline
//! accept messages from WHO           as far as the operator's rules let them pass
//! refuse messages from WHO
//! let ADDRESS publish                presence information, for the presentity
//! ```
//!
//! `WHO` is `user@domain`, `*@domain`, `*@*.domain`, `anonymous`, `unauthenticated` or `anyone`. Behind what is about watchers may stand
//! `when subscribing` or `when fetching`. Words may be written in capitals. What follows a `#` that begins a word, and a line
//! without words, says nothing.

mod error;
mod line;
#[cfg(test)]
mod tests;
mod write;

use std::str::FromStr;

pub use self::error::{RulesTextError, RulesTextProblem};
pub(in crate::presence) use self::line::{Line, Word};
use super::{PrincipalRules, Reception, SenderRule, View, WatcherRule};
use crate::{AddressPattern, Handling, RulesError, Subject, Way};

/// The longest text that is read, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// One rule of a principal, of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows rules has to show each kind"
)]
pub enum PrincipalRule {
    /// Who may watch, and what each sees.
    Watcher(WatcherRule),
    /// Who may write.
    Sender(SenderRule),
    /// Who may publish.
    Publisher(AddressPattern),
}

impl FromStr for PrincipalRules {
    type Err = RulesTextError;

    fn from_str(text: &str) -> Result<Self, RulesTextError> {
        if text.len() > MAX_TEXT {
            let len = text.len();
            return Err(RulesTextError::new(1, 1, RulesTextProblem::TooLong { len }));
        }
        let (mut watchers, mut senders, mut publishers) = (Vec::new(), Vec::new(), Vec::new());
        for (number, line) in (1..).zip(text.lines()) {
            let rule = rule(&mut Line::new(line)).map_err(|error| error.in_line(number))?;
            match rule {
                Some(PrincipalRule::Watcher(rule)) => watchers.push(rule),
                Some(PrincipalRule::Sender(rule)) => senders.push(rule),
                Some(PrincipalRule::Publisher(publisher)) => publishers.push(publisher),
                None => continue,
            }
            let counts = [watchers.len(), senders.len(), publishers.len()];
            if let Some(count) = counts.into_iter().find(|count| *count > Self::MOST) {
                let error = RulesError::TooMany {
                    count,
                    max: Self::MOST,
                };
                return Err(RulesTextError::new(
                    number,
                    1,
                    RulesTextProblem::TooMuch(error),
                ));
            }
        }
        let rules = Self::new(watchers);
        let rules =
            rules.and_then(|rules| rules.with_senders(senders)?.with_publishers(publishers));
        rules.map_err(|error| RulesTextError::new(1, 1, RulesTextProblem::TooMuch(error)))
    }
}

impl FromStr for PrincipalRule {
    type Err = RulesTextError;

    fn from_str(text: &str) -> Result<Self, RulesTextError> {
        let mut line = Line::new(text);
        rule(&mut line)?.ok_or_else(|| line.incomplete("a rule"))
    }
}

impl FromStr for Subject {
    type Err = RulesTextError;

    fn from_str(text: &str) -> Result<Self, RulesTextError> {
        let mut line = Line::new(text);
        let who = line.subject()?;
        line.end().map(|()| who)
    }
}

/// The rule of a line; none, if the line says nothing.
fn rule(line: &mut Line<'_>) -> Result<Option<PrincipalRule>, RulesTextError> {
    let Some(verb) = line.next() else {
        return Ok(None);
    };
    let rule = match &*verb.lower() {
        "allow" => watcher(line, Handling::Allow(View::All))?,
        "show" => {
            let view = view(line)?;
            line.keyword("to", "`to`")?;
            watcher(line, Handling::Allow(view))?
        }
        "confirm" => watcher(line, Handling::Confirm)?,
        "block" => watcher(line, Handling::Block)?,
        "polite-block" => watcher(line, Handling::PoliteBlock)?,
        "accept" => sender(line, Reception::Accept)?,
        "refuse" => sender(line, Reception::Refuse)?,
        "let" => publisher(line)?,
        _ => return Err(verb.is_no_rule()),
    };
    line.end()?;
    Ok(Some(rule))
}

fn view(line: &mut Line<'_>) -> Result<View, RulesTextError> {
    const EXPECTED: &str = "`all`, `status-only` or `nothing`";
    let word = line.expect(EXPECTED)?;
    Ok(match &*word.lower() {
        "all" => View::All,
        "status-only" => View::StatusOnly,
        "nothing" => View::Nothing,
        _ => return Err(word.unexpected(EXPECTED)),
    })
}

fn watcher(line: &mut Line<'_>, handling: Handling) -> Result<PrincipalRule, RulesTextError> {
    const EXPECTED: &str = "`subscribing` or `fetching`";
    let rule = WatcherRule::new(line.subject()?, handling);
    let Some(when) = line.next() else {
        return Ok(PrincipalRule::Watcher(rule));
    };
    if when.lower() != "when" {
        return Err(when.unexpected("`when`, or the end of the line,"));
    }
    let way = line.expect(EXPECTED)?;
    let rule = match &*way.lower() {
        "subscribing" => rule.only_for(Way::Subscribe),
        "fetching" => rule.only_for(Way::Fetch),
        _ => return Err(way.unexpected(EXPECTED)),
    };
    Ok(PrincipalRule::Watcher(rule))
}

fn sender(line: &mut Line<'_>, reception: Reception) -> Result<PrincipalRule, RulesTextError> {
    line.keyword("messages", "`messages from`")?;
    line.keyword("from", "`from`")?;
    let rule = SenderRule::new(line.subject()?, reception);
    Ok(PrincipalRule::Sender(rule))
}

fn publisher(line: &mut Line<'_>) -> Result<PrincipalRule, RulesTextError> {
    let publisher = line.expect("an address")?.pattern()?;
    line.keyword("publish", "`publish`")?;
    Ok(PrincipalRule::Publisher(crate::access::fold_pattern(
        publisher,
    )))
}
