//! A custodian with its journal on a desk: writes are safe when the test says so.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rand::{SeedableRng, rngs::StdRng};
use rialto_model::{
    Bytes, Disposition, DispositionOperation, DispositionRequest, Domain, Failure, FailureReason,
    ImdnHeaders, InstantMessage, MessageId, MessageOperation, Notify, ResponseStatus,
};
use rialto_router::{
    Action, AdapterId, AttemptId, Change, Custodian, CustodyPolicy, CustodySettings, Hop,
    JournalKey, JournalKeys, JournalTable, Limits, ReportId, Router, Unread, Unwritten, WallClock,
    WriteId,
};

use super::{SIP, builder_with_dns, operation, start, ticket};

pub(crate) const ALICE: &str = "im:alice@voice.example";
pub(crate) const BOB: &str = "im:bob@jabber.example";
/// Of a domain that DNS is asked for.
pub(crate) const FRED: &str = "im:fred@elsewhere.example";
pub(crate) const DORA: &str = "im:dora@jabber.example";

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const INDETERMINANT: ResponseStatus = ResponseStatus::Indeterminant;
pub(crate) const SUCCESS: ResponseStatus = ResponseStatus::Success;

/// What the store has.
pub(crate) type Journal = BTreeMap<(JournalTable, Vec<u8>), Bytes>;

pub(crate) struct Office {
    pub(crate) custodian: Custodian<StdRng>,
    pub(crate) now: Instant,
    pub(crate) journal: Journal,
    /// Writes that wait.
    pub(crate) writes: VecDeque<(WriteId, Vec<Change>)>,
    pub(crate) deliveries: VecDeque<(AttemptId, MessageOperation)>,
    pub(crate) reports: VecDeque<(ReportId, AdapterId, DispositionOperation)>,
    pub(crate) responses: VecDeque<(u64, ResponseStatus)>,
    pub(crate) loads: VecDeque<JournalKey>,
    pub(crate) cancels: usize,
    settings: CustodySettings,
    tickets: u64,
}

/// When tests begin, on people's clocks.
pub(crate) fn wall() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

pub(crate) const fn patient(seconds: u64) -> CustodyPolicy {
    CustodyPolicy::NEVER.with_patience(Duration::from_secs(seconds))
}

fn custodian(settings: &CustodySettings, now: Instant, wall: SystemTime) -> Custodian<StdRng> {
    let limits = Limits::default().with_default_deadline(Duration::from_secs(30));
    let table = builder_with_dns().build().unwrap();
    let router = Router::new(Arc::new(table), limits, StdRng::seed_from_u64(5));
    let clock = WallClock::new(now, wall);
    Custodian::new(router, settings.clone(), JournalKeys::default(), clock)
}

impl Office {
    /// An office whose policy counts for what SIP brings.
    pub(crate) fn new(policy: CustodyPolicy) -> Self {
        Self::with_settings(CustodySettings::default().with_policy(SIP, policy))
    }

    pub(crate) fn with_settings(settings: CustodySettings) -> Self {
        Self {
            custodian: custodian(&settings, start(), wall()),
            now: start(),
            journal: Journal::new(),
            writes: VecDeque::new(),
            deliveries: VecDeque::new(),
            reports: VecDeque::new(),
            responses: VecDeque::new(),
            loads: VecDeque::new(),
            cancels: 0,
            settings,
            tickets: 0,
        }
    }

    /// Ends the process, and begins another with what is safe, so much later.
    pub(crate) fn restart(&mut self, later: Duration) {
        self.now += later;
        let wall = wall() + self.now.duration_since(start());
        self.custodian = custodian(&self.settings, self.now, wall);
        for ((table, key), record) in &self.journal {
            self.custodian
                .restore(self.now, *table, key, record)
                .unwrap();
        }
        self.writes.clear();
        self.deliveries.clear();
        self.reports.clear();
        self.responses.clear();
        self.loads.clear();
        self.custodian.handle_timeout(self.now);
        self.act();
    }

    pub(crate) fn send(&mut self, operation: MessageOperation) -> u64 {
        self.tickets += 1;
        let ticket = ticket(self.tickets);
        self.custodian
            .handle_operation(self.now, SIP, operation, ticket);
        self.act();
        self.tickets
    }

    pub(crate) fn answer(&mut self, status: impl Into<ResponseStatus>) {
        let (attempt, _) = self.deliveries.pop_front().unwrap();
        self.custodian
            .handle_response(self.now, attempt, status.into());
        self.act();
    }

    /// Says that DNS names one hop for a domain.
    pub(crate) fn resolve(&mut self, domain: &str, hop: AdapterId) {
        let domain = Domain::parse(domain).unwrap();
        self.custodian
            .handle_resolved(self.now, &domain, |_, _| Ok(vec![Hop::new(hop)]));
        self.act();
    }

    pub(crate) fn wait(&mut self, time: Duration) {
        self.now += time;
        self.custodian.handle_timeout(self.now);
        self.act();
    }

