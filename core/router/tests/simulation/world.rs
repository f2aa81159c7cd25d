//! Senders, a router, and a far side with moods.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use rand::{
    Rng, SeedableRng,
    rngs::{SmallRng, StdRng},
};
use rialto_model::{
    Authentication, Domain, Failure, FailureReason, InstantInbox, InstantMessage, MaxForwards,
    MessageOperation, ResponseStatus, TransactionId,
};
use rialto_router::{
    AccessRule, AdapterId, AttemptId, Hop, Limits, Router, RoutingTable, RuleAction, Statistics,
};

use super::{
    ledger::{Ledger, Violation},
    sabotage::{Delivery, Fault, Saboteur, Tampered},
};
use crate::support::{builder_with_dns, inbox, start, ticket};

/// One run: all that happens in it follows from its seed.
pub(crate) struct World {
    dice: SmallRng,
    now: Instant,
    router: Router<StdRng>,
    saboteur: Saboteur,
    ledger: Ledger,
    tickets: u64,
    /// Answers on their way, in no order.
    answers: Vec<Answer>,
    /// Deliveries that were answered or called off.
    ended: Vec<AttemptId>,
    /// Domains that DNS was asked for.
    questions: Vec<Domain>,
}

struct Answer {
    due: Instant,
    attempt: AttemptId,
    status: ResponseStatus,
}

struct Stage {
    table: Arc<RoutingTable>,
    /// The same, with a rule that allows everything.
    lawless: Arc<RoutingTable>,
    conversations: Vec<(AdapterId, InstantInbox, InstantInbox)>,
}

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let [voice, jabber, mail] = [
            "im:alice@voice.example",
            "im:bob@jabber.example",
            "im:carol@mail.example",
        ]
        .map(inbox);
        let wrapped = inbox("im:xmpp=jabber.example/dora@relay.example");
        let nowhere = inbox("im:x@nowhere.example");
        let named = inbox("im:alice@people.example");
        let stranger = inbox("im:eve@strange.example");
        let [elsewhere, abroad] = [
            "im:fred@elsewhere.example",
            "im:sip=abroad.example/fred@relay.example",
        ]
        .map(inbox);
        let [sip, xmpp, smtp] = [0, 1, 2].map(AdapterId::new);
        Stage {
            table: Arc::new(builder_with_dns().build().unwrap()),
            lawless: Arc::new(
                builder_with_dns()
                    .with_access_rule(AccessRule::new(RuleAction::Allow))
                    .build()
                    .unwrap(),
            ),
            conversations: vec![
                (sip, voice.clone(), jabber.clone()),
                (xmpp, jabber.clone(), voice.clone()),
                (sip, voice.clone(), mail.clone()),
                (smtp, mail.clone(), wrapped),
                (xmpp, jabber.clone(), mail.clone()),
                (smtp, mail.clone(), voice.clone()),
                (sip, voice.clone(), elsewhere.clone()),
                (xmpp, jabber.clone(), elsewhere.clone()),
                (xmpp, jabber, abroad),
                (sip, voice.clone(), nowhere),
                (smtp, mail.clone(), named),
                // Forbidden: somebody else's name, a stranger to a stranger, and one of ours by its own word to a stranger.
                (xmpp, voice.clone(), mail),
                (sip, elsewhere, stranger.clone()),
                (sip, voice, stranger),
            ],
        }
    })
}

impl Stage {
    const FORBIDDEN: usize = 3;

    fn is_forbidden(&self, conversation: usize) -> bool {
        conversation >= self.conversations.len() - Self::FORBIDDEN
    }
}

impl World {
    const EVENTS: usize = 80;

