//! The lines that pass between the test and the stage.

use std::time::Duration;

use rialto_sdk::{
    prelude::*,
    serde_json::{Value, json},
};

/// What the test has the stage do.
#[derive(Debug, Deserialize)]
#[serde(crate = "rialto_sdk::serde", tag = "do", rename_all = "lowercase")]
pub(crate) enum Cue {
    /// Say how the network is.
    Health { degraded: Option<String> },
    /// Refuse what comes from the gateway, or take it again.
    Refuse { refuse: bool },
    /// Have a user watch somebody.
    Subscribe(Subscribe),
    /// Say how somebody is.
    Notify(Notify),
    /// Have a hosted presentity say how it is.
    Publish(Publish),
}

/// What a watcher asks.
#[derive(Debug, Deserialize)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields)]
pub(crate) struct Subscribe {
    /// Comes back with the answer.
    pub(crate) n: u64,
    id: String,
    watcher: String,
    target: String,
    duration: Option<u64>,
    reference: Option<String>,
    #[serde(default)]
    stranger: bool,
}

/// What is said of somebody.
#[derive(Debug, Deserialize)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields)]
pub(crate) struct Notify {
    /// Comes back with the answer.
    pub(crate) n: u64,
    id: String,
    watcher: String,
    target: String,
    /// `active`, `pending`, or the reason of the end.
    state: String,
    document: Option<String>,
    #[serde(default)]
    stranger: bool,
}

/// What a hosted presentity says.
#[derive(Debug, Deserialize)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields)]
pub(crate) struct Publish {
    /// Comes back with the answer.
    pub(crate) n: u64,
    id: String,
    presentity: String,
    publisher: String,
    document: Option<String>,
    duration: Option<u64>,
    #[serde(default)]
    version: u64,
    expected: Option<u64>,
}

impl Subscribe {
    pub(crate) fn operation(self, host: &Host) -> Result<SubscribeOperation, String> {
        let (id, watcher, target) = (id(&self.id)?, who(&self.watcher)?, who(&self.target)?);
        let mut operation = SubscribeOperation::new(host.transaction_id(), id, watcher, target);
        if !self.stranger {
            operation = operation.with_authentication(Authentication::Network);
        }
        if let Some(seconds) = self.duration {
            operation = operation.with_duration(Duration::from_secs(seconds));
        }
        Ok(match self.reference {
            Some(reference) => operation.with_reference(reference),
            None => operation,
        })
    }
}

impl Notify {
    pub(crate) fn operation(self, host: &Host) -> Result<NotifyOperation, String> {
        let (id, watcher, target) = (id(&self.id)?, who(&self.watcher)?, who(&self.target)?);
        let state = match self.state.as_str() {
            "active" => SubscriptionState::Active,
            "pending" => SubscriptionState::Pending,
            reason => TerminationReason::parse(reason)
                .map(SubscriptionState::terminated)
                .ok_or_else(|| format!("no state: {reason}"))?,
        };
        let mut operation = NotifyOperation::new(host.transaction_id(), id, watcher, target, state);
        if !self.stranger {
            operation = operation.with_authentication(Authentication::Network);
        }
        Ok(match self.document {
            Some(xml) => operation.with_document(PresenceDocument::pidf(Bytes::from(xml))),
            None => operation,
        })
    }
}

impl Publish {
    pub(crate) fn operation(self, host: &Host) -> Result<PublishOperation, String> {
        let (id, presentity) = (id(&self.id)?, who(&self.presentity)?);
        let publisher = who(&self.publisher)?;
        let mut operation = PublishOperation::new(host.transaction_id(), id, presentity, publisher)
            .with_version(self.version)
            .with_authentication(Authentication::Network);
        if let Some(xml) = self.document {
            operation = operation.with_document(PresenceDocument::pidf(Bytes::from(xml)));
        }
        if let Some(seconds) = self.duration {
            operation = operation.with_duration(Duration::from_secs(seconds));
        }
        Ok(match self.expected {
            Some(version) => operation.with_expected_version(version),
            None => operation,
        })
    }
}

/// The gateway wants to know of somebody, for a watcher elsewhere.
pub(crate) fn asked(operation: &SubscribeOperation) -> Value {
    json!({
        "saw": "asked",
        "id": operation.subscription_id().as_str(),
        "watcher": operation.watcher().as_str(),
        "target": operation.target().as_str(),
        "duration": operation.duration().map(|time| time.as_secs()),
    })
}

/// The gateway tells a watcher.
pub(crate) fn told(operation: &NotifyOperation) -> Value {
    let document = operation
        .document()
        .map(|document| String::from_utf8_lossy(document.payload().as_bytes()).into_owned());
    let state = match operation.state() {
        SubscriptionState::Active => "active",
        SubscriptionState::Pending => "pending",
        SubscriptionState::Terminated { reason, .. } => reason.as_str(),
        _ => "unknown",
    };
    json!({
        "saw": "told",
        "id": operation.subscription_id().as_str(),
        "watcher": operation.watcher().as_str(),
        "target": operation.target().as_str(),
        "state": state,
        "document": document,
        "version": operation.version(),
        "reference": operation.reference().map(|reference| &**reference),
        "expires": operation.expires_in().map(|time| time.as_secs()),
    })
}

/// The gateway has answered.
pub(crate) fn answered(number: u64, response: &Response) -> Value {
    let (status, reason) = match response.status() {
        ResponseStatus::Success => ("success", None),
        ResponseStatus::Indeterminant => ("indeterminant", None),
        ResponseStatus::Failure(failure) => ("failure", Some(failure.reason())),
    };
    json!({
        "saw": "answered",
        "n": number,
        "status": status,
        "reason": reason.map(|reason| format!("{reason:?}")),
        "duration": response.duration().map(|time| time.as_secs()),
    })
}

/// The test has said what nobody can do.
pub(crate) fn confused(why: &str) -> Value {
    json!({ "saw": "confused", "why": why })
}

/// What the network says by itself of whom somebody watches.
pub(crate) fn open(host: &Host, to: &SubscribeOperation) -> NotifyOperation {
    let xml = format!(
        "<?xml version='1.0' encoding='UTF-8'?><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='{}'>\
         <tuple id='desk'><status><basic>open</basic></status></tuple></presence>",
        to.target()
    );
    NotifyOperation::new(
        host.transaction_id(),
        *to.subscription_id(),
        to.watcher().clone(),
        to.target().clone(),
        SubscriptionState::Active,
    )
    .with_document(PresenceDocument::pidf(Bytes::from(xml)))
}

fn id(text: &str) -> Result<SubscriptionId, String> {
    SubscriptionId::parse(text.as_bytes()).map_err(|error| error.to_string())
}

fn who(text: &str) -> Result<Presentity, String> {
    Presentity::parse(text).map_err(|error| error.to_string())
}
