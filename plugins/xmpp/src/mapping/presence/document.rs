//! Resources to a presence document (RFC 8048 §6.2 table 1, RFC 3922 §5.1).

use rialto_sdk::model::presence::{
    CommunicationAddress, ElementId, OtherMarkup, Person, PresenceTuple, Timestamp, Uri, UserInput,
};
use rialto_sdk::model::{Bytes, PresenceDocument, PresenceInformation, Presentity, Status};
use rialto_xmpp_codec::Show;

use super::{MAX_RESOURCES, Resource, activity, priority, status, tuple_id};

/// The largest document that is made with remarks; no service takes much larger ones.
const MAX_LEN: usize = 60 * 1024;

/// The document that says what all of a user's resources say, a tuple for each; of those whom none is known of, that they are not there.
///
/// `None` only if the presentity's own address cannot be written.
pub(crate) fn document(
    presentity: &Presentity,
    resources: &[Resource],
) -> Option<PresenceDocument> {
    let whole = write(presentity, resources);
    whole
        .filter(|whole| whole.len() <= MAX_LEN)
        .or_else(|| {
            let short = resources.iter().map(|resource| Resource {
                statuses: Vec::new(),
                ..resource.clone()
            });
            write(presentity, &short.collect::<Vec<_>>())
        })
        .map(|xml| PresenceDocument::pidf(Bytes::from(xml)))
}

fn write(presentity: &Presentity, resources: &[Resource]) -> Option<String> {
    let mut information = PresenceInformation::new(presentity.clone());
    // RFC 3922 §6.3.2: there must be a tuple.
    let nobody = [Resource::new(None, false)];
    let resources = if resources.is_empty() {
        &nobody
    } else {
        resources
    };
    for resource in resources.iter().take(MAX_RESOURCES) {
        information = information.with_tuple(tuple(presentity, resource));
    }
    if let Some(person) = person(resources) {
        information = information.with_person(person);
    }
    information.to_xml().ok()
}

fn tuple(presentity: &Presentity, resource: &Resource) -> PresenceTuple {
    let status = if resource.is_open {
        Status::Open
    } else {
        Status::Closed
    };
    let id = tuple_id::of_resource(resource.name.as_deref());
    let mut tuple = PresenceTuple::new(id, Some(status));
    if let Some(show) = resource.show.as_ref().and_then(activity::element) {
        tuple = tuple.with_status_markup(OtherMarkup::new().with(show));
    }
    let since = resource.idle_since.and_then(timestamp);
    if let Some(since) = since.filter(|_| resource.is_open) {
        let idle = UserInput::idle().with_last_input(since);
        tuple = tuple.with_markup(OtherMarkup::new().with(idle));
    }
    if let Some(contact) = contact(presentity, resource) {
        tuple = tuple.with_contact(contact);
    }
    for note in status::notes(&resource.statuses) {
        tuple = tuple.with_note(note);
    }
    match resource.said_at.and_then(timestamp) {
        Some(at) => tuple.with_timestamp(at),
        None => tuple,
    }
}

/// A priority has no other place than a contact.
fn contact(presentity: &Presentity, resource: &Resource) -> Option<CommunicationAddress> {
    let priority = resource.priority.and_then(priority::of_contact)?;
    let uri = Uri::parse(["im:", presentity.mailbox()].concat()).ok()?;
    Some(CommunicationAddress::new(uri).with_priority(priority))
}

/// The person does what the most available resource says (RFC 8048 §6.2, last paragraph).
fn person(resources: &[Resource]) -> Option<Person> {
    let open = resources.iter().filter(|resource| resource.is_open);
    let most = open.min_by_key(|resource| rank(resource.show.as_ref()))?;
    let activities = activity::activities(most.show.as_ref()?)?;
    let person = Person::new(ElementId::from_text("person"));
    Some(person.with_markup(OtherMarkup::new().with(activities)))
}

const fn rank(show: Option<&Show>) -> u8 {
    match show {
        None | Some(Show::Chat) => 0,
        Some(Show::Away) => 1,
        Some(Show::Dnd) => 2,
        _ => 3,
    }
}

fn timestamp(time: time::OffsetDateTime) -> Option<Timestamp> {
    Timestamp::new(time).ok()
}
