//! What watchers are told.

use std::time::Duration;

use rand::CryptoRng;
use rialto_model::{
    Failure, FailureReason, NotifyOperation, Package, PresenceDocument, Presentity, ResponseStatus,
    TerminationReason, TransactionId,
};

use super::{
    Aim, Index, PresenceAction, PresenceService,
    document::{self, Document, closed},
    rules::{Handling, View},
    subscription::{NEVER, Stage, Standing, Subscription, Told},
    timed_out,
    writes::Purpose,
};
use crate::{Answer, Change, Digest, JournalKey, JournalTable, StepKind};

impl Subscription {
    /// How many versions are used up by a restart at most.
    pub(super) const VERSIONS: u32 = 256;

    /// How often the end is told to one who does not take it.
    const MOST_ENDS: u8 = 6;
}

/// How long after a failure the disk is asked again.
const AGAIN: Duration = Duration::from_secs(2);

/// What there is to show.
enum Shown {
    Nothing,
    Closed,
    Document(PresenceDocument),
    /// What came, as it came, and what it is recognised by, if that is noted.
    Whole(PresenceDocument, Option<Digest>),
}

impl Shown {
    fn digest(&self) -> Option<Digest> {
        match self {
            Self::Whole(_, digest) => *digest,
            Self::Nothing | Self::Closed | Self::Document(_) => None,
        }
    }
}

impl<R: CryptoRng> PresenceService<R> {
    /// Puts a subscription in line to be told what is new.
    pub(super) fn want_notice(&mut self, index: Index) {
        let is_told = self.flights.has(Aim::Notice(index));
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        if matches!(of.stage, Stage::Accepting | Stage::Closing) {
            return;
        }
        of.notice.is_due = true;
        let may_leave = !is_told && of.notice.due == NEVER;
        if may_leave && !of.notice.is_queued {
            of.notice.is_queued = true;
            self.lines.join(of.adapter, index);
        }
    }

    /// Puts a subscription in line, unless what is shown is what was told.
    pub(super) fn want_changed_notice(&mut self, index: Index) {
        self.compose_for(index);
        let Some(of) = self.subscriptions.get(index) else {
            return;
        };
        let was_closed = of.notice.told == Told::Closed && !of.notice.is_due;
        if was_closed && matches!(self.shown(of), Shown::Closed) {
            self.statistics.unchanged += 1;
        } else {
            self.want_notice(index);
        }
    }

    /// Tells a watcher what is known now.
    pub(super) fn notify(&mut self, index: Index) {
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        of.notice.is_queued = false;
        if !of.notice.is_due {
            return; // it has nothing new to hear, and its record may be on its way out
        }
        self.compose_for(index);
        self.reserve_versions(index);
        let Some(of) = self.subscriptions.get(index) else {
            return;
        };
        if of.is_safe && of.notice.version >= of.notice.reserved {
            return; // it goes on when there are versions
        }
        let shown = self.shown(of);
        let told = match shown {
            _ if of.standing_shown().is_terminated() => Told::End,
            Shown::Closed => Told::Closed,
            _ => Told::Other,
        };
        let id = TransactionId::random(&mut self.rng);
        let digest = shown.digest();
        let operation = self.notification(index, id, shown);
        let due = self.now.plus(self.settings.limits().answer_time);
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        let Some(operation) = operation else {
            return;
        };
        let version = of.notice.version;
        of.notice.is_due = false;
        of.notice.version = of.notice.version.wrapping_add(1);
        of.notice.told = told;
        of.notice.due = due;
        let adapter = of.adapter;
        if self.chronicle.is_kept() {
            let document = operation.document();
            let document = document.map(|of| digest.unwrap_or_else(|| document::digest(of)));
            let what = StepKind::Told {
                adapter,
                version,
                document,
            };
            self.note(index, what);
        }
        let attempt = self.flights.begin(Aim::Notice(index));
        self.lines.departed(adapter);
        self.statistics.notifications += 1;
        self.subscriptions.set_alarm(index);
        self.actions.push_back(PresenceAction::Notify {
            attempt,
            adapter,
            operation,
        });
    }

