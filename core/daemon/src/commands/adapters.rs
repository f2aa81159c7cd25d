//! `rialto adapters` and `rialto plugins upgrade`: who runs, and who shall.

use std::path::{self, Path};

use super::{
    ask::{ask, read},
    print,
};
use crate::{
    adapters::{Of, Order},
    config::Config,
    control::{Ordered, Request},
    exit::Exit,
    logging::one_line,
};

/// Shows where the adapters are in their lives.
pub(crate) fn list(config: &Config, as_json: bool) -> Result<(), Exit> {
    let answer = ask(config, &Request::Adapters)?;
    let adapters: Vec<Of> = read(&answer)?;
    match as_json {
        true => print(&answer),
        false => print(&adapters.iter().map(line).collect::<String>()),
    }
}

/// Has an order carried out.
pub(crate) fn order(config: &Config, name: &str, order: Order) -> Result<(), Exit> {
    let name = name.to_owned();
    let ordered: Ordered = read(&ask(config, &Request::Adapter { name, order })?)?;
    match ordered.problem {
        // The plugin may have words in it.
        Some(problem) => Err(Exit::Unavailable(one_line(&problem))),
        None => print("done\n"),
    }
}

/// Has another version of a plugin put in the place of the one that runs.
pub(crate) fn upgrade(config: &Config, name: &str, library: Option<&Path>) -> Result<(), Exit> {
    // The gateway runs in another folder.
    let library = library.map(path::absolute).transpose();
    let library = library.map_err(|error| Exit::Usage(format!("the library's path: {error}")))?;
    order(config, name, Order::Upgrade(library))
}

fn line(adapter: &Of) -> String {
    let mut line = format!("{}: {}", adapter.name, adapter.state);
    if let Some(why) = &adapter.why {
        line += &format!(": {}", one_line(why));
    }
    if let Some(seconds) = adapter.starts_in_seconds {
        line += &format!("; started again in {seconds} s");
    }
    let mut details = Vec::new();
    details.extend(adapter.plugin.clone());
    details.extend(adapter.process.map(|process| format!("process {process}")));
    details.push(format!("{} in flight", adapter.in_flight));
    details.push(match adapter.quiet_seconds {
        Some(seconds) => format!("last event {seconds} s ago"),
        None => "no event yet".to_owned(),
    });
    format!("{line}\n  {}\n", details.join(", "))
}
