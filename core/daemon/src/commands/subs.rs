//! `rialto subs`: who watches whom, in the running gateway.

use super::{
    ask::{ask, read},
    print,
    queue::duration,
};
use crate::{
    config::Config,
    control::{Leg, Request, Subscription, Subscriptions, Watched, WatchedFilter},
    exit::Exit,
    logging::one_line,
};

/// How many are asked for at a time.
const PAGE: usize = 500;

/// Lists subscriptions: a line for each, or a line of JSON for each.
pub(crate) fn list(config: &Config, filter: &WatchedFilter, as_json: bool) -> Result<(), Exit> {
    let (mut after, mut count) = (None, 0);
    if as_json {
        print("[")?;
    }
    loop {
        let page = Watched {
            filter: filter.clone(),
            after,
            limit: PAGE,
        };
        let found: Subscriptions = read(&ask(config, &Request::SubsList(page))?)?;
        for entry in &found.entries {
            print(&match (as_json, count) {
                (false, _) => line(entry),
                (true, 0) => format!("\n{}", json(entry)?),
                (true, _) => format!(",\n{}", json(entry)?),
            })?;
            count += 1;
        }
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    match (as_json, count) {
        (true, _) => print("\n]\n"),
        (false, 0) => print("nobody watches\n"),
        (false, _) => Ok(()),
    }
}

/// Shows one.
pub(crate) fn show(config: &Config, id: u64, as_json: bool) -> Result<(), Exit> {
    let answer = ask(config, &Request::SubsShow { id })?;
    let shown: Option<Subscription> = read(&answer)?;
    let shown = shown.ok_or_else(|| {
        Exit::NotDelivered(format!(
            "there is no subscription with the number {id}; `rialto subs list` shows which there are"
        ))
    })?;
    match as_json {
        true => print(&answer),
        false => print(&describe(&shown)),
    }
}

/// `17  sip  pres:a@sip.example → pres:b@xmpp.example  active, allow, for 12m 0s, until in 48m 0s, held by xmpp`
fn line(entry: &Subscription) -> String {
    let (watcher, presentity) = (one_line(&entry.watcher), one_line(&entry.presentity));
    let mut state = vec![entry.state.clone(), entry.handling.clone()];
    if entry.package != "presence" {
        state.push(entry.package.clone());
    }
    state.push(format!("for {}", duration(entry.age_seconds)));
    state.push(format!("until in {}", duration(entry.expires_seconds)));
    state.extend(entry.leg.as_ref().map(leg));
    format!(
        "{}  {}  {watcher} → {presentity}  {}\n",
        entry.id,
        entry.adapter,
        state.join(", ")
    )
}

/// `held by xmpp`, `resting, 3 tries, out of contact`
fn leg(leg: &Leg) -> String {
    let by = leg.adapter.as_ref().map(|adapter| format!(" by {adapter}"));
    let mut words = vec![format!("{}{}", leg.state, by.unwrap_or_default())];
    words.extend((leg.tries > 0).then(|| format!("{} tries", leg.tries)));
    words.extend((!leg.in_contact).then(|| "out of contact".to_owned()));
    words.join(", ")
}

fn describe(entry: &Subscription) -> String {
    let yes = |is_so: bool| if is_so { "yes" } else { "no" };
    let due = entry.leg.as_ref().and_then(|leg| leg.due_seconds);
    let fields = [
        ("subscription_id", one_line(&entry.subscription_id)),
        ("package", entry.package.clone()),
        ("authenticated", yes(entry.authenticated).to_owned()),
        ("known", yes(entry.has_document).to_owned()),
        ("news to be told", yes(entry.has_news).to_owned()),
        ("version", entry.version.to_string()),
        (
            "asked again in",
            due.map_or_else(|| "-".to_owned(), duration),
        ),
    ];
    let fields = fields.map(|(name, value)| format!("  {name:<20} {value}\n"));
    line(entry) + &fields.concat()
}

fn json(entry: &Subscription) -> Result<String, Exit> {
    serde_json::to_string(entry).map_err(|error| Exit::Internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_has_what_an_operator_wants_and_nothing_that_breaks_it() {
        let entry = Subscription {
            id: 17,
            watcher: "pres:a@sip.example".to_owned(),
            presentity: "pres:b\u{85}forged@xmpp.example".to_owned(),
            adapter: "sip".to_owned(),
            subscription_id: "s1".to_owned(),
            package: "presence".to_owned(),
            state: "pending".to_owned(),
            handling: "allow".to_owned(),
            authenticated: true,
            age_seconds: 75,
            expires_seconds: 3600,
            leg: Some(Leg {
                state: "resting".to_owned(),
                adapter: Some("xmpp".to_owned()),
                tries: 3,
                due_seconds: Some(4),
                in_contact: false,
            }),
            has_document: false,
            has_news: false,
            version: 0,
        };
        assert_eq!(
            line(&entry),
            "17  sip  pres:a@sip.example → pres:b\\u{85}forged@xmpp.example  pending, allow, for 1m 15s, until in 1h 0m, \
             resting by xmpp, 3 tries, out of contact\n"
        );
    }
}
