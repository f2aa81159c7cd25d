//! Lists through elements that are kept elsewhere, by their numbers.

/// A list: its two ends. What is between them stands in the [`Links`] of its elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    first: u32,
    last: u32,
}

/// The neighbours of all elements of one kind; each is in one list at most.
///
/// So an element is taken out of the middle of a list in one step, and costs eight bytes.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<Link>);

#[derive(Clone, Copy, Debug)]
struct Link {
    previous: u32,
    next: u32,
}

/// No element has this number.
const NONE: u32 = u32::MAX;

impl List {
    pub(super) const fn new() -> Self {
        Self {
            first: NONE,
            last: NONE,
        }
    }

    pub(super) const fn first(self) -> Option<u32> {
        match self.first {
            NONE => None,
            first => Some(first),
        }
    }

    pub(super) const fn last(self) -> Option<u32> {
        match self.last {
            NONE => None,
            last => Some(last),
        }
    }

    pub(super) const fn is_empty(self) -> bool {
        self.first == NONE
    }
}

impl Links {
    /// Adds an element that is in no list.
    pub(super) fn push_back(&mut self, list: &mut List, element: u32) {
        self.make_room(element);
        self.join(list, list.last, element);
        self.join(list, element, NONE);
    }

    /// Adds an element that is in no list, before all others.
    pub(super) fn push_front(&mut self, list: &mut List, element: u32) {
        self.make_room(element);
        self.join(list, element, list.first);
        self.join(list, NONE, element);
    }

    /// Adds an element that is in no list, before one of this list.
    pub(super) fn insert_before(&mut self, list: &mut List, next: u32, element: u32) {
        self.make_room(element);
        match self.0.get(next as usize).map(|link| link.previous) {
            Some(previous) => self.join(list, previous, element),
            None => return self.push_back(list, element),
        }
        self.join(list, element, next);
    }

    /// The elements behind one, itself first.
    pub(super) fn from(&self, element: Option<u32>) -> impl Iterator<Item = u32> {
        std::iter::successors(element, |at| {
            let next = self.0.get(*at as usize)?.next;
            (next != NONE).then_some(next)
        })
    }

    /// Takes out an element of this list.
    pub(super) fn remove(&mut self, list: &mut List, element: u32) {
        if let Some(&Link { previous, next }) = self.0.get(element as usize) {
            self.join(list, previous, next);
        }
    }

    /// Makes two elements neighbours; where one is none, the other is an end of the list.
    fn join(&mut self, list: &mut List, left: u32, right: u32) {
        match self.0.get_mut(left as usize) {
            Some(link) => link.next = right,
            None => list.first = right,
        }
        match self.0.get_mut(right as usize) {
            Some(link) => link.previous = left,
            None => list.last = left,
        }
    }

    fn make_room(&mut self, element: u32) {
        let alone = Link {
            previous: NONE,
            next: NONE,
        };
        if self.0.len() <= element as usize {
            self.0.resize(element as usize + 1, alone);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    fn elements(links: &Links, list: List) -> Vec<u32> {
        links.from(list.first()).collect()
    }

    proptest! {
        #[test]
        fn lists_are_what_deques_are(steps in prop::collection::vec((0..4_u8, 0..2_usize, 0..12_u32), 0..200)) {
            let mut links = Links::default();
            let mut lists = [List::new(); 2];
            let mut models = [VecDeque::new(), VecDeque::new()];
            for (step, which, element) in steps {
                let home = models.iter().position(|model| model.contains(&element));
                match (step, home) {
                    (0, None) => {
                        links.push_back(&mut lists[which], element);
                        models[which].push_back(element);
                    }
                    (1, None) => {
                        links.push_front(&mut lists[which], element);
                        models[which].push_front(element);
                    }
                    (3, None) => {
                        let next = models[which].len() / 2;
                        match models[which].get(next).copied() {
                            Some(next) => links.insert_before(&mut lists[which], next, element),
                            None => links.push_back(&mut lists[which], element),
                        }
                        models[which].insert(next, element);
                    }
                    (2, Some(home)) => {
                        links.remove(&mut lists[home], element);
                        models[home].retain(|kept| *kept != element);
                    }
                    _ => {}
                }
                for (list, model) in lists.iter().zip(&models) {
                    prop_assert_eq!(&elements(&links, *list), &Vec::from(model.clone()));
                    prop_assert_eq!(list.is_empty(), model.is_empty());
                    prop_assert_eq!(list.last(), model.back().copied());
                }
            }
        }
    }
}
