//! A presence document to resources (RFC 8048 §6.3 table 2, RFC 3922 §5.2).

use rialto_sdk::model::PresenceInformation;
use rialto_sdk::model::presence::{Note, OtherMarkup, Person, PresenceTuple, UserInput};
use rialto_sdk::model::{ByteString, PidfReader, PresenceDocument, Presentity, Status, presence};
use rialto_xmpp_codec::Jid;

use super::{MAX_RESOURCES, Resource, activity, priority, status, tuple_id};

/// What a document says of a user, a resource for each tuple that says whether it is open.
///
/// `None` if it is no presence document, or cannot be read: then nothing is known (RFC 3922 §5.2).
pub(crate) fn resources(document: &PresenceDocument, of: &Presentity) -> Option<Vec<Resource>> {
    let essence = document.content_type().split(';').next().map(str::trim)?;
    if !essence.eq_ignore_ascii_case(presence::CONTENT_TYPE) {
        return None;
    }
    let reading = PidfReader::asked_of(of.clone()).read(document.payload().as_bytes());
    Some(all(reading.ok()?.information()))
}

fn all(information: &PresenceInformation) -> Vec<Resource> {
    let mut all: Vec<Resource> = Vec::new();
    let tuples = information.tuples();
    let of = |status| move |tuple: &&PresenceTuple| tuple.status() == Some(status);
    let open_first = [Status::Open, Status::Closed];
    for tuple in open_first
        .into_iter()
        .flat_map(|status| tuples.iter().filter(of(status)))
    {
        if all.len() >= MAX_RESOURCES {
            break;
        }
        let id = tuple.id().as_text();
        let is_taken = |name: &Option<ByteString>| all.iter().any(|known| known.name == *name);
        let names = [name(id), Some(id.clone())];
        if let Some(name) = names.into_iter().find(|name| !is_taken(name)) {
            all.push(resource(tuple, name, information));
        }
    }
    all
}

fn resource(
    tuple: &PresenceTuple,
    name: Option<ByteString>,
    information: &PresenceInformation,
) -> Resource {
    let persons = information.persons();
    let is_open = tuple.status() == Some(Status::Open);
    let statuses = status::of_notes(notes(tuple, information));
    let priority = tuple.contact().and_then(|contact| contact.priority());
    if !is_open {
        return Resource {
            statuses,
            said_at: tuple.timestamp().map(|at| at.time()),
            ..Resource::new(name, false)
        };
    }
    Resource {
        show: activity::show(tuple, persons),
        statuses,
        priority: priority.map(priority::of_resource),
        idle_since: idle_since(tuple, persons),
        said_at: tuple.timestamp().map(|at| at.time()),
        ..Resource::new(name, true)
    }
}

/// All that is said in words of it: of itself, of the person, of the whole.
fn notes<'a>(
    tuple: &'a PresenceTuple,
    information: &'a PresenceInformation,
) -> impl Iterator<Item = &'a Note> {
    let persons = information.persons().iter().flat_map(Person::notes);
    tuple
        .notes()
        .iter()
        .chain(persons)
        .chain(information.notes())
}

fn idle_since(tuple: &PresenceTuple, persons: &[Person]) -> Option<time::OffsetDateTime> {
    let markups = [tuple.markup(), tuple.status_markup()];
    let all = markups
        .into_iter()
        .chain(persons.iter().map(Person::markup));
    let mut inputs = all.filter_map(OtherMarkup::user_input);
    inputs
        .find_map(UserInput::idle_since)
        .map(|since| since.time())
}

/// The resource that an id stands for, or the id itself, where no address could have that; none for the user as such.
fn name(id: &ByteString) -> Option<ByteString> {
    let name = tuple_id::resource(id)?;
    // One that servers would change is another.
    let is_kept = Jid::parse("a.example")
        .and_then(|bare| bare.with_resource(&name))
        .is_ok_and(|whole| whole.resource() == Some(&*name));
    Some(if is_kept {
        name.into_owned().into()
    } else {
        id.clone()
    })
}
