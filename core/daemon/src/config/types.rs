//! The configuration, read and checked.

use std::{
    collections::BTreeMap, os::unix::net::SocketAddr, path::PathBuf, str::FromStr, time::Duration,
};

use rialto_loader::Trust;
use rialto_model::Domain;
use rialto_router::Limits;
use tracing_subscriber::EnvFilter;

use super::{
    access::{AliasConfig, PrincipalConfig, RuleConfig, check_adapter},
    custody::{CustodyConfig, PolicyConfig},
    error::{ConfigError, ConfigErrors},
    inbox::InboxConfig,
    isolation::IsolationConfig,
    presence::PresenceConfig,
    resolver::ResolverConfig,
    section::Section,
    store::StoreConfig,
    trust,
    watch::WatchConfig,
};

/// All that the operator says.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) gateway: GatewayConfig,
    pub(crate) log: LogConfig,
    /// `[plugins]`
    pub(crate) trust: Trust,
    pub(crate) adapters: Vec<AdapterConfig>,
    pub(crate) routes: Vec<RouteConfig>,
    pub(crate) resolver: ResolverConfig,
    pub(crate) aliases: Vec<AliasConfig>,
    pub(crate) rules: Vec<RuleConfig>,
    pub(crate) principals: Vec<PrincipalConfig>,
    pub(crate) store: StoreConfig,
    pub(crate) custody: CustodyConfig,
    pub(crate) messages: MessagesConfig,
    pub(crate) presence: PresenceConfig,
    pub(crate) inbox: InboxConfig,
}

/// A configuration as far as it could be read, and what is wrong with it.
///
/// Who only needs a part asks for [`finish`](Self::finish); who loads the plugins adds what they find wrong first.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) config: Config,
    pub(crate) errors: ConfigErrors,
}

/// `[gateway]`
#[derive(Debug)]
pub(crate) struct GatewayConfig {
    /// The domains that the gateway answers for: where source routes live.
    pub(crate) relay_domains: Vec<Domain>,
    /// Where a plugin that is named without a path is looked for.
    pub(crate) plugin_dirs: Vec<PathBuf>,
    /// How many routers share the conversations.
    pub(crate) shards: usize,
    /// Most operations in progress, over all shards.
    pub(crate) max_operations: usize,
    /// How long an operation may take when its sender names no time.
    pub(crate) deadline: Duration,
    /// How many steps of operations are remembered for `rialto trace`, over all shards.
    pub(crate) remembered_steps: usize,
    /// How long operations in progress may go on after TERM.
    pub(crate) drain: Duration,
    /// Where `rialto send` finds the gateway; none: not offered.
    pub(crate) control_socket: Option<PathBuf>,
    /// Where the section stands.
    pub(crate) place: Option<String>,
}

