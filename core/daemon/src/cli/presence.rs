//! The verbs on watchers, and on what principals say of them.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum SubsVerb {
    /// Lists subscriptions: a line for each.
    List {
        /// Only those of this adapter's watchers.
        #[arg(long, value_name = "ADAPTER")]
        adapter: Option<String>,
        /// Only those of this watcher, like `pres:fred@example.com`, or of this domain's.
        #[arg(long, value_name = "ADDRESS|DOMAIN")]
        watcher: Option<String>,
        /// Only those to this presentity, or to this domain's.
        #[arg(long, value_name = "ADDRESS|DOMAIN")]
        presentity: Option<String>,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Shows all that is known of one.
    Show {
        /// Its number, as `list` shows it.
        id: u64,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesVerb {
    /// Says whether a message may pass, and which rule decides.
    Test {
        /// The sender, like `im:fred@example.com`.
        from: String,
        /// The recipient.
        to: String,
        /// The adapter that the message comes from; without it, the one that the sender's domain has a route to.
        #[arg(long, value_name = "ADAPTER")]
        from_adapter: Option<String>,
        /// Takes the sender for one whose network vouches for it.
        #[arg(long)]
        authenticated: bool,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Shows the rules of a principal: a rule to a line, the first that means somebody decides.
    Show {
        /// The principal's address, like `helen@example.com`.
        #[arg(value_name = "PRESENTITY")]
        presentity: String,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Puts rules in the place of all that a principal has.
    Set {
        #[arg(value_name = "PRESENTITY")]
        presentity: String,
        /// A file with the rules, a rule to a line; without it, what comes on the standard input.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Puts a rule before all others, in its own words: `rialto rules add helen@example.com show status-only to *@example.org`.
    Add {
        #[arg(value_name = "PRESENTITY")]
        presentity: String,
        /// The rule.
        #[arg(value_name = "RULE", required = true, num_args = 1..)]
        rule: Vec<String>,
    },
    /// Lets somebody watch, and see all.
    Allow(Named),
    /// Refuses a watcher.
    Block(Named),
    /// Treats a watcher as if the principal were offline, so that it cannot tell the difference.
    PoliteBlock(Named),
    /// Lets a watcher wait until a rule decides.
    Confirm(Named),
    /// Takes back all that is said of somebody.
    Forget(Named),
}

/// A principal, and of whom it says something.
#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    #[arg(value_name = "PRESENTITY")]
    pub(crate) presentity: String,
    /// `user@domain`, `*@domain`, `anonymous`, `unauthenticated` or `anyone`.
    #[arg(value_name = "WHO")]
    pub(crate) who: String,
}
