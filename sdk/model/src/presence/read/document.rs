//! The document and its tuples.

use bytestring::ByteString;

use super::{Language, Reader, is_own, language};
use crate::{
    AddressError, Presentity,
    presence::{
        CommunicationAddress, Forgiveness, PidfError, PresenceInformation, PresenceTuple, Priority,
        Status, Uri, entity, namespace,
    },
    xml::{Element, Node},
};

impl Reader {
    pub(super) fn document(
        &mut self,
        mut root: Element,
        known: Option<&Presentity>,
    ) -> Result<(PresenceInformation, Option<ByteString>), PidfError> {
        self.adopt(&mut root)?;
        let entity = root.attribute("entity").cloned();
        let presentity = self.presentity(&root, entity.as_deref(), known)?;
        self.only_attributes(&root, &["entity"]);
        let around = language(&root, &None);
        let mut read = PresenceInformation::new(presentity);
        let mut last = 0;
        for child in self.children(root) {
            match (is_own(&child), child.name()) {
                (true, "tuple") => {
                    self.in_order(&child, "tuple", 0, &mut last);
                    let tuple = self.tuple(child, &around);
                    read.tuples.push(tuple);
                }
                (true, "note") => {
                    self.in_order(&child, "note", 1, &mut last);
                    let note = self.note(child, namespace::PIDF, &around);
                    read.notes.push(note);
                }
                (true, "person") => {
                    last = 2;
                    let person = self.person(child, &around);
                    read.persons.push(person);
                }
                (true, "device") => {
                    last = 2;
                    let device = self.device(child, &around);
                    read.devices.push(device);
                }
                _ => {
                    last = 2;
                    self.markup(&mut read.markup, child, &around);
                }
            }
        }
        Ok((read, entity))
    }

    /// Takes the root for PIDF's if it has no namespace, and all that has none inside of it too.
    ///
    /// What begins like the older `application/xpidf+xml` is something else.
    fn adopt(&mut self, root: &mut Element) -> Result<(), PidfError> {
        if root.name() != "presence" {
            return Err(PidfError::NotPresence);
        }
        match root.namespace() {
            namespace::PIDF => Ok(()),
            "" if !root
                .children()
                .any(|child| matches!(child.name(), "presentity" | "atom")) =>
            {
                self.forgive(root, Forgiveness::NoNamespace);
                give_namespace(root);
                Ok(())
            }
            _ => Err(PidfError::NotPresence),
        }
    }

    fn presentity(
        &mut self,
        root: &Element,
        entity: Option<&str>,
        known: Option<&Presentity>,
    ) -> Result<Presentity, PidfError> {
        let written = entity.map(str::trim).filter(|entity| !entity.is_empty());
        let read: Option<Result<_, AddressError>> = written.map(entity::presentity);
        match (read, known) {
            (Some(Ok((presentity, is_pres))), _) => {
                if !is_pres {
                    self.forgive(root, Forgiveness::EntityScheme);
                }
                Ok(presentity)
            }
            (_, Some(known)) => {
                self.forgive(root, Forgiveness::Entity);
                Ok(known.clone())
            }
            (Some(Err(error)), None) => Err(PidfError::Entity(error)),
            (None, None) => Err(PidfError::NoEntity),
        }
    }

    fn tuple(&mut self, element: Element, around: &Language) -> PresenceTuple {
        self.expect(&element, namespace::PIDF, "tuple");
        self.only_attributes(&element, &["id"]);
        let (at, around) = (element.at, language(&element, around));
        let mut read = PresenceTuple::new(self.id(&element, "tuple"), None);
        let (mut last, mut has_status) = (0, false);
        for child in self.children(element) {
            match (is_own(&child), child.name()) {
                (true, "status") => {
                    self.in_order(&child, "status", 0, &mut last);
                    if std::mem::replace(&mut has_status, true) {
                        self.forgive(&child, Forgiveness::Repeated("status"));
                    } else {
                        self.status(&mut read, child, &around);
                    }
                }
                (true, "deviceID") => {
                    self.in_order(&child, "deviceID", 1, &mut last);
                    let device_id = self.device_id(&child);
                    read.device_ids.extend(device_id);
                }
                (true, "contact") => {
                    self.in_order(&child, "contact", 2, &mut last);
                    let contact = self.contact(&child);
                    self.once(&child, "contact", &mut read.contact, contact);
                }
                (true, "note") => {
                    self.in_order(&child, "note", 3, &mut last);
                    let note = self.note(child, namespace::PIDF, &around);
                    read.notes.push(note);
                }
                (true, "timestamp") => {
                    self.in_order(&child, "timestamp", 4, &mut last);
                    let timestamp = self.timestamp(&child, namespace::PIDF);
                    self.once(&child, "timestamp", &mut read.timestamp, timestamp);
                }
                _ => {
                    self.in_order(&child, "extension", 1, &mut last);
                    self.markup(&mut read.markup, child, &around);
                }
            }
        }
        if !has_status {
            self.ledger.forgive(at, Forgiveness::Missing("status"));
        }
        read
    }