/// `[log]`
#[derive(Debug)]
pub(crate) struct LogConfig {
    /// A filter as `tracing-subscriber` reads it: `info`, `info,rialto_router=debug`.
    pub(crate) filter: EnvFilter,
    pub(crate) format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// `[messages]`
#[derive(Debug)]
pub(crate) struct MessagesConfig {
    /// Whether the message service is given.
    pub(crate) enabled: bool,
    /// `enabled`, with its place.
    place: (String, Option<String>),
}

/// `[adapters.NAME]`
#[derive(Debug)]
pub(crate) struct AdapterConfig {
    pub(crate) name: String,
    /// A name to look for in the plugin folders, or a path.
    pub(crate) plugin: String,
    /// Domains that this adapter's network sends to the gateway.
    pub(crate) domains: Vec<Domain>,
    /// Where it runs.
    pub(crate) isolation: IsolationConfig,
    /// The plugin's own section, as JSON.
    pub(crate) config: String,
    /// What is kept of what its network sends.
    pub(crate) custody: PolicyConfig,
    /// What is expected of it.
    pub(crate) watch: WatchConfig,
    /// Where the section stands.
    pub(crate) place: Option<String>,
    /// Where the keys of the plugin's section stand, for errors that the plugin finds; by their names from the root on.
    pub(crate) places: BTreeMap<String, String>,
}

/// `[[routes]]`
#[derive(Debug)]
pub(crate) struct RouteConfig {
    pub(crate) domain: Domain,
    pub(crate) adapter: String,
    pub(crate) next_hop: Option<String>,
    /// Whether the domain is ours, and not a partner's.
    pub(crate) own: bool,
    /// Where the section stands.
    pub(crate) place: Option<String>,
}

impl Config {
    pub(super) fn read(mut root: Section<'_>) -> Self {
        let gateway = GatewayConfig::read(root.table("gateway"));
        let log = LogConfig::read(root.table("log"));
        let trust = trust::read(root.table("plugins"));
        let sections = root.tables("adapters");
        let names: Vec<_> = sections.iter().map(|(name, _)| name.clone()).collect();
        let resolver = ResolverConfig::read(root.table("resolver"), &names);
        let adapters = sections
            .into_iter()
            .filter_map(|(name, section)| AdapterConfig::read(name, section))
            .collect();
        let routes = root
            .list("routes")
            .into_iter()
            .filter_map(|section| RouteConfig::read(section, &names))
            .collect();
        let aliases = root
            .list("aliases")
            .into_iter()
            .filter_map(|section| AliasConfig::read(section, &names))
            .collect();
        let rules = root
            .list("rules")
            .into_iter()
            .filter_map(|section| RuleConfig::read(section, &names))
            .collect();
        let principals = root
            .tables("principals")
            .into_iter()
            .filter_map(|(name, section)| PrincipalConfig::read(&name, section))
            .collect();
        let store = StoreConfig::read(root.table("store"));
        let custody = CustodyConfig::read(root.table("custody"));
        let messages = MessagesConfig::read(root.table("messages"));
        let presence = PresenceConfig::read(root.table("presence"));
        let inbox = InboxConfig::read(root.table("inbox"));
        root.finish();
        Self {
            gateway,
            log,
            trust,
            adapters,
            routes,
            resolver,
            aliases,
            rules,
            principals,
            store,
            custody,
            messages,
            presence,
            inbox,
        }
    }

    /// What asks for something to be kept, where nothing can be, for rules, where nobody heeds them, and for no service at all.
    pub(super) fn contradictions(&self) -> Vec<ConfigError> {
        let needs = |what: &'static str| {
            move |(key, place): &(String, Option<String>)| {
                let problem = format!("this needs {what}");
                ConfigError::new(key, problem).at(place.clone())
            }
        };
        let mut found = Vec::new();
        if !self.store.enabled {
            let keys = PolicyConfig::needs_store(self).chain(self.presence.needs_store());
            let contradictions = keys.map(needs("a store, and `store.enabled` is false"));
            let hint = "enable the store, or leave this key out";
            found.extend(contradictions.map(|error| error.hint(hint)));
        }
        if !self.presence.is_given(self.store.enabled) {
            let keys = self.inbox.needs_presence().into_iter();
            let contradictions = keys.map(needs("the presence service, which is not given"));
            let hint = "enable the store and `[presence]`, or leave this key out";
            found.extend(contradictions.map(|error| error.hint(hint)));
            if !self.messages.enabled {
                let error = needs("the presence service: otherwise the gateway would give none");
                let hint = "enable the store and `[presence]`, or messages";
                found.push(error(&self.messages.place).hint(hint));
            }
        }
        found
    }
}

impl Draft {
    /// The configuration, if nothing is wrong with it.
    pub(crate) fn finish(self) -> Result<Config, ConfigErrors> {
        if self.errors.0.is_empty() {
            Ok(self.config)
        } else {
            Err(self.errors)
        }
    }
}

impl GatewayConfig {
    /// How long an operation may take, whoever says so.
    pub(crate) const MAX_DEADLINE: Duration = Duration::from_secs(300);

    const DEADLINE: Duration = Duration::from_secs(30);
    const DRAIN: Duration = Duration::from_secs(10);
    const MAX_OPERATIONS: usize = 65_536;
    const MAX_SHARDS: usize = 64;
    const REMEMBERED_STEPS: usize = 65_536;

