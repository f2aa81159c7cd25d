//! The subscriber's side of dialogs (RFC 6665 §4.1, §4.4.1).
//!
//! One dialog for each: the first that answers or notifies is it, and whatever a fork brings besides gets 481 (RFC 3856 §6.9).
//! All of it may be lost: the gateway then subscribes again under the same names, in dialogs of their own.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use rialto_sdk::{
    model::{Package, Presentity, SubscribeOperation, SubscriptionId, SubscriptionState},
    prelude::FailureReason,
};
use rialto_sip_codec::{Dialog, DialogError, Request, StatusCode};

/// Subscriptions by their names and by their Call-IDs; `W` is who waits for the first word of each.
#[derive(Debug)]
pub(crate) struct Legs<W> {
    limit: usize,
    calls: HashMap<SubscriptionId, u128>,
    legs: HashMap<u128, Leg<W>>,
    /// Whose presentity spoke over which connection.
    spoke: HashMap<u64, Vec<u128>>,
    /// At how many those that are over are looked for.
    sweep_at: usize,
}

#[derive(Debug)]
struct Leg<W> {
    id: SubscriptionId,
    watcher: Presentity,
    target: Presentity,
    package: Package,
    local_tag: u64,
    sequence: u32,
    dialog: Option<Dialog>,
    /// The number of the last request of the other end.
    heard: Option<u32>,
    state: Option<SubscriptionState>,
    is_ending: bool,
    until: Instant,
    /// When it was asked again last because its connection had ended.
    asked_again: Option<Instant>,
    waiting: Option<W>,
}

/// The next SUBSCRIBE of a subscription.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Asking {
    pub(crate) call: u128,
    pub(crate) local_tag: u64,
    pub(crate) sequence: u32,
    /// None yet: the request is to begin one.
    pub(crate) dialog: Option<Dialog>,
}

/// There are as many subscriptions as may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Full;

/// What a notification is of.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Heard<W> {
    pub(crate) call: u128,
    pub(crate) id: SubscriptionId,
    pub(crate) watcher: Presentity,
    pub(crate) target: Presentity,
    /// We have ended it: there is nobody to be told.
    pub(crate) is_ending: bool,
    /// Who waits for the first word.
    pub(crate) waiting: Option<W>,
}

/// A subscription of which something was heard.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Spoken {
    pub(crate) id: SubscriptionId,
    pub(crate) watcher: Presentity,
    pub(crate) target: Presentity,
    pub(crate) package: Package,
}

/// More subscriptions than a phone has watchers: they are of a server.
const MOST_OF_A_PHONE: usize = 16;

/// How often a phone is asked again at most: one that makes a connection for each request ends one by each answer.
const AGAIN: Duration = Duration::from_secs(60);

/// How long a notification may come after the subscription that it is of should be over: a transaction's time, twice.
const GRACE: Duration = Duration::from_secs(64);

/// Fewer are not looked through.
const FEW: usize = 1024;

