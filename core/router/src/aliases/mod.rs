//! Aliases and domain maps: plain addresses for users who are elsewhere.
//!
//! An alias says that the inbox (or the users of the domain) `address` is known as `shown` on some networks. What one
//! network knows is its view; each has its own, and none concerns another's.
//!
//! A view stands for pairs of an address and a name, one to one in both directions:
//!
//! * all pairs of aliases for one user;
//! * of an alias for all users of a domain those pairs of which neither side is in an alias for one user, and both are
//!   valid inboxes.
//!
//! So the alias for one user replaces what the pattern would say of either of its sides, and each name that is shown
//! leads back to whom it was shown for. What has no pair is known by its own address, unless that is another's name: then
//! it is *hidden*, and can be shown as a source route only. Nothing is ever looked up twice; no alias stands for an alias.
//! draft-ietf-impp-cpim-03 appendix E.2.

mod alias;
mod check;
mod conflict;
mod view;

pub use self::{alias::Alias, conflict::AliasConflict};
pub(crate) use self::{
    check::{Surroundings, check},
    view::Views,
};
