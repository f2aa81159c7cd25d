//! What is said of subscriptions and of principals' rules on the control socket.

use serde::{Deserialize, Serialize};

/// Which subscriptions are to be shown.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Watched {
    pub(crate) filter: WatchedFilter,
    /// Behind this one, as `next` said; none: from the first.
    pub(crate) after: Option<u64>,
    /// At most so many; the gateway has a limit of its own.
    pub(crate) limit: usize,
}

/// What a subscription has to be; what is not said holds for all.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct WatchedFilter {
    /// The adapter of the watcher's network.
    pub(crate) adapter: Option<String>,
    /// The watcher's address, or its domain.
    pub(crate) watcher: Option<String>,
    /// The presentity's address, or its domain.
    pub(crate) presentity: Option<String>,
}

/// Some subscriptions.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Subscriptions {
    pub(crate) entries: Vec<Subscription>,
    /// Where the next ones begin, if there may be more.
    pub(crate) next: Option<u64>,
}

/// Who watches whom.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Subscription {
    pub(crate) id: u64,
    pub(crate) watcher: String,
    pub(crate) presentity: String,
    /// The adapter of the watcher's network.
    pub(crate) adapter: String,
    /// What the watcher's network calls it.
    pub(crate) subscription_id: String,
    /// `presence`, or `presence.winfo`.
    pub(crate) package: String,
    /// RFC 6665's word: `active`, `pending`, `terminated`.
    pub(crate) state: String,
    /// What the rules make of the watcher, in their words.
    pub(crate) handling: String,
    /// Whether somebody vouches for the watcher.
    pub(crate) authenticated: bool,
    pub(crate) age_seconds: u64,
    pub(crate) expires_seconds: u64,
    /// The presentity's side; none where the gateway alone says what the watcher is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) leg: Option<Leg>,
    /// Whether something is known of the presentity for this watcher.
    pub(crate) has_document: bool,
    /// Whether there is something that the watcher was not told.
    pub(crate) has_news: bool,
    pub(crate) version: u32,
}

/// The presentity's side of a subscription.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Leg {
    /// `resolving`, `asking`, `held`, `resting`, `done`.
    pub(crate) state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) adapter: Option<String>,
    pub(crate) tries: u8,
    /// When it is refreshed, or tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) due_seconds: Option<u64>,
    pub(crate) in_contact: bool,
}

/// How a principal's rules are to change; rules are in their own text form.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RulesOrder {
    /// This rule comes before all others.
    First(String),
    /// Nothing is said of these any more.
    Without(String),
    /// These are all the rules from now on.
    Replaced(String),
}

/// The rules of a principal.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Rules {
    /// A rule to a line; none where they cannot be shown.
    pub(crate) text: Option<String>,
    /// Why they cannot be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
}

impl WatchedFilter {
    /// Whether the filter lets a subscription pass that has these.
    pub(crate) fn admits(&self, adapter: &str, watcher: &str, presentity: &str) -> bool {
        self.adapter.as_deref().is_none_or(|of| of == adapter)
            && means(self.watcher.as_deref(), watcher)
            && means(self.presentity.as_deref(), presentity)
    }
}

/// Whether an address is the wanted one, with or without its scheme, or of the wanted domain.
fn means(wanted: Option<&str>, address: &str) -> bool {
    let bare = |address| str::strip_prefix(address, "pres:").unwrap_or(address);
    wanted.is_none_or(|wanted| {
        let (wanted, address) = (bare(wanted), bare(address));
        let domain = address.rsplit_once('@').map(|(_, domain)| domain);
        wanted == address || Some(wanted) == domain
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_are_found_by_adapter_and_by_either_side_as_address_or_domain() {
        let (alice, bob) = ("pres:alice@near.example", "pres:bob@far.example");
        let filter = |adapter: &str, watcher: &str, presentity: &str| WatchedFilter {
            adapter: Some(adapter.to_owned()),
            watcher: Some(watcher.to_owned()),
            presentity: Some(presentity.to_owned()),
        };
        assert!(WatchedFilter::default().admits("sip", alice, bob));
        assert!(filter("sip", alice, bob).admits("sip", alice, bob));
        assert!(filter("sip", "near.example", "bob@far.example").admits("sip", alice, bob));
        assert!(!filter("xmpp", alice, bob).admits("sip", alice, bob));
        assert!(!filter("sip", bob, alice).admits("sip", alice, bob));
        assert!(!filter("sip", "ear.example", bob).admits("sip", alice, bob));
    }
}
