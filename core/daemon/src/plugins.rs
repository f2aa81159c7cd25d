//! From the configuration to loaded plugins, and to the table that routes between them.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use rialto_loader::{ClaimTable, Declared, Library, LoadError, Loaded, Manifest, Trust};
use rialto_model::Domain;
use rialto_router::{
    AccessRuleConflict, Adapter, Alias, AliasConflict, Limits, Route, RoutingConflict,
    RoutingTable, RoutingTableBuilder,
};

use crate::{
    config::{AdapterConfig, Config, ConfigError, GatewayConfig},
    shard::Token,
};

/// The library that a configuration means: a path as it is, a name in the plugin folders.
pub(crate) fn find(plugin: &str, folders: &[PathBuf]) -> Result<PathBuf, String> {
    if plugin.contains('/') {
        return Ok(plugin.into());
    }
    let file = format!("librialto_{}.so", plugin.replace('-', "_"));
    let looked_at: Vec<_> = folders.iter().map(|folder| folder.join(&file)).collect();
    looked_at
        .iter()
        .find(|path| path.is_file())
        .cloned()
        .ok_or_else(|| {
            let places: Vec<_> = looked_at
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            format!(
                "there is no {}",
                if places.is_empty() {
                    file
                } else {
                    places.join(", no ")
                }
            )
        })
}

/// Why the plugin of an adapter is not there.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) errors: Vec<ConfigError>,
    /// Whether the configuration is wrong, rather than the plugin.
    pub(crate) is_configuration: bool,
}

/// Loads the plugin of one adapter, as far as it goes without starting it.
pub(crate) fn load(
    config: &AdapterConfig,
    folders: &[PathBuf],
    trust: &Trust,
    claims: &ClaimTable,
) -> Result<Loaded, Refusal> {
    let path = find(&config.plugin, folders).map_err(|problem| Refusal {
        errors: vec![
            ConfigError::new(format!("adapters.{}.plugin", config.name), problem)
                .at(config.place.clone())
                .hint("name a library by its path, or set gateway.plugin_dirs"),
        ],
        is_configuration: false,
    })?;
    let declared = declare(config, path, trust);
    declared.load(claims).map_err(|error| Refusal {
        is_configuration: error.is_configuration(),
        errors: refusals(config, &error),
    })
}

/// An adapter of the library at this path.
pub(crate) fn declare(config: &AdapterConfig, path: PathBuf, trust: &Trust) -> Declared {
    let declared = Declared::new(config.name.as_str(), path, config.config.clone());
    let declared = declared.trusting(trust.clone());
    match config.isolation.of_process() {
        Some(isolation) => declared.isolated(isolation),
        None => declared,
    }
}

/// What keeps the plugin of an adapter from being loaded: of its configuration each problem apart.
fn refusals(config: &AdapterConfig, error: &LoadError) -> Vec<ConfigError> {
    match error {
        LoadError::Configuration { problem, .. } => {
            problem.lines().map(|line| refusal(config, line)).collect()
        }
        _ => {
            let key = format!("adapters.{}", config.name);
            vec![ConfigError::new(key, error.to_string()).at(config.place.clone())]
        }
    }
}

/// Where the plugin names a key of its section, or one that is missing there, the error is about that key.
fn refusal(config: &AdapterConfig, problem: &str) -> ConfigError {
    let section = format!("adapters.{}.config", config.name);
    let in_brackets = problem
        .strip_suffix(')')
        .and_then(|text| text.split_once(" ("));
    let (problem, hint) = match in_brackets.or_else(|| problem.split_once("; ")) {
        Some((problem, hint)) => (problem, Some(hint)),
        None => (problem, None),
    };
    let (key, problem) = match problem.split_once(": ") {
        Some((key, problem)) if is_key(key) => (format!("{section}.{key}"), problem),
        // `endpoint` is no …
        _ => match problem
            .strip_prefix('`')
            .and_then(|rest| rest.split_once('`'))
        {
            Some((key, _)) if is_key(key) => (format!("{section}.{key}"), problem),
            _ => (section, problem),
        },
    };
    let error = ConfigError::new(&key, problem).at(place(config, &key));
    match hint {
        Some(hint) => error.hint(hint),
        None => error.hint("`rialto plugins info` says what may stand there"),
    }
}

