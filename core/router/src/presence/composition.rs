//! One document of all that a hosted presentity's devices say.

use std::collections::HashSet;

use rialto_model::{PresenceDocument, PresenceInformation, Presentity, presence::ElementId};

use super::document::{closed, read, write};

/// Puts publications together: all tuples, persons, devices and remarks, those first that were published last.
///
/// Names of elements stay unless two are the same. None if the whole would be larger than documents may be.
/// RFC 3903 §11, RFC 4479 §4.
pub(super) fn compose<'a>(
    entity: &Presentity,
    publications: impl Iterator<Item = &'a PresenceDocument>,
) -> Option<PresenceDocument> {
    let mut whole = PresenceInformation::new(entity.clone());
    let mut names = Names::default();
    let mut is_empty = true;
    for document in publications {
        let Some(part) = read(document, entity) else {
            continue;
        };
        is_empty = false;
        whole = add(whole, &part, &mut names);
    }
    if is_empty {
        return Some(closed(entity));
    }
    write(&whole)
}

/// Whether a document can be published: it is presence information, and small enough to be put together with others.
pub(super) fn can_be_read(document: &PresenceDocument, entity: &Presentity) -> bool {
    read(document, entity).is_some()
}

fn add(
    mut whole: PresenceInformation,
    part: &PresenceInformation,
    names: &mut Names,
) -> PresenceInformation {
    for tuple in part.tuples() {
        let id = names.unique(tuple.id());
        whole = whole.with_tuple(tuple.clone().with_id(id));
    }
    for person in part.persons() {
        let id = names.unique(person.id());
        whole = whole.with_person(person.clone().with_id(id));
    }
    for device in part.devices() {
        let id = names.unique(device.id());
        whole = whole.with_device(device.clone().with_id(id));
    }
    let notes = part.notes().iter().cloned();
    let whole = notes.fold(whole, PresenceInformation::with_note);
    let extensions = part.markup().extensions().cloned();
    extensions.fold(whole, PresenceInformation::with_extension)
}

/// The names that the document has so far.
#[derive(Default)]
struct Names(HashSet<ElementId>);

impl Names {
    /// The name itself, or one like it that is free.
    fn unique(&mut self, id: &ElementId) -> ElementId {
        let free = |id: &ElementId| !self.0.contains(id);
        let numbered = |number: usize| ElementId::from_text(&format!("{id}-{number}"));
        let id = if free(id) {
            id.clone()
        } else {
            (2..).map(numbered).find(free).unwrap_or_else(|| id.clone())
        };
        self.0.insert(id.clone());
        id
    }
}
