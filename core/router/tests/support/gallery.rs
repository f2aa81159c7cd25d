//! A presence service with its disk, and everything that it asked of its adapters.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{
    Authentication, Bytes, Failure, FailureReason, MessageOperation, NotifyOperation,
    PresenceDocument, Presentity, PublishOperation, Response, ResponseStatus, SubscribeOperation,
    SubscriptionId, SubscriptionState, TransactionId,
};
use rialto_router::{
    AdapterId, CallerTicket, Change, InboxAnswer, JournalKeys, JournalTable, PresenceAction,
    PresenceAttempt, PresenceService, PresenceSettings, PrincipalRules, RoutingTable,
    RoutingTableBuilder, RulesChange, Ruling, Unwritten, WallClock, WriteId,
};

use super::{builder, domain, start};

pub(crate) const ALICE: &str = "pres:alice@voice.example";
pub(crate) const BOB: &str = "pres:bob@jabber.example";
pub(crate) const CAROL: &str = "pres:carol@voice.example";
/// Hosted here.
pub(crate) const HELEN: &str = "pres:helen@home.example";

pub(crate) type Journal = BTreeMap<(JournalTable, Vec<u8>), Bytes>;

/// A service in a closed room: its disk is at once, or when the test says so.
pub(crate) struct Gallery {
    pub(crate) service: PresenceService<StdRng>,
    pub(crate) now: Instant,
    pub(crate) journal: Journal,
    /// Whether the disk is full.
    pub(crate) is_full: bool,
    /// Whether writes wait for [`Gallery::write`].
    pub(crate) is_slow: bool,
    pub(crate) writes: Vec<(WriteId, Vec<Change>)>,
    pub(crate) asked: Vec<(PresenceAttempt, AdapterId, SubscribeOperation)>,
    pub(crate) told: Vec<(PresenceAttempt, AdapterId, NotifyOperation)>,
    pub(crate) responses: Vec<(u64, Response)>,
    pub(crate) rules_set: Vec<Result<(), Failure>>,
    pub(crate) resolve: Vec<rialto_model::Domain>,
    /// What came out, in order: `subscribe`, `notify`, `respond`.
    pub(crate) order: Vec<&'static str>,
    tickets: u64,
    builder: RoutingTableBuilder,
    table: Arc<RoutingTable>,
    settings: PresenceSettings,
}

pub(crate) fn presentity(uri: &str) -> Presentity {
    uri.parse().unwrap()
}

pub(crate) fn sid(id: &str) -> SubscriptionId {
    SubscriptionId::parse(id.as_bytes()).unwrap()
}

pub(crate) fn settings() -> PresenceSettings {
    PresenceSettings::default().with_hosted(domain("home.example"))
}

pub(crate) fn pidf(entity: &str, basic: &str, note: &str) -> PresenceDocument {
    let xml = format!(
        "<?xml version='1.0' encoding='UTF-8'?><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='{entity}'>\
         <tuple id='desk'><status><basic>{basic}</basic></status><note>{note}</note></tuple></presence>"
    );
    PresenceDocument::pidf(Bytes::from(xml))
}

