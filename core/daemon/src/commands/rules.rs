//! `rialto rules test`: what the access rules make of a message.

use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{
    Authentication, Failure, InstantInbox, InstantMessage, MessageOperation, ResponseStatus,
    TransactionId,
};
use rialto_router::{AccessRule, AdapterId, Ground, RoutingTable, Ruling};
use serde_json::{Value, json};

use super::print;
use crate::{config::Draft, exit::Exit, run};

/// What is asked.
#[derive(Debug)]
pub(crate) struct RulesTest<'a> {
    pub(crate) source: &'a str,
    pub(crate) destination: &'a str,
    pub(crate) from_adapter: Option<&'a str>,
    pub(crate) authentication: Authentication,
    pub(crate) json: bool,
}

/// The answer for one adapter that might deliver, or for whichever does.
struct Answer<'a> {
    deliverer: Option<&'a str>,
    ruling: Ruling,
}

/// Says whether a message may pass, and which rule decides; fails when no adapter may deliver it.
pub(crate) fn test_rules(draft: Draft, question: &RulesTest<'_>) -> Result<(), Exit> {
    let [source, destination] = [question.source, question.destination].map(|address| {
        InstantInbox::parse(address).map_err(|error| Exit::Usage(format!("`{address}`: {error}")))
    });
    let (source, destination) = (source?, destination?);
    let (config, loaded) = run::load(draft)?;
    let gateway = run::build(&config, &loaded)?;
    let table = gateway.table();
    let (from, from_name) = sender(table, question.from_adapter, &source)?;
    let operation = MessageOperation::new(
        TransactionId::random(&mut StdRng::from_os_rng()),
        source,
        destination,
        InstantMessage::text(""),
    )
    .with_authentication(question.authentication);
    let answers = judge(table, from, &operation);
    // It was never sent.
    drop(operation.respond(ResponseStatus::Indeterminant));
    let answers = answers.map_err(|failure| Exit::NotDelivered(failure.to_string()))?;
    print(&if question.json {
        format!("{}\n", describe(table, from_name, &answers))
    } else {
        answers.iter().map(|answer| line(table, answer)).collect()
    })?;
    let is_allowed = |answer: &Answer<'_>| matches!(answer.ruling, Ruling::Allowed(_));
    if answers.iter().any(is_allowed) {
        Ok(())
    } else {
        Err(Exit::NotDelivered("the message is not permitted".into()))
    }
}

/// The ruling, or one for each adapter that DNS may name if it hangs on that.
fn judge<'a>(
    table: &'a RoutingTable,
    from: AdapterId,
    operation: &MessageOperation,
) -> Result<Vec<Answer<'a>>, Failure> {
    let ruling = table.judge(from, operation, None)?;
    if ruling != Ruling::NeedsAdapter || table.found_by_dns().is_empty() {
        return Ok(vec![Answer {
            deliverer: None,
            ruling,
        }]);
    }
    let for_each = |id: &AdapterId| {
        Ok(Answer {
            deliverer: table.adapter(*id).map(|adapter| &**adapter.name()),
            ruling: table.judge(from, operation, Some(*id))?,
        })
    };
    table.found_by_dns().iter().map(for_each).collect()
}

fn sender<'a>(
    table: &'a RoutingTable,
    wanted: Option<&str>,
    source: &InstantInbox,
) -> Result<(AdapterId, &'a str), Exit> {
    let names: Vec<_> = table
        .adapters()
        .map(|(_, adapter)| &**adapter.name())
        .collect();
    let found = match wanted {
        Some(name) => table.adapter_id(name).ok_or_else(|| {
            let names = names.join(", ");
            format!("there is no adapter `{name}`; adapters are: {names}")
        }),
        None => table.home(source).ok_or_else(|| {
            let (domain, names) = (source.domain(), names.join(", "));
            format!("{domain} has no route: name the adapter with --from-adapter, one of {names}")
        }),
    };
    let id = found.map_err(Exit::Usage)?;
    Ok((id, table.adapter(id).map_or("", |adapter| adapter.name())))
}

fn line(table: &RoutingTable, answer: &Answer<'_>) -> String {
    let by = answer
        .deliverer
        .map_or_else(String::new, |name| format!("if {name} delivers: "));
    let (word, ground) = parts(answer.ruling);
    let ground = ground.map_or_else(String::new, |ground| {
        let place = place(table, ground).map_or_else(String::new, |place| format!(" ({place})"));
        format!(" by {ground}{place}")
    });
    format!("{by}{word}{ground}\n")
}

fn describe(table: &RoutingTable, from: &str, answers: &[Answer<'_>]) -> Value {
    let rulings = answers.iter().map(|answer| {
        let (word, ground) = parts(answer.ruling);
        json!({
            "to_adapter": answer.deliverer,
            "ruling": word,
            "by": ground.map(|ground| ground.to_string()),
            "place": ground.and_then(|ground| place(table, ground)),
        })
    });
    json!({ "from_adapter": from, "rulings": Value::from_iter(rulings) })
}

fn parts(ruling: Ruling) -> (&'static str, Option<Ground>) {
    match ruling {
        Ruling::Allowed(ground) => ("allowed", Some(ground)),
        Ruling::Denied(ground) => ("denied", Some(ground)),
        Ruling::NeedsAdapter => ("undecided", None),
    }
}

/// Where the operator wrote what decided.
fn place(table: &RoutingTable, ground: Ground) -> Option<&str> {
    match ground {
        Ground::Rule(number) => {
            let rule = table.access_rule(number);
            rule.and_then(AccessRule::place).map(|place| &**place)
        }
        _ => None,
    }
}
