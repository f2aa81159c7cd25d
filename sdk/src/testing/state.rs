//! What the gateway for tests remembers, and the contract's side of it.

use std::{
    collections::{HashMap, VecDeque},
    ffi::c_void,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rialto_abi as abi;
use rialto_bridge::{
    Answer, Outcome,
    operation::{self, Operation},
    read,
};
use rialto_model::{Origin, ResponseStatus};
use tokio::sync::Notify;

use crate::{Health, Tasks};

/// What a gateway for tests remembers.
#[derive(Debug, Default)]
pub(super) struct State {
    memory: Mutex<Memory>,
    came: Notify,
}

#[derive(Debug)]
struct Memory {
    submitted: VecDeque<Operation>,
    answer: Outcome,
    /// What waits for its answer, while answers are held.
    held: Option<Vec<Answer>>,
    tasks: Vec<Tasks>,
    health: Option<Health>,
    counted: HashMap<String, u64>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            submitted: VecDeque::new(),
            answer: ResponseStatus::Success.into(),
            held: None,
            tasks: Vec::new(),
            health: None,
            counted: HashMap::new(),
        }
    }
}

impl State {
    pub(super) fn answer_with(&self, change: impl FnOnce(&mut Outcome)) {
        let mut memory = self.memory();
        change(&mut memory.answer);
        let (held, answer) = (memory.held.take(), memory.answer.clone());
        drop(memory); // whoever hears an answer may submit
        for waiting in held.into_iter().flatten() {
            waiting.send_outcome(&answer);
        }
    }

    pub(super) fn hold(&self) {
        self.memory().held.get_or_insert_default();
    }

    /// Takes what is wanted out of what came.
    pub(super) fn take_all<O>(&self, wanted: impl Fn(Operation) -> Result<O, Operation>) -> Vec<O> {
        let mut memory = self.memory();
        let mut taken = Vec::new();
        for operation in std::mem::take(&mut memory.submitted) {
            match wanted(operation) {
                Ok(operation) => taken.push(operation),
                Err(other) => memory.submitted.push_back(other),
            }
        }
        taken
    }

    /// Takes the first that is wanted, when it has come.
    pub(super) async fn next<O>(&self, wanted: impl Fn(Operation) -> Result<O, Operation>) -> O {
        loop {
            let came = self.came.notified();
            match self.take_first(&wanted) {
                Some(operation) => return operation,
                None => came.await,
            }
        }
    }

    /// Looks at each once, in order; what is not taken stays.
    fn take_first<O>(&self, wanted: impl Fn(Operation) -> Result<O, Operation>) -> Option<O> {
        let mut memory = self.memory();
        let mut found = None;
        for operation in std::mem::take(&mut memory.submitted) {
            let rest = match found {
                None => match wanted(operation) {
                    Ok(operation) => {
                        found = Some(operation);
                        continue;
                    }
                    Err(other) => other,
                },
                Some(_) => operation,
            };
            memory.submitted.push_back(rest);
        }
        found
    }

    pub(super) fn keep(&self, tasks: Tasks) {
        self.memory().tasks.push(tasks);
    }

    pub(super) fn kept(&self) -> Vec<Tasks> {
        std::mem::take(&mut self.memory().tasks)
    }

    pub(super) fn health(&self) -> Option<Health> {
        self.memory().health.clone()
    }

    pub(super) fn counted(&self, metric: &str) -> u64 {
        self.memory()
            .counted
            .get(metric)
            .copied()
            .unwrap_or_default()
    }

    pub(super) fn table(&'static self) -> abi::Host {
        abi::Host {
            size: size_of::<abi::Host>() as u32,
            contract: abi::CONTRACT,
            ctx: std::ptr::from_ref(self).cast_mut().cast(),
            submit: Some(submit),
            cancel_submit: None,
            log: None,
            count: Some(count),
            gauge: None,
            observe: None,
            health: Some(health),
            leave: None,
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// # Safety
/// As the contract has it; `ctx` comes from [`State::table`].
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
    let Ok(operation) = operation else { return };
    let mut memory = state.memory();
    memory.submitted.push_back(operation);
    let outcome = memory.answer.clone();
    let now = match &mut memory.held {
        Some(held) => {
            held.push(answer);
            None
        }
        None => Some(answer),
    };
    drop(memory); // whoever hears the answer may submit
    state.came.notify_waiters();
    if let Some(answer) = now {
        answer.send_outcome(&outcome);
    }
}

/// # Safety
/// As [`submit`].
unsafe extern "C" fn count(ctx: *mut c_void, metric: abi::Bytes, by: u64) {
    // SAFETY: the caller's promise, for both.
    let (state, metric) = unsafe { (&*ctx.cast::<State>(), read::text("a metric", metric)) };
    let metric = metric.unwrap_or_default().to_owned();
    *state.memory().counted.entry(metric).or_default() += by;
}

/// # Safety
/// As [`submit`].
unsafe extern "C" fn health(ctx: *mut c_void, state: u32, why: abi::Bytes) {
    // SAFETY: the caller's promise, for both.
    let (this, why) = unsafe { (&*ctx.cast::<State>(), read::text("the reason", why)) };
    this.memory().health = Some(match state {
        abi::HEALTH_UP => Health::Up,
        _ => Health::Degraded(why.unwrap_or_default().to_owned()),
    });
}