pub(crate) fn text(document: Option<&PresenceDocument>) -> String {
    let bytes = document.map_or(&b"nothing"[..], |document| document.payload().as_bytes());
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn subscribe(watcher: &str, target: &str, id: &str) -> SubscribeOperation {
    SubscribeOperation::new(
        TransactionId::parse(b"of-the-watcher").unwrap(),
        sid(id),
        presentity(watcher),
        presentity(target),
    )
    .with_authentication(Authentication::Network)
}

pub(crate) fn publish(id: &str, version: u64, document: PresenceDocument) -> PublishOperation {
    PublishOperation::new(
        TransactionId::parse(b"of-the-publisher").unwrap(),
        sid(id),
        presentity(HELEN),
        presentity(HELEN),
    )
    .with_document(document)
    .with_version(version)
    .with_authentication(Authentication::Network)
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Gallery {
    pub(crate) fn new() -> Self {
        Self::with(builder(), settings())
    }

    pub(crate) fn with(builder: RoutingTableBuilder, settings: PresenceSettings) -> Self {
        let table = Arc::new(builder.clone().build().unwrap());
        Self {
            builder,
            service: service(&table, &settings, start(), 1),
            now: start(),
            journal: Journal::new(),
            is_full: false,
            is_slow: false,
            writes: Vec::new(),
            asked: Vec::new(),
            told: Vec::new(),
            responses: Vec::new(),
            rules_set: Vec::new(),
            resolve: Vec::new(),
            order: Vec::new(),
            tickets: 0,
            table,
            settings,
        }
    }

    pub(crate) fn change_rules(&mut self, of: &str, change: RulesChange) {
        let ticket = self.ticket();
        self.service
            .handle_rules_change(self.now, &presentity(of), change, ticket);
        self.run();
    }

    /// What a principal is told who writes this to the gateway's own inbox.
    pub(crate) fn command(&mut self, principal: &str, text: &str) -> String {
        let (of, command) = (presentity(principal), text.parse().unwrap());
        match self.service.handle_command(self.now, &of, command) {
            InboxAnswer::Now(said) => {
                self.run();
                said
            }
            InboxAnswer::OnceChanged { change, said } => {
                self.change_rules(principal, change);
                match self.rules_set.last().expect("a result") {
                    Ok(()) => said,
                    Err(failure) => failure.to_string(),
                }
            }
        }
    }

    /// What the rules say of a message.
    pub(crate) fn judge(&self, from: AdapterId, operation: &MessageOperation) -> Ruling {
        self.table.judge(from, operation, None).unwrap()
    }

    /// The process dies; what the disk has is all that is left.
    pub(crate) fn restart(&mut self) {
        self.table = Arc::new(self.builder.clone().build().unwrap());
        self.service = service(&self.table, &self.settings, self.now, 2);
        self.asked.clear();
        self.told.clear();
        self.responses.clear();
        self.writes.clear();
        for table in [
            JournalTable::Rules,
            JournalTable::Subscriptions,
            JournalTable::Presence,
        ] {
            let records = self.journal.iter().filter(|((of, _), _)| *of == table);
            for ((_, key), record) in records.map(|(key, record)| (key.clone(), record.clone())) {
                self.service
                    .restore(self.now, table, &key, &record)
                    .unwrap();
            }
        }
        self.service.handle_timeout(self.now);
        self.run();
    }

    pub(crate) fn run(&mut self) {
        while let Some(action) = self.service.poll_action() {
            match action {
                PresenceAction::Subscribe {
                    attempt,
                    adapter,
                    operation,
                    ..
                } => {
                    self.order.push("subscribe");
                    self.asked.push((attempt, adapter, operation));
                }
                PresenceAction::Notify {
                    attempt,
                    adapter,
                    operation,
                    ..
                } => {
                    self.order.push("notify");
                    self.told.push((attempt, adapter, operation));
                }
                PresenceAction::Respond {
                    ticket, response, ..
                } => {
                    self.order.push("respond");
                    self.responses.push((ticket.number(), response));
                }
                PresenceAction::RulesSet { result, .. } => self.rules_set.push(result),
                PresenceAction::Resolve { domain, .. } => self.resolve.push(domain),
                PresenceAction::Write { write, changes, .. } => {
                    self.writes.push((write, changes));
                    if !self.is_slow {
                        self.write();
                    }
                }
                _ => {}
            }
        }
    }

    /// The disk does what it was asked for.
    pub(crate) fn write(&mut self) {
        for (write, changes) in std::mem::take(&mut self.writes) {
            let result = if self.is_full {
                Err(Unwritten)
            } else {
                apply(&mut self.journal, &changes);
                Ok(())
            };
            self.service.handle_written(self.now, write, result);
        }
        self.run();
    }

    fn ticket(&mut self) -> CallerTicket {
        self.tickets += 1;
        CallerTicket::new(self.tickets)
    }

    pub(crate) fn subscribe(&mut self, from: AdapterId, operation: SubscribeOperation) {
        let ticket = self.ticket();
        self.service
            .handle_subscribe(self.now, from, operation, ticket);
        self.run();
    }

    pub(crate) fn publish(&mut self, from: AdapterId, operation: PublishOperation) {
        let ticket = self.ticket();
        self.service
            .handle_publish(self.now, from, operation, ticket);
        self.run();
    }

    pub(crate) fn rules(&mut self, of: &str, rules: Option<PrincipalRules>) {
        let ticket = self.ticket();
        self.service
            .handle_rules(self.now, &presentity(of), rules, ticket);
        self.run();
    }

    /// The presentity's network tells something under the name of the subscription that was asked for last.
    pub(crate) fn hear(&mut self, document: Option<PresenceDocument>, state: SubscriptionState) {
        let (_, adapter, operation) = self.asked.last().unwrap().clone();
        self.hear_of(adapter, &operation, document, state);
    }

    pub(crate) fn hear_of(
        &mut self,
        adapter: AdapterId,
        operation: &SubscribeOperation,
        document: Option<PresenceDocument>,
        state: SubscriptionState,
    ) {
        let mut notify = NotifyOperation::new(
            TransactionId::parse(b"of-the-presentity").unwrap(),
            *operation.subscription_id(),
            operation.watcher().clone(),
            operation.target().clone(),
            state,
        );
        if let Some(document) = document {
            notify = notify.with_document(document);
        }
        let ticket = self.ticket();
        self.service
            .handle_notify(self.now, adapter, notify, ticket);
        self.run();
    }

    /// The presentity's network answers what it was asked last.
    pub(crate) fn answer_last_asked(&mut self, status: ResponseStatus) {
        let (attempt, ..) = *self.asked.last().unwrap();
        self.answer(attempt, status);
    }

    pub(crate) fn answer(&mut self, attempt: PresenceAttempt, status: ResponseStatus) {
        let duration = Some(Duration::from_secs(600));
        self.service
            .handle_response(self.now, attempt, status, duration);
        self.run();
    }

    /// The watchers' networks take all that they were told; yields it.
    pub(crate) fn take_told(&mut self) -> Vec<NotifyOperation> {
        let mut all = Vec::new();
        while !self.told.is_empty() {
            for (attempt, _, operation) in std::mem::take(&mut self.told) {
                all.push(operation);
                self.answer(attempt, ResponseStatus::Success);
            }
        }
        all
    }

    /// The watchers' networks do not take what they were told.
    pub(crate) fn refuse_told(&mut self, reason: FailureReason) -> usize {
        let told = std::mem::take(&mut self.told);
        for (attempt, ..) in &told {
            self.answer(*attempt, Failure::new(reason).into());
        }
        told.len()
    }

    /// The last response; there is one for each operation, in their order.
    pub(crate) fn last_response(&self) -> &Response {
        &self.responses.last().expect("an answer").1
    }

    pub(crate) fn last_failure(&self) -> FailureReason {
        match self.last_response().status() {
            ResponseStatus::Failure(failure) => failure.reason(),
            other => panic!("{other:?}"),
        }
    }

    /// Time goes by, and everything that is due on the way is done.
    pub(crate) fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.service.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.service.handle_timeout(self.now);
            self.run();
        }
        self.now = until;
    }

    /// Alice watches Bob, who answered at once that she may, and is open.
    pub(crate) fn watched() -> Self {
        let mut gallery = Self::new();
        gallery.subscribe(super::SIP, subscribe(ALICE, BOB, "s1"));
        gallery.answer_last_asked(ResponseStatus::Success);
        gallery.hear(Some(pidf(BOB, "open", "here")), SubscriptionState::Active);
        gallery.take_told();
        gallery
    }
}

pub(crate) fn apply(journal: &mut Journal, changes: &[Change]) {
    for change in changes {
        let key = (change.table, change.key.to_vec());
        match &change.put {
            Some(put) => journal.insert(key, put.value.clone()),
            None => journal.remove(&key),
        };
    }
}

fn service(
    table: &Arc<RoutingTable>,
    settings: &PresenceSettings,
    now: Instant,
    seed: u64,
) -> PresenceService<StdRng> {
    let since = now.saturating_duration_since(start());
    PresenceService::new(
        Arc::clone(table),
        settings.clone(),
        JournalKeys::default(),
        WallClock::new(now, wall() + since),
        StdRng::seed_from_u64(seed),
    )
    .with_remembered_steps(100)
}

/// What people's clocks show when tests begin.
pub(crate) fn wall() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}
