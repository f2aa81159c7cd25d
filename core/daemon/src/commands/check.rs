//! `rialto check`: the whole configuration, without the network.

use rialto_loader::Loaded;

use super::print;
use crate::{
    config::{Draft, StoreConfig},
    exit::Exit,
    run,
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
    for plugin in &loaded {
        text += &line(plugin);
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
    format!(
        "  {}: {} {}, takes {takes}\n",
        plugin.name(),
        plugin.manifest().name(),
        plugin.manifest().version()
    )
}
