//! The calls that are on their way to one process, and back.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use rialto_abi as abi;
use rialto_bridge::{
    Answer, Malformed, Outcome, Ticket,
    calls::{self, Owner, Subject},
    response::{MAX_DETAIL, line},
};
use rialto_model::{Failure, FailureReason, Origin, Retry, TransactionId};

use super::{
    MAX_SUBMISSIONS, MAX_SUBMITTED,
    frame::{self, Frame, FrameError, Kind},
    operations::{LentOperation, Lists, put_answer, put_operation, read_answer},
    outbox::{NotTaken, Outbox},
};
use crate::{
    Health, LogRecord, Measure, SubmissionId, SubmitAnswer, adapter::Side, log, watchdog::Watched,
};

/// The most deliveries that wait for an answer of one process.
const MAX_IN_FLIGHT: usize = 65_536;
/// More fields than a line has.
const MAX_FIELDS: usize = 64;

/// The gateway's end of what binds it to one process.
pub(crate) struct Link {
    side: &'static Side,
    outbox: Arc<Outbox>,
    /// Whose calls end when the process does: operations, and the call to stop.
    deliveries: Owner,
    lifecycle: Owner,
    in_flight: AtomicUsize,
    submissions: Mutex<Submissions>,
}

/// By the child's numbers.
#[derive(Default)]
struct Submissions {
    open: HashMap<u64, Submission>,
    bytes: usize,
}

struct Submission {
    ticket: Ticket,
    bytes: usize,
}

impl Link {
    pub(super) fn new(side: &'static Side, outbox: Arc<Outbox>) -> Arc<Self> {
        Arc::new(Self {
            side,
            outbox,
            deliveries: Owner::unique(),
            lifecycle: Owner::unique(),
            in_flight: AtomicUsize::new(0),
            submissions: Mutex::default(),
        })
    }

