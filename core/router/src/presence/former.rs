//! What stands in place of what could not be written.

use rand::CryptoRng;

use super::{
    PresenceService,
    principals::record,
    record::PublicationRecord,
    writes::{Former, Purpose},
};
use crate::{Change, JournalTable};

impl<R: CryptoRng> PresenceService<R> {
    /// Writes down what holds now, as the disk may have what it did not acknowledge.
    ///
    /// Not what held when that failed: something else may have been made safe since, and must stay.
    pub(super) fn put_back(&mut self, former: Former) {
        if let Some(change) = self.former(&former) {
            self.write(Purpose::Former(former), vec![change]);
        }
    }

    /// None while another is being written: that one stands then, or is put back in its turn.
    fn former(&self, former: &Former) -> Option<Change> {
        let (Former::Rules(address) | Former::Publication(address, ..)) = former;
        let known = self.presentities.find(address);
        let entry = known.and_then(|id| self.presentities.get(id));
        match former {
            Former::Rules(_) => {
                let is_settled = entry.is_none_or(|entry| entry.ruling == 0);
                let rules = entry.and_then(|entry| entry.rules.as_deref());
                is_settled.then(|| record(address, rules))
            }
            Former::Publication(_, id, key) => {
                let table = JournalTable::Presence;
                if entry.is_some_and(|entry| entry.publishing().contains(id)) {
                    return None;
                }
                let mut all = entry.map_or(&[][..], |entry| entry.publications()).iter();
                Some(match all.find(|of| of.key == *key) {
                    Some(of) => Change::put(table, *key, PublicationRecord::write_of(address, of)),
                    None => Change::delete(table, *key),
                })
            }
        }
    }
}
