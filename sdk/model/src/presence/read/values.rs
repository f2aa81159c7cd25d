//! Single values: ids, times, remarks, URIs.

use bytestring::ByteString;

use super::{Language, Reader, language};
use crate::presence::{ElementId, Forgiveness, Note, Qualifiers, Timestamp, Uri};

/// A remark in a language.
pub(super) fn remark(text: ByteString, language: &Language) -> Note {
    let tagged = language
        .clone()
        .and_then(|tag| Note::in_language(text.clone(), tag));
    tagged.unwrap_or_else(|| Note::new(text))
}

use crate::xml::Element;

impl Reader {
    /// The id of an element that must have one; what is no name is made one, and what is another's becomes its own.
    pub(super) fn id(&mut self, element: &Element, name: &'static str) -> ElementId {
        let written = element.attribute("id").cloned().unwrap_or_default();
        if let Ok(id) = ElementId::parse(written.clone())
            && self.ids.insert(written.clone())
        {
            return id;
        }
        self.forgive(element, Forgiveness::Id(name));
        let wanted = ElementId::from_text(if written.is_empty() { name } else { &written });
        let mut id = wanted.clone();
        while !self.ids.insert(id.as_text().clone()) {
            self.repaired_ids += 1;
            id = ElementId::from_text(&format!("{wanted}-{}", self.repaired_ids));
        }
        id
    }

    /// The id of an element that need not have one.
    pub(super) fn optional_id(&mut self, element: &Element) -> Option<ElementId> {
        let written = element.attribute("id")?.clone();
        let id = ElementId::parse(written.clone()).ok();
        let own = id.filter(|_| self.ids.insert(written));
        if own.is_none() {
            self.forgive(element, Forgiveness::Attribute);
        }
        own
    }

    /// What stands in the head of an element of RPID, but for the attributes of `own`.
    pub(super) fn qualifiers(&mut self, element: &Element, own: &[&str]) -> Qualifiers {
        let has_period = !own.contains(&"last-input");
        let period = |reader: &mut Self, name: &'static str| {
            let text = element.attribute(name).filter(|_| has_period)?;
            reader.time(element, text, name)
        };
        let from = period(self, "from");
        let until = period(self, "until");
        let is_other = |name: &str| {
            name != "id"
                && !(has_period && matches!(name, "from" | "until"))
                && !own.contains(&name)
        };
        let attributes = element
            .attributes
            .iter()
            .filter(|attribute| !attribute.namespace.is_empty() || is_other(&attribute.name))
            .cloned();
        Qualifiers {
            from,
            until,
            id: self.optional_id(element),
            attributes: attributes.collect(),
        }
    }

    /// A remark, in the language around it if it names none.
    pub(super) fn note(&mut self, element: Element, namespace: &str, around: &Language) -> Note {
        self.expect(&element, namespace, "note");
        self.only_attributes(&element, &["xml:lang"]);
        let text = self.only_text(&element);
        remark(text, &language(&element, around))
    }

    /// The point in time that an element holds.
    pub(super) fn timestamp(&mut self, element: &Element, namespace: &str) -> Option<Timestamp> {
        self.expect(element, namespace, "timestamp");
        self.only_attributes(element, &[]);
        let text = self.only_text(element);
        self.time(element, &text, "timestamp")
    }

    pub(super) fn time(
        &mut self,
        element: &Element,
        text: &str,
        name: &'static str,
    ) -> Option<Timestamp> {
        if let Some(time) =
            Timestamp::parse(text).filter(|_| text.contains('T') && !text.ends_with('z'))
        {
            return Some(time);
        }
        let time = Timestamp::parse_loose(text);
        let what = match time {
            Some(_) => Forgiveness::Time(name),
            None => Forgiveness::Value(name),
        };
        self.forgive(element, what);
        time
    }

    pub(super) fn uri(&mut self, element: &Element, name: &'static str) -> Option<Uri> {
        let text = self.only_text(element);
        if let Ok(uri) = Uri::parse(text.clone()) {
            return Some(uri);
        }
        let uri = Uri::parse_loose(&text);
        let is_same = uri
            .as_ref()
            .is_some_and(|uri| **uri.as_text() == *text.trim());
        if !is_same {
            // White space around a URI is the schema's to take away.
            let what = match uri {
                Some(_) => Forgiveness::Adapted(name),
                None => Forgiveness::Value(name),
            };
            self.forgive(element, what);
        }
        uri
    }

    /// The text of an element that holds nothing else.
    pub(super) fn only_text(&mut self, element: &Element) -> ByteString {
        for _ in element.children() {
            self.forgive(element, Forgiveness::Element);
        }
        element.text()
    }

    /// Leaves out whatever stands in an element that is its name only.
    pub(super) fn only_name(&mut self, element: Element) {
        self.only_attributes(&element, &[]);
        let at = element.at;
        let count = self.children(element).count();
        for _ in 0..count {
            self.ledger.forgive(at, Forgiveness::Element);
        }
    }
}