impl<W> Legs<W> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            calls: HashMap::new(),
            legs: HashMap::new(),
            spoke: HashMap::new(),
            sweep_at: FEW,
        }
    }

    /// Takes what the gateway asks: the next request within the dialog of its name, or the first of a new one, which `call` and `tag` name.
    pub(crate) fn ask(
        &mut self,
        now: Instant,
        operation: &SubscribeOperation,
        [call, tag]: [u128; 2],
        waiting: W,
    ) -> Result<Asking, Full> {
        let known = self.calls.get(operation.subscription_id()).copied();
        let known = known.and_then(|call| Some((call, self.legs.get_mut(&call)?)));
        if let Some((call, leg)) = known
            && let Some(dialog) = &leg.dialog
        {
            leg.sequence += 1;
            leg.is_ending = operation.is_of_no_duration();
            leg.until = leg.until.max(now + GRACE);
            return Ok(Asking {
                call,
                local_tag: leg.local_tag,
                sequence: leg.sequence,
                dialog: Some(dialog.clone()),
            });
        }
        self.begin(now, operation, call, tag as u64, waiting)
    }

    fn begin(
        &mut self,
        now: Instant,
        operation: &SubscribeOperation,
        call: u128,
        local_tag: u64,
        waiting: W,
    ) -> Result<Asking, Full> {
        let id = *operation.subscription_id();
        self.make_room(now)?;
        let leg = Leg {
            id,
            watcher: operation.watcher().clone(),
            target: operation.target().clone(),
            package: operation.package(),
            local_tag,
            sequence: FIRST,
            dialog: None,
            heard: None,
            state: None,
            is_ending: false,
            until: now + GRACE,
            asked_again: None,
            waiting: Some(waiting),
        };
        if let Some(before) = self.calls.insert(id, call) {
            self.legs.remove(&before);
        }
        self.legs.insert(call, leg);
        Ok(Asking {
            call,
            local_tag,
            sequence: FIRST,
            dialog: None,
        })
    }

    /// Takes note of what a request was granted.
    ///
    /// The dialog is the answer's, unless a notification was faster (RFC 6665 §4.4.1).
    pub(crate) fn granted(
        &mut self,
        now: Instant,
        call: u128,
        dialog: Result<Dialog, DialogError>,
        duration: Duration,
    ) {
        let Some(leg) = self.legs.get_mut(&call) else {
            return;
        };
        leg.until = leg.until.max(now + duration + GRACE);
        if let (None, Ok(dialog)) = (&leg.dialog, dialog) {
            leg.dialog = Some(dialog);
        }
    }

    /// Finds the subscription that a notification is of; the status is the answer where there is none, or it comes too late.
    pub(crate) fn hear(
        &mut self,
        now: Instant,
        request: &Request<'_, '_>,
        package: Package,
        state: SubscriptionState,
        expires_in: Option<Duration>,
    ) -> Result<Heard<W>, StatusCode> {
        const UNKNOWN: StatusCode = StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST;
        let call = call_of(request.call_id()).ok_or(UNKNOWN)?;
        let leg = self.legs.get_mut(&call).ok_or(UNKNOWN)?;
        if leg.package != package || !leg.is_ours(request) {
            return Err(UNKNOWN);
        }
        leg.take(request)?;
        leg.state = Some(state);
        if let Some(expires_in) = expires_in {
            leg.until = leg.until.max(now + expires_in + GRACE);
        }
        let heard = Heard {
            call,
            id: leg.id,
            watcher: leg.watcher.clone(),
            target: leg.target.clone(),
            is_ending: leg.is_ending,
            waiting: leg.waiting.take(),
        };
        if state.is_terminated() {
            self.forget(call);
        }
        Ok(heard)
    }

    /// Takes note of the connection that a notification came over.
    pub(crate) fn spoke_over(&mut self, connection: u64, call: u128) {
        let calls = self.spoke.entry(connection).or_default();
        if calls.contains(&call) {
            return;
        }
        calls.retain(|known| self.legs.contains_key(known));
        if calls.len() <= MOST_OF_A_PHONE {
            calls.push(call);
        }
    }

    /// Which subscriptions a phone has spoken of over a connection that has ended, and is to be asked for again; none where a server was at its
    /// other end, by which nothing is known of the phones behind it.
    pub(crate) fn ended(&mut self, now: Instant, connection: u64) -> Vec<Spoken> {
        let calls = self.spoke.remove(&connection).unwrap_or_default();
        if calls.len() > MOST_OF_A_PHONE {
            return Vec::new();
        }
        let mut spoken = Vec::new();
        for call in calls {
            let Some(leg) = self.legs.get_mut(&call) else {
                continue;
            };
            let was_just = |at: Instant| now.duration_since(at) < AGAIN;
            if !leg.is_ending && !leg.asked_again.is_some_and(was_just) {
                leg.asked_again = Some(now);
                spoken.push(leg.spoken());
            }
        }
        spoken
    }

    /// Has nothing more to do with a subscription: its other end says that there is none, or the gateway does.
    pub(crate) fn forget(&mut self, call: u128) {
        if let Some(leg) = self.legs.remove(&call)
            && self.calls.get(&leg.id) == Some(&call)
        {
            self.calls.remove(&leg.id);
        }
    }

    /// What was heard of a subscription last.
    pub(crate) fn state(&self, call: u128) -> Option<SubscriptionState> {
        self.legs.get(&call)?.state
    }

    /// How many there are.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.legs.len()
    }

    fn make_room(&mut self, now: Instant) -> Result<(), Full> {
        if self.legs.len() >= self.sweep_at.min(self.limit) {
            self.legs.retain(|_, leg| leg.until > now);
            self.calls.retain(|_, call| self.legs.contains_key(call));
            self.sweep_at = (self.legs.len() * 2).max(FEW);
        }
        match self.legs.len() < self.limit {
            true => Ok(()),
            false => Err(Full),
        }
    }
}

impl<W> Leg<W> {
    fn spoken(&self) -> Spoken {
        Spoken {
            id: self.id,
            watcher: self.watcher.clone(),
            target: self.target.clone(),
            package: self.package,
        }
    }

    /// Whether a request has the tags of this dialog, or may be the first of it.
    fn is_ours(&self, request: &Request<'_, '_>) -> bool {
        let local_tag = format!("{:016x}", self.local_tag);
        let is_its = |dialog: &Dialog| request.from().tag() == Some(dialog.remote_tag());
        request.to().tag() == Some(&local_tag) && self.dialog.as_ref().is_none_or(is_its)
    }

    /// Takes a request that is newer than all before it (RFC 3261 §12.2.2); the first one begins the dialog.
    fn take(&mut self, request: &Request<'_, '_>) -> Result<(), StatusCode> {
        let sequence = request.cseq().number();
        if self.heard.is_some_and(|heard| sequence <= heard) {
            return Err(StatusCode::SERVER_INTERNAL_ERROR);
        }
        let begun = match &mut self.dialog {
            Some(dialog) => dialog.refresh_target(request.message()),
            None => match Dialog::of_server(request, "") {
                // Linphone's has none, though it must: the answer, which is on its way, has one.
                Err(DialogError::NoContact) => Ok(()),
                begun => begun.map(|dialog| self.dialog = Some(dialog)),
            },
        };
        begun.map_err(|error| error.reject())?;
        self.heard = Some(sequence);
        Ok(())
    }
}

impl Asking {
    /// The Call-ID: 128 random bits, so that nobody else can notify.
    pub(crate) fn call_id(&self) -> String {
        format!("{:032x}", self.call)
    }

    /// The tag of From.
    pub(crate) fn tag(&self) -> String {
        format!("{:016x}", self.local_tag)
    }
}

/// The number of the first request.
const FIRST: u32 = 1;

fn call_of(call_id: &str) -> Option<u128> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    let is_ours = call_id.len() == 32 && call_id.bytes().all(is_digit);
    is_ours.then(|| u128::from_str_radix(call_id, 16).ok())?
}

impl From<Full> for FailureReason {
    fn from(_: Full) -> Self {
        Self::Overloaded
    }
}

#[cfg(test)]
mod tests;
