//! What a system on its way has taken, and may bring back.
//!
//! An adapter that answers `Indeterminant` has handed its message to somebody who takes it further: another XMPP server has it, or will. The
//! gateway does not keep it then. It remembers who sent it, for some time and of some number, so that a failure that is found later is told
//! although nobody asked; of what was kept also over a restart, since the end of its record has to be written anyway.

use rand::CryptoRng;
use rialto_model::MessageOperation;

use super::{
    Custodian, JournalTable,
    awaited::{Asked, Awaiting},
    entries::{Body, Stage},
    held::Sent,
    journal::Change,
    writes::Purpose,
};
use crate::{AdapterId, router::Owner};

/// Whether its sender is told if it comes back. The gateway itself, as a sender, has nobody to tell; and what was worth something only then is worth no word.
pub(super) fn is_worth_a_word(adapter: AdapterId, operation: &MessageOperation) -> bool {
    adapter != AdapterId::GATEWAY && !operation.is_ephemeral()
}

impl<R: CryptoRng> Custodian<R> {
    /// Remembers whom to tell if a message fails that somebody on its way has taken. On what was asked for, a word is waited for already.
    pub(super) fn remember_passed_on(&mut self, owner: Owner) {
        let Some(Sent {
            adapter,
            operation,
            onward,
            sent_at,
        }) = self.passed_on(owner)
        else {
            return;
        };
        if !is_worth_a_word(adapter, operation) || self.awaits(&onward) {
            return;
        }
        let until = self.after(self.settings.limits().passed_on_time());
        let asked = Asked::of(operation);
        let mut awaiting = Awaiting::new(adapter, operation, asked, sent_at, until);
        awaiting.deliverer = self.deliverer(adapter, operation);
        if let Some(record) = self.awaited.insert(self.now, onward, awaiting) {
            let forget = Change::delete(JournalTable::Dispositions, record);
            self.write(Purpose::Note, vec![forget]);
        }
    }

    fn passed_on(&self, owner: Owner) -> Option<Sent<'_>> {
        let held = match owner {
            Owner::Held(ticket) => self.holding.get(ticket)?,
            Owner::Kept(key) => {
                let entry = self.entries.get(key)?;
                match (&entry.stage, entry.body()) {
                    (Stage::Accepting(accepting), _) => &accepting.held,
                    (_, Some(Body::Message(operation, onward))) => {
                        return Some(Sent {
                            adapter: entry.adapter,
                            operation,
                            onward: *onward,
                            sent_at: entry.accepted_at,
                        });
                    }
                    _ => return None,
                }
            }
            Owner::Caller(_) => return None,
        };
        Some(held.sent(&self.clock))
    }
}
