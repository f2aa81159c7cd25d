//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

mod presence;

pub(crate) use self::presence::{Named, RulesVerb, SubsVerb};
use crate::commands::plugin::{Language, PluginName};

/// A messaging gateway: SIP, XMPP and whatever its plugins speak.
#[derive(Debug, Parser)]
#[command(name = "rialto", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) configuration: Configuration,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Where the configuration is.
#[derive(Args, Debug)]
pub(crate) struct Configuration {
    /// The configuration file; the files of `conf.d` beside it are read after it.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "/etc/rialto/rialto.toml",
        env = "RIALTO_CONFIG"
    )]
    pub(crate) config: PathBuf,
    /// Sets one key, over files and environment, like `--set gateway.drain=5s`.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

/// The verb that a gateway starts the processes of its adapters with.
pub(crate) const ADAPTER: &str = "adapter-process";

/// The verb that the battery starts a process with for each clause that it tries.
pub(crate) const CLAUSE: &str = "battery-clause";

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Tries one clause of the contract, for the battery that started it.
    #[command(name = CLAUSE, hide = true)]
    Clause,
    /// Is an adapter in a process of its own, for the gateway that started it.
    #[command(name = ADAPTER, hide = true)]
    Adapter,
    /// Runs the gateway until it is told to stop; TERM drains it.
    Run {
        /// A file that is written once every adapter has started: their names, one on each line.
        #[arg(long, value_name = "FILE")]
        ready_file: Option<PathBuf>,
    },
    /// Checks the whole configuration, plugin sections included, without touching the network.
    Check,
    /// Lists the plugins that the configuration names, or those in the given files.
    #[command(args_conflicts_with_subcommands = true)]
    Plugins {
        #[command(subcommand)]
        verb: Option<PluginsVerb>,
        /// Plugin libraries; without any, those of the configuration.
        #[arg(value_name = "LIBRARY")]
        libraries: Vec<PathBuf>,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// For authors of plugins: begins one, tries one.
    Plugin {
        #[command(subcommand)]
        verb: PluginVerb,
    },
    /// Explains the way to an address, step by step.
    Resolve {
        /// The destination, like `im:fred@example.com`.
        destination: String,
        /// The adapter that the message would come from; without it, each one that is configured.
        #[arg(long, value_name = "ADAPTER")]
        from: Option<String>,
        /// The sender, where its address decides how it is shown.
        #[arg(long, value_name = "ADDRESS")]
        source: Option<String>,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Says what the operator's access rules make of a message (`test`), and shows and changes what principals say of their watchers and senders (all others).
    Rules {
        #[command(subcommand)]
        verb: RulesVerb,
    },
    /// Shows where the adapters of the running gateway are in their lives, or starts and stops one.
    #[command(args_conflicts_with_subcommands = true)]
    Adapters {
        #[command(subcommand)]
        verb: Option<AdaptersVerb>,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Shows what the running gateway has done, and how its adapters are.
    Status {
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tells the life of a message or a subscription: each step with its time, as far as the running gateway remembers it.
    Trace {
        /// The transaction identifier on either side, or what its network calls the message.
        id: String,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Shows and ends what the gateway keeps: messages whose senders were answered before the outcome was known.
    Queue {
        #[command(subcommand)]
        verb: QueueVerb,
    },
    /// Shows who watches whom.
    Subs {
        #[command(subcommand)]
        verb: SubsVerb,
    },
    /// Sends a message through the running gateway and prints how it ended.
    Send {
        /// The sender, like `im:operator@relay.example`.
        source: String,
        /// The recipient, like `im:fred@example.com`, or a link that fills in `?subject=…&body=…`.
        destination: String,
        /// The text; without it, the body of the link.
        text: Option<String>,
        /// Its subject; without it, that of the link.
        #[arg(long)]
        subject: Option<String>,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AdaptersVerb {
    /// Lets what an adapter has been handed end, for at most `gateway.drain`, and stops it.
    Drain {
        #[arg(value_name = "ADAPTER")]
        name: String,
    },
    /// Stops an adapter at once.
    Stop {
        #[arg(value_name = "ADAPTER")]
        name: String,
    },
    /// Starts an adapter that does not run; if it cannot, it is tried again.
    Start {
        #[arg(value_name = "ADAPTER")]
        name: String,
    },
    /// Drains an adapter and starts it.
    Restart {
        #[arg(value_name = "ADAPTER")]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginsVerb {
    /// Lists the plugins that the configuration names.
    List {
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Says all that one library says of itself: what it carries, and the keys of its configuration.
    Info {
        /// A path, or a name as the configuration has it.
        #[arg(value_name = "LIBRARY|NAME")]
        library: String,
        /// Prints JSON, with the JSON Schema of the configuration.
        #[arg(long)]
        json: bool,
    },
    /// Prints the digests of files, for `plugins.allow`; executes nothing of them.
    Digest {
        #[arg(value_name = "LIBRARY", required = true)]
        libraries: Vec<PathBuf>,
    },
    /// Has the running gateway put another version of a plugin in the place of the one that runs.
    Upgrade {
        #[arg(value_name = "ADAPTER")]
        adapter: String,
        /// The new version; without it, the file that is now where the old one was.
        #[arg(value_name = "LIBRARY")]
        library: Option<PathBuf>,
    },
    /// Says which libraries the gateway may load: who can change them, and whether `[plugins]` lists them and knows who signed them.
    Verify {
        /// Plugin libraries; without any, those of the configuration. Nothing of them is executed.
        #[arg(value_name = "LIBRARY")]
        libraries: Vec<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum QueueVerb {
    /// Lists what is kept, the oldest first.
    List {
        /// Only what this adapter brought, or is told.
        #[arg(long, value_name = "ADAPTER")]
        adapter: Option<String>,
        /// Only what is for this address, like `im:fred@example.com`, or for this domain.
        #[arg(long, value_name = "ADDRESS|DOMAIN")]
        destination: Option<String>,
        /// Looks into the store of a stopped gateway.
        #[arg(long)]
        offline: bool,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Shows all that is known of one, but a message's text.
    Show {
        /// Its number, as `list` shows it.
        id: u64,
        /// Looks into the store of a stopped gateway.
        #[arg(long)]
        offline: bool,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tries at once what waits for its time.
    Retry {
        /// Its number, as `list` shows it.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<u64>,
        /// Tries everything.
        #[arg(long)]
        all: bool,
    },
    /// Gives one up; the sender of a message is told that it was not delivered.
    Drop {
        /// Its number, as `list` shows it.
        id: u64,
        /// Takes it out of the store of a stopped gateway; nobody is told.
        #[arg(long)]
        offline: bool,
    },
    /// Verifies the store of a stopped gateway.
    Check,
    /// Prints the store of a stopped gateway, each record as a line of JSON; never a message's text.
    Dump,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginVerb {
    /// Begins a plugin: a folder that builds, loads, and keeps the contract as it is.
    New {
        /// What it is called, like `my-net`.
        name: PluginName,
        /// What it is written in.
        #[arg(long, value_enum, default_value = "rust")]
        lang: Language,
        /// The folder, which is made if it is not there; by default the plugin's name.
        #[arg(long, value_name = "DIR")]
        path: Option<PathBuf>,
        /// The folder `sdk` of Rialto's sources; by default where this gateway was built, else the registry.
        #[arg(long, value_name = "DIR")]
        sdk: Option<PathBuf>,
    },
    /// Says all that a library says of itself.
    Info {
        /// The library.
        #[arg(value_name = "LIBRARY")]
        library: PathBuf,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tries whether a library keeps the contract, clause by clause, each in a process of its own. `--set KEY=VALUE` sets keys of its configuration.
    Test {
        /// The library.
        #[arg(value_name = "LIBRARY")]
        library: PathBuf,
        /// A TOML file with a configuration that the plugin can run with: what stands in `[adapters.NAME.config]`.
        #[arg(long, value_name = "FILE")]
        settings: Option<PathBuf>,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
        /// Writes a report for continuous integration as well: JUnit's XML.
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
    },
}
