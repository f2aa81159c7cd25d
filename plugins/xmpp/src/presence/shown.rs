//! What a watcher on XMPP was told, so that it is told what is new, and of each device that goes.

use rialto_sdk::model::ByteString;

use crate::mapping::{MAX_RESOURCES, Resource};

/// The resources that a watcher believes to be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    open: Vec<Open>,
    /// What was told when nothing was there.
    closed: Option<u64>,
    /// Whether anything was told at all since this plugin was started.
    is_known: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Open {
    name: Option<ByteString>,
    /// What was told of it; `None` if that may not have arrived.
    digest: Option<u64>,
}

/// The most resources that a watcher is told to be gone because they may be shown: a network that takes nothing makes no list without end.
const MAX_IN_DOUBT: usize = 4 * MAX_RESOURCES;

impl Shown {
    /// What to tell so that a watcher to whom this was shown knows `now`; and what is shown to it then.
    ///
    /// RFC 3922 §6.3.1: a stanza for each resource of which there is something new. If nothing is there, and nothing was, one says so; where it
    /// is not known what the watcher was told before, another says it of the user as such.
    pub(crate) fn change_to(&self, now: &[Resource]) -> (Vec<Resource>, Self) {
        let mut news = Vec::new();
        let mut next = Self {
            is_known: true,
            ..Self::default()
        };
        for resource in now.iter().filter(|resource| resource.is_open) {
            let digest = Some(resource.digest());
            let known = self.find(resource.name.as_ref());
            if known.is_none_or(|known| known.digest != digest) {
                news.push(resource.clone());
            }
            next.open.push(Open {
                name: resource.name.clone(),
                digest,
            });
        }
        for gone in &self.open {
            if next.find(gone.name.as_ref()).is_none() {
                news.push(farewell(gone.name.as_ref(), now));
            }
        }
        if next.open.is_empty() {
            let closed = now.first().cloned();
            let closed = closed.unwrap_or_else(|| Resource::new(None, false));
            next.closed = Some(closed.digest());
            if self.closed != next.closed && news.is_empty() {
                let is_enough = self.is_known || closed.name.is_none();
                let whole = (!is_enough).then(|| of_all(&closed));
                news.push(closed);
                news.extend(whole);
            }
        }
        (news, next)
    }

    /// What is shown if nobody knows whether the news have arrived that lead from this to `next`.
    pub(crate) fn in_doubt(&self, next: &Self) -> Self {
        let mut names: Vec<_> = self.open.iter().map(|open| open.name.clone()).collect();
        for open in &next.open {
            if !names.contains(&open.name) {
                names.push(open.name.clone());
            }
        }
        // Those that are there now are last.
        let beyond = names.len().saturating_sub(MAX_IN_DOUBT);
        names.drain(..beyond);
        let open = names.into_iter().map(|name| Open { name, digest: None });
        Self {
            open: open.collect(),
            closed: None,
            is_known: self.is_known,
        }
    }

    /// Whether the watcher believes that this resource is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        let is_it = |open: &Open| open.name.as_deref() == Some(name);
        self.open.iter().any(is_it)
    }

    /// Whether the watcher believes that anything is there.
    pub(crate) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    fn find(&self, name: Option<&ByteString>) -> Option<&Open> {
        self.open.iter().find(|open| open.name.as_ref() == name)
    }
}

/// What is said of one resource that is not there, of the user as such (RFC 6121 §4.3.2).
pub(crate) fn of_all(closed: &Resource) -> Resource {
    Resource {
        name: None,
        ..closed.clone()
    }
}

