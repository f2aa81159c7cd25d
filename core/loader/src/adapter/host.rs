//! What an adapter's host table leads to.
#![expect(unsafe_code, reason = "is called by the plugin")]

use std::{
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rialto_abi as abi;
use rialto_bridge::{
    Answer, Legacy,
    calls::Answered,
    operation::{self, Operation},
    read,
    response::{MAX_DETAIL, line},
};
use rialto_model::{Failure, Origin, Response};

use super::AdapterId;
use crate::{Gateway, Health, LogRecord, Measure, SubmissionId, SubmitAnswer};

/// The gateway's side of one adapter. Never freed, one per start of an adapter: a thread that the plugin left behind may
/// still log, and a late answer may still come.
pub(crate) struct Side {
    id: AdapterId,
    name: Arc<str>,
    gateway: Arc<dyn Gateway>,
    told: Taker,
    subscribed: Taker,
    notified: Taker,
    left: Mutex<Left>,
}

/// What an adapter leaves to the version that follows.
enum Left {
    /// Nobody takes it.
    Unasked,
    /// Nothing so far.
    Nothing,
    Legacy(Legacy),
}

/// Where the responses to the operations of one kind go, which are not messages.
pub(crate) struct Taker {
    id: AdapterId,
    gateway: Arc<dyn Gateway>,
    take: fn(&dyn Gateway, AdapterId, u64, Response),
}

impl Side {
    pub(crate) fn leak(id: AdapterId, name: Arc<str>, gateway: Arc<dyn Gateway>) -> &'static Self {
        let taker = |take| Taker {
            id,
            gateway: Arc::clone(&gateway),
            take,
        };
        Box::leak(Box::new(Self {
            id,
            name,
            told: taker(<dyn Gateway>::disposition_responded),
            subscribed: taker(<dyn Gateway>::subscribe_responded),
            notified: taker(<dyn Gateway>::notify_responded),
            left: Mutex::new(Left::Unasked),
            gateway,
        }))
    }

    pub(crate) const fn told(&self) -> &Taker {
        &self.told
    }

    pub(crate) const fn subscribed(&self) -> &Taker {
        &self.subscribed
    }

    pub(crate) const fn notified(&self) -> &Taker {
        &self.notified
    }

    pub(crate) const fn id(&self) -> AdapterId {
        self.id
    }

    pub(crate) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) fn gateway(&self) -> &dyn Gateway {
        &*self.gateway
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
            observe: Some(observe),
            health: Some(health),
            leave: Some(leave),
        }
    }

    /// From now on, one connection is taken that the adapter leaves.
    pub(super) fn ask_legacy(&self) {
        *self.left() = Left::Nothing;
    }

    /// Takes what was left; nothing is from now on.
    pub(super) fn take_legacy(&self) -> Option<Legacy> {
        match std::mem::replace(&mut *self.left(), Left::Unasked) {
            Left::Legacy(legacy) => Some(legacy),
            _ => None,
        }
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// # Safety
    /// `ctx` comes from [`table`](Self::table).
    unsafe fn of(ctx: *mut c_void) -> &'static Self {
        // SAFETY: never freed, and the caller's promise.
        unsafe { &*ctx.cast::<Self>() }
    }

    /// Hands the gateway what the adapter submits.
    pub(crate) fn take(&self, operation: Operation, answer: SubmitAnswer) {
        let (gateway, from) = (&self.gateway, self.id);
        match operation {
            Operation::Message(operation) => gateway.submit(from, operation, answer),
            Operation::Disposition(operation) => {
                gateway.submit_disposition(from, operation, answer);
            }
            Operation::Subscribe(operation) => gateway.submit_subscribe(from, operation, answer),
            Operation::Notify(operation) => gateway.submit_notify(from, operation, answer),
            Operation::Publish(operation) => gateway.submit_publish(from, operation, answer),
        }
    }

    /// # Safety
    /// `metric` follows the contract.
    unsafe fn measured(&self, metric: abi::Bytes, measure: Measure) {
        // SAFETY: the caller's promise.
        if let Ok(metric) = unsafe { read::text("a metric's name", metric) } {
            self.gateway.measured(self.id, metric, measure);
        }
    }
}

