//! The functions of the table that begin and end an adapter.

use std::{ffi::c_void, mem::ManuallyDrop, ptr::null_mut, sync::Arc, time::Duration};

use rialto_abi as abi;
use rialto_bridge::{
    Legacy, Malformed,
    answer::caught,
    read::{self, lend},
};
use rialto_model::{Failure, FailureReason, ResponseStatus};

use super::{
    adapter::Adapter,
    guard::{answered, unanswered},
};
use crate::{Context, Error, Host, Plugin, Result, Succession, config, log};

pub(super) unsafe extern "C" fn claims<P: Plugin>(
    config: abi::Bytes,
    sink: *const abi::ClaimSink,
    done: abi::Completion,
) {
    let claim = || -> Result<()> {
        // SAFETY: the gateway's promise, for both.
        let (json, sink) = unsafe {
            let json = read::text("the configuration", config).map_err(malformed)?;
            (json, read::prefix(sink).map_err(malformed)?)
        };
        let claims = P::claims(&config::from_json(json)?)?;
        for claim in claims.iter() {
            let raw = abi::Claim {
                size: size_of::<abi::Claim>() as u32,
                kind: claim.kind,
                value: lend(claim.value.as_bytes()),
            };
            if let Some(claim) = sink.claim {
                // SAFETY: the gateway's function and its own context; `raw` outlives the call.
                unsafe { claim(sink.ctx, &raw const raw) }
            }
        }
        Ok(())
    };
    // SAFETY: `done` is this call's.
    unsafe {
        answered(done, (), |answer| {
            let status = status(claim());
            answer.take().map(|answer| answer.send(&status));
        });
    }
}

pub(super) unsafe extern "C" fn start<P: Plugin>(
    start: *const abi::Start,
    done: abi::Completion,
) -> *mut c_void {
    let begin = |answer: &mut super::guard::Unanswered| {
        // SAFETY: the gateway's promise.
        let Prepared { adapter, context } = match unsafe { prepare::<P>(start) } {
            Ok(prepared) => prepared,
            Err(error) => {
                let status = error.into();
                answer.take().map(|answer| answer.send(&status));
                return null_mut();
            }
        };
        let (this, answer) = (Arc::clone(&adapter), answer.take());
        adapter.runtime.handle().spawn(async move {
            let started = caught(async {
                let plugin = P::start(context).await?;
                let again = |_| Error::internal("started twice");
                this.plugin.set(plugin).map_err(again)
            });
            let status = started.await.map_or_else(|panicked| panicked, status);
            drop(this);
            answer.map(|answer| answer.send(&status));
        });
        Arc::into_raw(adapter).cast_mut().cast()
    };
    // SAFETY: `done` is this call's.
    unsafe { answered(done, null_mut(), begin) }
}

/// What an adapter starts with.
struct Prepared<P: Plugin> {
    adapter: Arc<Adapter<P>>,
    context: Context<P::Config>,
}

/// # Safety
/// `start` follows the contract.
unsafe fn prepare<P: Plugin>(start: *const abi::Start) -> Result<Prepared<P>> {
    // SAFETY: the caller's promise.
    let (legacy, level, name, config, table, flags) = unsafe {
        let start = read::prefix(start).map_err(malformed)?;
        // First of all: it is this side's already, and closed if nothing else succeeds.
        let legacy = (!start.legacy.is_null()).then(|| Legacy::own(start.legacy));
        (
            legacy.transpose().map_err(malformed)?,
            start.level,
            read::text("the adapter's name", start.adapter).map_err(malformed)?,
            read::text("the configuration", start.config).map_err(malformed)?,
            read::prefix(start.host).map_err(malformed)?,
            start.flags,
        )
    };
    let config = config::from_json(config)?;
    let host = Host::new(table, name.to_owned());
    log::install(&host);
    log::set_level(level);
    let adapter = Arc::new(Adapter::<P>::new(host.clone(), name)?);
    let tasks = adapter.tasks.clone();
    let succession = match flags & abi::START_BESIDE {
        0 => Succession::First,
        _ => Succession::Beside,
    };
    Ok(Prepared {
        adapter,
        context: Context::new(name.to_owned(), config, host, tasks, succession).with_legacy(legacy),
    })
}

pub(super) unsafe extern "C" fn make_way<P: Plugin>(
    adapter: *mut c_void,
    within: *const abi::Stop,
    done: abi::Completion,
) {
    // SAFETY: the gateway's promise.
    unsafe { end(adapter, within, done, made_way::<P>) }
}

