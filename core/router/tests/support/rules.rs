//! Rules of principals, and a gallery where some hold.

use rialto_model::PublishOperation;
use rialto_router::{Handling, PrincipalRules, Subject, WatcherRule};

use super::gallery::{Gallery, HELEN, pidf, publish};

pub(crate) fn address(text: &str) -> Subject {
    Subject::Address(text.parse().unwrap())
}

pub(crate) fn alice() -> Subject {
    address("alice@voice.example")
}

pub(crate) fn rules(
    rules: impl IntoIterator<Item = (Subject, Handling)>,
) -> Option<PrincipalRules> {
    let rules = rules
        .into_iter()
        .map(|(of, handling)| WatcherRule::new(of, handling));
    Some(PrincipalRules::new(rules.collect()).unwrap())
}

pub(crate) fn with(of: &str, all: impl IntoIterator<Item = (Subject, Handling)>) -> Gallery {
    let mut gallery = Gallery::new();
    gallery.rules(of, rules(all));
    gallery
}

pub(crate) fn online(note: &str) -> PublishOperation {
    publish("phone", 1, pidf(HELEN, "open", note))
}
