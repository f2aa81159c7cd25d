//! Who is there on pagers, and who watches whom.

use std::collections::{BTreeMap, VecDeque};

use super::{PagerUser, State, escaped, unescaped};

/// What the server knows of presence.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// Those elsewhere who watch its users, by the names of their subscriptions.
    watches: BTreeMap<String, Watch>,
    /// How its users are: `on` or `off`, and a note.
    shown: BTreeMap<String, (String, String)>,
    seen: VecDeque<Seen>,
}

#[derive(Debug)]
struct Watch {
    watcher: String,
    target: String,
}

/// What a watcher with a pager is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The name of the subscription.
    pub subscription: String,
    /// Of whom.
    pub from: String,
    /// `wait`, `live` or `over`.
    pub phase: String,
    /// `on`, `off` or `-`.
    pub status: String,
    /// What is said besides.
    pub note: String,
    to: String,
}

impl PagerUser {
    /// Says how the user is, `on` or `off`, to all who watch.
    pub fn shows(&self, status: &str, note: &str) {
        let mut state = self.shared.lock();
        let shown = (status.to_owned(), note.to_owned());
        state.presence.shown.insert(self.name.clone(), shown);
        let watches = state.presence.watches.iter();
        let mine = watches.filter(|(_, watch)| watch.target == self.name);
        let names: Vec<_> = mine.map(|(name, _)| name.clone()).collect();
        for name in names {
            state.show(&name, "live");
        }
    }

    /// Watches somebody under this name for so many seconds, 0 to watch no more; yields what the gateway said: `GRANT` and seconds, `ACK kept`, `NAK` and a reason.
    pub fn watch(&self, subscription: &str, whom: &str, seconds: u32) -> String {
        self.say(|id, from| format!("WATCH {id} {subscription} {from} {whom} {seconds}"))
            .1
    }

    /// Takes what the user is told next of somebody.
    pub fn sees(&self) -> Seen {
        self.shared.wait("status", |state| {
            let seen = &mut state.presence.seen;
            let at = seen.iter().position(|seen| seen.to == self.name)?;
            seen.remove(at)
        })
    }

    /// Takes what the user is told of somebody, until that one is so.
    pub fn sees_until(&self, status: &str) -> Seen {
        loop {
            let seen = self.sees();
            if seen.status == status {
                return seen;
            }
        }
    }

    /// How many elsewhere watch the user.
    pub fn watchers(&self) -> usize {
        let state = self.shared.lock();
        let watches = state.presence.watches.values();
        watches.filter(|watch| watch.target == self.name).count()
    }
}

impl State {
    /// Takes a line of presence, if it is one.
    pub(super) fn take_presence(&mut self, line: &str) {
        let words: Vec<_> = line.splitn(8, ' ').collect();
        match *words.as_slice() {
            ["WATCH", id, name, watcher, target, seconds] => {
                self.take_watch(id, name, [watcher, target], seconds);
            }
            ["GRANT", id, seconds] => {
                self.answers
                    .insert(id.to_owned(), format!("GRANT {seconds}"));
            }
            ["STATUS", id, name, from, to, phase, status, note] => {
                let [subscription, from, to] = [name, from, to].map(str::to_owned);
                self.presence.seen.push_back(Seen {
                    subscription,
                    from,
                    phase: phase.to_owned(),
                    status: status.to_owned(),
                    note: unescaped(note),
                    to,
                });
                self.acknowledge(id, "ACK", "done");
            }
            _ => {}
        }
    }

    fn take_watch(&mut self, id: &str, name: &str, [watcher, target]: [&str; 2], seconds: &str) {
        if !self.users.contains(target) {
            return self.acknowledge(id, "NAK", "nouser");
        }
        let [watcher, target] = [watcher, target].map(str::to_owned);
        let watch = Watch { watcher, target };
        self.presence.watches.insert(name.to_owned(), watch);
        self.acknowledge(id, "GRANT", seconds);
        match seconds {
            "0" => {
                self.show(name, "over");
                self.presence.watches.remove(name);
            }
            _ => self.show(name, "live"),
        }
    }

    /// Tells a watcher elsewhere how somebody is.
    fn show(&mut self, name: &str, phase: &str) {
        let Some(Watch { watcher, target }) = self.presence.watches.get(name) else {
            return;
        };
        let unknown = || ("off".to_owned(), String::new());
        let shown = self.presence.shown.get(target);
        let (status, note) = shown.cloned().unwrap_or_else(unknown);
        let rest = format!(
            "{name} {target} {watcher} {phase} {status} {}",
            escaped(&note)
        );
        self.last_id += 1;
        let line = format!("STATUS s{} {rest}", self.last_id);
        self.write(&line);
    }
}
