//! Presence information to documents, strictly: each is valid by the schemas.

use std::{collections::HashSet, fmt};

use super::{
    Characteristic, CharacteristicValue, CommunicationAddress, Device, ElementId, Extension,
    Markup, Note, OtherMarkup, Person, PidfWriteError, PlaceIs, PresenceInformation, PresenceTuple,
    Qualifiers, TimeOffset, Timestamp, Uri, UserInput, namespace, rich::MEDIA, xml::Writer,
};

impl PresenceInformation {
    /// Writes it as a document in UTF-8, its elements in the order of the schemas.
    ///
    /// `entity` is the `pres:` URI, whatever URI it was read from. RFC 3863 §4, RFC 4479 §4, RFC 4480 §5.
    pub fn to_xml(&self) -> Result<String, PidfWriteError> {
        let mut document = Document {
            out: Writer::new(),
            ids: HashSet::new(),
        };
        document.information(self)?;
        document.out.finish()
    }

    /// Whether it says nothing that RFC 3863 alone has no element for.
    fn is_plain(&self) -> bool {
        let is_foreign = |markup: &OtherMarkup| markup.extensions().count() == markup.0.len();
        self.persons.is_empty()
            && self.devices.is_empty()
            && self.tuples.iter().all(|tuple| {
                tuple.device_ids.is_empty()
                    && is_foreign(&tuple.status_markup)
                    && is_foreign(&tuple.markup)
            })
            && is_foreign(&self.markup)
    }
}

struct Document<'a> {
    out: Writer,
    ids: HashSet<&'a str>,
}

type Written = Result<(), PidfWriteError>;

impl<'a> Document<'a> {
    fn information(&mut self, information: &'a PresenceInformation) -> Written {
        self.out.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.out.open("presence");
        self.out.attribute("xmlns", namespace::PIDF)?;
        if !information.is_plain() {
            self.out.attribute("xmlns:dm", namespace::DATA_MODEL)?;
            self.out.attribute("xmlns:rpid", namespace::RPID)?;
        }
        self.out
            .attribute("entity", information.presentity.as_str())?;
        self.out.close_head();
        for tuple in &information.tuples {
            self.tuple(tuple)?;
        }
        self.notes("note", &information.notes)?;
        for person in &information.persons {
            self.person(person)?;
        }
        for device in &information.devices {
            self.device(device)?;
        }
        self.markup(&information.markup)?;
        self.out.end("presence");
        Ok(())
    }

    fn tuple(&mut self, tuple: &'a PresenceTuple) -> Written {
        self.out.open("tuple");
        self.id(&tuple.id)?;
        self.out.close_head();
        self.out.open("status");
        self.out.close_head();
        if let Some(status) = tuple.status {
            self.out.leaf("basic", status.as_str())?;
        }
        self.markup(&tuple.status_markup)?;
        self.out.end("status");
        for device_id in &tuple.device_ids {
            self.out.leaf("dm:deviceID", device_id.as_text())?;
        }
        self.markup(&tuple.markup)?;
        if let Some(contact) = &tuple.contact {
            self.contact(contact)?;
        }
        self.notes("note", &tuple.notes)?;
        self.timestamp("timestamp", tuple.timestamp)?;
        self.out.end("tuple");
        Ok(())
    }

    fn contact(&mut self, contact: &CommunicationAddress) -> Written {
        self.out.open("contact");
        self.attribute("priority", contact.priority())?;
        self.out.close_head();
        self.out.text(contact.contact_address().as_text())?;
        self.out.end("contact");
        Ok(())
    }

    fn person(&mut self, person: &'a Person) -> Written {
        self.out.open("dm:person");
        self.id(&person.id)?;
        self.out.close_head();
        self.markup(&person.markup)?;
        self.notes("dm:note", &person.notes)?;
        self.timestamp("dm:timestamp", person.timestamp)?;
        self.out.end("dm:person");
        Ok(())
    }

    fn device(&mut self, device: &'a Device) -> Written {
        self.out.open("dm:device");
        self.id(&device.id)?;
        self.out.close_head();
        self.markup(&device.markup)?;
        self.out.leaf("dm:deviceID", device.device_id.as_text())?;
        self.notes("dm:note", &device.notes)?;
        self.timestamp("dm:timestamp", device.timestamp)?;
        self.out.end("dm:device");
        Ok(())
    }