    pub(super) const fn side(&self) -> &'static Side {
        self.side
    }

    pub(super) const fn deliveries(&self) -> Owner {
        self.deliveries
    }

    pub(super) const fn lifecycle(&self) -> Owner {
        self.lifecycle
    }

    /// Sends an operation, which a view lends. Otherwise the call is answered at once.
    pub(super) fn deliver(&self, raw: &abi::Operation, ticket: Ticket) {
        let at_work = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let sent = match at_work < MAX_IN_FLIGHT {
            true => self.outbox.put_if_room(at_work, Some(ticket), |out| {
                // SAFETY: a view's, by the caller's promise.
                #[expect(unsafe_code, reason = "writes what is lent")]
                unsafe {
                    put_operation(out, Kind::Deliver, ticket.number(), raw)
                }
            }),
            false => Err(NotTaken::Full),
        };
        if let Err(why) = sent {
            self.in_flight.fetch_sub(1, Ordering::Relaxed);
            calls::answer(ticket, not_sent(why).into());
        }
    }

    /// Tells the process that nobody waits for a delivery any more.
    pub(super) fn cancel(&self, ticket: Ticket) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.say(Kind::Cancel, ticket.number(), |_| {});
    }

    pub(super) fn say(&self, kind: Kind, ticket: u64, rest: impl FnOnce(&mut frame::Writer<'_>)) {
        // Who is gone need not be told.
        self.outbox
            .put(0, |out| frame::put(out, kind, ticket, rest))
            .unwrap_or_default();
    }

    /// Takes what the child says, once it has started. Not believed: it can only hurt its own calls.
    pub(super) fn hear(
        self: &Arc<Self>,
        mut frame: Frame<'_>,
        lists: &mut Lists,
    ) -> Result<(), FrameError> {
        let ticket = frame.ticket;
        match frame.kind {
            Kind::Answer => {
                let outcome = read_answer(&mut frame)?;
                let ticket = Ticket::from_number(ticket);
                if calls::answer_of(self.deliveries, ticket, || outcome.clone()) {
                    self.in_flight.fetch_sub(1, Ordering::Relaxed);
                } else {
                    calls::answer_of(self.lifecycle, ticket, || outcome);
                }
            }
            Kind::Submit => self.submit(frame, lists)?,
            Kind::CancelSubmit => self.cancel_submission(ticket),
            Kind::Log => self.log(&mut frame)?,
            Kind::Count => {
                let by = frame.number()?;
                self.measure(&mut frame, Measure::Count(by))?;
            }
            Kind::Gauge => {
                let value = f64::from_bits(frame.number()?);
                self.measure(&mut frame, Measure::Gauge(value))?;
            }
            Kind::Observe => {
                let value = f64::from_bits(frame.number()?);
                self.measure(&mut frame, Measure::Observe(value))?;
            }
            Kind::Health => self.health(&mut frame)?,
            unexpected => return Err(FrameError::Unexpected(unexpected)),
        }
        Ok(())
    }

    fn submit(self: &Arc<Self>, mut frame: Frame<'_>, lists: &mut Lists) -> Result<(), FrameError> {
        let (number, bytes) = (frame.ticket, frame.len());
        match LentOperation::read(&mut frame, lists)?.own() {
            Ok(operation) => {
                let answer = self.open(number, bytes, operation.transaction_id())?;
                self.side.take(operation, answer);
            }
            Err(error) => self.refuse(number, &error),
        }
        Ok(())
    }

    /// Opens a submission, within the credit that the child has.
    fn open(
        self: &Arc<Self>,
        number: u64,
        bytes: usize,
        id: &TransactionId,
    ) -> Result<SubmitAnswer, FrameError> {
        let mut submissions = self.submissions();
        if submissions.open.len() == MAX_SUBMISSIONS || submissions.bytes + bytes > MAX_SUBMITTED {
            return Err(FrameError::Credit);
        }
        if submissions.open.contains_key(&number) {
            return Err(FrameError::Ticket);
        }
        let this = Arc::clone(self);
        let subject = Subject::operation(self.lifecycle, id);
        let ticket = calls::open_then(subject, move |outcome| this.answer(number, &outcome));
        submissions.bytes += bytes;
        submissions
            .open
            .insert(number, Submission { ticket, bytes });
        drop(submissions);
        // SAFETY: the ticket was opened for this answer alone.
        #[expect(unsafe_code, reason = "answers a call of this process's own")]
        let answer = unsafe { Answer::new(ticket.completion(), Origin::Host) };
        Ok(SubmitAnswer::new(answer, *id))
    }

    /// Tells the child how its submission ended.
    fn answer(&self, number: u64, outcome: &Outcome) {
        let open = self.take_submission(number).1;
        self.outbox
            .put(open, |out| put_answer(out, number, outcome))
            .unwrap_or_default();
    }

    fn refuse(&self, number: u64, error: &Malformed) {
        let failure = Failure::new(error.reason())
            .with_origin(Origin::Plugin)
            .with_detail(format!(
                "the plugin submitted a malformed operation: {error}"
            ));
        self.outbox
            .put(0, |out| put_answer(out, number, &failure.into()))
            .unwrap_or_default();
    }

    fn cancel_submission(&self, number: u64) {
        if let (Some(submission), _) = self.take_submission(number) {
            self.forget(submission.ticket);
        }
    }

    /// Nobody waits for the answer to a submission any more.
    fn forget(&self, ticket: Ticket) {
        if calls::abandon(ticket) {
            let submission = SubmissionId::new(ticket.number());
            self.side.gateway().cancelled(self.side.id(), submission);
        }
    }

    /// And how many there are beside it.
    fn take_submission(&self, number: u64) -> (Option<Submission>, usize) {
        let mut submissions = self.submissions();
        let taken = submissions.open.remove(&number);
        submissions.bytes -= taken.as_ref().map_or(0, |taken| taken.bytes);
        (taken, submissions.open.len())
    }

    fn log(&self, frame: &mut Frame<'_>) -> Result<(), FrameError> {
        let mut record = LogRecord {
            level: log::level(frame.code()?),
            target: log::beginning(frame.text()?),
            message: log::beginning(frame.text()?),
            fields: Vec::new(),
        };
        for _ in 0..frame.count(MAX_FIELDS)? {
            let (name, value) = (frame.text()?, frame.text()?);
            let field = (log::beginning(name), log::beginning(value));
            record.fields.push(field);
        }
        self.side.gateway().log(self.side.name(), &record);
        Ok(())
    }

    fn measure(&self, frame: &mut Frame<'_>, measure: Measure) -> Result<(), FrameError> {
        let metric = frame.text()?;
        self.side
            .gateway()
            .measured(self.side.id(), metric, measure);
        Ok(())
    }

    fn health(&self, frame: &mut Frame<'_>) -> Result<(), FrameError> {
        let health = match (frame.code()?, frame.text()?) {
            (abi::HEALTH_UP, _) => Health::Up,
            (_, why) => Health::Degraded(line(why, MAX_DETAIL)),
        };
        self.side.gateway().health(self.side.id(), health);
        Ok(())
    }

    /// Ends what is on its way, when the process has ended. What it cannot have seen whole is surely not delivered; the rest may be.
    pub(super) fn end(&self, why: &str) {
        let unseen = self.outbox.close();
        for ticket in unseen {
            let failure = Failure::new(FailureReason::Unreachable)
                .with_origin(Origin::Plugin)
                .with_detail(format!("the adapter is being started again: {why}"));
            calls::answer_of(self.deliveries, ticket, || failure.into());
        }
        calls::fail_all(self.deliveries, &may_have_arrived(why).into());
        let open = std::mem::take(&mut *self.submissions()).open;
        let unheard = open.into_values().map(|submission| submission.ticket);
        let unheard: Vec<_> = unheard
            .filter(|ticket| calls::abandon(*ticket))
            .map(|ticket| SubmissionId::new(ticket.number()))
            .collect();
        if !unheard.is_empty() {
            self.side.gateway().died(self.side.id(), &unheard);
        }
        let ended = Failure::new(FailureReason::Internal).with_detail(why.to_owned());
        calls::fail_all(self.lifecycle, &ended.into());
    }

    fn submissions(&self) -> MutexGuard<'_, Submissions> {
        self.submissions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched for Link {
    fn name(&self) -> &Arc<str> {
        self.side.name()
    }

    /// So that what is delivered after the sender was answered finds this one ended there, too.
    fn tell_ahead(&self, ticket: Ticket) {
        self.say(Kind::Cancel, ticket.number(), |_| {});
    }

    fn tell_late(&self, _: Ticket) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.side.name())
    }
}

fn not_sent(why: NotTaken) -> Failure {
    match why {
        NotTaken::Closed => Failure::new(FailureReason::Unreachable)
            .with_origin(Origin::Plugin)
            .with_detail("the adapter is being started again"),
        NotTaken::Full => Failure::new(FailureReason::Overloaded)
            .with_detail("the adapter has all the work it takes"),
        NotTaken::TooLong => Failure::new(FailureReason::TooLarge),
    }
}

/// Not to be tried again by whoever cannot tell the two apart.
fn may_have_arrived(why: &str) -> Failure {
    Failure::new(FailureReason::TimedOut)
        .with_origin(Origin::Plugin)
        .with_retry(Retry::Never)
        .with_detail(format!("the message may have arrived: {why}"))
}
