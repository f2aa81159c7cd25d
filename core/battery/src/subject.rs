//! What is tried, and how a case goes about it.

use std::{path::PathBuf, time::Duration};

use rialto_loader::{
    Library, Manifest, Operation,
    bare::{Answered, Bare, Call, Shape},
};
use rialto_model::{
    FailureReason, InstantInbox, InstantMessage, MessageOperation, ResponseStatus, TransactionId,
};
use serde_json::{Map, Value};

use crate::verdict::{Verdict, fail, skip};

/// For how long the answer to an operation is waited for, which is its deadline as well.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);
/// What is given to it beyond, on a machine that is busy with other things.
pub(crate) const GRACE: Duration = Duration::from_secs(5);
/// How long `start` and `stop` may take.
pub(crate) const LIFE: Duration = Duration::from_secs(10);

/// The plugin that is tried, with the configuration for its adapters.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) path: PathBuf,
    pub(crate) config: Map<String, Value>,
}

impl Subject {
    /// The library, or why nothing can be tried.
    pub(crate) fn library(&self) -> Result<Library, Verdict> {
        let refused = |_| Verdict::Skip("the library is refused (1.1)".into());
        Library::open(&self.path).map_err(refused)
    }

    pub(crate) fn config(&self) -> String {
        Value::Object(self.config.clone()).to_string()
    }

    /// An adapter that is ready.
    pub(crate) fn started(&self) -> Result<Bare, Verdict> {
        started(&self.library()?, &self.config(), Shape::Own)
    }
}

/// An adapter that is ready.
pub(crate) fn started(library: &Library, config: &str, shape: Shape) -> Result<Bare, Verdict> {
    let (bare, ready) = Bare::start(library, config, shape);
    match ready.wait(LIFE).first {
        Some(Ok(outcome)) if !is_failure(&outcome.status) && bare.has_handle() => Ok(bare),
        _ => skip("it does not start with this configuration (3.1)"),
    }
}

/// Ends an adapter as the gateway does.
pub(crate) fn ended(bare: Bare) -> Result<(), Verdict> {
    let stopped = bare.stop(LIFE, Shape::Own).wait(LIFE + GRACE);
    drop(bare);
    match stopped.count {
        0 => fail("`stop` was not answered"),
        _ => Ok(()),
    }
}

pub(crate) const fn is_failure(status: &ResponseStatus) -> bool {
    matches!(status, ResponseStatus::Failure(_))
}

/// A message from one user to another, who may not exist.
pub(crate) fn message(text: &str) -> MessageOperation {
    carrying(InstantMessage::text(text))
}

/// Such a message, of any content.
pub(crate) fn carrying(message: InstantMessage) -> MessageOperation {
    MessageOperation::new(id(), inbox("alice"), inbox("bob"), message).with_deadline(DEADLINE)
}

pub(crate) fn id() -> TransactionId {
    TransactionId::random(&mut rand::rng())
}

/// An inbox at a domain that is nobody's. RFC 2606.
#[expect(clippy::expect_used, reason = "only called with names that are plain")]
pub(crate) fn inbox(user: &str) -> InstantInbox {
    InstantInbox::parse(&format!("im:{user}@battery.example")).expect("a plain address")
}

/// Delivers an operation and waits for its answer.
pub(crate) fn delivered(bare: &Bare, operation: MessageOperation) -> Answered {
    bare.deliver(&Operation::Message(operation), Shape::Own)
        .wait(DEADLINE + GRACE)
}

/// Fails unless the answer came, and came once.
pub(crate) fn once(what: &str, answered: &Answered) -> Result<(), Verdict> {
    match answered.count {
        0 => fail(format!(
            "{what} was not answered within {:?}",
            DEADLINE + GRACE
        )),
        1 => Ok(()),
        count => fail(format!("{what} was answered {count} times")),
    }
}

/// Fails unless a message is still answered.
pub(crate) fn alive(bare: &Bare, after: &str) -> Result<(), Verdict> {
    once(
        &format!("a plain message after {after}"),
        &delivered(bare, message("alive")),
    )
}

/// Fails unless it was refused as a service that is not offered.
pub(crate) fn unsupported(what: &str, call: &Call) -> Result<(), Verdict> {
    let answered = call.wait(DEADLINE + GRACE);
    once(what, &answered)?;
    match answered.first {
        Some(Ok(outcome)) => match outcome.status {
            ResponseStatus::Failure(failure)
                if failure.reason() == FailureReason::UnsupportedService =>
            {
                Ok(())
            }
            other => fail(format!(
                "{what} was answered with {}, not refused as an unsupported service",
                named(&other)
            )),
        },
        Some(Err(problem)) => fail(format!("{what} was answered with garbage: {problem}")),
        None => Ok(()),
    }
}

/// A status, without the plugin's own words.
pub(crate) fn named(status: &ResponseStatus) -> String {
    match status {
        ResponseStatus::Success => "success".into(),
        ResponseStatus::Indeterminant => "indeterminant".into(),
        ResponseStatus::Failure(failure) => format!("the failure {:?}", failure.reason()),
    }
}

/// Whether the plugin can be asked for the service at all.
pub(crate) fn offers(
    what: &str,
    is_offered: impl Fn(&Manifest) -> bool,
    of: &Library,
) -> Result<(), Verdict> {
    match is_offered(of.manifest()) {
        true => Ok(()),
        false => skip(format!("{what} are not offered")),
    }
}
