//! `rialto resolve`: why a message would go where.

use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{
    Authentication, InstantInbox, InstantMessage, MessageOperation, ResponseStatus, TransactionId,
};
use rialto_router::{AdapterId, Explanation, RoutingTable, Verdict};
use serde_json::{Value, json};

use super::print;
use crate::{
    config::{Config, Draft},
    exit::Exit,
    gateway::Gateway,
    run,
};

/// What is asked.
#[derive(Debug)]
pub(crate) struct Resolve<'a> {
    pub(crate) destination: &'a str,
    pub(crate) from: Option<&'a str>,
    pub(crate) source: Option<&'a str>,
    pub(crate) json: bool,
}

/// Who sends when nobody is named: one of ours on the adapter's network, who may write to everybody if it vouches for them.
fn somebody(config: &Config, adapter: &str) -> Result<InstantInbox, Exit> {
    let mut routes = config.routes.iter();
    let own = routes.find(|route| route.own && route.adapter == adapter);
    let domain = own.map_or("sender.example", |route| route.domain.as_str());
    inbox(&format!("im:somebody@{domain}"))
}

/// Explains the decision for a message from one adapter, or from each; fails when there is no way from any.
pub(crate) fn resolve(draft: Draft, question: &Resolve<'_>) -> Result<(), Exit> {
    let destination = inbox(question.destination)?;
    let source = question.source.map(inbox).transpose()?;
    let (config, loaded) = run::load(draft)?;
    let gateway = run::build(&config, &loaded)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Exit::Internal(format!("the runtime cannot be made: {error}")))?;
    let mut explained = Vec::new();
    for (id, name) in senders(gateway.table(), question.from)? {
        let source = source.clone().map_or_else(|| somebody(&config, name), Ok)?;
        // Whom the network vouches for where it can, as the question is about the way; `rules test` is about the rest.
        let authentication = match gateway.table().home(&source) {
            Some(home) if home == id => Authentication::Network,
            _ => Authentication::None,
        };
        let operation = MessageOperation::new(
            TransactionId::random(&mut StdRng::from_os_rng()),
            source,
            destination.clone(),
            InstantMessage::text(""),
        )
        .with_authentication(authentication);
        explained.push((name, runtime.block_on(explain(&gateway, id, &operation))));
        // It was never sent.
        drop(operation.respond(ResponseStatus::Indeterminant));
    }
    print(&shown(gateway.table(), &explained, question.json))?;
    match explained
        .iter()
        .map(|(_, explanation)| explanation.decision())
        .reduce(Result::or)
    {
        Some(Ok(_)) => Ok(()),
        Some(Err(failure)) => Err(Exit::NotDelivered(failure.to_string())),
        None => Err(Exit::Config("no adapter is configured".into())),
    }
}

/// Explains one decision, and asks DNS where the table leaves it to that.
async fn explain(gateway: &Gateway, from: AdapterId, operation: &MessageOperation) -> Explanation {
    let table = gateway.table();
    let (mut steps, verdict) = table.explain(from, operation).into_parts();
    match (verdict, gateway.dns()) {
        (Ok(Verdict::Undecided(undecided)), Some(dns)) => {
            let (resolution, said) = dns.explain(undecided.domain()).await;
            steps.extend(said.into_iter().map(|line| format!("DNS: {line}")));
            let hops = dns.hops(&resolution, &mut rand::rng(), undecided.only());
            table.explain_resolved(steps, &undecided, operation.source(), hops)
        }
        (verdict, _) => Explanation::new(steps, verdict),
    }
}

fn shown(table: &RoutingTable, explained: &[(&str, Explanation)], as_json: bool) -> String {
    if as_json {
        let all = explained.iter().map(|(name, e)| describe(table, name, e));
        return format!("{}\n", Value::from_iter(all));
    }
    let mut text = String::new();
    for (name, explanation) in explained {
        text += &format!("from {name}:\n");
        for step in explanation.steps() {
            text += &format!("  {step}\n");
        }
    }
    text
}

fn senders<'a>(
    table: &'a RoutingTable,
    from: Option<&str>,
) -> Result<Vec<(AdapterId, &'a str)>, Exit> {
    let all: Vec<_> = table
        .adapters()
        .map(|(id, adapter)| (id, adapter.name().as_ref()))
        .collect();
    let Some(wanted) = from else { return Ok(all) };
    let found: Vec<_> = all
        .iter()
        .filter(|(_, name)| *name == wanted)
        .copied()
        .collect();
    if found.is_empty() {
        let names: Vec<_> = all.into_iter().map(|(_, name)| name).collect();
        return Err(Exit::Usage(format!(
            "there is no adapter `{wanted}`; adapters are: {}",
            names.join(", ")
        )));
    }
    Ok(found)
}

fn inbox(address: &str) -> Result<InstantInbox, Exit> {
    InstantInbox::parse(address).map_err(|error| Exit::Usage(format!("`{address}`: {error}")))
}

fn describe(table: &RoutingTable, from: &str, explanation: &Explanation) -> Value {
    let steps = explanation.steps();
    match explanation.decision() {
        Ok(Some(decision)) => json!({
            "from": from,
            "steps": steps,
            "adapter": table.adapter(decision.adapter()).map(|adapter| adapter.name().to_string()),
            "next_hop": decision.next_hop().map(ToString::to_string),
            "shown_source": decision.source().map(InstantInbox::as_str),
            "destination": decision.destination().map(InstantInbox::as_str),
        }),
        Ok(None) => json!({ "from": from, "steps": steps }),
        Err(failure) => json!({
            "from": from,
            "steps": steps,
            "failure": { "reason": format!("{:?}", failure.reason()), "detail": failure.detail() },
        }),
    }
}
