//! The slots that calls wait in.

use std::{
    cell::RefCell,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    task::Waker,
    time::{Duration, Instant},
};

use rialto_model::TransactionId;

use super::{Answered, Owner, Subject, Ticket};
use crate::Outcome;

const INDEX_BITS: u32 = 24;
const GENERATION: u64 = 1 << INDEX_BITS;
/// 64, 64, 128, 256, … slots.
const CHUNKS: usize = (INDEX_BITS - FIRST_CHUNK.ilog2() + 1) as usize;
const FIRST_CHUNK: u32 = 64;
/// Free slots that a thread keeps for itself.
const NEAR: usize = 32;

/// Alone on its cache lines: neighbours are used by other threads.
#[repr(align(128))]
struct Slot(Mutex<Call>);

pub(super) struct Call {
    ticket: u64,
    pub(super) owner: Option<Owner>,
    pub(super) transaction_id: Option<TransactionId>,
    pub(super) limit: Option<Duration>,
    pub(super) ends: Option<Instant>,
    pub(super) phase: Phase,
}

pub(super) enum Phase {
    Free,
    Waiting(Waiter),
    Done(Outcome),
}

pub(super) enum Waiter {
    Task(Option<Waker>),
    Callback {
        to: &'static dyn Answered,
        token: u64,
    },
    Once(Then),
}

/// Takes the answer of one call, on whatever thread it comes.
pub(super) type Then = Box<dyn FnOnce(Outcome) + Send>;

impl Call {
    pub(super) const fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::Waiting(_))
    }

    /// Moves the generation on, so that the old ticket is stale from now on.
    pub(super) fn close(&mut self) -> Phase {
        self.ticket = self.ticket.wrapping_add(GENERATION);
        std::mem::replace(&mut self.phase, Phase::Free)
    }
}

static SLOTS: [OnceLock<Box<[Slot]>>; CHUNKS] = [const { OnceLock::new() }; CHUNKS];
static MADE: AtomicU32 = AtomicU32::new(0);
static FREE: Mutex<Vec<u32>> = Mutex::new(Vec::new());
thread_local! {
    static NEARBY: RefCell<Nearby> = const { RefCell::new(Nearby(Vec::new())) };
}

/// Free slots of this thread.
struct Nearby(Vec<u32>);

impl Drop for Nearby {
    fn drop(&mut self) {
        lock(&FREE).append(&mut self.0);
    }
}

/// How many slots there are: a leak would show here.
pub fn made() -> u32 {
    MADE.load(Ordering::Relaxed)
}

/// Takes a slot for a call.
pub(super) fn occupy(subject: Subject<'_>, waiter: Waiter) -> Ticket {
    let index = near().unwrap_or_else(fresh);
    let slot = slot(index).expect("made before its number was known");
    let mut call = lock(&slot.0);
    call.ticket = call.ticket.wrapping_add(GENERATION);
    call.owner = Some(subject.owner);
    call.transaction_id = subject.transaction_id.copied();
    call.limit = subject.limit;
    call.ends = None;
    call.phase = Phase::Waiting(waiter);
    Ticket(call.ticket)
}

/// The call, if the ticket is not stale.
pub(super) fn lock_call(ticket: Ticket) -> Option<MutexGuard<'static, Call>> {
    let call = lock(&slot(index(ticket))?.0);
    (call.ticket == ticket.0).then_some(call)
}

/// Frees the slot of a call if it is in such a phase.
pub(super) fn end(ticket: Ticket, in_phase: impl FnOnce(&Phase) -> bool) -> Option<Phase> {
    let mut call = lock_call(ticket)?;
    if !in_phase(&call.phase) {
        return None;
    }
    let phase = call.close();
    drop(call);
    give_back(ticket);
    Some(phase)
}

/// Tickets and owners of the calls that `wanted` picks.
pub(super) fn find(mut wanted: impl FnMut(&mut Call) -> bool) -> Vec<(Ticket, Option<Owner>)> {
    (0..made())
        .filter_map(slot)
        .filter_map(|slot| {
            let mut call = lock(&slot.0);
            wanted(&mut call).then_some((Ticket(call.ticket), call.owner))
        })
        .collect()
}

/// Puts the slot of a closed call back.
pub(super) fn give_back(ticket: Ticket) {
    let index = index(ticket);
    let kept = NEARBY.try_with(|nearby| {
        let nearby = &mut nearby.borrow_mut().0;
        if nearby.len() == NEAR {
            lock(&FREE).extend(nearby.drain(NEAR / 2..));
        }
        nearby.push(index);
    });
    if kept.is_err() {
        lock(&FREE).push(index); // the thread is ending
    }
}

fn near() -> Option<u32> {
    let taken = NEARBY.try_with(|nearby| {
        let nearby = &mut nearby.borrow_mut().0;
        if nearby.is_empty() {
            let mut free = lock(&FREE);
            let from = free.len().saturating_sub(NEAR / 2);
            nearby.extend(free.drain(from..));
        }
        nearby.pop()
    });
    taken.ok().flatten()
}

fn fresh() -> u32 {
    let index = MADE.fetch_add(1, Ordering::Relaxed);
    assert!(index >> INDEX_BITS == 0, "too many calls in flight");
    let (chunk, first, len) = place(index);
    if let Some(chunk) = SLOTS.get(chunk) {
        chunk.get_or_init(|| (first..first + len).map(Slot::free).collect());
    }
    index
}

impl Slot {
    const fn free(index: u32) -> Self {
        Self(Mutex::new(Call {
            ticket: index as u64,
            owner: None,
            transaction_id: None,
            limit: None,
            ends: None,
            phase: Phase::Free,
        }))
    }
}

fn slot(index: u32) -> Option<&'static Slot> {
    let (chunk, first, _) = place(index);
    SLOTS.get(chunk)?.get()?.get((index - first) as usize)
}

/// The chunk of a slot, the chunk's first slot and its length.
const fn place(index: u32) -> (usize, u32, u32) {
    match (index / FIRST_CHUNK).checked_ilog2() {
        None => (0, 0, FIRST_CHUNK),
        Some(n) => (n as usize + 1, FIRST_CHUNK << n, FIRST_CHUNK << n),
    }
}

const fn index(ticket: Ticket) -> u32 {
    (ticket.0 & (GENERATION - 1)) as u32
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
