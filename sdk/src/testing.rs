//! A gateway for the tests of a plugin's author: feature `testing`.
//!
//! Enough to start a plugin, to deliver to it, and to see what it submits. It is no gateway: it loads no library, enforces no
//! deadline and routes nothing.
#![expect(unsafe_code, reason = "plays the gateway's side of the contract")]

use std::{
    ffi::c_void,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rialto_abi as abi;
use rialto_bridge::{
    Answer,
    operation::{self, Operation},
};
use rialto_model::{DispositionOperation, MessageOperation, Origin, ResponseStatus};
use tokio::runtime::Handle;

use crate::{Context, Host, Plugin, Result, Tasks, config};

/// The gateway that a plugin under test sees: remembers what is submitted, and answers it.
#[derive(Debug)]
pub struct Gateway(&'static State);

#[derive(Debug)]
struct State {
    submitted: Mutex<Vec<MessageOperation>>,
    dispositions: Mutex<Vec<DispositionOperation>>,
    answer: Mutex<ResponseStatus>,
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
            answer: Mutex::new(ResponseStatus::Success),
        })))
    }

    /// Answers with `status` from now on.
    pub fn answer_with(&self, status: ResponseStatus) {
        *lock(&self.0.answer) = status;
    }

    /// The messages that were submitted since this was asked last, in order.
    pub fn submitted(&self) -> Vec<MessageOperation> {
        std::mem::take(&mut *lock(&self.0.submitted))
    }

    /// The dispositions that were submitted since this was asked last, in order.
    pub fn dispositions(&self) -> Vec<DispositionOperation> {
        std::mem::take(&mut *lock(&self.0.dispositions))
    }

    /// Reads a configuration, a JSON object, has the plugin check it, and starts the plugin on the runtime of the test.
    pub async fn start<P: Plugin>(&self, configuration: &str) -> Result<P> {
        let config = config::from_json::<P::Config>(configuration)?;
        P::claims(&config)?;
        let adapter = "test".to_owned();
        let host = Host::new(self.table(), adapter.clone());
        let tasks = Tasks::new(Handle::current(), host.clone());
        P::start(Context::new(adapter, config, host, tasks)).await
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
        let status = lock(&state.answer).clone();
        match operation {
            Operation::Message(message) => lock(&state.submitted).push(message),
            Operation::Disposition(disposition) => lock(&state.dispositions).push(disposition),
        }
        answer.send(&status);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
