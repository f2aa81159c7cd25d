//! How entries, conversations and destinations come to stand where they stand.

use super::*;

impl<D: Clone + Eq + Hash> RetryQueue<D> {
    pub(super) fn find(&self, key: JournalKey) -> Option<u32> {
        let is_same = |at: &u32| is_of(&self.entries, *at, key);
        self.keys.find(hash(key.number()), is_same).copied()
    }

    /// The conversation of that hash to that destination; a new one, if there is none.
    pub(super) fn conversation(&mut self, hash_of_it: u64, name: &D) -> u32 {
        let destination = self.destination(name);
        let conversations = &self.conversations;
        let place = self.conversation_keys.entry(
            hash(hash_of_it),
            |at| {
                let conversation = conversations.get(*at as usize);
                conversation.is_some_and(|conversation| {
                    conversation.hash == hash_of_it && conversation.destination == destination
                })
            },
            |at| {
                hash(
                    conversations
                        .get(*at as usize)
                        .map_or(0, |known| known.hash),
                )
            },
        );
        let vacant = match place {
            Place::Occupied(place) => return *place.get(),
            Place::Vacant(place) => place,
        };
        let at = self.conversations.vacant_key() as u32;
        vacant.insert(at);
        self.conversations.insert(Conversation {
            hash: hash_of_it,
            destination,
            entries: List::new(),
            in_flight: 0,
            failures: 0,
            is_ready: false,
        });
        if let Some(destination) = self.destinations.get_mut(destination as usize) {
            destination.conversations += 1;
        }
        at
    }

    fn destination(&mut self, name: &D) -> u32 {
        if let Some(at) = self.names.get(name) {
            return *at;
        }
        let at = self.destinations.insert(Destination::new(name.clone())) as u32;
        self.names.insert(name.clone(), at);
        at
    }

    /// Adds an entry to its conversation.
    pub(super) fn join(&mut self, conversation: u32, entry: u32) {
        let next = self.next_of(conversation, entry);
        let Some(joined) = self.conversations.get_mut(conversation as usize) else {
            return;
        };
        match next {
            Some(next) => self
                .entry_links
                .insert_before(&mut joined.entries, next, entry),
            None => self.entry_links.push_back(&mut joined.entries, entry),
        }
    }

    /// The entry that one is to stand before, unless it is to be the last.
    ///
    /// Looks at one nearly always: keys rise, but for messages that were on their way already when the first of their conversation was
    /// kept, and these are few, at the head.
    fn next_of(&self, conversation: u32, entry: u32) -> Option<u32> {
        let place = |at: u32| {
            let entry = self.entries.get(at as usize)?;
            Some((!entry.has_ended(), entry.key))
        };
        let own = place(entry);
        let list = self.conversations.get(conversation as usize)?.entries;
        if list.last().and_then(place) < own {
            return None;
        }
        let mut all = self.entry_links.from(list.first());
        all.find(|at| place(*at) > own)
    }

    /// Hands an entry out: it expires no more until it is back.
    pub(super) fn launch(&mut self, at: u32) {
        let Some(entry) = self.entries.get_mut(at as usize) else {
            return;
        };
        entry.stage = Stage::InFlight;
        self.expiries.cancel(at);
        self.in_flight += 1;
        if let Some(conversation) = self.conversations.get_mut(entry.conversation as usize) {
            conversation.in_flight = conversation.in_flight.saturating_add(1);
            if let Some(destination) = self.destinations.get_mut(conversation.destination as usize)
            {
                entry.era = destination.launch();
            }
        }
    }

    /// Takes an entry back; false, if it was not in flight.
    pub(super) fn land(&mut self, at: u32) -> bool {
        let Some(entry) = self.entries.get_mut(at as usize) else {
            return false;
        };
        if entry.stage != Stage::InFlight {
            return false;
        }
        entry.stage = Stage::Waiting;
        self.expiries.set(at, self.expiries.time(at));
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(conversation) = self.conversations.get_mut(entry.conversation as usize) {
            conversation.in_flight = conversation.in_flight.saturating_sub(1);
            if let Some(destination) = self.destinations.get_mut(conversation.destination as usize)
            {
                destination.land(entry.era);
            }
        }
        true
    }

    /// Takes an entry out, and what is left empty by that.
    pub(super) fn take(&mut self, at: u32) -> Option<JournalKey> {
        let entry = self.entries.try_remove(at as usize)?;
        self.expiries.cancel(at);
        if let Ok(known) = self
            .keys
            .find_entry(hash(entry.key.number()), |known| *known == at)
        {
            known.remove();
        }
        if let Some(conversation) = self.conversations.get_mut(entry.conversation as usize) {
            self.entry_links.remove(&mut conversation.entries, at);
        }
        // The order of these matters: an empty conversation is nowhere, and can go.
        self.place(entry.conversation);
        self.dissolve(entry.conversation);
        if self.entries.is_empty() && self.entries.capacity() > Self::ROOM {
            *self = Self::new(self.beginning, self.limits);
        }
        Some(entry.key)
    }

    fn dissolve(&mut self, at: u32) {
        let Some(conversation) = self.conversations.get(at as usize) else {
            return;
        };
        if !conversation.entries.is_empty() {
            return;
        }
        let (known_by, number) = (hash(conversation.hash), conversation.destination);
        if let Ok(known) = self
            .conversation_keys
            .find_entry(known_by, |known| *known == at)
        {
            known.remove();
        }
        self.conversation_rests.cancel(at);
        self.conversations.try_remove(at as usize);
        let Some(destination) = self.destinations.get_mut(number as usize) else {
            return;
        };
        destination.conversations = destination.conversations.saturating_sub(1);
        if destination.conversations == 0 {
            self.names.remove(&destination.name);
            self.destination_rests.cancel(number);
            self.destinations.try_remove(number as usize);
        }
    }