pub(super) unsafe extern "C" fn stop<P: Plugin>(
    adapter: *mut c_void,
    stop: *const abi::Stop,
    done: abi::Completion,
) {
    // SAFETY: the gateway's promise.
    unsafe { end(adapter, stop, done, stopped::<P>) }
}

/// Runs what ends an adapter's work, and answers with what becomes of that.
///
/// # Safety
/// The arguments are those of a call that follows the contract.
unsafe fn end<P: Plugin, E: Future<Output = ResponseStatus> + Send + 'static>(
    adapter: *mut c_void,
    within: *const abi::Stop,
    done: abi::Completion,
    ending: fn(Arc<Adapter<P>>, Within) -> E,
) {
    // SAFETY: the caller's promise, and `done` is this call's.
    unsafe {
        answered(done, (), |answer| {
            let adapter = Adapter::<P>::of(adapter);
            let within = read::prefix(within).map_or_else(|_| Within::default(), Within::of);
            let (this, answer) = (Arc::clone(&adapter), answer.take());
            adapter.runtime.handle().spawn(async move {
                let status = ending(this, within).await;
                answer.map(|answer| answer.send(&status));
            });
        });
    }
}

/// How an adapter's work ends.
#[derive(Clone, Copy, Default)]
struct Within {
    limit: Duration,
    /// Does another version take over what this one has?
    is_leaving: bool,
}

impl Within {
    const fn of(stop: abi::Stop) -> Self {
        Self {
            limit: Duration::from_millis(stop.deadline_ms),
            is_leaving: stop.flags & abi::STOP_LEAVING != 0,
        }
    }
}

/// Lets the plugin end what its network has begun.
async fn made_way<P: Plugin>(adapter: Arc<Adapter<P>>, within: Within) -> ResponseStatus {
    let Some(plugin) = adapter.plugin.get() else {
        return ResponseStatus::Success;
    };
    match tokio::time::timeout(within.limit, caught(plugin.make_way())).await {
        Ok(Ok(())) => ResponseStatus::Success,
        Ok(Err(panicked)) => panicked,
        Err(_) => late("`make_way` did not return in time".to_owned()),
    }
}

/// Stops the plugin, then its tasks; who is late is named.
async fn stopped<P: Plugin>(adapter: Arc<Adapter<P>>, within: Within) -> ResponseStatus {
    let stop = async {
        let stopped = match adapter.plugin.get() {
            Some(plugin) if within.is_leaving => caught(left(&adapter, plugin)).await,
            Some(plugin) => caught(plugin.stop()).await,
            None => Ok(()),
        };
        adapter.tasks.join().await;
        stopped
    };
    match tokio::time::timeout(within.limit, stop).await {
        Ok(Ok(())) => ResponseStatus::Success,
        Ok(Err(panicked)) => panicked,
        Err(_) => late(match adapter.tasks.running().as_slice() {
            [] => "`stop` did not return in time".to_owned(),
            names => format!("late tasks: {}", names.join(", ")),
        }),
    }
}

fn late(what: String) -> ResponseStatus {
    Failure::new(FailureReason::TimedOut)
        .with_detail(what)
        .into()
}

async fn left<P: Plugin>(adapter: &Adapter<P>, plugin: &P) {
    if let Some(legacy) = plugin.leave().await {
        adapter.host.leave(legacy);
    }
}

pub(super) unsafe extern "C" fn release<P: Plugin>(adapter: *mut c_void) {
    if adapter.is_null() {
        return;
    }
    // SAFETY: the gateway's promise, and the last use of the handle.
    let adapter = ManuallyDrop::into_inner(unsafe { Adapter::<P>::of(adapter) });
    unanswered(move || {
        adapter.tasks.stop_signal().cancel();
        // Deliveries and tasks that hang hold the adapter, and so would hold themselves.
        adapter.cancel_deliveries();
        adapter.runtime.end();
        let handle = adapter.runtime.handle().clone();
        let _entered = handle.enter();
        drop(adapter);
    });
}

pub(super) unsafe extern "C" fn set_level(_: *mut c_void, level: u32) {
    unanswered(|| log::set_level(level));
}

fn malformed(error: Malformed) -> Error {
    Error::internal("the gateway broke the contract").with_source(error)
}

pub(super) fn status(result: Result<()>) -> ResponseStatus {
    match result {
        Ok(()) => ResponseStatus::Success,
        Err(error) => error.into(),
    }
}
