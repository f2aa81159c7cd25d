//! What principals write to the gateway's own inbox.

use std::str::FromStr;

use rialto_model::Presentity;

use crate::{
    AddressPattern, PrincipalRule, PrincipalRules, RulesChange, RulesTextError,
    decision::presence::{inbox_of, presentity_of},
    presence::rules::{Line, Word},
};

/// One command.
///
/// ```text
/// help
/// rules                               all of them; `who may watch`, `who may write` and `who may publish` for some
/// watchers                            who watches, and what each sees
/// RULE                                holds before all other rules of its kind; see `PrincipalRules`
/// forget WHO                          no rule says anything of WHO any more
/// end ADDRESS                         ends the subscription of ADDRESS, which may come again if the rules let it
/// RULE …                              several rules, and `forget WHO`, a line to each: the last of them decides
/// set rules                           in the lines behind, all rules that hold from now on
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever carries them out has to do something for each"
)]
pub enum InboxCommand {
    /// Say which commands there are.
    Help,
    /// Say which rules hold.
    Rules(RulesPart),
    /// Say who watches.
    Watchers,
    /// End the subscription of a watcher, as the table knows it.
    End(Presentity),
    /// Change the rules.
    Change(RulesChange),
}

/// Which rules are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "rules have these kinds")]
pub enum RulesPart {
    /// All.
    All,
    /// Those on watchers.
    Watchers,
    /// Those on senders.
    Senders,
    /// Those on publishers.
    Publishers,
}

/// What stands above the signature of a mail. RFC 3676 §4.3.
const SIGNATURE: &str = "-- ";

impl FromStr for InboxCommand {
    type Err = RulesTextError;

    fn from_str(text: &str) -> Result<Self, RulesTextError> {
        let signed = text.lines().position(|line| line == SIGNATURE);
        let lines = text.lines().take(signed.unwrap_or(usize::MAX));
        let mut lines = lines
            .enumerate()
            .skip_while(|(_, line)| line.trim().is_empty());
        let Some((number, first)) = lines.next() else {
            return Err(Line::new("").incomplete("a command, such as `help`,"));
        };
        let in_first = |error: RulesTextError| error.in_line(number + 1);
        let mut line = Line::new(first);
        let Some(verb) = line.next() else {
            return Err(in_first(line.incomplete("a command, such as `help`,")));
        };
        if verb.lower() == "set" {
            line.keyword("rules", "`rules`")
                .and_then(|()| line.end())
                .map_err(in_first)?;
            let rules = lines.map(|(_, line)| line).collect::<Vec<_>>().join("\n");
            let rules = rules.parse::<PrincipalRules>();
            let rules = rules.map_err(|error| {
                let line = error.line();
                error.in_line(number + 1 + line)
            })?;
            return Ok(Self::Change(RulesChange::Replaced(rules)));
        }
        let command = simple(verb, line, first).map_err(in_first)?;
        several(command, lines.filter(|(_, line)| !line.trim().is_empty()))
    }
}

impl InboxCommand {
    /// The same, where addresses are meant as they are by the network that it comes from.
    pub(super) fn with_addresses(self, meant: &impl Fn(AddressPattern) -> AddressPattern) -> Self {
        match self {
            Self::Change(change) => Self::Change(change.with_addresses(meant)),
            Self::End(watcher) => {
                let inbox = inbox_of(&watcher).map(AddressPattern::One);
                let meant = inbox.map(meant).ok().and_then(|pattern| match pattern {
                    AddressPattern::One(inbox) => presentity_of(&inbox).ok(),
                    _ => None,
                });
                Self::End(meant.unwrap_or(watcher))
            }
            other => other,
        }
    }
}

/// The command of the first line with those of the others, which all have to be changes then.
fn several<'a>(
    first: InboxCommand,
    others: impl Iterator<Item = (usize, &'a str)>,
) -> Result<InboxCommand, RulesTextError> {
    let mut others = others.peekable();
    let Some((second, _)) = others.peek() else {
        return Ok(first);
    };
    let InboxCommand::Change(first) = first else {
        return Err(RulesTextError::of_another(second + 1));
    };
    let mut changes = vec![first];
    for (number, whole) in others {
        let mut line = Line::new(whole);
        let Some(verb) = line.next() else {
            continue;
        };
        let in_line = |error: RulesTextError| error.in_line(number + 1);
        match simple(verb, line, whole).map_err(in_line)? {
            InboxCommand::Change(change) => changes.push(change),
            _ => return Err(RulesTextError::of_another(number + 1)),
        }
    }
    Ok(InboxCommand::Change(RulesChange::Several(changes)))
}

/// A command of one line.
fn simple(verb: Word<'_>, mut line: Line<'_>, whole: &str) -> Result<InboxCommand, RulesTextError> {
    let command = match &*verb.lower() {
        "help" | "?" => InboxCommand::Help,
        "rules" => InboxCommand::Rules(RulesPart::All),
        "who" => InboxCommand::Rules(part(&mut line)?),
        "watchers" => InboxCommand::Watchers,
        "forget" => {
            let who = line.subject()?;
            InboxCommand::Change(RulesChange::Without(who))
        }
        "end" => InboxCommand::End(watcher(&mut line)?),
        _ => {
            let rule = whole.parse::<PrincipalRule>();
            let rule = rule.map_err(RulesTextError::of_a_command)?;
            return Ok(InboxCommand::Change(RulesChange::First(rule)));
        }
    };
    line.end().map(|()| command)
}

fn part(line: &mut Line<'_>) -> Result<RulesPart, RulesTextError> {
    const EXPECTED: &str = "`watch`, `write` or `publish`";
    line.keyword("may", "`may`")?;
    let word = line.expect(EXPECTED)?;
    Ok(match &*word.lower() {
        "watch" => RulesPart::Watchers,
        "write" => RulesPart::Senders,
        "publish" => RulesPart::Publishers,
        _ => return Err(word.unexpected(EXPECTED)),
    })
}

fn watcher(line: &mut Line<'_>) -> Result<Presentity, RulesTextError> {
    const EXPECTED: &str = "the address of one watcher";
    let word = line.expect(EXPECTED)?;
    match word.pattern()? {
        AddressPattern::One(inbox) => presentity_of(&inbox).map_err(|_| word.unexpected(EXPECTED)),
        _ => Err(word.unexpected(EXPECTED)),
    }
}
