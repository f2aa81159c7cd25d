//! What is said on the control socket: a line of JSON each way.

use std::collections::BTreeMap;

use rialto_model::{Response, ResponseStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{RulesOrder, Watched};
use crate::{adapters::Order, flow, gateway::Gateway, measures::OfAdapter, storage::StoreStatus};

/// What can be asked.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub(crate) enum Request {
    /// Show what was done, and how the adapters are.
    Status,
    /// Send a text.
    Send(Message),
    /// Tell what happened to operations: by their sender's identifier, the onward one, or their network's name.
    Trace { id: String },
    /// Show some of what is kept.
    QueueList(Page),
    /// Show all that is known of one thing that is kept, but a message's text.
    QueueShow { id: u64 },
    /// Try at once what is kept: one, or all.
    QueueRetry { id: Option<u64> },
    /// Give one up, and tell its sender.
    QueueDrop { id: u64 },
    /// Show who watches whom.
    SubsList(Watched),
    /// Show one subscription.
    SubsShow { id: u64 },
    /// Show what a principal says of its watchers and senders.
    RulesShow { presentity: String },
    /// Change that.
    RulesChange {
        presentity: String,
        order: RulesOrder,
    },
    /// Show where the adapters are in their lives.
    Adapters,
    /// Start, stop or replace one.
    Adapter { name: String, order: Order },
}

/// An operator's message.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Message {
    /// An `im:` URI.
    pub(crate) source: String,
    /// An `im:` URI.
    pub(crate) destination: String,
    pub(crate) text: String,
    pub(crate) subject: Option<String>,
}

/// What was done, and how the adapters are.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Status {
    /// Why not everything is taken, or reached; nothing: all is well.
    pub(crate) not_ready: Vec<String>,
    /// What the routers have counted.
    pub(crate) router: BTreeMap<String, u64>,
    pub(crate) adapters: BTreeMap<String, OfAdapter>,
    /// What the custodians have counted.
    pub(crate) custody: BTreeMap<String, u64>,
    /// For how long the oldest message or report has been kept.
    pub(crate) oldest_seconds: Option<u64>,
    /// What the presence services have counted; nothing where none is given.
    #[serde(default)]
    pub(crate) presence: BTreeMap<String, u64>,
    /// The store; none when there is none.
    pub(crate) store: Option<StoreStatus>,
}

/// How a message ended.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Reply {
    /// RFC 3860's word: `success`, `failure`, `indeterminant`.
    pub(crate) status: String,
    /// The operation, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) transaction_id: Option<String>,
    /// Of a failure: why, as a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Of a failure: why, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

/// What happened to the operations that have an identifier.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Traced {
    /// Each the oldest step first.
    pub(crate) lives: Vec<Vec<TracedStep>>,
}

/// One thing that happened to an operation.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct TracedStep {
    /// RFC 3339.
    pub(crate) time: String,
    /// Microseconds since the first step that is remembered.
    pub(crate) after_us: u64,
    pub(crate) step: String,
    #[serde(flatten)]
    pub(crate) details: Map<String, Value>,
}

/// Which of what is kept is to be shown, in the order of acceptance.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Page {
    pub(crate) filter: Filter,
    /// Behind this one; none: from the first.
    pub(crate) after: Option<u64>,
    /// At most so many; the gateway has a limit of its own.
    pub(crate) limit: usize,
}

/// What a kept thing has to be; what is not said holds for all.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Filter {
    /// The adapter that brought the message, or that is told.
    pub(crate) adapter: Option<String>,
    /// Its recipient's address, or its domain.
    pub(crate) destination: Option<String>,
}

/// Some of what is kept.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Kept {
    pub(crate) entries: Vec<Entry>,
    /// Whether there is more behind it.
    pub(crate) more: bool,
}

/// Something that is kept.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Entry {
    pub(crate) id: u64,
    /// `message`, or `report`.
    pub(crate) kind: String,
    /// Who brought the message, or is told.
    pub(crate) adapter: String,
    pub(crate) source: String,
    pub(crate) destination: String,
    /// The domain that it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) domain: Option<String>,
    /// What it waits for, if a gateway runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    pub(crate) age_seconds: u64,
    pub(crate) attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_failure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_try_seconds: Option<u64>,
    pub(crate) expires_seconds: u64,
}

/// One thing that is kept, and what its record says besides.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Shown {
    #[serde(flatten)]
    pub(crate) entry: Entry,
    /// Empty when it is not on the disk yet.
    pub(crate) record: Map<String, Value>,
}

/// How many it was done to.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Done {
    pub(crate) count: u64,
}

/// What became of an order.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Ordered {
    /// Why it was not carried out; none: it was.
    pub(crate) problem: Option<String>,
}

