//! Subscriptions of the gateway's own to presentities of this network: without sockets, and without a clock.

mod legs;

pub(crate) use self::legs::{Asking, Heard, SharedLegs};
