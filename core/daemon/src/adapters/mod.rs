//! The life of the adapters: started, stopped, replaced, and started again when they could not be.
//!
//! The [`Gateway`](crate::gateway::Gateway) knows who has the place of an adapter now; this decides who that is. One order after another for each adapter, and none in the way
//! of another's.

mod orders;
mod standing;
mod steps;
mod supervisor;
#[cfg(test)]
mod tests;
mod unit;
mod upgrade;
mod watch;

pub(crate) use orders::Order;
pub(crate) use standing::{Of, Standing};
pub(crate) use steps::stop_all;
pub(crate) use supervisor::Supervisor;
pub(crate) use watch::vain_canaries;

use std::time::Duration;

/// How long an adapter may take to start, and to stop.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
/// How often the end of what is on its way is looked for.
pub(crate) const LOOK: Duration = Duration::from_millis(2);
/// How long one that hands over waits for answers from its network; those that come later, it does not get.
const HAND_OVER: Duration = Duration::from_secs(2);
/// Who has brought nothing for so long has nothing left to bring.
const QUIET: Duration = Duration::from_millis(100);
/// The pause after the first start that failed; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