/// What is told of a resource that is not there any more: its last words, if it left some.
fn farewell(name: Option<&ByteString>, now: &[Resource]) -> Resource {
    let last = now.iter().find(|resource| resource.name.as_ref() == name);
    last.cloned()
        .unwrap_or_else(|| Resource::new(name.cloned(), false))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
    use rialto_xmpp_codec::LangText;

    use super::*;

    fn resource(name: &str, is_open: bool) -> Resource {
        Resource::new(Some(name.to_owned().into()), is_open)
    }

    fn names(news: &[Resource]) -> Vec<(Option<&str>, bool)> {
        let names = news.iter().map(|of| (of.name.as_deref(), of.is_open));
        names.collect()
    }

    #[test]
    fn watcher_is_told_what_is_new_and_what_has_gone() {
        let (news, shown) = Shown::default().change_to(&[resource("a", true), resource("b", true)]);
        assert_eq!(names(&news), [(Some("a"), true), (Some("b"), true)]);
        let (news, again) = shown.change_to(&[resource("a", true), resource("b", true)]);
        assert_eq!((names(&news), again), (Vec::new(), shown.clone()));
        let mut last = resource("b", false);
        last.statuses.push(LangText::new("good night"));
        let (news, shown) = shown.change_to(&[last.clone()]);
        assert_eq!(names(&news), [(Some("a"), false), (Some("b"), false)]);
        assert_eq!(news[1], last, "with its last words");
        assert!(!shown.is_open() && !shown.has("a"));
    }

    #[test]
    fn that_nothing_is_there_is_told_once() {
        let (news, shown) = Shown::default().change_to(&[]);
        assert_eq!(names(&news), [(None, false)]);
        assert_eq!(shown.change_to(&[]).0, []);
        let (_, shown) = shown.change_to(&[resource("a", true)]);
        assert_eq!(names(&shown.change_to(&[]).0), [(Some("a"), false)]);
    }

    #[test]
    fn watcher_who_may_believe_anything_is_told_of_the_user_as_such_that_nothing_is_there() {
        let (news, shown) = Shown::default().change_to(&[resource("a", false)]);
        assert_eq!(names(&news), [(Some("a"), false), (None, false)]);
        let (_, shown) = shown.change_to(&[resource("a", true)]);
        let (news, _) = shown.change_to(&[resource("a", false)]);
        assert_eq!(names(&news), [(Some("a"), false)]);
    }

    #[test]
    fn what_may_be_shown_is_bounded_and_what_is_there_is_among_it() {
        let mut shown = Shown::default();
        for number in 0..10 * MAX_IN_DOUBT {
            let name = format!("r{number}");
            let (_, next) = shown.change_to(&[resource(&name, true)]);
            shown = shown.in_doubt(&next);
            assert!(shown.has(&name) && shown.open.len() <= MAX_IN_DOUBT);
        }
    }

    fn state() -> impl Strategy<Value = Vec<Resource>> {
        vec(any::<Option<bool>>(), 3).prop_map(|states| {
            let named = ["a", "b", "c"].into_iter().zip(states);
            let known = named.filter_map(|(name, state)| Some(resource(name, state?)));
            known.collect()
        })
    }

    proptest! {
        /// Whatever of the news arrives, and in whatever state things are then.
        #[test]
        fn watcher_believes_what_is_true_once_it_has_all_the_news(
            steps in vec((state(), any::<Option<u8>>()), 1..12),
        ) {
            let (mut shown, mut believes) = (Shown::default(), Vec::<String>::new());
            for (now, lost_from) in steps {
                let (news, next) = shown.change_to(&now);
                let arrived = lost_from.map_or(news.len(), |from| usize::from(from) % 4);
                for of in news.iter().take(arrived) {
                    let Some(name) = of.name.as_deref() else { continue };
                    believes.retain(|known| known != name);
                    if of.is_open {
                        believes.push(name.to_owned());
                    }
                }
                shown = if lost_from.is_none() { next } else { shown.in_doubt(&next) };
                if lost_from.is_none() {
                    believes.sort();
                    let open = now.iter().filter(|of| of.is_open);
                    let open: Vec<_> = open.filter_map(|of| of.name.as_deref()).collect();
                    prop_assert_eq!(&believes, &open);
                }
                prop_assert!(believes.iter().all(|name| shown.has(name)));
            }
        }
    }
}