    pub(crate) fn new(seed: u64, fault: Option<Fault>) -> Self {
        let mut dice = SmallRng::seed_from_u64(seed);
        let limits = Limits::new(dice.random_range(1..40))
            .with_default_deadline(Duration::from_millis(dice.random_range(1..20_000)))
            .with_max_deadline(Duration::from_millis(dice.random_range(1..40_000)))
            .with_attempt_time(Duration::from_millis(dice.random_range(1..10_000)));
        let table = match fault {
            Some(Fault::IgnoreRules) => &stage().lawless,
            _ => &stage().table,
        };
        let router = Router::new(Arc::clone(table), limits, StdRng::seed_from_u64(seed));
        Self {
            dice,
            now: start(),
            router,
            saboteur: Saboteur::new(fault),
            ledger: Ledger::default(),
            tickets: 0,
            answers: Vec::new(),
            ended: Vec::new(),
            questions: Vec::new(),
        }
    }

    /// Plays the run; what was counted in it, or what went wrong first.
    pub(crate) fn run(mut self) -> Result<Statistics, Violation> {
        let drain_at = self.dice.random_range(Self::EVENTS / 2..Self::EVENTS * 2);
        for event in 0..Self::EVENTS {
            if event == drain_at {
                self.router.begin_drain();
            }
            self.happen();
            // A caller may be slow to ask what there is to do.
            if self.dice.random_ratio(3, 4) {
                self.act()?;
            }
        }
        self.settle()?;
        self.ledger.close()?;
        Ok(self.router.statistics())
    }

    fn happen(&mut self) {
        match self.dice.random_range(0..20) {
            0..10 => self.submit(),
            10..15 => self.answer_what_is_due(),
            15 => {
                self.answer_wrongly();
                self.answer_question();
            }
            16 => {
                let any = ticket(self.dice.random_range(0..=self.tickets));
                self.router.handle_cancel(self.now, any);
            }
            17 => {
                self.now += Duration::from_millis(self.dice.random_range(0..30_000));
                self.router.handle_timeout(self.now);
            }
            18 => {
                self.now = self.router.poll_timeout().unwrap_or(self.now).max(self.now);
                self.router.handle_timeout(self.now);
            }
            _ => {
                self.now += Duration::from_millis(self.dice.random_range(0..500));
                self.answer_question();
            }
        }
    }

    /// DNS answers the question that has waited longest, in one way or another.
    fn answer_question(&mut self) {
        if self.questions.is_empty() {
            return;
        }
        let domain = self.questions.remove(0);
        let dice = &mut self.dice;
        self.router.handle_resolved(self.now, &domain, |_, only| {
            if dice.random_ratio(1, 8) {
                return Err(FailureReason::Unresolvable.into());
            }
            let hops = 0..dice.random_range(0..5_u16);
            let hop = |n: u16| {
                let adapter = only.unwrap_or_else(|| AdapterId::new(n % 2));
                Hop::new(adapter).with_next_hop(n.to_string())
            };
            Ok(hops.map(hop).collect())
        });
    }

    fn submit(&mut self) {
        let conversation = self.dice.random_range(0..stage().conversations.len());
        let (from, source, destination) = &stage().conversations[conversation];
        let ticket_number = self.tickets;
        self.tickets += 1;
        // Identifiers are the senders' own: two of them may well use the same.
        let id = format!("{}-{conversation}", self.dice.random_range(0..200));
        let id = TransactionId::parse(id.as_bytes()).unwrap();
        let text = ticket_number.to_string();
        let hops = MaxForwards::new(self.dice.random_range(0..20));
        let mut operation = MessageOperation::new(
            id,
            source.clone(),
            destination.clone(),
            InstantMessage::text(text),
        )
        .with_max_forwards(hops);
        if !stage().is_forbidden(conversation) {
            operation = operation.with_authentication(Authentication::Network);
        }
        if self.dice.random_ratio(1, 2) {
            let own = Duration::from_millis(self.dice.random_range(0..60_000));
            operation = operation.with_deadline(own);
        }
        self.ledger.submitted(ticket_number, id, conversation);
        self.router
            .handle_operation(self.now, *from, operation, ticket(ticket_number));
    }

