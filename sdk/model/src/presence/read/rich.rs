//! RPID's elements of a form of their own.

use super::{Language, Reader, is_own, language};
use crate::presence::{
    Class, Forgiveness, PlaceIs, StatusIcon, TimeOffset, UserInput, namespace, rich::MEDIA,
};
use crate::xml::Element;

impl Reader {
    pub(super) fn class(&mut self, element: &Element) -> Class {
        self.expect(element, namespace::RPID, "class");
        self.only_attributes(element, &[]);
        Class::new(&self.only_text(element))
    }

    pub(super) fn place_is(&mut self, element: Element, around: &Language) -> PlaceIs {
        self.expect(&element, namespace::RPID, "place-is");
        let around = language(&element, around);
        let mut place = PlaceIs {
            qualifiers: self.qualifiers(&element, &[]),
            ..PlaceIs::default()
        };
        let mut last = 0;
        for child in self.children(element) {
            let medium = MEDIA
                .iter()
                .zip(1..)
                .find(|((name, _), _)| *name == child.name());
            match medium.filter(|_| is_own(&child)) {
                Some(((name, properties), rank)) => {
                    self.in_order(&child, name, rank, &mut last);
                    self.medium(&mut place, child, name, properties);
                }
                None if is_own(&child) && child.name() == "note" => {
                    self.in_order(&child, "note", 0, &mut last);
                    let note = self.note(child, namespace::RPID, &around);
                    place.notes.push(note);
                }
                None => self.forgive(&child, Forgiveness::Element),
            }
        }
        place
    }

    fn medium(
        &mut self,
        place: &mut PlaceIs,
        element: Element,
        name: &'static str,
        properties: &[&'static str],
    ) {
        self.expect(&element, namespace::RPID, name);
        self.only_attributes(&element, &[]);
        let at = element.at;
        let mut found = None;
        for child in self.children(element) {
            let property = properties
                .iter()
                .find(|property| **property == child.name());
            match property {
                Some(property) if found.is_none() && is_own(&child) => {
                    self.expect(&child, namespace::RPID, name);
                    self.only_name(child);
                    found = Some(*property);
                }
                _ => self.forgive(&child, Forgiveness::Element),
            }
        }
        let slot = place
            .media
            .iter_mut()
            .zip(MEDIA)
            .find(|(_, (medium, _))| *medium == name);
        match (found, slot) {
            (Some(property), Some((slot @ None, _))) => *slot = Some(property),
            (Some(_), _) => self.ledger.forgive(at, Forgiveness::Repeated(name)),
            (None, _) => self.ledger.forgive(at, Forgiveness::Value(name)),
        }
    }

    pub(super) fn status_icon(&mut self, element: &Element) -> Option<StatusIcon> {
        self.expect(element, namespace::RPID, "status-icon");
        let qualifiers = self.qualifiers(element, &[]);
        let uri = self.uri(element, "status-icon");
        uri.map(|uri| StatusIcon { uri, qualifiers })
    }

    pub(super) fn time_offset(&mut self, element: &Element) -> Option<TimeOffset> {
        self.expect(element, namespace::RPID, "time-offset");
        let text = self.only_text(element);
        let Ok(minutes) = text.trim().parse() else {
            self.forgive(element, Forgiveness::Value("time-offset"));
            return None;
        };
        Some(TimeOffset {
            minutes,
            description: element.attribute("description").cloned(),
            qualifiers: self.qualifiers(element, &["description"]),
        })
    }

    pub(super) fn user_input(&mut self, element: &Element) -> Option<UserInput> {
        self.expect(element, namespace::RPID, "user-input");
        let text = self.only_text(element);
        let is_idle = match text.trim().to_ascii_lowercase().as_str() {
            "idle" => true,
            "active" => false,
            _ => {
                self.forgive(element, Forgiveness::Value("user-input"));
                return None;
            }
        };
        if !matches!(&*text, "idle" | "active") {
            self.forgive(element, Forgiveness::Adapted("user-input"));
        }
        let threshold = element.attribute("idle-threshold");
        let idle_threshold = threshold.and_then(|threshold| threshold.trim().parse().ok());
        if threshold.is_some() && idle_threshold.is_none() {
            self.forgive(element, Forgiveness::Value("idle-threshold"));
        }
        let last_input = element.attribute("last-input");
        Some(UserInput {
            is_idle,
            idle_threshold,
            last_input: last_input.and_then(|time| self.time(element, time, "last-input")),
            qualifiers: self.qualifiers(element, &["idle-threshold", "last-input"]),
        })
    }
}