/// Where a key stands; if it does not, the table that it would stand in.
fn place(config: &AdapterConfig, key: &str) -> Option<String> {
    let mut key = key;
    loop {
        if let Some(place) = config.places.get(key) {
            return Some(place.clone());
        }
        match key.rfind(['.', '[']).and_then(|end| key.get(..end)) {
            Some(outer) => key = outer,
            None => return config.place.clone(),
        }
    }
}

/// Whether a plugin's words begin with a key: `listen[0].port`.
fn is_key(text: &str) -> bool {
    let belongs = |c: char| c.is_alphanumeric() || "_-.[]".contains(c);
    !text.is_empty() && text.chars().all(belongs)
}

/// The table that routes between adapters; each conflict as an error of the configuration.
///
/// `manifests` are those of the adapters' plugins, `found_by_dns` the adapters that DNS may lead to.
pub(crate) fn table(
    config: &Config,
    manifests: &[(&str, &Manifest)],
    found_by_dns: &[&str],
) -> Result<RoutingTable, Vec<ConfigError>> {
    let builder = builder(config, manifests, found_by_dns);
    builder.build().map_err(|conflicts| {
        let errors = conflicts.iter().map(|found| conflict(config, found));
        errors.collect()
    })
}

/// The conflicts of aliases and rules among themselves, of a configuration with other faults.
///
/// Not those that may come of what could not be read, or that reading has found.
pub(crate) fn conflicts_among_rules(config: &Config) -> Vec<ConfigError> {
    let conflicts = builder(config, &[], &[]).build().err();
    let is_sure = |found: &&RoutingConflict| match found {
        RoutingConflict::Alias { conflict, .. } => !matches!(
            conflict,
            AliasConflict::UnknownAdapter { .. } | AliasConflict::AddressUnrouted { .. }
        ),
        RoutingConflict::AccessRule { conflict, .. } => {
            !matches!(conflict, AccessRuleConflict::UnknownAdapter { .. })
        }
        RoutingConflict::Principal { .. } => true,
        _ => false,
    };
    let conflicts = conflicts.iter().flatten().filter(is_sure);
    conflicts.map(|found| conflict(config, found)).collect()
}

fn builder(
    config: &Config,
    manifests: &[(&str, &Manifest)],
    found_by_dns: &[&str],
) -> RoutingTableBuilder {
    let protocol = |name: &str| {
        let manifest = manifests.iter().find(|(adapter, _)| *adapter == name);
        manifest.map_or("", |(_, manifest)| manifest.protocol())
    };
    let adapters = config.adapters.iter().map(|adapter| {
        Adapter::new(adapter.name.as_str(), protocol(&adapter.name)).with_domains(&adapter.domains)
    });
    let routes = config.routes.iter().map(|route| {
        let bare = Route::new(route.domain.clone(), route.adapter.as_str());
        let bare = if route.own { bare } else { bare.of_a_partner() };
        match &route.next_hop {
            Some(next_hop) => bare.with_next_hop(next_hop.as_str()),
            None => bare,
        }
    });
    let aliases = config.aliases.iter().map(|alias| {
        let everywhere = Alias::new(alias.address.clone(), alias.shown_as.clone());
        match &alias.adapters {
            Some(adapters) => everywhere.with_adapters(adapters.iter().map(String::as_str)),
            None => everywhere,
        }
    });
    let rules = config.rules.iter().map(|config| config.rule.clone());
    let principals = config.principals.iter();
    let builder = adapters.fold(RoutingTable::builder(), |builder, adapter| {
        builder.with_adapter(adapter)
    });
    let builder = routes.fold(builder, |builder, route| builder.with_route(route));
    let builder = found_by_dns.iter().fold(builder, |builder, adapter| {
        builder.with_found_by_dns(*adapter)
    });
    let builder = aliases.fold(builder, RoutingTableBuilder::with_alias);
    let builder = rules.fold(builder, RoutingTableBuilder::with_access_rule);
    let builder = principals.fold(builder, |builder, principal| {
        builder.with_blocked(principal.inbox.clone(), principal.blocked.clone())
    });
    let builder = match config.messages.enabled {
        true => builder,
        false => builder.without_messages(),
    };
    let relays = config.gateway.relay_domains.iter().cloned();
    relays.fold(builder, |builder, domain| builder.with_relay_domain(domain))
}

