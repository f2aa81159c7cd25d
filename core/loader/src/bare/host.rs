//! A gateway that writes down what a plugin says.

use std::{
    ffi::c_void,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rialto_abi as abi;
use rialto_bridge::{
    Answer, Receipt,
    operation::{self, Operation},
    read,
};
use rialto_model::{Failure, FailureReason, Origin, ResponseStatus};

use crate::LogRecord;

/// How a gateway answers what is submitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conduct {
    /// With success.
    #[default]
    Succeed,
    /// With a failure.
    Fail,
    /// With "it will never be known".
    Doubt,
    /// Not, until the plugin gives up.
    Hold,
}

/// What a plugin has said. At most [`Heard::MAX`] of each are kept; beyond that it is counted only.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Heard {
    /// What was submitted, in order.
    pub submitted: Vec<Operation>,
    /// How much was.
    pub submissions: u64,
    /// What was wrong with what was not taken.
    pub malformed: Vec<String>,
    /// Lines for the log: messages and data.
    pub lines: Vec<String>,
}

impl Heard {
    /// The most that is kept of each.
    pub const MAX: usize = 256;
}

/// Never freed: a thread that a plugin left behind may still call.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    heard: Heard,
    conduct: Conduct,
    held: Vec<Answer>,
}

impl Recorder {
    pub(super) fn leak() -> &'static Self {
        Box::leak(Box::default())
    }

    pub(super) fn conduct(&self, conduct: Conduct) {
        self.lock().conduct = conduct;
    }

    pub(super) fn heard(&self) -> Heard {
        self.lock().heard.clone()
    }

    pub(super) const fn table(&'static self) -> abi::Host {
        abi::Host {
            size: size_of::<abi::Host>() as u32,
            contract: abi::CONTRACT,
            ctx: std::ptr::from_ref(self).cast_mut().cast(),
            submit: Some(submit),
            cancel_submit: Some(cancel_submit),
            log: Some(log),
            count: Some(count),
            gauge: Some(gauge),
            observe: Some(gauge),
            health: Some(health),
            leave: None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers are given outside of the lock: the plugin may submit again within them.
    fn take(&self, operation: Operation, answer: Answer) {
        let mut state = self.lock();
        state.heard.submissions += 1;
        keep(&mut state.heard.submitted, operation);
        let status = match state.conduct {
            Conduct::Succeed => ResponseStatus::Success,
            Conduct::Doubt => ResponseStatus::Indeterminant,
            Conduct::Fail => Failure::new(FailureReason::NoSuchInbox).into(),
            Conduct::Hold if state.held.len() < Heard::MAX => return state.held.push(answer),
            Conduct::Hold => Failure::new(FailureReason::Overloaded).into(),
        };
        drop(state);
        let _: Receipt = answer.send(&status);
    }

    fn refuse(&self, problem: String, answer: Answer) {
        keep(&mut self.lock().heard.malformed, problem);
        let _: Receipt = answer.send(&Failure::new(FailureReason::Internal).into());
    }

    fn line(&self, line: String) {
        keep(&mut self.lock().heard.lines, line);
    }
}

fn keep<T>(list: &mut Vec<T>, item: T) {
    if list.len() < Heard::MAX {
        list.push(item);
    }
}

/// # Safety
/// `ctx` comes from [`Recorder::table`].
unsafe fn of(ctx: *mut c_void) -> &'static Recorder {
    // SAFETY: never freed, and the caller's promise.
    unsafe { &*ctx.cast::<Recorder>() }
}

unsafe extern "C" fn submit(
    ctx: *mut c_void,
    operation: *const abi::Operation,
    done: abi::Completion,
) {
    // SAFETY: the plugin's promise, for all of these.
    let (recorder, answer, operation) = unsafe {
        (
            of(ctx),
            Answer::new(done, Origin::Host),
            operation::own(operation),
        )
    };
    match operation {
        Ok(operation) => recorder.take(operation, answer),
        Err(error) => recorder.refuse(error.to_string(), answer),
    }
}

/// Gives up what is held; told for another one, the plugin hears that it was cancelled too.
unsafe extern "C" fn cancel_submit(ctx: *mut c_void, ticket: u64) {
    // SAFETY: the plugin's promise.
    let mut state = unsafe { of(ctx) }.lock();
    let at = state.held.iter().position(|held| held.ticket() == ticket);
    let given_up = at.map(|at| state.held.swap_remove(at));
    drop(state);
    drop(given_up);
}

unsafe extern "C" fn log(ctx: *mut c_void, record: *const abi::LogRecord) {
    // SAFETY: the plugin's promise, for both.
    let (recorder, record) = unsafe { (of(ctx), LogRecord::read(record)) };
    match record {
        Ok(record) => recorder.line(format!("{} {:?}", record.message, record.fields)),
        Err(error) => keep(
            &mut recorder.lock().heard.malformed,
            format!("a line for the log: {error}"),
        ),
    }
}

unsafe extern "C" fn count(ctx: *mut c_void, metric: abi::Bytes, _: u64) {
    // SAFETY: the plugin's promise.
    unsafe { named(ctx, metric) }
}

unsafe extern "C" fn gauge(ctx: *mut c_void, metric: abi::Bytes, _: f64) {
    // SAFETY: the plugin's promise.
    unsafe { named(ctx, metric) }
}

/// # Safety
/// As the contract has it.
unsafe fn named(ctx: *mut c_void, metric: abi::Bytes) {
    // SAFETY: the caller's promise, for both.
    if let (recorder, Err(error)) = unsafe { (of(ctx), read::text("a metric's name", metric)) } {
        keep(&mut recorder.lock().heard.malformed, error.to_string());
    }
}

unsafe extern "C" fn health(ctx: *mut c_void, _: u32, why: abi::Bytes) {
    // SAFETY: the plugin's promise, for both.
    match unsafe { (of(ctx), read::text("the reason", why)) } {
        (recorder, Ok(why)) => recorder.line(why.to_owned()),
        (recorder, Err(error)) => keep(&mut recorder.lock().heard.malformed, error.to_string()),
    }
}
