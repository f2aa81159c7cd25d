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
}

impl Remembered {
    /// The most that are remembered.
    const MOST: usize = 10_000;

    /// For how long.
    const TIME: Duration = Duration::from_secs(24 * 3600);

    /// Keeps a document; yields the records that stand for nothing any more.
    fn keep(
        &mut self,
        pair: (Presentity, Presentity),
        key: JournalKey,
        document: Arc<Document>,
    ) -> Vec<JournalKey> {
        let former = self.documents.insert(pair.clone(), (key, document));
        let mut gone: Vec<JournalKey> = former.into_iter().map(|(key, _)| key).collect();
        self.order.push_back((key, pair));
        while self.documents.len() > Self::MOST || self.order.len() > 2 * Self::MOST {
            let Some((key, pair)) = self.order.pop_front() else {
                break;
            };
            if self.documents.get(&pair).is_some_and(|(of, _)| *of == key) {
                self.documents.remove(&pair);
                gone.push(key);
            }
        }
        gone
    }
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
        let watcher = self.addresses.get(of.watcher)?.clone();
        let presentity = self.presentities.get(of.presentity)?.address.clone();
        Some((watcher, presentity))
    }
}
