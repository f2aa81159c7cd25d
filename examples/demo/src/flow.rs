//! What the gateway's log tells of an operation: target `rialto::flow`, as JSON lines.

use serde::Deserialize;

/// One line of the log that is about an operation.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(tag = "message")]
pub(crate) enum Flow {
    /// A plugin turned a native message into an operation.
    #[serde(rename = "operation received")]
    Received(Passage),
    /// The router knows where it goes.
    #[serde(rename = "route decided")]
    Routed(Routed),
    /// The router knows of no way.
    #[serde(rename = "no route found")]
    Unroutable(Unroutable),
    /// The sender's plugin has its response.
    #[serde(rename = "operation answered")]
    Answered(Answered),
}

/// The operation between an adapter and the router.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Passage {
    /// The adapter that it came from, or goes to.
    pub(crate) adapter: String,
    #[serde(rename = "transaction.id")]
    pub(crate) transaction_id: String,
    /// The sender, as that adapter's network sees it.
    #[serde(rename = "operation.source")]
    pub(crate) source: String,
    /// The recipient, as that adapter's network sees it.
    #[serde(rename = "operation.destination")]
    pub(crate) destination: String,
}

/// The operation on its way from the router.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Routed {
    #[serde(flatten)]
    pub(crate) passage: Passage,
    /// Why it goes there.
    #[serde(rename = "route.steps", default)]
    pub(crate) steps: String,
}

/// The operation that goes nowhere.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Unroutable {
    #[serde(rename = "transaction.id")]
    pub(crate) transaction_id: String,
    /// What was tried.
    #[serde(rename = "route.steps", default)]
    pub(crate) steps: String,
}

/// The one response.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Answered {
    #[serde(rename = "transaction.id")]
    pub(crate) transaction_id: String,
    #[serde(rename = "response.status")]
    pub(crate) status: String,
    #[serde(rename = "failure.reason", default)]
    pub(crate) reason: String,
    #[serde(rename = "failure.detail", default)]
    pub(crate) detail: String,
}

impl Flow {
    /// Reads a line of the log; `None` if it is about something else.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let target: Target = serde_json::from_str(line).ok()?;
        (target.target == "rialto::flow").then(|| serde_json::from_str(line).ok())?
    }
}

/// Reads which adapter a line of the log says is up; `None` if it is about something else.
pub(crate) fn adapter_up(line: &str) -> Option<String> {
    let health: Health = serde_json::from_str(line).ok()?;
    (health.message == "adapter is up").then_some(health.adapter)
}

#[derive(Deserialize)]
struct Target {
    target: String,
}

#[derive(Deserialize)]
struct Health {
    message: String,
    #[serde(rename = "adapter.name")]
    adapter: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flow_is_read_from_a_line_of_the_log() {
        let line = r#"{"timestamp":"2026-11-21T07:00:00Z","level":"DEBUG","target":"rialto::flow",
            "message":"operation answered","transaction.id":"t1","response.status":"success"}"#;
        let answered = Answered {
            transaction_id: "t1".into(),
            status: "success".into(),
            reason: String::new(),
            detail: String::new(),
        };
        assert_eq!(Flow::parse(line), Some(Flow::Answered(answered)));
    }

    #[test]
    fn adapter_is_up_when_the_log_says_so() {
        let line = r#"{"level":"INFO","message":"adapter is up","adapter.name":"xmpp"}"#;
        assert_eq!(adapter_up(line).as_deref(), Some("xmpp"));
        assert_eq!(adapter_up(&line.replace("up", "degraded")), None);
    }

    #[test]
    fn other_lines_are_no_flow() {
        assert_eq!(
            Flow::parse(r#"{"target":"rialto","message":"operation answered"}"#),
            None
        );
        assert_eq!(Flow::parse("thread main panicked"), None);
    }
}
