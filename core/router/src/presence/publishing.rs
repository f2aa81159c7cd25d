//! What hosted presentities say.

use std::{sync::Arc, time::Instant};

use rand::CryptoRng;
use rialto_model::{Failure, FailureReason, Presentity, PublishOperation, ResponseStatus};

use super::{
    Caller, Index, PresenceLimits, PresenceService,
    addresses::AddressId,
    composition::{can_be_read, compose},
    document::{self, Document},
    presentities::{Hosted, PresentityEntry, PresentityId, Publication},
    record::PublicationRecord,
    subscription::Stage,
    writes::{Former, Publishing, Purpose, not_kept},
};
use crate::{AdapterId, CallerTicket, Change, JournalTable, custody::queue::alarms::Moment};

/// For how many names of a presentity its document is kept.
const MAX_COMPOSED: usize = 16;

impl<R: CryptoRng> PresenceService<R> {
    /// Takes what a presentity that is hosted here says of itself; `ticket` comes back with its response.
    ///
    /// Holds, and is told to watchers, when it is safe. RFC 3903 §6, RFC 2779 §2.3.4.
    pub fn handle_publish(
        &mut self,
        now: Instant,
        from: AdapterId,
        operation: PublishOperation,
        ticket: CallerTicket,
    ) {
        self.begin(now);
        let id = *operation.transaction_id();
        let caller = Caller { ticket, id };
        if let Err(failure) = self.publish(from, operation, caller) {
            self.refuse(ticket, id, failure);
        }
    }

    fn publish(
        &mut self,
        from: AdapterId,
        operation: PublishOperation,
        caller: Caller,
    ) -> Result<(), Failure> {
        let address = self.publisher_s_presentity(from, &operation)?;
        let known = self.presentities.find(&address);
        let entry = known.and_then(|id| self.presentities.get(id));
        let known = entry.and_then(|entry| {
            let mut publications = entry.publications().iter();
            publications.find(|known| known.id == *operation.publication_id())
        });
        check_version(&operation, known)?;
        let is_removal = operation.duration().is_some_and(|time| time.is_zero());
        let time = self.settings.limits().grant(operation.duration());
        let document = match (operation.document(), known) {
            (Some(document), _) => document::compact(document),
            (None, Some(known)) => known.document.clone(),
            (None, None) => return Err(nothing_published()),
        };
        let key = known.map(|known| known.key);
        let publication = Publication {
            key: key.unwrap_or_else(|| self.keys.next()),
            id: *operation.publication_id(),
            version: operation.version(),
            document,
            begins_at: self.now,
            expires_at: self.now.plus(time),
        };
        if !is_removal {
            self.check_composition(&operation, entry, &publication)?;
        }
        self.writes.check_room()?;
        let most = self.settings.limits().max_publishing;
        if !entry.is_some_and(PresentityEntry::publishes) && self.presentities.publishing() >= most
        {
            return Err(Failure::new(FailureReason::Overloaded)
                .with_detail("there are as many presentities with publications as are kept"));
        }
        let presentity = self.presentities.learn(&address);
        if let Some(entry) = self.presentities.get_mut(presentity) {
            let publishing = &mut entry.hosted().publishing;
            if publishing.contains(&publication.id) {
                return Err(Failure::new(FailureReason::Overloaded)
                    .with_detail("the same publication is being written"));
            }
            publishing.push(publication.id);
        }
        self.presentities.count(presentity);
        let (table, key) = (JournalTable::Presence, publication.key);
        let change = if is_removal {
            Change::delete(table, key)
        } else {
            let record = PublicationRecord::write_of(&address, &publication);
            Change::put(table, key, record)
        };
        let publishing = Publishing {
            presentity,
            publication,
            is_removal,
            caller,
        };
        self.write(Purpose::Publication(Box::new(publishing)), vec![change]);
        Ok(())
    }

