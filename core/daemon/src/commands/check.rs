//! `rialto check`: the whole configuration, without the network.

use std::time::Duration;

use rialto_loader::Loaded;
use rialto_router::CustodyPolicy;

use super::print;
use crate::{
    config::{Draft, StoreConfig},
    exit::Exit,
    policies, run,
};

/// Checks what the configuration says, each plugin's own section, and what they would take from each other.
pub(crate) fn check(draft: Draft) -> Result<(), Exit> {
    let (config, loaded) = run::load(draft)?;
    run::build(&config, &loaded)?;
    let counted = [
        (loaded.len(), "adapter", "adapters"),
        (config.routes.len(), "route", "routes"),
        (config.aliases.len(), "alias", "aliases"),
        (config.rules.len(), "rule", "rules"),
        (config.principals.len(), "principal", "principals"),
    ];
    let counted = counted.map(|(count, one, many)| match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    });
    let mut text = format!("good: {}\n", counted.join(", "));
    text += &of_store(&config.store);
    for address in &config.inbox.addresses {
        text += &format!("  inbox: {address}, where principals write their rules\n");
    }
    for plugin in &loaded {
        text += &line(plugin);
        let adapter = config.adapters.iter().find(|of| of.name == **plugin.name());
        let said = plugin.manifest().patience();
        text += &adapter.map_or_else(String::new, |of| {
            custody(&policies::policy(&config, of, said))
        });
    }
    print(&text)
}

fn of_store(store: &StoreConfig) -> String {
    if store.enabled {
        let (folder, max_size) = (store.folder.display(), store.max_size);
        format!("  store: {folder}, at most {max_size} bytes\n")
    } else {
        "  store: none; nothing is kept or tried again, and each sender waits for the outcome\n"
            .into()
    }
}

fn line(plugin: &Loaded) -> String {
    let claims: Vec<_> = plugin.claims().iter().map(ToString::to_string).collect();
    let takes = if claims.is_empty() {
        "nothing".into()
    } else {
        claims.join(", ")
    };
    let place = match plugin.process() {
        Some(_) => "; in a process of its own",
        None => "",
    };
    format!(
        "  {}: {} {}, takes {takes}{place}\n",
        plugin.name(),
        plugin.manifest().name(),
        plugin.manifest().version()
    )
}

/// What becomes of messages that an adapter brings, while their outcome is not known.
fn custody(policy: &CustodyPolicy) -> String {
    let kept = match policy.patience() {
        None if policy.keeps() => "keeps what fails for now".to_owned(),
        None => return "    keeps nothing: its network waits for each outcome\n".to_owned(),
        Some(Duration::ZERO) => "keeps each message first".to_owned(),
        Some(patience) if policy.keeps_temporary_failures() => {
            format!("keeps what has no outcome after {patience:?}, or fails for now")
        }
        Some(patience) => format!("keeps what has no outcome after {patience:?}"),
    };
    format!("    {kept}, for {:?}\n", policy.time_to_live(None))
}