/// How much the routers take on: the operator's bound, shared among the shards.
pub(crate) fn limits(config: &Config, shards: NonZeroUsize) -> Limits {
    let share = config.gateway.max_operations.div_ceil(shards.get());
    Limits::new(share.min(Token::MAX_OPERATIONS))
        .with_default_deadline(config.gateway.deadline)
        .with_max_deadline(GatewayConfig::MAX_DEADLINE)
        .with_attempt_time(config.resolver.attempt_timeout)
        .with_remembered_steps(config.gateway.remembered_steps.div_ceil(shards.get()))
}

/// Opens a library to look at it; without `trust`, whoever names it answers for it.
pub(crate) fn open(path: &Path, trust: Option<&Trust>) -> Result<Library, String> {
    let opened = match trust {
        Some(trust) => Library::open_trusted(path, trust),
        None => Library::open(path),
    };
    opened.map_err(|error| error.to_string())
}

/// Where the configuration says what does not go together.
fn conflict(config: &Config, conflict: &RoutingConflict) -> ConfigError {
    let adapter = |name: &str| {
        let named = config.adapters.iter().find(|adapter| adapter.name == name);
        (
            format!("adapters.{name}"),
            named.and_then(|adapter| adapter.place.clone()),
        )
    };
    let route = |domain: &Domain| {
        let mut routes = config.routes.iter().enumerate();
        let last = routes.rfind(|(_, route)| route.domain == *domain);
        last.map_or_else(
            || ("routes".to_owned(), None),
            |(index, route)| (format!("routes[{index}]"), route.place.clone()),
        )
    };
    let section = |found: Option<(&String, &Option<String>)>| {
        found.map_or_else(Default::default, |(key, place)| {
            (key.clone(), place.clone())
        })
    };
    let (key, place) = match conflict {
        RoutingConflict::Alias { number, .. } => {
            let alias = config.aliases.get(*number);
            section(alias.map(|alias| (&alias.key, &alias.place)))
        }
        RoutingConflict::AccessRule { number, .. } => {
            let rule = config.rules.get(*number);
            section(rule.map(|rule| (&rule.key, &rule.place)))
        }
        RoutingConflict::Principal { inbox, .. } => {
            let mut principals = config.principals.iter();
            let principal = principals.find(|principal| principal.inbox == *inbox);
            section(principal.map(|principal| (&principal.key, &principal.place)))
        }
        RoutingConflict::AdapterTwice { name } => adapter(name),
        RoutingConflict::Protocol { adapter: name, .. }
        | RoutingConflict::AdapterName { adapter: name, .. } => adapter(name),
        RoutingConflict::UnknownAdapter { domain, .. }
        | RoutingConflict::RouteTwice { domain }
        | RoutingConflict::RelayRouted { domain } => route(domain),
        RoutingConflict::RelayTwice { .. } => (
            "gateway.relay_domains".to_owned(),
            config.gateway.place.clone(),
        ),
        _ => ("adapters".to_owned(), None),
    };
    let error = ConfigError::new(key, conflict.to_string()).at(place);
    match conflict.hint() {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