    pub(crate) fn adapter_up(&mut self, adapter: AdapterId) {
        self.custodian.handle_adapter_up(self.now, adapter);
        self.act();
    }

    /// Lets the adapter die that has brought a message.
    pub(crate) fn gone(&mut self, sent: u64) {
        self.custodian.handle_gone(self.now, &[ticket(sent)]);
        self.act();
    }

    /// Lets the store finish what waits for it.
    pub(crate) fn sync(&mut self) {
        while let Some((write, changes)) = self.writes.pop_front() {
            apply(&mut self.journal, &changes);
            self.custodian.handle_written(self.now, write, Ok(()));
            self.act();
        }
    }

    /// Lets the store fail what waits for it.
    pub(crate) fn fail_writes(&mut self) {
        for (write, _) in std::mem::take(&mut self.writes) {
            self.custodian
                .handle_written(self.now, write, Err(Unwritten));
        }
        self.act();
    }

    pub(crate) fn read(&mut self) {
        while let Some(key) = self.loads.pop_front() {
            let place = (JournalTable::Operations, key.to_bytes().to_vec());
            let record = self.journal.get(&place).cloned().ok_or(Unread::Lost);
            self.custodian.handle_loaded(self.now, key, record);
            self.act();
        }
    }

    pub(crate) fn act(&mut self) {
        while let Some(action) = self.custodian.poll_action() {
            match action {
                Action::Deliver {
                    attempt, operation, ..
                } => self.deliveries.push_back((attempt, operation)),
                Action::Respond {
                    ticket, response, ..
                } => {
                    let answer = (ticket.number(), response.into_status());
                    self.responses.push_back(answer);
                }
                Action::Write { write, changes, .. } => self.writes.push_back((write, changes)),
                Action::Load { key, .. } => self.loads.push_back(key),
                Action::DeliverDisposition {
                    report,
                    adapter,
                    disposition,
                    ..
                } => self.reports.push_back((report, adapter, disposition)),
                Action::Cancel { .. } => self.cancels += 1,
                Action::Resolve { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next report, which its adapter takes.
    pub(crate) fn take_report(&mut self) -> DispositionOperation {
        let (report, adapter, disposition) = self.reports.pop_front().expect("a report");
        assert_eq!(adapter, SIP);
        self.custodian
            .handle_disposition_response(self.now, report, ResponseStatus::Success);
        self.act();
        disposition
    }

    pub(crate) fn response(&mut self) -> (u64, ResponseStatus) {
        self.responses.pop_front().expect("a response")
    }

    /// Whether nothing is to do, nothing kept, nothing written but what is remembered.
    pub(crate) fn is_done(&mut self) -> bool {
        self.sync();
        let counted = self.custodian.statistics();
        self.custodian.is_idle()
            && (counted.kept_messages, counted.kept_reports, counted.held) == (0, 0, 0)
            && self
                .journal
                .keys()
                .all(|(table, _)| *table != JournalTable::Operations)
    }
}

pub(crate) fn apply(journal: &mut Journal, changes: &[Change]) {
    for change in changes {
        let place = (change.table, change.key.to_vec());
        match &change.put {
            Some(put) => journal.insert(place, put.value.clone()),
            None => journal.remove(&place),
        };
    }
}

pub(crate) fn to_bob(text: &str) -> MessageOperation {
    operation(ALICE, BOB).with_message(InstantMessage::text(text.to_owned()))
}

/// A message whose sender asks to be told.
pub(crate) fn asking(asked: &[Notify]) -> MessageOperation {
    let request: DispositionRequest = asked.iter().copied().collect();
    let headers = ImdnHeaders::default()
        .with_request(request)
        .with_message_id(MessageId::parse("of-alice").unwrap())
        .write(&Default::default());
    let message = InstantMessage::text("tell me").with_headers(headers);
    operation(ALICE, BOB)
        .with_message(message)
        .with_reference("what SIP needs")
}

/// What the far side says of a message that it got.
pub(crate) fn word(of: &MessageOperation, disposition: Disposition) -> DispositionOperation {
    DispositionOperation::new(
        rialto_model::TransactionId::parse(b"of-the-far-side").unwrap(),
        *of.transaction_id(),
        of.destination().clone(),
        of.source().clone(),
        disposition,
    )
}

pub(crate) fn down() -> Failure {
    Failure::new(FailureReason::Unreachable)
}

pub(crate) fn reason(status: &ResponseStatus) -> FailureReason {
    match status {
        ResponseStatus::Failure(failure) => failure.reason(),
        other => panic!("no failure but {other:?}"),
    }
}

/// An office with one message that was accepted early and whose first delivery is under way.
pub(crate) fn early(policy: CustodyPolicy) -> Office {
    let mut office = Office::new(policy);
    office.send(to_bob("1"));
    office.wait(policy.patience().unwrap());
    office.sync();
    assert_eq!(office.response(), (1, INDETERMINANT));
    office
}