    fn notification(
        &self,
        index: Index,
        id: TransactionId,
        shown: Shown,
    ) -> Option<NotifyOperation> {
        let of = self.subscriptions.get(index)?;
        let watcher = self.addresses.get(of.shown_watcher)?;
        let target = self.addresses.get(of.shown_target)?;
        let state = of.standing_shown();
        let mut operation = NotifyOperation::new(id, of.id()?, watcher, target.clone(), state)
            .with_package(of.package)
            .with_version(of.notice.version)
            .with_deadline(self.settings.limits().answer_time);
        if !state.is_terminated() {
            operation = operation.with_expires_in(self.time_left(of.expires_at));
        }
        if let Some(reference) = of.reference() {
            operation = operation.with_reference(reference);
        }
        Some(match shown {
            Shown::Nothing => operation,
            Shown::Closed => operation.with_document(closed(&target)),
            Shown::Document(document) | Shown::Whole(document, _) => {
                operation.with_document(document)
            }
        })
    }

    /// What a watcher is shown: the same rules for what came just now and for what is remembered.
    fn shown(&self, of: &Subscription) -> Shown {
        match of.standing {
            Standing::Pending => return Shown::Nothing,
            Standing::Ended(TerminationReason::Timeout) | Standing::Active => {}
            Standing::Ended(_) => return Shown::Nothing,
        }
        if of.package == Package::WatcherInformation {
            let document = self.watcher_information(of);
            return document.map_or(Shown::Nothing, Shown::Document);
        }
        let view = match of.handling {
            Handling::Allow(View::Nothing) | Handling::PoliteBlock => return Shown::Closed,
            Handling::Allow(view) => view,
            Handling::Confirm | Handling::Block => return Shown::Nothing,
        };
        let Some(presentity) = self.presentities.get(of.presentity) else {
            return Shown::Nothing;
        };
        if self.settings.hosts(presentity.address.domain()) {
            return match presentity.composed(of.shown_target) {
                Some(document) => self.as_seen(of, document, view),
                None => Shown::Closed,
            };
        }
        let is_polite = presentity.is_polite();
        match &of.document {
            Some(known) if is_polite && self.is_closed(of, known) => Shown::Closed,
            Some(known) if of.in_contact => self.as_seen(of, known, view),
            // Fetched when nobody can be asked: what was true once, with its time.
            Some(known) if of.stage == Stage::Fetching && !is_polite => match view {
                View::All => self.written_for(of, |entity| known.stamped(entity)),
                view => self.as_seen(of, known, view),
            },
            Some(_) => Shown::Closed,
            None if is_polite => Shown::Closed,
            None => Shown::Nothing,
        }
    }

    fn as_seen(&self, of: &Subscription, document: &Document, view: View) -> Shown {
        match view {
            View::All => {
                let digest = self.chronicle.is_kept().then(|| document.digest());
                Shown::Whole(document.content().clone(), digest)
            }
            view => self.written_for(of, |entity| document.shown(view, entity)),
        }
    }

    /// A document that names the presentity as its watcher does.
    fn written_for(
        &self,
        of: &Subscription,
        write: impl FnOnce(&Presentity) -> PresenceDocument,
    ) -> Shown {
        let entity = self.addresses.get(of.shown_target);
        entity.map_or(Shown::Nothing, |entity| Shown::Document(write(&entity)))
    }

    fn is_closed(&self, of: &Subscription, document: &Document) -> bool {
        let entity = self.addresses.get(of.shown_target);
        entity.is_none_or(|entity| document.is_closed(&entity))
    }

    /// Whether a watcher is shown more than that nothing is open.
    pub(super) fn shows_open(&self, index: Index) -> bool {
        let of = self.subscriptions.get(index);
        of.is_some_and(|of| matches!(self.shown(of), Shown::Document(_) | Shown::Whole(..)))
    }