    fn status(&mut self, tuple: &mut PresenceTuple, element: Element, around: &Language) {
        self.expect(&element, namespace::PIDF, "status");
        self.only_attributes(&element, &[]);
        let around = language(&element, around);
        let mut last = 0;
        for child in self.children(element) {
            if is_own(&child) && child.name() == "basic" {
                self.in_order(&child, "basic", 0, &mut last);
                let status = self.basic(&child);
                self.once(&child, "basic", &mut tuple.status, status);
            } else {
                last = 1;
                self.markup(&mut tuple.status_markup, child, &around);
            }
        }
    }

    fn basic(&mut self, element: &Element) -> Option<Status> {
        self.expect(element, namespace::PIDF, "basic");
        self.only_attributes(element, &[]);
        let text = self.only_text(element);
        if let Ok(status) = text.parse() {
            return Some(status);
        }
        let status = text.trim().to_ascii_lowercase().parse().ok();
        let what = match status {
            Some(_) => Forgiveness::Adapted("basic"),
            None => Forgiveness::Value("basic"),
        };
        self.forgive(element, what);
        status
    }

    fn contact(&mut self, element: &Element) -> Option<CommunicationAddress> {
        self.expect(element, namespace::PIDF, "contact");
        self.only_attributes(element, &["priority"]);
        let uri = self.uri(element, "contact")?;
        let contact = CommunicationAddress::new(uri);
        let Some(text) = element.attribute("priority") else {
            return Some(contact);
        };
        if let Ok(priority) = text.trim().parse() {
            return Some(contact.with_priority(priority));
        }
        let priority = Priority::parse_loose(text);
        let what = match priority {
            Some(_) => Forgiveness::Adapted("priority"),
            None => Forgiveness::Value("priority"),
        };
        self.forgive(element, what);
        Some(match priority {
            Some(priority) => contact.with_priority(priority),
            None => contact,
        })
    }

    pub(super) fn device_id(&mut self, element: &Element) -> Option<Uri> {
        self.expect(element, namespace::DATA_MODEL, "deviceID");
        self.only_attributes(element, &[]);
        self.uri(element, "deviceID")
    }

    /// Keeps the first value of an element that may stand once.
    pub(super) fn once<T>(
        &mut self,
        element: &Element,
        name: &'static str,
        slot: &mut Option<T>,
        value: Option<T>,
    ) {
        match (&slot, &value) {
            (Some(_), _) => self.forgive(element, Forgiveness::Repeated(name)),
            (None, Some(_)) => *slot = value,
            (None, None) => {}
        }
    }

    /// Notes when an element of a rank comes after one of a higher.
    pub(super) fn in_order(
        &mut self,
        element: &Element,
        name: &'static str,
        rank: u8,
        last: &mut u8,
    ) {
        if rank < *last {
            self.forgive(element, Forgiveness::Order(name));
        }
        *last = rank.max(*last);
    }
}

/// Gives PIDF's namespace to an element without one, and to what has none in it.
fn give_namespace(element: &mut Element) {
    if !element.namespace.is_empty() {
        return;
    }
    element.namespace = ByteString::from_static(namespace::PIDF);
    for node in &mut element.nodes {
        if let Node::Element(child) = node {
            give_namespace(child);
        }
    }
}