impl std::fmt::Debug for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Side({})", self.name)
    }
}

impl Answered for Side {
    fn answered(&self, token: u64, response: Response) {
        self.gateway.responded(self.id, token, response);
    }
}

impl Answered for Taker {
    fn answered(&self, token: u64, response: Response) {
        (self.take)(&*self.gateway, self.id, token, response);
    }
}

/// No panic of the gateway's reaches the plugin.
fn guard(call: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(call)) {
        std::mem::forget(payload); // its drop may panic as well
    }
}

unsafe extern "C" fn submit(
    ctx: *mut c_void,
    operation: *const abi::Operation,
    done: abi::Completion,
) {
    // SAFETY: `done` belongs to this call.
    let answer = unsafe { Answer::new(done, Origin::Host) };
    guard(|| {
        // SAFETY: the plugin's promise, for both.
        match unsafe { (Side::of(ctx), operation::own(operation)) } {
            (side, Ok(operation)) => {
                let answer = SubmitAnswer::new(answer, *operation.transaction_id());
                side.take(operation, answer);
            }
            (_, Err(error)) => {
                let failure = Failure::new(error.reason())
                    .with_origin(Origin::Plugin)
                    .with_detail(format!(
                        "the plugin submitted a malformed operation: {error}"
                    ));
                answer.send(&failure.into());
            }
        }
    });
}

unsafe extern "C" fn cancel_submit(ctx: *mut c_void, ticket: u64) {
    // SAFETY: the plugin's promise.
    let side = unsafe { Side::of(ctx) };
    guard(|| side.gateway.cancelled(side.id, SubmissionId::new(ticket)));
}

unsafe extern "C" fn log(ctx: *mut c_void, record: *const abi::LogRecord) {
    guard(|| {
        // SAFETY: the plugin's promise, for both.
        let (side, record) = unsafe { (Side::of(ctx), LogRecord::read(record)) };
        if let Ok(record) = record {
            side.gateway.log(&side.name, &record);
        }
    });
}

unsafe extern "C" fn count(ctx: *mut c_void, metric: abi::Bytes, by: u64) {
    // SAFETY: the plugin's promise, for both.
    guard(|| unsafe { Side::of(ctx).measured(metric, Measure::Count(by)) });
}

unsafe extern "C" fn gauge(ctx: *mut c_void, metric: abi::Bytes, value: f64) {
    // SAFETY: the plugin's promise, for both.
    guard(|| unsafe { Side::of(ctx).measured(metric, Measure::Gauge(value)) });
}

unsafe extern "C" fn observe(ctx: *mut c_void, metric: abi::Bytes, value: f64) {
    // SAFETY: the plugin's promise, for both.
    guard(|| unsafe { Side::of(ctx).measured(metric, Measure::Observe(value)) });
}

unsafe extern "C" fn leave(ctx: *mut c_void, legacy: *const abi::Legacy) -> u32 {
    let mut is_taken = false;
    guard(|| {
        // SAFETY: the plugin's promise.
        let mut left = unsafe { Side::of(ctx) }.left();
        if !matches!(*left, Left::Nothing) {
            return;
        }
        // SAFETY: the plugin's promise, and it is told that the descriptor is ours.
        if let Ok(legacy) = unsafe { Legacy::own(legacy) } {
            *left = Left::Legacy(legacy);
            is_taken = true;
        }
    });
    match is_taken {
        true => abi::ACCEPTED,
        false => abi::STALE,
    }
}

unsafe extern "C" fn health(ctx: *mut c_void, state: u32, why: abi::Bytes) {
    guard(|| {
        // SAFETY: the plugin's promise, for both.
        let (side, why) = unsafe { (Side::of(ctx), read::text("the reason", why)) };
        let health = match (state, why) {
            (abi::HEALTH_UP, _) => Health::Up,
            (_, Ok(why)) => Health::Degraded(line(why, MAX_DETAIL)),
            (_, Err(_)) => Health::Degraded("for an unreadable reason".to_owned()),
        };
        side.gateway.health(side.id, health);
    });
}
