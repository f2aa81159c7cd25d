//! `rialto trace`: the life of one message, as the running gateway remembers it.

use super::{
    ask::{ask, read},
    print,
};
use crate::{
    config::Config,
    control::{Request, Traced, TracedStep},
    exit::Exit,
    logging::one_line,
};

/// Shows what happened to each operation with this identifier.
pub(crate) fn trace(config: &Config, id: &str, as_json: bool) -> Result<(), Exit> {
    let answer = ask(config, &Request::Trace { id: id.to_owned() })?;
    let traced: Traced = read(&answer)?;
    if traced.lives.is_empty() {
        return Err(Exit::NotDelivered(format!(
            "nothing is remembered of {}; what is longer ago than `gateway.remembered_steps` is forgotten",
            one_line(id)
        )));
    }
    if as_json {
        return print(&answer);
    }
    let lives = traced.lives.iter().map(|life| life.iter().map(line));
    let texts: Vec<String> = lives.map(Iterator::collect).collect();
    print(&texts.join("\n"))
}

/// `2026-11-21T17:40:03.123456Z  +1.250 ms  handed over  adapter xmpp, transaction_id 3f…`
fn line(step: &TracedStep) -> String {
    let details = step.details.iter().map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), one_line);
        format!("{name} {value}")
    });
    let details: Vec<_> = details.collect();
    let after = format!("+{}.{:03} ms", step.after_us / 1000, step.after_us % 1000);
    let line = format!(
        "{}  {after:>14}  {:<14}  {}",
        step.time,
        step.step,
        details.join(", ")
    );
    format!("{}\n", line.trim_end())
}