    fn read(mut section: Section<'_>) -> Self {
        let shards = section.value("shards").unwrap_or(1);
        if shards == 0 || shards > Self::MAX_SHARDS {
            section.report(
                "shards",
                "out of range",
                "1 to 64; more than the number of cores helps nobody",
            );
        }
        let max_operations = section
            .value("max_operations")
            .unwrap_or(Self::MAX_OPERATIONS);
        if max_operations == 0 {
            section.report("max_operations", "out of range", "at least 1");
        }
        let remembered_steps = section
            .value("remembered_steps")
            .unwrap_or(Self::REMEMBERED_STEPS);
        if remembered_steps > Limits::MOST_REMEMBERED_STEPS {
            section.report("remembered_steps", "out of range", "0 to 16777216");
        }
        let relay_domains = section.parsed_list("relay_domains");
        let deadline = section.duration("deadline").unwrap_or(Self::DEADLINE);
        if deadline.is_zero() || deadline > Self::MAX_DEADLINE {
            section.report("deadline", "out of range", "1ms to 5m");
        }
        let control_socket: Option<PathBuf> = section.value("control_socket");
        if control_socket
            .as_ref()
            .is_some_and(|path| SocketAddr::from_pathname(path).is_err())
        {
            section.report(
                "control_socket",
                "no socket can have this name",
                "at most 107 bytes",
            );
        }
        let config = Self {
            place: section.place(),
            relay_domains,
            plugin_dirs: section
                .value("plugin_dirs")
                .unwrap_or_else(|| vec!["plugins".into()]),
            shards,
            max_operations,
            deadline,
            remembered_steps,
            drain: section.duration("drain").unwrap_or(Self::DRAIN),
            control_socket,
        };
        section.finish();
        config
    }
}

impl LogConfig {
    fn read(mut section: Section<'_>) -> Self {
        let config = Self {
            filter: section
                .parsed("filter")
                .unwrap_or_else(|| EnvFilter::new("info")),
            format: section.parsed("format").unwrap_or(LogFormat::Text),
        };
        section.finish();
        config
    }
}

impl MessagesConfig {
    fn read(mut section: Section<'_>) -> Self {
        let enabled = section.value("enabled").unwrap_or(true);
        let place = section.place_of_key("enabled");
        section.finish();
        Self { enabled, place }
    }
}

impl AdapterConfig {
    fn read(name: String, mut section: Section<'_>) -> Option<Self> {
        let place = section.place();
        if !is_name(&name) {
            section.refuse(
                "this cannot be the name of an adapter",
                "1 to 64 ASCII letters, digits, `-` and `_`",
            );
        }
        let plugin = section.required("plugin", "name the plugin, like plugin = \"sip\"");
        let domains = section.parsed_list("domains");
        let isolation = IsolationConfig::read(&mut section);
        let config = section.table("config");
        let (places, config) = (config.places(), config.into_json());
        let custody = PolicyConfig::read(section.table("custody"));
        let watch = WatchConfig::read(section.table("watch"));
        section.finish();
        Some(Self {
            name,
            plugin: plugin?,
            domains,
            isolation,
            config,
            custody,
            watch,
            place,
            places,
        })
    }
}

impl RouteConfig {
    fn read(mut section: Section<'_>, adapters: &[String]) -> Option<Self> {
        let place = section.place();
        let domain = section.required::<String>("domain", "name the domain that the route is for");
        let domain = domain.and_then(|_| section.parsed("domain"));
        let adapter = section.required::<String>("adapter", "name the adapter that reaches it");
        if let Some(name) = &adapter {
            check_adapter(&section, "adapter", name, adapters);
        }
        let next_hop = section.value("next_hop");
        let own = section.value("own").unwrap_or(true);
        section.finish();
        Some(Self {
            domain: domain?,
            adapter: adapter?,
            next_hop,
            own,
            place,
        })
    }
}

/// Names stand in the log, in the file that says that the gateway is ready, and as names of threads.
fn is_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=64).contains(&name.len()) && name.bytes().all(letter)
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(format!("`{text}` is no log format: write `text` or `json`")),
        }
    }
}
