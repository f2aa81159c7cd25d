//! The Rialto gateway: a router between messaging networks that plugins speak.
//!
//! | module | what |
//! |---|---|
//! | [`cli`], [`commands`] | the command line and the verbs that end by themselves |
//! | [`config`] | files, environment and flags, with all their errors at once |
//! | [`run`], [`mod@adapters`] | the life of the gateway, and those of its adapters |
//! | [`gateway`], [`shard`], [`callers`] | operations between adapters and routers |
//! | [`storage`], [`journal`] | what survives a restart: the store, and what the shards keep in it |
//! | [`dns`] | next hops of domains without a static route |
//! | [`flow`], [`logging`], [`measures`] | what can be seen of it |
//! | [`control`] | the socket that `rialto send` talks to |

#![forbid(unsafe_code)]

mod adapters;
mod callers;
mod cli;
mod commands;
mod config;
mod control;
mod dns;
mod exit;
mod flow;
mod gateway;
mod journal;
mod logging;
mod measures;
mod naming;
mod plugins;
mod policies;
mod presence;
mod run;
mod shard;
mod storage;

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use clap::Parser;
use rialto_model::Authentication;
use tikv_jemallocator::Jemalloc;

use crate::{
    adapters::Order,
    cli::{
        AdaptersVerb, Cli, Configuration, Named, PluginVerb, PluginsVerb, QueueVerb, RulesVerb,
        SubsVerb, Verb,
    },
    commands::{
        Given, Resolve, RulesTest,
        plugin::{New, Test},
    },
    config::{Config, Draft, Sources},
    control::{Filter, RulesOrder, WatchedFilter},
    exit::Exit,
};

/// For the plugins too: it stands in for the `malloc` of the whole process.
///
/// Messages are made on the thread of one adapter and freed on that of another, where the system's allocator makes both wait for each other.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match execute(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(exit) => {
            // Nobody may be there to read it; the code says it too.
            drop(writeln!(io::stderr(), "{exit}"));
            exit.code()
        }
    }
}

fn execute(cli: &Cli) -> Result<(), Exit> {
    let draft = || read(&cli.configuration);
    let config = || draft()?.finish().map_err(Exit::config);
    match &cli.verb {
        Verb::Adapter => rialto_loader::child::run().map_err(Exit::Usage),
        Verb::Clause => {
            rialto_battery::child::run().map_err(|error| Exit::Usage(error.to_string()))
        }
        Verb::Plugin { verb } => plugin(verb, &cli.configuration.set),
        Verb::Run { ready_file } => run::run(draft()?, ready_file.as_deref()),
        Verb::Check => commands::check(draft()?),
        Verb::Plugins {
            verb: Some(verb), ..
        } => plugins(&cli.configuration, verb),
        Verb::Plugins {
            libraries, json, ..
        } if libraries.is_empty() => {
            let config = config()?;
            let configured = commands::plugins::configured(&config)?;
            commands::plugins::plugins(&configured, Some(&config.trust), *json)
        }
        Verb::Plugins {
            libraries, json, ..
        } => commands::plugins::plugins(libraries, None, *json),
        Verb::Resolve {
            destination,
            from,
            source,
            json,
        } => {
            let (from, source, json) = (from.as_deref(), source.as_deref(), *json);
            commands::resolve(
                draft()?,
                &Resolve {
                    destination,
                    from,
                    source,
                    json,
                },
            )
        }
        Verb::Send {
            source,
            destination,
            text,
            subject,
            json,
        } => {
            let message = commands::compose(&Given {
                source,
                destination,
                text: text.as_deref(),
                subject: subject.as_deref(),
            })?;
            commands::send(&config()?, message, *json)
        }
        Verb::Rules { verb } => rules(&cli.configuration, verb),
        Verb::Subs { verb } => subs(&config()?, verb),
        Verb::Queue { verb } => queue(&config()?, verb),
        Verb::Trace { id, json } => commands::trace(&config()?, id, *json),
        Verb::Adapters { verb: None, json } => commands::adapters::list(&config()?, *json),
        Verb::Adapters {
            verb: Some(verb), ..
        } => adapters(&config()?, verb),
        Verb::Status { json } => commands::status(&config()?, *json),
    }
}

fn adapters(config: &Config, verb: &AdaptersVerb) -> Result<(), Exit> {
    let (name, order) = match verb {
        AdaptersVerb::Drain { name } => (name, Order::Drain),
        AdaptersVerb::Stop { name } => (name, Order::Stop),
        AdaptersVerb::Start { name } => (name, Order::Start),
        AdaptersVerb::Restart { name } => (name, Order::Restart),
    };
    commands::adapters::order(config, name, order)
}

