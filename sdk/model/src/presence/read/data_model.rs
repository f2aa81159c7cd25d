//! Persons and devices.

use super::{Language, Reader, is_own, language};
use crate::presence::{Device, Forgiveness, Person, Uri, namespace};
use crate::xml::Element;

impl Reader {
    pub(super) fn person(&mut self, element: Element, around: &Language) -> Person {
        self.component(element, "person", around).0
    }

    pub(super) fn device(&mut self, element: Element, around: &Language) -> Device {
        let at = element.at;
        let (read, device_id) = self.component(element, "device", around);
        let device_id = device_id.unwrap_or_else(|| {
            self.ledger.forgive(at, Forgiveness::Missing("deviceID"));
            Uri::of_name(read.id.as_text())
        });
        Device {
            id: read.id,
            device_id,
            markup: read.markup,
            notes: read.notes,
            timestamp: read.timestamp,
        }
    }

    /// Reads what persons and devices share, and the `deviceID` that a device has.
    fn component(
        &mut self,
        element: Element,
        name: &'static str,
        around: &Language,
    ) -> (Person, Option<Uri>) {
        self.expect(&element, namespace::DATA_MODEL, name);
        self.only_attributes(&element, &["id"]);
        let mut read = Person::new(self.id(&element, name));
        let (mut last, mut device_id, around) = (0, None, language(&element, around));
        for child in self.children(element) {
            match (is_own(&child), child.name()) {
                (true, "deviceID") if name == "device" => {
                    self.in_order(&child, "deviceID", 1, &mut last);
                    let uri = self.device_id(&child);
                    self.once(&child, "deviceID", &mut device_id, uri);
                }
                (true, "note") => {
                    self.in_order(&child, "note", 2, &mut last);
                    let note = self.note(child, namespace::DATA_MODEL, &around);
                    read.notes.push(note);
                }
                (true, "timestamp") => {
                    self.in_order(&child, "timestamp", 3, &mut last);
                    let timestamp = self.timestamp(&child, namespace::DATA_MODEL);
                    self.once(&child, "timestamp", &mut read.timestamp, timestamp);
                }
                _ => {
                    self.in_order(&child, "extension", 0, &mut last);
                    self.markup(&mut read.markup, child, &around);
                }
            }
        }
        (read, device_id)
    }
}
