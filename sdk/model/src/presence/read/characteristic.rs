//! RPID's elements that choose among names.

use super::{Language, Reader, is_own, language, values::remark};
use crate::presence::{
    Characteristic, CharacteristicKind, CharacteristicValue, Extension, Forgiveness, Qualifiers,
    namespace,
};
use crate::xml::Element;

impl Reader {
    /// Reads activities, a mood and so on; `None` if the element says nothing though it must.
    pub(super) fn characteristic(
        &mut self,
        kind: CharacteristicKind,
        element: Element,
        around: &Language,
    ) -> Option<Characteristic> {
        let name = kind.as_str();
        self.expect(&element, namespace::RPID, name);
        let around = language(&element, around);
        let at = element.at;
        let mut read = Characteristic {
            kind,
            notes: Vec::new(),
            values: Vec::new(),
            qualifiers: Qualifiers::default(),
        };
        if kind.is_qualified() {
            read.qualifiers = self.qualifiers(&element, &[]);
        } else {
            self.only_attributes(&element, &[]);
        }
        self.text_value(&mut read, &element, &around);
        let mut in_order = true;
        for child in element.into_children() {
            if is_own(&child) && child.name() == "note" && kind.has_notes() {
                in_order &= read.values.is_empty();
                let note = self.note(child, namespace::RPID, &around);
                read.notes.push(note);
            } else if let Some(value) = self.value(kind, child, &around) {
                read.values.push(value);
            }
        }
        if !in_order {
            self.ledger.forgive(at, Forgiveness::Order("note"));
        }
        self.fit(&mut read, at);
        if read.values.is_empty() && !kind.may_be_empty() {
            self.ledger.forgive(at, Forgiveness::Value(name));
            return None;
        }
        Some(read)
    }

    /// Takes what stands as text where an element should: `<sphere>bowling league</sphere>`, as in RFC 4480 §4.
    fn text_value(&mut self, read: &mut Characteristic, element: &Element, around: &Language) {
        let text = element.text();
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.forgive(element, Forgiveness::Adapted(read.kind.as_str()));
        let named = read.kind.named(&text.to_ascii_lowercase());
        let value = match named {
            Some(name) => Some(CharacteristicValue::Named(name)),
            None => read.kind.in_words(remark(text.into(), around)),
        };
        read.values.extend(value);
    }

    fn value(
        &mut self,
        kind: CharacteristicKind,
        child: Element,
        around: &Language,
    ) -> Option<CharacteristicValue> {
        if !is_own(&child) {
            return self.extension_value(child);
        }
        if child.name() == "other" && kind.has_other() {
            let note = self.note(child, namespace::RPID, around);
            return Some(CharacteristicValue::Other(note));
        }
        let Some(name) = kind.named(child.name()) else {
            self.forgive(&child, Forgiveness::Adapted(kind.as_str()));
            let words = child.text();
            let words = match words.trim() {
                "" => child.name(),
                words => words,
            };
            return kind.in_words(remark(words.into(), &language(&child, around)));
        };
        self.expect(&child, namespace::RPID, name);
        self.only_name(child);
        Some(CharacteristicValue::Named(name))
    }

    fn extension_value(&mut self, child: Element) -> Option<CharacteristicValue> {
        let at = child.at;
        match Extension::new(child) {
            Ok(extension) => Some(CharacteristicValue::Extension(extension)),
            Err(_) => {
                self.ledger.forgive(at, Forgiveness::Element);
                None
            }
        }
    }

    /// Leaves out what the schema does not take beside the rest.
    fn fit(&mut self, read: &mut Characteristic, at: usize) {
        let before = read.values.clone();
        read.kind.fit(&mut read.values);
        let name = read.kind.as_str();
        if read.values.len() < before.len() {
            self.ledger.forgive(at, Forgiveness::Repeated(name));
        } else if read.values != before {
            self.ledger.forgive(at, Forgiveness::Order(name));
        }
    }
}
