//! What comes back to a shard: answers of adapters, results of the journal and of DNS.

use std::time::Instant;

use rand::rngs::StdRng;
use rialto_model::{Bytes, Domain, Failure, ResponseStatus};
use rialto_resolver::{Resolution, Service};
use rialto_router::{AdapterId, JournalKey, Unread, Unwritten, WriteId};

use super::{Gateway, now};
use crate::{
    flow,
    presence::Watching,
    shard::{Messages, Shard, Token},
};

/// A shard of either kind.
pub(super) enum Place<'a> {
    Messages(&'a Shard<Messages>),
    Watching(&'a Shard<Watching>),
}

impl Gateway {
    pub(super) fn place(&self, shard: u8) -> Option<Place<'_>> {
        let number = usize::from(shard);
        match number.checked_sub(self.shards.len()) {
            None => self.shards.get(number).map(Place::Messages),
            Some(number) => self.presence.get(number).map(Place::Watching),
        }
    }

    /// What DNS is asked for in the name of a shard.
    pub(super) fn service_of(&self, shard: u8) -> Service {
        match self.place(shard) {
            Some(Place::Watching(_)) => Service::Presence,
            _ => Service::InstantMessaging,
        }
    }

    pub(super) fn answered(&self, now: Instant, token: Token, status: ResponseStatus) {
        if let Some(shard) = self.shards.get(token.shard()) {
            shard.handle(self, |state| {
                let attempt = token.attempt();
                state.custodian.handle_response(now, attempt, status)
            });
        }
    }

    /// Takes an adapter's answer to a disposition.
    pub(super) fn told(&self, token: Token, status: ResponseStatus) {
        if let Some(shard) = self.shards.get(token.shard()) {
            let now = now();
            shard.handle(self, |state| {
                let report = token.report();
                state
                    .custodian
                    .handle_disposition_response(now, report, status)
            });
        }
    }

    /// Tries what is kept because an adapter's network could not be reached, now that it can.
    pub(super) fn try_what_waits_for(&self, adapter: AdapterId) {
        let now = now();
        for shard in &self.shards {
            shard.handle(self, |state| {
                state.custodian.handle_adapter_up(now, adapter);
            });
        }
    }

    /// Gives a shard the results of writes. They are taken up under its lock, in the order in which the store gave them.
    pub(crate) fn written(
        &self,
        shard: u8,
        results: impl FnOnce() -> Vec<(WriteId, Result<(), Unwritten>)>,
    ) {
        let now = now();
        match self.place(shard) {
            Some(Place::Messages(shard)) => shard.handle(self, |state| {
                for (write, result) in results() {
                    state.custodian.handle_written(now, write, result);
                }
            }),
            Some(Place::Watching(shard)) => shard.handle(self, |state| {
                for (write, result) in results() {
                    state.service.handle_written(now, write, result);
                }
            }),
            None => {}
        }
    }

    /// Gives a shard the records that it asked for.
    pub(crate) fn loaded(&self, shard: u8, records: Vec<(JournalKey, Result<Bytes, Unread>)>) {
        if let Some(shard) = self.shards.get(usize::from(shard)) {
            let now = now();
            shard.handle(self, |state| {
                for (key, record) in records {
                    state.custodian.handle_loaded(now, key, record);
                }
            });
        }
    }

    /// Gives a shard what DNS says of a domain.
    pub(super) fn resolved(
        &self,
        shard: u8,
        domain: &Domain,
        found: Result<&Resolution, &Failure>,
    ) {
        let Some(dns) = &self.dns else {
            return;
        };
        flow::resolved(domain, found);
        let now = now();
        let hops = |rng: &mut StdRng, only| match found {
            Ok(resolution) => dns.hops(resolution, rng, only),
            Err(failure) => Err(failure.clone()),
        };
        match self.place(shard) {
            Some(Place::Messages(shard)) => shard.handle(self, |state| {
                state.custodian.handle_resolved(now, domain, hops);
            }),
            Some(Place::Watching(shard)) => shard.handle(self, |state| {
                state.service.handle_resolved(now, domain, hops);
            }),
            None => {}
        }
    }
}
