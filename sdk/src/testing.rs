//! A gateway for the tests of a plugin's author: feature `testing`.
//!
//! Enough to start a plugin, to deliver to it, and to see what it submits. It is no gateway: it loads no library, enforces no
//! deadline and routes nothing.
#![expect(unsafe_code, reason = "plays the gateway's side of the contract")]

use std::{
    ffi::c_void,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rialto_abi as abi;
use rialto_bridge::{
    Answer, Outcome,
    operation::{self, Operation},
};
use rialto_model::{
    DispositionOperation, MessageOperation, NotifyOperation, Origin, PublishOperation,
    ResponseStatus, SubscribeOperation,
};
use tokio::runtime::Handle;

use crate::{Context, Host, Plugin, Result, Succession, Tasks, config};

/// The gateway that a plugin under test sees: remembers what is submitted, and answers it.
#[derive(Debug)]
pub struct Gateway(&'static State);

#[derive(Debug)]
struct State {
    submitted: Mutex<Vec<MessageOperation>>,
    dispositions: Mutex<Vec<DispositionOperation>>,
    subscriptions: Mutex<Vec<SubscribeOperation>>,
    notifications: Mutex<Vec<NotifyOperation>>,
    publications: Mutex<Vec<PublishOperation>>,
    answer: Mutex<Outcome>,
}

impl Gateway {
    /// Makes a gateway that answers what is submitted with success.
    ///
    /// Never freed, as the contract has it: a thread that the plugin left behind may still submit.
    #[expect(clippy::new_without_default, reason = "each leaks a little")]
    pub fn new() -> Self {
        Self(Box::leak(Box::new(State {
            submitted: Mutex::default(),
            dispositions: Mutex::default(),
            subscriptions: Mutex::default(),
            notifications: Mutex::default(),
            publications: Mutex::default(),
            answer: Mutex::new(ResponseStatus::Success.into()),
        })))
    }

    /// Answers with `status` from now on.
    pub fn answer_with(&self, status: ResponseStatus) {
        lock(&self.0.answer).status = status;
    }

    /// Says in answers from now on that subscriptions and publications hold for so long.
    pub fn grant(&self, duration: Duration) {
        lock(&self.0.answer).duration = Some(duration);
    }

    /// The messages that were submitted since this was asked last, in order.
    pub fn submitted(&self) -> Vec<MessageOperation> {
        std::mem::take(&mut *lock(&self.0.submitted))
    }

    /// The dispositions that were submitted since this was asked last, in order.
    pub fn dispositions(&self) -> Vec<DispositionOperation> {
        std::mem::take(&mut *lock(&self.0.dispositions))
    }

    /// The subscriptions that were submitted since this was asked last, in order; refreshes and ends too.
    pub fn subscriptions(&self) -> Vec<SubscribeOperation> {
        std::mem::take(&mut *lock(&self.0.subscriptions))
    }

    /// The notifications that were submitted since this was asked last, in order.
    pub fn notifications(&self) -> Vec<NotifyOperation> {
        std::mem::take(&mut *lock(&self.0.notifications))
    }

    /// The publications that were submitted since this was asked last, in order.
    pub fn publications(&self) -> Vec<PublishOperation> {
        std::mem::take(&mut *lock(&self.0.publications))
    }

    /// Reads a configuration, a JSON object, has the plugin check it, and starts the plugin on the runtime of the test.
    pub async fn start<P: Plugin>(&self, configuration: &str) -> Result<P> {
        let config = config::from_json::<P::Config>(configuration)?;
        P::claims(&config)?;
        let adapter = "test".to_owned();
        let host = Host::new(self.table(), adapter.clone());
        let tasks = Tasks::new(Handle::current(), host.clone());
        P::start(Context::new(
            adapter,
            config,
            host,
            tasks,
            Succession::First,
        ))
        .await
    }

    fn table(&self) -> abi::Host {
        abi::Host {
            size: size_of::<abi::Host>() as u32,
            contract: abi::CONTRACT,
            ctx: std::ptr::from_ref(self.0).cast_mut().cast(),
            submit: Some(submit),
            cancel_submit: None,
            log: None,
            count: None,
            gauge: None,
            observe: None,
            health: None,
        }
    }
}

/// # Safety
/// As the contract has it; `ctx` comes from [`Gateway::table`].
unsafe extern "C" fn submit(
    ctx: *mut c_void,
    operation: *const abi::Operation,
    done: abi::Completion,
) {
    // SAFETY: the caller's promise, for all of these; the state is never freed.
    let (state, answer, operation) = unsafe {
        (
            &*ctx.cast::<State>(),
            Answer::new(done, Origin::Host),
            operation::own(operation),
        )
    };
    // What is malformed is given up: the SDK that is under test here made it.
    if let Ok(operation) = operation {
        let outcome = lock(&state.answer).clone();
        match operation {
            Operation::Message(message) => lock(&state.submitted).push(message),
            Operation::Disposition(disposition) => lock(&state.dispositions).push(disposition),
            Operation::Subscribe(subscription) => lock(&state.subscriptions).push(subscription),
            Operation::Notify(notification) => lock(&state.notifications).push(notification),
            Operation::Publish(publication) => lock(&state.publications).push(publication),
        }
        answer.send_outcome(&outcome);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use rialto_model::{
        Disposition, FailureReason, InstantInbox, InstantMessage, Response, TransactionId,
    };
    use serde::Deserialize;
    use tokio::sync::oneshot;

    use super::*;
    use crate::{PluginInfo, Services};

    /// Submits what it is told to; knows nothing of dispositions.
    struct Plain {
        host: Host,
    }

    #[derive(Deserialize)]
    struct Config {}

    impl Plugin for Plain {
        const INFO: PluginInfo = PluginInfo::new("plain", "1").services(Services::MESSAGES);

        type Config = Config;

        async fn start(context: Context<Config>) -> Result<Self> {
            Ok(Self { host: context.host })
        }

        async fn deliver(&self, operation: MessageOperation) -> Result<Response> {
            Ok(self.host.submit(operation).await)
        }
    }

    fn id(text: &str) -> TransactionId {
        TransactionId::parse(text.as_bytes()).unwrap()
    }

    fn inbox(user: &str) -> InstantInbox {
        InstantInbox::parse(&format!("im:{user}@example.org")).unwrap()
    }

    fn disposition(name: &str) -> DispositionOperation {
        let (source, destination) = (inbox("bob"), inbox("alice"));
        DispositionOperation::new(
            id(name),
            id("message"),
            source,
            destination,
            Disposition::Displayed,
        )
    }

    #[tokio::test]
    async fn dispositions_are_answered_and_seen_apart_from_messages() {
        let gateway = Gateway::new();
        let plugin: Plain = gateway.start("{}").await.unwrap();
        let text = InstantMessage::text("x");
        let message = MessageOperation::new(id("1"), inbox("alice"), inbox("bob"), text);
        let response = plugin.deliver(message.clone()).await.unwrap();
        assert!(response.status().is_success());

        let response = plugin.host.submit_disposition(disposition("2")).await;
        assert_eq!(*response.transaction_id(), id("2"));
        let refused = ResponseStatus::from(rialto_model::Failure::new(FailureReason::NotPermitted));
        gateway.answer_with(refused.clone());
        let (sender, receiver) = oneshot::channel();
        plugin
            .host
            .submit_disposition_then(disposition("3"), |response| sender.send(response).unwrap());
        let response = receiver.await.unwrap();
        assert_eq!(*response.transaction_id(), id("3"));
        assert_eq!(response.into_status(), refused);

        assert_eq!(gateway.submitted(), [message]);
        assert_eq!(gateway.dispositions(), [disposition("2"), disposition("3")]);
        assert!(gateway.dispositions().is_empty(), "taken");
    }

    #[tokio::test]
    async fn plugin_that_does_not_offer_dispositions_says_so() {
        let plugin: Plain = Gateway::new().start("{}").await.unwrap();
        let refused = plugin.deliver_disposition(disposition("1")).await;
        let failure = refused.unwrap_err().into_failure();
        assert_eq!(failure.reason(), FailureReason::UnsupportedService);
    }
}
