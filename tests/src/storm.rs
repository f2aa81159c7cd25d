//! Users who write in both directions without a pause while something of the gateway dies, again and again.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{
    peers::Prosody,
    raw_xmpp::{RawStanza, RawXmpp},
    sip_callers::{Pace, SipCallers, Written, out_of_order},
    sip_sink::{Arrived, SipSink},
    world::{JULIET_SEEN, World, WorldSettings},
};

/// How many SIP users write at the same time, each one message after the other.
const CALLERS: usize = 12;
/// How many messages of the XMPP user may be on their way at the same time.
pub const WINDOW: usize = 8;

/// A load in both directions, and something of the gateway that dies under it.
#[derive(Debug)]
pub struct Storm {
    /// The peers, and the gateway between them.
    pub world: World<Prosody>,
    sink: Arc<SipSink>,
    juliet: RawXmpp,
    romeo: Writer,
    callers: SipCallers,
    dice: u64,
}

/// What one storm leaves.
#[derive(Debug)]
pub struct Remains {
    crashes: usize,
    written: Vec<Written>,
    at_juliet: Vec<RawStanza>,
    sent_by_romeo: usize,
    given_up: usize,
    at_romeo: Vec<RawStanza>,
    at_sink: Vec<Arrived>,
}

impl Storm {
    /// Starts the peers and their loads; `settings` are made with the next hop of SIP.
    ///
    /// # Panics
    /// When one of them does not start.
    pub fn start(settings: &impl Fn(String) -> WorldSettings, seed: u64) -> Self {
        let sink = Arc::new(SipSink::start());
        let world = World::<Prosody>::start(&settings(sink.next_hop()));
        let juliet = RawXmpp::login(&world.xmpp, "juliet");
        let romeo = Writer::start(RawXmpp::login(&world.xmpp, "romeo"), &sink);
        let callers = SipCallers::start(world.gateway_sip(), JULIET_SEEN, CALLERS, Pace::Eager);
        Self {
            world,
            sink,
            juliet,
            romeo,
            callers,
            dice: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    /// Has something die so often, at random instants: what `strike` kills, and waits for to be there again.
    ///
    /// # Panics
    /// When what was acknowledged does not arrive.
    pub fn rage(mut self, crashes: usize, mut strike: impl FnMut(&mut World<Prosody>)) -> Remains {
        for _ in 0..crashes {
            let answers = self.callers.answers() + CALLERS + self.throw(60);
            self.callers.await_answers(answers);
            let instant = Duration::from_micros(self.throw(150_000) as u64);
            self.callers.go_on_for(instant);
            strike(&mut self.world);
        }
        let answers = self.callers.answers() + CALLERS;
        self.callers.await_answers(answers);
        let written = self.callers.stop();
        let (mut romeo, sent_by_romeo, given_up) = self.romeo.stop();
        await_acknowledged(&self.juliet, &written);
        self.world.gateway.await_nothing_kept();
        // Whatever comes twice has come before the last.
        romeo.send("bob0@sip.example", "last", "last");
        self.sink.await_text("last");
        let answer = self.world.send_from_sip(JULIET_SEEN, "last");
        assert!(matches!(answer.status(), Some(200 | 202)));
        self.juliet.await_messages("last message", |messages| {
            messages.iter().any(|one| one.body == "last").then_some(())
        });
        Remains {
            crashes,
            written,
            at_juliet: self.juliet.messages(),
            sent_by_romeo,
            given_up,
            at_romeo: romeo.messages(),
            at_sink: self.sink.arrived(),
        }
    }

    /// Xorshift: as random as an instant has to be, and the same in each run.
    fn throw(&mut self, below: usize) -> usize {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice as usize % below
    }
}

fn await_acknowledged(juliet: &RawXmpp, written: &[Written]) {
    let acknowledged: BTreeSet<&str> = written
        .iter()
        .filter(|one| matches!(one.status, Some(200 | 202)))
        .map(|one| &*one.text)
        .collect();
    juliet.await_messages("acknowledged message", |messages| {
        let arrived: BTreeSet<&str> = messages.iter().map(|one| &*one.body).collect();
        acknowledged.is_subset(&arrived).then_some(())
    });
}

/// An XMPP user who writes as fast as messages arrive, or are refused.
#[derive(Debug)]
struct Writer {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<(RawXmpp, usize, usize)>,
}

impl Writer {
    fn start(mut user: RawXmpp, sink: &Arc<SipSink>) -> Self {
        let (is_over, sink) = (Arc::new(AtomicBool::new(false)), Arc::clone(sink));
        let over = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            let (mut sent, mut arrived, mut given_up, mut silences) = (0, 0, 0, 0);
            while !over.load(Ordering::Relaxed) {
                let told = user.messages().len();
                let ended = arrived + told + given_up;
                while sent < ended + WINDOW {
                    let text = format!("x{sent}");
                    user.send(&format!("bob{}@sip.example", sent % 4), &text, &text);
                    sent += 1;
                }
                let now = sink.await_more_than(arrived, Duration::from_millis(20));
                silences = if now > arrived { 0 } else { silences + 1 };
                arrived = now;
                // Of what is lost nobody hears.
                if silences > 50 {
                    given_up += sent.saturating_sub(arrived + told + given_up);
                }
            }
            (user, sent, given_up)
        });
        Self { is_over, thread }
    }