    fn act(&mut self) -> Result<(), Violation> {
        while let Some(action) = self.saboteur.poll(|| self.router.poll_action()) {
            match action {
                Tampered::Deliver(delivery) => self.deliver(&delivery)?,
                Tampered::Resolve(domain) => self.questions.push(domain),
                Tampered::Respond { ticket, response } => {
                    self.ledger.responded(ticket, response)?
                }
                Tampered::Cancel(attempt) => {
                    self.ended.push(attempt);
                    self.ledger.called_off(attempt)?;
                }
            }
        }
        Ok(())
    }

    /// What the far side makes of a message, and what it will say about it, if anything.
    fn deliver(&mut self, delivery: &Delivery) -> Result<(), Violation> {
        let text = delivery.operation.message().payload().as_bytes();
        let number = str::from_utf8(text).unwrap().parse().unwrap();
        let conversation = self.ledger.delivered(number, delivery.attempt)?;
        if stage().is_forbidden(conversation) {
            return Err(Violation::Forbidden { ticket: number });
        }
        let refused = Failure::new(FailureReason::Refused);
        let (arrived, says) = match self.dice.random_range(0..10) {
            0..5 => (true, Some(ResponseStatus::Success)),
            5 => (true, Some(ResponseStatus::Indeterminant)),
            6 => (false, Some(ResponseStatus::Indeterminant)),
            7 if self.dice.random_ratio(1, 2) => (false, Some(refused.into())),
            7 => (false, Some(Failure::new(FailureReason::Unreachable).into())),
            8 if self.dice.random_ratio(1, 2) => {
                let silent = Failure::new(FailureReason::TimedOut);
                (self.dice.random_ratio(1, 2), Some(silent.into()))
            }
            8 => (true, None),
            _ => (false, None),
        };
        if arrived {
            self.ledger.arrived(number);
        }
        let times = if self.dice.random_ratio(1, 5) { 2 } else { 1 };
        for status in says.into_iter().cycle().take(times) {
            self.answers.push(Answer {
                due: self.now + Duration::from_millis(self.dice.random_range(0..25_000)),
                attempt: delivery.attempt,
                status,
            });
        }
        Ok(())
    }

    fn answer_what_is_due(&mut self) {
        // Half of the time all that is late, half of the time whatever comes, long before its time.
        let horizon = if self.dice.random_ratio(1, 2) { 0 } else { 60 };
        let horizon = self.now + Duration::from_secs(horizon);
        let mut index = 0;
        while let Some(answer) = self.answers.get(index) {
            if answer.due > horizon || self.dice.random_ratio(1, 3) {
                index += 1;
                continue;
            }
            let answer = self.answers.swap_remove(index);
            self.ledger.answered(answer.attempt, &answer.status);
            self.ended.push(answer.attempt);
            self.router
                .handle_response(self.now, answer.attempt, answer.status);
        }
    }

    fn answer_wrongly(&mut self) {
        let attempt = match self.ended.len() {
            0 => AttemptId::from_bits(self.dice.random::<u64>() | 1 << 63),
            ended => self.ended[self.dice.random_range(0..ended)],
        };
        let status = if self.dice.random_ratio(1, 2) {
            ResponseStatus::Success
        } else {
            Failure::new(FailureReason::Internal).into()
        };
        self.router.handle_response(self.now, attempt, status);
    }

    /// Lets all time pass; whatever is said after that is said to nobody.
    fn settle(&mut self) -> Result<(), Violation> {
        self.act()?;
        while let Some(due) = self.router.poll_timeout() {
            self.now = self.now.max(due);
            self.router.handle_timeout(self.now);
        }
        self.act()?;
        for answer in self.answers.split_off(0) {
            self.router
                .handle_response(self.now, answer.attempt, answer.status);
        }
        self.act()?;
        if !self.router.is_idle() || self.router.poll_timeout().is_some() {
            return Err(Violation::LeftOver);
        }
        let counted = self.router.statistics();
        let responses = counted.successes + counted.failures + counted.indeterminants;
        if (counted.operations, counted.in_progress) != (responses, 0) || responses != self.tickets
        {
            return Err(Violation::Miscounted);
        }
        Ok(())
    }
}
