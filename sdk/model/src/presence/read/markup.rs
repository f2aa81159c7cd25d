//! What stands beside status and address.

use super::{Language, Reader, is_own};
use crate::presence::{CharacteristicKind, Extension, Forgiveness, Markup, OtherMarkup};
use crate::xml::Element;

impl Reader {
    /// Adds an element to markup: one of RPID's, or one that is not ours.
    pub(super) fn markup(&mut self, markup: &mut OtherMarkup, element: Element, around: &Language) {
        let read = if is_own(&element) {
            self.rpid(element, around)
        } else {
            self.extension(element)
        };
        markup.0.extend(read);
    }

    fn rpid(&mut self, element: Element, around: &Language) -> Option<Markup> {
        if let Some(kind) = CharacteristicKind::of_element(element.name()) {
            return self.characteristic(kind, element, around).map(Markup::from);
        }
        match element.name() {
            "class" => Some(self.class(&element).into()),
            "place-is" => Some(self.place_is(element, around).into()),
            "status-icon" => self.status_icon(&element).map(Markup::from),
            "time-offset" => self.time_offset(&element).map(Markup::from),
            "user-input" => self.user_input(&element).map(Markup::from),
            _ => self.extension(element),
        }
    }

    pub(super) fn extension(&mut self, element: Element) -> Option<Markup> {
        let at = element.at;
        match Extension::new(element) {
            Ok(extension) => Some(extension.into()),
            Err(_) => {
                self.ledger.forgive(at, Forgiveness::Element);
                None
            }
        }
    }
}