    /// The presentity that a publisher may speak for: itself; another only if that one's rules name it.
    fn publisher_s_presentity(
        &self,
        from: AdapterId,
        operation: &PublishOperation,
    ) -> Result<Presentity, Failure> {
        if self.is_draining {
            return Err(FailureReason::ShuttingDown.into());
        }
        let presentity = operation.presentity();
        if !self.settings.hosts(presentity.domain()) {
            return Err(Failure::new(FailureReason::NoPresentity)
                .with_detail("the gateway does not host this presentity"));
        }
        let sides = [operation.publisher(), presentity];
        let authentication = operation.authentication();
        let watching = self
            .table
            .admit_watcher(from, sides, authentication, true)?;
        let known = self.presentities.find(&watching.presentity);
        let entry = known.and_then(|id| self.presentities.get(id));
        let rules = entry.and_then(|entry| entry.rules.as_ref());
        let may = watching.is_of_itself()
            || rules.is_some_and(|rules| rules.may_publish(&watching.watcher));
        if may && authentication.is_authenticated() {
            return Ok(watching.presentity);
        }
        Err(Failure::new(FailureReason::NotPermitted)
            .with_detail("the publisher may not speak for this presentity"))
    }

    fn check_composition(
        &self,
        operation: &PublishOperation,
        entry: Option<&PresentityEntry>,
        publication: &Publication,
    ) -> Result<(), Failure> {
        let max = self.settings.limits().max_document;
        let document = &publication.document;
        if document.payload().len() > max {
            return Err(FailureReason::TooLarge.into());
        }
        let entity = operation.presentity();
        if !can_be_read(document, entity) {
            return Err(FailureReason::UnsupportedContent.into());
        }
        let others = entry.map_or(&[][..], PresentityEntry::publications);
        let others = || others.iter().filter(|other| other.id != publication.id);
        let count = others().count() + entry.map_or(0, |entry| entry.publishing().len());
        if count >= PresenceLimits::MAX_PUBLICATIONS {
            return Err(Failure::new(FailureReason::Overloaded)
                .with_detail("the presentity has as many publications as are kept"));
        }
        let all = others().map(|other| &other.document);
        let whole = compose(entity, all.chain([document]));
        if whole.is_none_or(|whole| whole.payload().len() > max) {
            return Err(FailureReason::TooLarge.into());
        }
        Ok(())
    }

    /// A publication is written, or not.
    pub(super) fn published(&mut self, publishing: Publishing, is_safe: bool) {
        let Publishing {
            presentity,
            publication,
            is_removal,
            caller,
        } = publishing;
        let Some(entry) = self.presentities.get_mut(presentity) else {
            return;
        };
        let publishing = &mut entry.hosted().publishing;
        publishing.retain(|id| *id != publication.id);
        if !is_safe {
            self.unpublish(presentity, &publication);
            return self.respond(caller, not_kept().into(), None);
        }
        let duration = if is_removal {
            std::time::Duration::ZERO
        } else {
            self.seconds_left(publication.expires_at)
        };
        let Some(entry) = self.presentities.get_mut(presentity) else {
            return;
        };
        let publications = &mut entry.hosted().publications;
        let before = publications.iter().position(|of| of.id == publication.id);
        let before = before.map(|at| publications.remove(at));
        let is_same =
            !is_removal && before.is_some_and(|before| before.document == publication.document);
        if !is_removal {
            publications.insert(0, publication);
        }
        self.statistics.published += 1;
        self.respond(caller, ResponseStatus::Success, Some(duration));
        self.tend_publications(presentity);
        if is_same {
            return;
        }
        self.changed(presentity);
        self.presentities.forget(presentity);
    }

    /// The disk may have what it did not acknowledge: what was there before is put in its place.
    fn unpublish(&mut self, presentity: PresentityId, publication: &Publication) {
        let Some(entry) = self.presentities.get(presentity) else {
            return;
        };
        let address = entry.address.clone();
        self.tend_publications(presentity);
        self.presentities.forget(presentity);
        self.put_back(Former::Publication(
            address,
            publication.id,
            publication.key,
        ));
    }