    /// Puts a conversation, and its destination, where they belong now.
    pub(super) fn place(&mut self, at: u32) {
        let Some(conversation) = self.conversations.get_mut(at as usize) else {
            return;
        };
        let first = conversation.entries.first();
        let first = first.and_then(|at| self.entries.get(at as usize));
        let is_ready = first.is_some_and(|first| !first.has_ended())
            && conversation.in_flight == 0
            && !self.conversation_rests.is_set(at);
        let number = conversation.destination;
        if is_ready != conversation.is_ready
            && let Some(destination) = self.destinations.get_mut(number as usize)
        {
            conversation.is_ready = is_ready;
            if is_ready {
                self.conversation_links
                    .push_back(&mut destination.ready, at);
            } else {
                self.conversation_links.remove(&mut destination.ready, at);
            }
        }
        self.place_destination(number);
    }

    /// Puts a destination where it belongs now.
    pub(super) fn place_destination(&mut self, at: u32) {
        let Some(destination) = self.destinations.get_mut(at as usize) else {
            return;
        };
        let may_go = !destination.ready.is_empty()
            && destination.has_room(self.limits.max_per_destination())
            && !self.destination_rests.is_set(at);
        let listing = may_go.then(|| destination.line());
        if listing == destination.listing {
            return;
        }
        self.unlist(at);
        if let Some(line) = listing
            && let Some(destination) = self.destinations.get_mut(at as usize)
        {
            destination.listing = listing;
            let line = match line {
                Line::Idle => &mut self.idle,
                Line::Busy => &mut self.busy,
            };
            self.destination_links.push_back(line, at);
        }
    }

    /// Takes a destination from its place in the line.
    pub(super) fn unlist(&mut self, at: u32) {
        let known = self.destinations.get_mut(at as usize);
        match known.and_then(|destination| destination.listing.take()) {
            Some(Line::Idle) => self.destination_links.remove(&mut self.idle, at),
            Some(Line::Busy) => self.destination_links.remove(&mut self.busy, at),
            None => {}
        }
    }

    /// Ends all rests whose time has come.
    pub(super) fn wake(&mut self, now: Moment) {
        while let Some(at) = self.conversation_rests.due(now) {
            self.conversation_rests.cancel(at);
            self.place(at);
        }
        while let Some(at) = self.destination_rests.due(now) {
            self.destination_rests.cancel(at);
            self.place_destination(at);
        }
    }

    /// Takes note of an answer of a destination.
    pub(super) fn succeed(&mut self, at: u32, era: u16) {
        let Some(destination) = self.destinations.get_mut(at as usize) else {
            return;
        };
        if destination.succeed(era, self.limits.max_per_destination()) {
            self.destination_rests.cancel(at);
        }
    }

    /// Lets a destination rest.
    pub(super) fn rest_all(
        &mut self,
        now: Instant,
        at: u32,
        era: u16,
        told: Option<Duration>,
        rng: &mut impl Rng,
    ) {
        let Some(destination) = self.destinations.get_mut(at as usize) else {
            return;
        };
        let is_resting = self.destination_rests.is_set(at);
        let failures = match destination.fail(era, is_resting) {
            Some(failures) => failures,
            // Nothing new, unless it says now for how long.
            None if is_resting && told.is_some() => 1,
            None => return,
        };
        let until = self.until(now, failures, told, rng);
        if !is_resting || until > self.destination_rests.time(at) {
            self.destination_rests.set(at, until);
        }
    }

    /// Ends the rest of a destination of which others know better than its last failure.
    pub(super) fn end_rest(&mut self, at: u32) {
        if let Some(destination) = self.destinations.get_mut(at as usize) {
            destination.revive();
        }
        self.destination_rests.cancel(at);
        self.place_destination(at);
    }

    /// Lets a conversation rest.
    pub(super) fn rest(
        &mut self,
        now: Instant,
        at: u32,
        told: Option<Duration>,
        rng: &mut impl Rng,
    ) {
        let Some(conversation) = self.conversations.get_mut(at as usize) else {
            return;
        };
        conversation.failures = conversation.failures.saturating_add(1);
        let failures = u32::from(conversation.failures);
        let until = self.until(now, failures, told, rng);
        self.conversation_rests.set(at, until);
    }

    /// Takes note that a message of a conversation was dealt with.
    pub(super) fn forgive(&mut self, at: u32) {
        if let Some(conversation) = self.conversations.get_mut(at as usize) {
            conversation.failures = 0;
        }
    }

    fn until(
        &self,
        now: Instant,
        failures: u32,
        told: Option<Duration>,
        rng: &mut impl Rng,
    ) -> Moment {
        let wait = self.limits.wait(failures, told, rng);
        let until = now.checked_add(wait).unwrap_or(now);
        Moment::new(self.beginning, until)
    }
}

/// Spreads numbers that are our own, or keyed already.
pub(super) fn hash(number: u64) -> u64 {
    FixedState::with_seed(0).hash_one(number)
}

pub(super) fn hash_of(entries: &Slab<Entry>, at: u32) -> u64 {
    let entry = entries.get(at as usize);
    hash(entry.map_or(0, |entry| entry.key.number()))
}

pub(super) fn is_of(entries: &Slab<Entry>, at: u32, key: JournalKey) -> bool {
    let entry = entries.get(at as usize);
    entry.is_some_and(|entry| entry.key == key)
}