    /// The user, how many messages he has sent, and of how many he has waited for no word any longer.
    fn stop(self) -> (RawXmpp, usize, usize) {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().expect("romeo has not panicked")
    }
}

/// What became of all messages.
#[derive(Debug, Default)]
pub struct Ledger {
    /// How often something died.
    pub crashes: usize,
    /// From SIP: answered with 200 or 202.
    pub acknowledged: usize,
    /// Those of them with 202.
    pub accepted_early: usize,
    /// The same, with another status, by that.
    pub refused: BTreeMap<u16, usize>,
    /// Those of them that were not answered.
    pub unanswered: usize,
    /// Acknowledged, and not arrived.
    pub lost: Vec<String>,
    /// First arrivals that came after a later one of the same sender.
    pub out_of_order: usize,
    /// That came more than once, by whether the receiver can tell by their name.
    pub copies_under_one_name: usize,
    /// The same, under another name.
    pub copies_under_another: usize,
    /// To SIP.
    pub sent_by_xmpp: usize,
    /// Of which no word was waited for any longer.
    pub waited_for_no_longer: usize,
    /// That arrived at SIP.
    pub arrived_from_xmpp: usize,
    /// Of which the sender was told that they failed.
    pub told_to_xmpp: usize,
    /// Neither arrived nor told.
    pub in_doubt_from_xmpp: usize,
    /// At SIP, that came more than once under one name.
    pub copies_at_sip_under_one_name: usize,
    /// The same, under another name.
    pub copies_at_sip_under_another: usize,
}

impl Ledger {
    /// Adds what a storm leaves.
    pub fn add(&mut self, remains: &Remains) {
        self.crashes += remains.crashes;
        self.add_from_sip(remains);
        self.add_from_xmpp(remains);
    }

    fn add_from_sip(&mut self, remains: &Remains) {
        let arrived = remains.at_juliet.iter().filter(|one| one.kind != "error");
        let (names, copies) = named(arrived.map(|one| (&*one.body, &*one.id)));
        self.copies_under_one_name += copies[0];
        self.copies_under_another += copies[1];
        self.out_of_order += out_of_order(remains.at_juliet.iter().map(|one| &*one.body));
        for written in &remains.written {
            match written.status {
                Some(200 | 202) => {
                    self.acknowledged += 1;
                    self.accepted_early += usize::from(written.status == Some(202));
                    if !names.contains_key(&*written.text) {
                        self.lost.push(written.text.clone());
                    }
                }
                Some(status) => *self.refused.entry(status).or_default() += 1,
                None => self.unanswered += 1,
            }
        }
    }

    fn add_from_xmpp(&mut self, remains: &Remains) {
        let arrived = remains
            .at_sink
            .iter()
            .map(|one| (&*one.text, &*one.call_id));
        let (names, copies) = named(arrived.filter(|(text, _)| *text != "last"));
        self.copies_at_sip_under_one_name += copies[0];
        self.copies_at_sip_under_another += copies[1];
        let told = remains.at_romeo.iter().filter(|one| one.kind == "error");
        let told: BTreeSet<&str> = told.map(|one| &*one.id).collect();
        self.sent_by_xmpp += remains.sent_by_romeo;
        self.waited_for_no_longer += remains.given_up;
        self.arrived_from_xmpp += names.len();
        self.told_to_xmpp += told.len();
        let sent = (0..remains.sent_by_romeo).map(|number| format!("x{number}"));
        self.in_doubt_from_xmpp += sent
            .filter(|text| !names.contains_key(&**text) && !told.contains(&**text))
            .count();
    }
}

/// The names under which each text came, and how many copies came under the same name and under another.
fn named<'a>(
    arrived: impl Iterator<Item = (&'a str, &'a str)>,
) -> (HashMap<&'a str, BTreeSet<&'a str>>, [usize; 2]) {
    let mut names: HashMap<_, BTreeSet<_>> = HashMap::new();
    let mut copies = [0, 0];
    for (text, name) in arrived {
        let known = names.entry(text).or_default();
        if !known.is_empty() {
            copies[usize::from(!known.contains(name))] += 1;
        }
        known.insert(name);
    }
    (names, copies)
}
