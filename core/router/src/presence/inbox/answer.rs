//! What the gateway's own inbox says.

use rialto_model::{Authentication, Package, Presentity, SubscriptionState};

use super::command::RulesPart;
use crate::{Handling, PrincipalRules, RulesChange, View, WatcherEntry};

/// The commands.
pub(super) const HELP: &str = "\
You can write:
rules - your rules; the first that means somebody decides
who may watch, who may write, who may publish - some of them
watchers - who watches you now
allow WHO - shows all to WHO
show status-only to WHO - or: show nothing to WHO
confirm WHO - lets WHO wait until you decide
block WHO
polite-block WHO - WHO sees you offline
accept messages from WHO
refuse messages from WHO
let ADDRESS publish - presence for you
forget WHO - no rule says anything of WHO any more
end ADDRESS - ends the subscription of ADDRESS
set rules - and in the lines behind it all your rules
Several rules, and forget, may stand in one message, a line to each.
WHO is user@domain, *@domain, *@*.domain, anonymous, unauthenticated or anyone. Rules on who watches may end with: when subscribing, when fetching";

/// The most watchers that are named.
const MOST_NAMED: usize = 100;

/// The rules that hold.
pub(super) fn rules(rules: Option<&PrincipalRules>, part: RulesPart) -> String {
    let lines = rules.map(|rules| match part {
        RulesPart::All => rules.to_string(),
        RulesPart::Watchers => lines(rules.watchers()),
        RulesPart::Senders => lines(rules.senders()),
        RulesPart::Publishers => rules
            .publishers()
            .iter()
            .map(|publisher| format!("let {publisher} publish\n"))
            .collect(),
    });
    let lines = lines.filter(|lines| !lines.is_empty());
    let none =
        || "You have no such rules: those of the gateway and of your network hold.".to_owned();
    lines.map_or_else(none, |lines| {
        format!("These rules hold:\n{}", lines.trim_end())
    })
}

fn lines(rules: &[impl ToString]) -> String {
    rules.iter().map(|rule| rule.to_string() + "\n").collect()
}

/// Who watches.
pub(super) fn watchers(entries: &[WatcherEntry]) -> String {
    let entries: Vec<_> = entries
        .iter()
        .filter(|of| of.package == Package::Presence)
        .collect();
    if entries.is_empty() {
        return "Nobody watches you.".to_owned();
    }
    let mut lines = vec!["They watch you:".to_owned()];
    lines.extend(entries.iter().take(MOST_NAMED).map(|entry| watcher(entry)));
    if let Some(more) = entries
        .len()
        .checked_sub(MOST_NAMED)
        .filter(|more| *more > 0)
    {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

fn watcher(entry: &WatcherEntry) -> String {
    let sees = match (entry.state, entry.handling) {
        (_, Handling::PoliteBlock) => "sees you offline",
        (_, Handling::Confirm) => "waits for you to decide",
        (SubscriptionState::Pending, _) => "waits for your network",
        (_, Handling::Allow(View::StatusOnly)) => "sees your status only",
        (_, Handling::Allow(View::Nothing)) => "sees nothing",
        _ => "sees all",
    };
    let vouched = match entry.authentication {
        Authentication::None => "; nobody vouches for that name",
        _ => "",
    };
    format!("{} {sees}{vouched}", entry.watcher.mailbox())
}

/// How many subscriptions were ended.
pub(super) fn ended(watcher: &Presentity, count: usize) -> String {
    let watcher = watcher.mailbox();
    match count {
        0 => format!("Done: {watcher} did not watch you."),
        _ => format!("Done: {watcher} has been told that it does not watch you any more."),
    }
}

/// That a change holds.
pub(super) fn done(change: &RulesChange) -> String {
    match change {
        RulesChange::First(rule) => format!("Done: {rule}"),
        RulesChange::Without(who) => format!("Done: no rule says anything of {who} any more."),
        RulesChange::Several(changes) => changes.iter().map(done).collect::<Vec<_>>().join("\n"),
        RulesChange::Replaced(rules) if rules.is_empty() => "Done: you have no rules.".to_owned(),
        RulesChange::Replaced(_) => "Done: these are all your rules.".to_owned(),
    }
}
