//! `rialto check`: the whole configuration, without the network.

use rialto_loader::Loaded;

use super::print;
use crate::{config::Draft, exit::Exit, run};

/// Checks what the configuration says, each plugin's own section, and what they would take from each other.
pub(crate) fn check(draft: Draft) -> Result<(), Exit> {
    let (config, loaded) = run::load(draft)?;
    run::build(&config, &loaded)?;
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let (adapters, routes) = (loaded.len(), config.routes.len());
    let mut text = format!(
        "good: {adapters} adapter{}, {routes} route{}\n",
        plural(adapters),
        plural(routes)
    );
    for plugin in &loaded {
        text += &line(plugin);
    }
    print(&text)
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