    fn markup(&mut self, markup: &'a OtherMarkup) -> Written {
        for markup in &markup.0 {
            match markup {
                Markup::Characteristic(characteristic) => self.characteristic(characteristic)?,
                Markup::Class(class) => self.out.leaf("rpid:class", class.as_text())?,
                Markup::PlaceIs(place) => self.place_is(place)?,
                Markup::StatusIcon(icon) => self.status_icon(&icon.uri, &icon.qualifiers)?,
                Markup::TimeOffset(offset) => self.time_offset(offset)?,
                Markup::UserInput(input) => self.user_input(input)?,
                Markup::Extension(extension) => self.extension(extension)?,
            }
        }
        Ok(())
    }

    fn characteristic(&mut self, characteristic: &'a Characteristic) -> Written {
        let kind = characteristic.kind;
        if characteristic.values.is_empty() && !kind.may_be_empty() {
            return Err(PidfWriteError::Empty {
                element: kind.as_str(),
            });
        }
        let name = ["rpid:", kind.as_str()].concat();
        self.out.open(&name);
        self.qualifiers(&characteristic.qualifiers)?;
        self.out.close_head();
        self.notes("rpid:note", &characteristic.notes)?;
        for value in &characteristic.values {
            match value {
                CharacteristicValue::Named(name) => self.empty(name),
                CharacteristicValue::Other(note) => self.note("rpid:other", note)?,
                CharacteristicValue::Extension(extension) => self.extension(extension)?,
            }
        }
        self.out.end(&name);
        Ok(())
    }

    fn place_is(&mut self, place: &'a PlaceIs) -> Written {
        self.out.open("rpid:place-is");
        self.qualifiers(&place.qualifiers)?;
        self.out.close_head();
        self.notes("rpid:note", &place.notes)?;
        for (property, (medium, _)) in place.media.iter().zip(MEDIA) {
            let Some(property) = property else {
                continue;
            };
            let name = ["rpid:", medium].concat();
            self.out.open(&name);
            self.out.close_head();
            self.empty(property);
            self.out.end(&name);
        }
        self.out.end("rpid:place-is");
        Ok(())
    }

    fn status_icon(&mut self, uri: &Uri, qualifiers: &'a Qualifiers) -> Written {
        self.out.open("rpid:status-icon");
        self.qualifiers(qualifiers)?;
        self.out.close_head();
        self.out.text(uri.as_text())?;
        self.out.end("rpid:status-icon");
        Ok(())
    }

    fn time_offset(&mut self, offset: &'a TimeOffset) -> Written {
        self.out.open("rpid:time-offset");
        self.attribute("description", offset.description.as_ref())?;
        self.qualifiers(&offset.qualifiers)?;
        self.out.close_head();
        self.out.text(&offset.minutes.to_string())?;
        self.out.end("rpid:time-offset");
        Ok(())
    }

    fn user_input(&mut self, input: &'a UserInput) -> Written {
        self.out.open("rpid:user-input");
        self.attribute("idle-threshold", input.idle_threshold)?;
        self.attribute("last-input", input.last_input)?;
        self.qualifiers(&input.qualifiers)?;
        self.out.close_head();
        self.out
            .text(if input.is_idle { "idle" } else { "active" })?;
        self.out.end("rpid:user-input");
        Ok(())
    }

    fn extension(&mut self, extension: &Extension) -> Written {
        self.out.tree(extension.element(), namespace::PIDF)
    }

    fn qualifiers(&mut self, qualifiers: &'a Qualifiers) -> Written {
        self.attribute("from", qualifiers.from)?;
        self.attribute("until", qualifiers.until)?;
        if let Some(id) = &qualifiers.id {
            self.id(id)?;
        }
        self.out.foreign_attributes(&qualifiers.attributes)
    }

    fn notes(&mut self, name: &str, notes: &[Note]) -> Written {
        notes.iter().try_for_each(|note| self.note(name, note))
    }

    fn note(&mut self, name: &str, note: &Note) -> Written {
        self.out.open(name);
        self.attribute("xml:lang", note.language())?;
        self.out.close_head();
        self.out.text(note.text())?;
        self.out.end(name);
        Ok(())
    }

    fn timestamp(&mut self, name: &str, timestamp: Option<Timestamp>) -> Written {
        timestamp.map_or(Ok(()), |timestamp| {
            self.out.leaf(name, &timestamp.to_string())
        })
    }

    fn id(&mut self, id: &'a ElementId) -> Written {
        if !self.ids.insert(id.as_text()) {
            return Err(PidfWriteError::RepeatedId { id: id.to_string() });
        }
        self.out.attribute("id", id.as_text())
    }

    fn attribute(&mut self, name: &str, value: Option<impl fmt::Display>) -> Written {
        value.map_or(Ok(()), |value| self.out.attribute(name, &value.to_string()))
    }

    fn empty(&mut self, name: &str) {
        self.out.open("rpid:");
        self.out.raw(name);
        self.out.close_empty();
    }
}
