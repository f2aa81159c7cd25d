//! The clauses of the contract that can be tried.

use std::fmt;

use crate::{
    cases::{configuration, content, library, life, operations, resources, services},
    subject::Subject,
    verdict::Verdict,
};

/// One clause of the contract.
#[derive(Clone, Copy)]
pub struct Clause {
    id: &'static str,
    level: Level,
    text: &'static str,
    pub(crate) case: fn(&Subject) -> Verdict,
}

/// How much a clause binds. RFC 2119.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Level {
    /// A plugin that does otherwise is wrong.
    Must,
    /// A plugin that does otherwise has a reason.
    Should,
}

impl Clause {
    /// Its number: section and place.
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// How much it binds.
    pub const fn level(&self) -> Level {
        self.level
    }

    /// What it says.
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// The clause with this number.
    pub fn find(id: &str) -> Option<&'static Self> {
        CLAUSES.iter().find(|clause| clause.id == id)
    }
}

impl fmt::Debug for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.id, self.level, self.text)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
        })
    }
}

macro_rules! clauses {
    ($($id:literal $level:ident $text:literal $case:path;)*) => {
        /// All of them, in the order in which they are tried.
        pub const CLAUSES: &[Clause] = &[$(Clause {
            id: $id,
            level: Level::$level,
            text: $text,
            case: $case,
        }),*];
    };
}

clauses! {
    "1.1" Must "the library passes the gateway's checks: file, mark, contract number, table, layouts, manifest" library::passes;
    "1.2" Should "the manifest names a licence and a scheme, and a version that begins with a digit" library::manifest;
    "1.3" Should "to open the library starts no thread and opens no file" library::does_nothing;
    "1.4" Should "the manifest says what the network can carry, and has a JSON Schema of the configuration" library::describes;
    "2.1" Must "a configuration with which it can run is accepted, with the same claims each time" configuration::accepted;
    "2.2" Must "an unknown key is refused" configuration::unknown_key;
    "2.3" Must "what is no JSON object is refused" configuration::no_object;
    "2.4" Must "a value of a wrong type is refused" configuration::wrong_type;
    "2.5" Must "a configuration that lacks a key is accepted, or refused with a reason" configuration::missing_key;
    "2.6" Should "a refusal names the key" configuration::names_key;
    "2.7" Should "the schema of the configuration refuses an unknown key and a value of a wrong type by itself" configuration::schema;
    "3.1" Must "`start` is answered once: ready, or the reason why not" life::starts;
    "3.2" Must "`stop` is answered once, with success, before its deadline" life::stops;
    "3.3" Must "after its release an adapter can be started again" life::restarts;
    "3.4" Must "two adapters run beside one another, and one goes on when the other ends" life::beside;
    "3.5" Must "`stop` is answered while operations are under way, and nothing is answered twice" life::stops_while_busy;
    "3.6" Must "no thread is left after `stop` and `release`" life::leaves_no_thread;
    "3.7" Must "no file or socket is left open after `stop` and `release`" life::leaves_no_descriptor;
    "3.8" Must "`release` without `stop` ends the adapter as well" life::released_without_stop;
    "3.9" Must "structs of `start` and `stop` that are longer than known are taken" life::longer_structs;
    "3.10" Must "`make_way`, where it is there, is answered once, before its deadline, and `stop` after it" life::makes_way;
    "4.1" Must "each operation is answered exactly once, before its deadline" operations::answered_once;
    "4.2" Must "answers are well-formed, and carry the operation's own identifier or none" operations::well_formed;
    "4.3" Must "`deliver` returns without waiting" operations::returns_at_once;
    "4.4" Must "functions may be called from several threads at once" operations::many_threads;
    "4.5" Must "an operation of an unknown kind is refused as an unsupported service" operations::unknown_kind;
    "4.6" Must "operations of services that are not offered are refused as such" operations::services_not_offered;
    "4.7" Must "an operation that is longer than known is taken as one of the known length" operations::longer;
    "4.8" Must "an operation that is as short as in the first release is taken" operations::shorter;
    "4.9" Must "an operation may be cancelled before, while and after it is under way" operations::cancelled;
    "4.10" Must "a deadline that is over at once does no harm" operations::short_deadline;
    "4.11" Must "log levels may be set at any time, unknown ones too" operations::levels;
    "4.12" Must "a delivery ends by its deadline however the gateway answers what is submitted for it" operations::gateway_conduct;
    "4.13" Must "what is submitted is well-formed" operations::submits_well_formed;
    "4.14" Must "a message is not handed back as it came, from the same source to the same destination" operations::no_loop;
    "4.15" Must "a reply goes to the address that was shown as the source, to the letter" operations::round_trip;
    "5.1" Must "no content of a message crashes or stops the adapter" content::bodies;
    "5.2" Must "no headers of a message crash or stop the adapter" content::headers;
    "5.3" Must "no address crashes or stops the adapter" content::addresses;
    "5.4" Must "a message of many megabytes is answered" content::oversize;
    "5.5" Must "the text of a message is neither logged nor told in an answer" content::not_logged;
    "6.1" Must "memory and open files do not grow with the messages" resources::soak;
    "6.2" Must "memory does not grow with starts and stops" resources::lives;
    "7.1" Must "a disposition is answered once, where the service is offered" services::dispositions;
    "7.2" Must "subscriptions and notifications are answered once, where the service is offered" services::presence;
    "7.3" Should "a subscription is answered once when it begins, is refreshed, ends, has ended, and is a fetch" services::subscription_lives;
    "7.4" Should "a subscription may be cancelled before, while and after it is under way" services::cancelled;
    "7.5" Should "no address, document or reference of a subscription crashes or stops the adapter" services::hostile_presence;
}
