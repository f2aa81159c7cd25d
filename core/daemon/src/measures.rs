//! What adapters count, and how they are.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rialto_loader::{Health, Measure};
use rialto_router::AdapterId;
use serde::{Deserialize, Serialize};

/// The latest figures of all adapters; bounded, since the names come from plugins.
#[derive(Default)]
pub(crate) struct Measures {
    state: Mutex<BTreeMap<AdapterId, OfAdapter>>,
}

/// What one adapter said.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct OfAdapter {
    /// Why it is degraded; none: it is up.
    pub(crate) degraded: Option<String>,
    /// Whether it will not be up again by itself.
    #[serde(skip)]
    pub(crate) is_disabled: bool,
    /// The process that it has for itself.
    #[serde(default)]
    pub(crate) process: Option<u32>,
    /// Whether it ever said how it is.
    #[serde(skip)]
    has_spoken: bool,
    pub(crate) figures: BTreeMap<String, Figure>,
}

/// A metric.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Figure {
    Count(u64),
    Gauge(f64),
    Observed { count: u64, sum: f64 },
}

impl Measures {
    /// Most metrics of one adapter; further names are not kept.
    const MAX_FIGURES: usize = 256;
    /// Longest name of a metric.
    const MAX_NAME: usize = 128;

    /// Takes a measurement; one that is no number, or whose name is none, is not kept.
    pub(crate) fn add(&self, adapter: AdapterId, metric: &str, measure: Measure) {
        if !is_name(metric) || !is_number(measure) {
            return;
        }
        let mut state = self.lock();
        let figures = &mut state.entry(adapter).or_default().figures;
        if let Some(figure) = figures.get_mut(metric) {
            figure.add(&measure);
        } else if figures.len() < Self::MAX_FIGURES {
            figures.insert(metric.to_owned(), Figure::from(&measure));
        }
    }

    /// Takes what an adapter says of its health; whether that is news.
    pub(crate) fn set_health(&self, adapter: AdapterId, health: Health) -> bool {
        let is_disabled = matches!(health, Health::Disabled(_));
        let degraded = match health {
            Health::Degraded(why) | Health::Disabled(why) => Some(why),
            _ => None,
        };
        let mut state = self.lock();
        let known = state.entry(adapter).or_default();
        let is_news =
            !known.has_spoken || known.degraded != degraded || known.is_disabled != is_disabled;
        known.has_spoken = true;
        (known.degraded, known.is_disabled) = (degraded, is_disabled);
        is_news
    }

    /// Forgets how an adapter was: another one has its place.
    pub(crate) fn forget_health(&self, adapter: AdapterId) {
        if let Some(known) = self.lock().get_mut(&adapter) {
            (known.degraded, known.is_disabled, known.has_spoken) = (None, false, false);
        }
    }

    pub(crate) fn of(&self, adapter: AdapterId) -> OfAdapter {
        self.lock().get(&adapter).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<AdapterId, OfAdapter>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Figure {
    fn add(&mut self, measure: &Measure) {
        match (&mut *self, measure) {
            (Self::Count(sum), Measure::Count(by)) => *sum = sum.saturating_add(*by),
            (Self::Observed { count, sum }, Measure::Observe(value)) => {
                *count = count.saturating_add(1);
                *sum = (*sum + value).clamp(f64::MIN, f64::MAX);
            }
            // A gauge has a new value; a metric that changed its kind begins anew.
            _ => *self = Self::from(measure),
        }
    }
}

/// What Prometheus would take, so that no name can break a line of `rialto status`.
fn is_name(metric: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    (1..=Measures::MAX_NAME).contains(&metric.len()) && metric.bytes().all(letter)
}

/// JSON has no word for the others.
fn is_number(measure: Measure) -> bool {
    match measure {
        Measure::Gauge(value) | Measure::Observe(value) => value.is_finite(),
        _ => true,
    }
}

impl From<&Measure> for Figure {
    fn from(measure: &Measure) -> Self {
        match measure {
            Measure::Count(by) => Self::Count(*by),
            Measure::Observe(value) => Self::Observed {
                count: 1,
                sum: *value,
            },
            Measure::Gauge(value) => Self::Gauge(*value),
            _ => Self::Count(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_gauges_are_replaced() {
        let (measures, adapter) = (Measures::default(), AdapterId::new(0));
        for measure in [Measure::Count(2), Measure::Count(3)] {
            measures.add(adapter, "messages", measure);
        }
        measures.add(adapter, "queue", Measure::Gauge(7.0));
        measures.add(adapter, "queue", Measure::Gauge(1.0));
        let figures = measures.of(adapter).figures;
        assert_eq!(figures["messages"], Figure::Count(5));
        assert_eq!(figures["queue"], Figure::Gauge(1.0));
    }

    #[test]
    fn names_beyond_the_bound_are_not_kept() {
        let (measures, adapter) = (Measures::default(), AdapterId::new(0));
        for number in 0..1000 {
            measures.add(adapter, &format!("m{number}"), Measure::Count(1));
        }
        assert_eq!(measures.of(adapter).figures.len(), Measures::MAX_FIGURES);
    }

    #[test]
    fn figures_that_status_could_not_show_are_not_kept() {
        let (measures, adapter) = (Measures::default(), AdapterId::new(0));
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            measures.add(adapter, "gauge", Measure::Gauge(value));
            measures.add(adapter, "seconds", Measure::Observe(value));
        }
        for name in ["", "a\nb", "\u{1b}[2J", &"x".repeat(1000)] {
            measures.add(adapter, name, Measure::Count(1));
        }
        for _ in 0..2 {
            measures.add(adapter, "sum", Measure::Observe(f64::MAX));
        }
        let json = serde_json::to_string(&measures.of(adapter)).unwrap();
        let read: OfAdapter = serde_json::from_str(&json).unwrap();
        assert_eq!(read.figures.len(), 1, "{json}");
    }

    #[test]
    fn health_is_news_only_when_it_changes() {
        let (measures, adapter) = (Measures::default(), AdapterId::new(0));
        let down = || Health::Degraded("no server".to_owned());
        let said = [Health::Up, Health::Up, down(), down(), Health::Up];
        let news = said.map(|health| measures.set_health(adapter, health));
        assert_eq!(news, [true, false, true, false, true]);
    }
}
