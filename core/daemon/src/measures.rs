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

    pub(crate) fn add(&self, adapter: AdapterId, metric: &str, measure: Measure) {
        let mut state = self.lock();
        let figures = &mut state.entry(adapter).or_default().figures;
        if let Some(figure) = figures.get_mut(metric) {
            figure.add(&measure);
        } else if figures.len() < Self::MAX_FIGURES {
            figures.insert(metric.to_owned(), Figure::from(&measure));
        }
    }

    pub(crate) fn set_health(&self, adapter: AdapterId, health: Health) {
        self.lock().entry(adapter).or_default().degraded = match health {
            Health::Degraded(why) => Some(why),
            _ => None,
        };
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
                *count += 1;
                *sum += value;
            }
            // A gauge has a new value; a metric that changed its kind begins anew.
            _ => *self = Self::from(measure),
        }
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
}