    /// Takes the answer of a watcher's adapter.
    pub(super) fn told(&mut self, index: Index, status: ResponseStatus) {
        self.note(index, StepKind::Taken(Answer::from(&status)));
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        self.lines.arrived(of.adapter);
        of.notice.due = NEVER;
        match status {
            ResponseStatus::Failure(failure) => self.not_told(index, &failure),
            ResponseStatus::Success | ResponseStatus::Indeterminant => {
                of.notice.tries = 0;
                if of.notice.told == Told::End {
                    self.finish(index);
                } else if of.notice.is_due {
                    self.want_notice(index);
                }
            }
        }
        self.subscriptions.set_alarm(index);
    }

    fn not_told(&mut self, index: Index, failure: &Failure) {
        self.statistics.notifications_failed += 1;
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        let is_last = of.notice.told == Told::End;
        of.notice.told = Told::Nothing;
        if of.stage == Stage::Closing {
            return; // it is told the end, when that is safe
        }
        if is_gone(failure.reason()) {
            return self.watcher_gone(index);
        }
        of.notice.tries = of.notice.tries.saturating_add(1);
        let tries = of.notice.tries;
        if is_last && tries >= Subscription::MOST_ENDS {
            return self.finish(index);
        }
        of.notice.is_due = true;
        let wait = self.wait(tries - 1, failure);
        let due = self.now.plus(wait);
        if let Some(of) = self.subscriptions.get_mut(index) {
            of.notice.due = due;
        }
    }

    /// The time for an answer is over, or the time to tell it again has come; or nobody waits for the presentity's network any more.
    pub(super) fn notice_due(&mut self, index: Index) {
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        if of.stage == Stage::Accepting {
            of.notice.due = NEVER;
            return self.settle_acceptance(index);
        }
        of.notice.due = NEVER;
        let is_due = of.notice.is_due;
        if self.call_off(Aim::Notice(index)) {
            self.told(index, timed_out().into());
        } else if is_due {
            self.want_notice(index);
        }
    }

    /// Sees to it that versions rise over restarts too, without a write for each: asks the disk for more of them, before they run out.
    fn reserve_versions(&mut self, index: Index) {
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        let left = of.notice.reserved.saturating_sub(of.notice.version);
        if !of.is_safe || of.notice.is_reserving || left > Subscription::VERSIONS / 4 {
            return;
        }
        of.notice.is_reserving = true;
        let reserving = of.notice.reserving();
        let key = of.key;
        let record = self.record(index);
        let change = Change::put(JournalTable::Subscriptions, key, record);
        self.write(Purpose::Versions(key, reserving), vec![change]);
    }

    pub(super) fn versions_reserved(&mut self, key: JournalKey, reserved: u32, is_safe: bool) {
        let Some(index) = self.subscriptions.by_key(key) else {
            return;
        };
        let again_at = self.now.plus(AGAIN);
        let Some(of) = self.subscriptions.get_mut(index) else {
            return;
        };
        of.notice.is_reserving = false;
        if is_safe {
            of.notice.reserved = of.notice.reserved.max(reserved);
        }
        if !of.notice.is_due || of.notice.due != NEVER {
            return;
        }
        if is_safe {
            self.want_notice(index);
        } else {
            of.notice.due = again_at;
            self.subscriptions.set_alarm(index);
        }
    }
}

impl Subscription {
    /// How far the subscription is, for the watcher; a fetch is over with what it is told.
    fn standing_shown(&self) -> rialto_model::SubscriptionState {
        match (self.stage, self.standing) {
            (Stage::Fetching, Standing::Pending | Standing::Active) => {
                Standing::Ended(TerminationReason::Timeout).state()
            }
            (_, standing) => standing.state(),
        }
    }
}

/// Whether the watcher's network says that there is no such subscription, or no such watcher.
const fn is_gone(reason: FailureReason) -> bool {
    matches!(
        reason,
        FailureReason::InvalidDestination
            | FailureReason::NoSuchInbox
            | FailureReason::NoPresentity
            | FailureReason::NotPermitted
            | FailureReason::Refused
            | FailureReason::UnsupportedService
    )
}
