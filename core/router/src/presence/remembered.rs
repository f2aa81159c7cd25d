//! What was fetched once, for when nobody can be asked.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use foldhash::quality::RandomState;
use rand::CryptoRng;
use rialto_model::Presentity;

use super::{
    Index, PresenceService,
    document::Document,
    record::{DocumentRecord, FetchedRecord},
    writes::Purpose,
};
use crate::{Change, JournalKey, JournalTable, custody::clock::Millis};

/// Documents that were fetched, by watcher and presentity: one watcher's is not shown to another.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    documents: HashMap<(Presentity, Presentity), (JournalKey, Arc<Document>), RandomState>,
    /// Oldest first; one that was fetched again stands there twice.
    order: VecDeque<(JournalKey, (Presentity, Presentity))>,
    /// The bytes of all documents, each counted for every pair that has it.
    bytes: usize,
}

impl Remembered {
    /// The most that are remembered.
    const MOST: usize = 10_000;

    /// The most bytes of documents that are.
    const MOST_BYTES: usize = 64 << 20;

    /// For how long.
    const TIME: Duration = Duration::from_secs(24 * 3600);

    /// Keeps a document; yields the records that stand for nothing any more.
    fn keep(
        &mut self,
        pair: (Presentity, Presentity),
        key: JournalKey,
        document: Arc<Document>,
    ) -> Vec<JournalKey> {
        let mut gone = Vec::new();
        self.bytes = self.bytes.saturating_add(size(&document));
        if let Some((key, former)) = self.documents.insert(pair.clone(), (key, document)) {
            self.bytes = self.bytes.saturating_sub(size(&former));
            gone.push(key);
        }
        self.order.push_back((key, pair));
        while self.is_too_much() {
            let Some((key, pair)) = self.order.pop_front() else {
                break;
            };
            if self.documents.get(&pair).is_some_and(|(of, _)| *of == key)
                && let Some((key, former)) = self.documents.remove(&pair)
            {
                self.bytes = self.bytes.saturating_sub(size(&former));
                gone.push(key);
            }
        }
        gone
    }

    fn is_too_much(&self) -> bool {
        self.documents.len() > Self::MOST
            || self.order.len() > 2 * Self::MOST
            || self.bytes > Self::MOST_BYTES
    }
}

fn size(document: &Document) -> usize {
    document.content().payload().len()
}

impl<R: CryptoRng> PresenceService<R> {
    /// Remembers what is fetched.
    pub(super) fn remember(&mut self, index: Index) {
        let Some((pair, document)) = self.fetched_document(index) else {
            return;
        };
        let key = self.keys.next();
        let record = FetchedRecord {
            watcher: pair.0.clone(),
            presentity: pair.1.clone(),
            document: DocumentRecord::of(&document),
        };
        let until = self.now.plus(Remembered::TIME).time();
        let table = JournalTable::Presence;
        let put = Change::put_until(table, key, record.write(), until);
        let gone = self.remembered.keep(pair, key, document).into_iter();
        let changes = gone.map(|key| Change::delete(table, key)).chain([put]);
        let changes = changes.collect();
        self.write(Purpose::Note, changes);
    }

    pub(super) fn remember_again(&mut self, key: JournalKey, record: FetchedRecord) {
        let age = Millis(record.document.at.0).plus(Remembered::TIME);
        if age > self.now {
            let document = Document::new(record.document.content, record.document.at);
            let pair = (record.watcher, record.presentity);
            self.remembered.keep(pair, key, Arc::new(document));
        }
    }

    /// What is known of a presentity for a watcher that fetches: what it was told by its subscription, else by a former fetch.
    pub(super) fn remembered(&self, index: Index) -> Option<Arc<Document>> {
        let of = self.subscriptions.get(index)?;
        let live = self
            .subscriptions
            .by_pair((of.watcher, of.presentity, of.package));
        let live = live.and_then(|live| self.subscriptions.get(live)?.document.clone());
        live.or_else(|| {
            let pair = self.pair(index)?;
            let (_, document) = self.remembered.documents.get(&pair)?;
            let is_young = document.at().plus(Remembered::TIME) > self.now;
            is_young.then(|| Arc::clone(document))
        })
    }

    fn fetched_document(&self, index: Index) -> Option<((Presentity, Presentity), Arc<Document>)> {
        let document = self.subscriptions.get(index)?.document.clone()?;
        Some((self.pair(index)?, document))
    }

    fn pair(&self, index: Index) -> Option<(Presentity, Presentity)> {
        let of = self.subscriptions.get(index)?;
        let watcher = self.addresses.get(of.watcher)?;
        let presentity = self.presentities.get(of.presentity)?.address.clone();
        Some((watcher, presentity))
    }
}

#[cfg(test)]
mod tests {
    use rialto_model::PresenceDocument;

    use super::*;

    fn pair(number: usize) -> (Presentity, Presentity) {
        let parse = |text: &str| Presentity::parse(text).expect("an address");
        let watcher = format!("pres:w{number}@jabber.example");
        (parse(&watcher), parse("pres:helen@sip.example"))
    }

    fn document(len: usize) -> Arc<Document> {
        let content = PresenceDocument::pidf(rialto_model::Bytes::from(vec![b' '; len]));
        Arc::new(Document::new(content, Millis(0)))
    }

    #[test]
    fn oldest_are_forgotten_when_the_documents_are_too_large_together() {
        let (mut remembered, keys) = (Remembered::default(), crate::JournalKeys::default());
        let each = Remembered::MOST_BYTES / 4;
        let first = keys.next();
        assert_eq!(remembered.keep(pair(0), first, document(each)), []);
        for number in 1..4 {
            assert_eq!(
                remembered.keep(pair(number), keys.next(), document(each)),
                []
            );
        }
        assert_eq!(remembered.keep(pair(4), keys.next(), document(1)), [first]);
        assert_eq!(remembered.bytes, 3 * each + 1);
    }

    #[test]
    fn document_in_the_place_of_another_frees_what_that_one_took() {
        let (mut remembered, keys) = (Remembered::default(), crate::JournalKeys::default());
        let first = keys.next();
        remembered.keep(pair(0), first, document(Remembered::MOST_BYTES));
        let gone = remembered.keep(pair(0), keys.next(), document(7));
        assert_eq!((gone, remembered.bytes), (vec![first], 7));
    }
}