fn plugins(configuration: &Configuration, verb: &PluginsVerb) -> Result<(), Exit> {
    match verb {
        PluginsVerb::List { json } => {
            let config = read(configuration)?.finish().map_err(Exit::config)?;
            let configured = commands::plugins::configured(&config)?;
            commands::plugins::plugins(&configured, Some(&config.trust), *json)
        }
        PluginsVerb::Info { library, json } if library.contains('/') => {
            commands::plugins::plugin_info(Path::new(library), None, *json)
        }
        PluginsVerb::Info { library, json } => {
            let config = read(configuration)?.finish().map_err(Exit::config)?;
            let path = plugins::find(library, &config.gateway.plugin_dirs);
            let path = path.map_err(Exit::Unavailable)?;
            commands::plugins::plugin_info(&path, Some(&config.trust), *json)
        }
        PluginsVerb::Digest { libraries } => commands::plugins::digest(libraries),
        PluginsVerb::Upgrade { adapter, library } => {
            let config = read(configuration)?.finish().map_err(Exit::config)?;
            commands::adapters::upgrade(&config, adapter, library.as_deref())
        }
        PluginsVerb::Verify { libraries } => {
            let config = read(configuration)?.finish().map_err(Exit::config)?;
            if libraries.is_empty() {
                let configured = commands::plugins::configured(&config)?;
                return commands::plugins::verify(&configured, &config.trust);
            }
            commands::plugins::verify(libraries, &config.trust)
        }
    }
}

fn plugin(verb: &PluginVerb, set: &[String]) -> Result<(), Exit> {
    match verb {
        PluginVerb::New {
            name,
            lang,
            path,
            sdk,
        } => commands::plugin::new(&New {
            name,
            language: *lang,
            path: path.as_deref(),
            sdk: sdk.as_deref(),
        }),
        PluginVerb::Info { library, json } => commands::plugins::plugin_info(library, None, *json),
        PluginVerb::Test {
            library,
            settings,
            json,
            junit,
        } => commands::plugin::test(&Test {
            library,
            settings: settings.as_deref(),
            set,
            json: *json,
            junit: junit.as_deref(),
        }),
    }
}

fn rules(configuration: &Configuration, verb: &RulesVerb) -> Result<(), Exit> {
    let config = || read(configuration)?.finish().map_err(Exit::config);
    let change = |of: &str, order| commands::principals::change(&config()?, of, order);
    let first = |Named { presentity, who }: &Named, word: &str| {
        change(presentity, RulesOrder::First(format!("{word} {who}")))
    };
    match verb {
        RulesVerb::Test {
            from,
            to,
            from_adapter,
            authenticated,
            json,
        } => {
            let question = RulesTest {
                source: from,
                destination: to,
                from_adapter: from_adapter.as_deref(),
                authentication: match authenticated {
                    true => Authentication::Network,
                    false => Authentication::None,
                },
                json: *json,
            };
            commands::test_rules(read(configuration)?, &question)
        }
        RulesVerb::Show { presentity, json } => {
            commands::principals::show(&config()?, presentity, *json)
        }
        RulesVerb::Set { presentity, file } => {
            commands::principals::set(&config()?, presentity, file.as_deref())
        }
        RulesVerb::Add { presentity, rule } => {
            change(presentity, RulesOrder::First(rule.join(" ")))
        }
        RulesVerb::Allow(named) => first(named, "allow"),
        RulesVerb::Block(named) => first(named, "block"),
        RulesVerb::PoliteBlock(named) => first(named, "polite-block"),
        RulesVerb::Confirm(named) => first(named, "confirm"),
        RulesVerb::Forget(Named { presentity, who }) => {
            change(presentity, RulesOrder::Without(who.clone()))
        }
    }
}

fn subs(config: &Config, verb: &SubsVerb) -> Result<(), Exit> {
    match verb {
        SubsVerb::List {
            adapter,
            watcher,
            presentity,
            json,
        } => {
            let filter = WatchedFilter {
                adapter: adapter.clone(),
                watcher: watcher.clone(),
                presentity: presentity.clone(),
            };
            commands::subs::list(config, &filter, *json)
        }
        SubsVerb::Show { id, json } => commands::subs::show(config, *id, *json),
    }
}

fn queue(config: &Config, verb: &QueueVerb) -> Result<(), Exit> {
    match verb {
        QueueVerb::List {
            adapter,
            destination,
            offline,
            json,
        } => {
            let filter = Filter {
                adapter: adapter.clone(),
                destination: destination.clone(),
            };
            match offline {
                false => commands::queue::list(config, &filter, *json),
                true => commands::queue::list_offline(config, &filter, *json),
            }
        }
        QueueVerb::Show { id, offline, json } => match offline {
            false => commands::queue::show(config, *id, *json),
            true => commands::queue::show_offline(config, *id, *json),
        },
        QueueVerb::Retry { id, all: _ } => commands::queue::retry(config, *id),
        QueueVerb::Drop { id, offline } => match offline {
            false => commands::queue::give_up(config, *id),
            true => commands::queue::give_up_offline(&config.store, *id),
        },
        QueueVerb::Check => commands::queue::check(&config.store),
        QueueVerb::Dump => commands::queue::dump(&config.store),
    }
}

fn read(configuration: &Configuration) -> Result<Draft, Exit> {
    Sources::read(&configuration.config, &configuration.set)
        .and_then(|sources| sources.draft())
        .map_err(Exit::config)
}

/// clap's own exit code for wrong usage is 2; the one of `sysexits.h` is 64.
fn usage(error: &clap::Error) -> ExitCode {
    drop(error.print());
    if error.use_stderr() {
        Exit::Usage(String::new()).code()
    } else {
        ExitCode::SUCCESS
    }
}