    /// Publications that were not refreshed are no more: their device is out of contact.
    pub(super) fn expire_publications(&mut self, presentity: u32) {
        let presentity = PresentityId(presentity);
        let now = self.now;
        let Some(entry) = self.presentities.get_mut(presentity) else {
            return self.publication_alarms.cancel(presentity.0);
        };
        let Hosted {
            publications,
            publishing,
            ..
        } = entry.hosted();
        // One that is being written was refreshed in time, if it is written at all.
        let is_over = |of: &mut Publication| of.expires_at <= now && !publishing.contains(&of.id);
        let over = publications.extract_if(.., is_over);
        let removals = over.map(|of| Change::delete(JournalTable::Presence, of.key));
        let removals: Vec<Change> = removals.collect();
        self.tend_publications(presentity);
        if !removals.is_empty() {
            self.write(Purpose::Removal, removals);
            self.changed(presentity);
            self.presentities.forget(presentity);
        }
    }

    /// Sees to it that publications end in time, and are counted.
    pub(super) fn tend_publications(&mut self, presentity: PresentityId) {
        self.presentities.count(presentity);
        let entry = self.presentities.get(presentity);
        match entry.and_then(PresentityEntry::first_expiry) {
            Some(at) => self.publication_alarms.set(presentity.0, Moment(at.0)),
            None => self.publication_alarms.cancel(presentity.0),
        }
    }

    /// Tells all watchers of a presentity.
    pub(super) fn changed(&mut self, presentity: PresentityId) {
        let Some(entry) = self.presentities.get_mut(presentity) else {
            return;
        };
        if let Some(hosted) = entry.hosted_if_any() {
            hosted.composed.clear();
        }
        for index in entry.watchers.clone() {
            let stage = self.subscriptions.get(index).map(|of| of.stage);
            if stage == Some(Stage::Live) {
                self.want_changed_notice(index);
            }
        }
    }

    /// Puts a hosted presentity's document together, unless that is done for all who know it by the same name.
    pub(super) fn compose_for(&mut self, index: Index) {
        let Some(of) = self.subscriptions.get(index) else {
            return;
        };
        let (target, now) = (of.shown_target, self.now);
        let Some(entry) = self.presentities.get_mut(of.presentity) else {
            return;
        };
        let is_there = entry.composed(target).is_some();
        if is_there || entry.publications().is_empty() {
            return;
        }
        let Some(entity) = self.addresses.get(target) else {
            return;
        };
        let publications = entry.publications().iter().map(|of| &of.document);
        let Some(whole) = compose(&entity, publications) else {
            return;
        };
        let document = Arc::new(Document::new(whole, now));
        let composed = &mut entry.hosted().composed;
        composed.truncate(MAX_COMPOSED - 1);
        composed.insert(0, (target, document));
    }

    /// Forgets a document that may have been made for a watcher's name of the presentity only.
    pub(super) fn drop_composition(&mut self, presentity: PresentityId, target: AddressId) {
        let is_last = self.addresses.uses(target) <= 3;
        if let Some(entry) = self.presentities.get_mut(presentity) {
            let has_watchers = !entry.watchers.is_empty();
            if let Some(hosted) = entry.hosted_if_any() {
                let known = |name: AddressId| has_watchers && !(is_last && name == target);
                hosted.composed.retain(|(name, _)| known(*name));
            }
            if !has_watchers {
                entry.last = None;
            }
        }
    }
}

/// Only who knows what a publication says may change it. RFC 3903 §6 step 3.
fn check_version(operation: &PublishOperation, known: Option<&Publication>) -> Result<(), Failure> {
    match (operation.expected_version(), known) {
        (None, None) => Ok(()),
        (Some(expected), Some(known)) if known.version == expected => Ok(()),
        _ => Err(Failure::new(FailureReason::Refused)
            .with_detail("the publication is not of the version that it is to follow")),
    }
}

fn nothing_published() -> Failure {
    Failure::new(FailureReason::UnsupportedContent)
        .with_detail("a new publication needs a document")
}