impl Status {
    pub(crate) fn of(gateway: &Gateway) -> Self {
        let named = |counters: Vec<(&'static str, u64)>| {
            let own = |(name, value): (&'static str, u64)| (name.to_owned(), value);
            counters.into_iter().map(own).collect()
        };
        let adapters = gateway.table().adapters().map(|(id, adapter)| {
            let mut of = gateway.measures.of(id);
            of.process = gateway.process(id);
            if !gateway.is_running(id) {
                of.degraded = Some("it does not run; `rialto adapters` says why".to_owned());
            }
            (adapter.name().to_string(), of)
        });
        let (adapters, store) = (adapters.collect(), gateway.store().map(StoreStatus::of));
        Self {
            not_ready: not_ready(&adapters, store.as_ref()),
            router: named(gateway.statistics()),
            custody: named(gateway.custody()),
            presence: named(gateway.presence()),
            oldest_seconds: gateway.oldest().map(|age| age.as_secs()),
            adapters,
            store,
        }
    }
}

fn not_ready(adapters: &BTreeMap<String, OfAdapter>, store: Option<&StoreStatus>) -> Vec<String> {
    let of_store = store.and_then(|store| {
        Some(format!(
            "the store is {}: {}",
            store.state,
            store.why.as_ref()?
        ))
    });
    let degraded = adapters.iter().filter_map(|(name, adapter)| {
        let why = adapter.degraded.as_ref()?;
        Some(format!("the adapter {name} is degraded: {why}"))
    });
    of_store.into_iter().chain(degraded).collect()
}

impl Reply {
    pub(crate) fn refused(reason: &str, detail: String) -> Self {
        let (status, reason) = ("failure".to_owned(), Some(reason.to_owned()));
        Self {
            status,
            transaction_id: None,
            reason,
            detail: Some(detail),
        }
    }
}

impl From<&Response> for Reply {
    fn from(response: &Response) -> Self {
        let failure = match response.status() {
            ResponseStatus::Failure(failure) => Some(failure),
            _ => None,
        };
        Self {
            status: flow::word(response.status()).to_owned(),
            transaction_id: Some(response.transaction_id().to_string()),
            reason: failure.map(|failure| format!("{:?}", failure.reason())),
            detail: failure.map(|failure| failure.detail().to_owned()),
        }
    }
}

impl Filter {
    /// Whether the filter lets something pass that has these.
    pub(crate) fn admits(&self, adapter: &str, destination: &str, domain: Option<&str>) -> bool {
        let of_adapter = self
            .adapter
            .as_deref()
            .is_none_or(|wanted| wanted == adapter);
        let of_destination = self.destination.as_deref().is_none_or(|wanted| {
            let address = destination.strip_prefix("im:").unwrap_or(destination);
            let own_domain = address.rsplit_once('@').map(|(_, domain)| domain);
            wanted == destination
                || wanted == address
                || [own_domain, domain].contains(&Some(wanted))
        });
        of_adapter && of_destination
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateway_is_ready_when_its_store_and_its_adapters_are() {
        let store = |state: &str, why: Option<&str>| StoreStatus {
            state: state.to_owned(),
            why: why.map(str::to_owned),
            records: 0,
            bytes: 0,
            disk: 0,
            waiting: 0,
        };
        let adapter = |why: Option<&str>| {
            let mut adapter = OfAdapter::default();
            adapter.degraded = why.map(str::to_owned);
            adapter
        };
        let up = BTreeMap::from([("sip".to_owned(), adapter(None))]);
        assert_eq!(not_ready(&up, None), [""; 0]);
        assert_eq!(not_ready(&up, Some(&store("good", None))), [""; 0]);
        let down = BTreeMap::from([("sip".to_owned(), adapter(Some("no server")))]);
        assert_eq!(
            not_ready(&down, Some(&store("full", Some("no room")))),
            [
                "the store is full: no room",
                "the adapter sip is degraded: no server"
            ]
        );
    }

    fn admits(adapter: Option<&str>, destination: Option<&str>) -> bool {
        let filter = Filter {
            adapter: adapter.map(str::to_owned),
            destination: destination.map(str::to_owned),
        };
        filter.admits("sip", "im:bob@example.com", Some("chat.example"))
    }

    #[test]
    fn filter_admits_by_adapter_address_domain_and_the_domain_that_is_waited_for() {
        assert!(admits(None, None) && admits(Some("sip"), None));
        for destination in [
            "im:bob@example.com",
            "bob@example.com",
            "example.com",
            "chat.example",
        ] {
            assert!(admits(Some("sip"), Some(destination)), "{destination}");
        }
        assert!(!admits(Some("xmpp"), None));
        for destination in ["bob", "ample.com", "im:bob@chat.example"] {
            assert!(!admits(None, Some(destination)), "{destination}");
        }
    }
}
