//! Presence of XMPP and presence documents, one for the other (RFC 8048 §6, RFC 3922 §5).
//!
//! Between them stands a [`Resource`]: what one resource of XMPP says, and what one tuple of a document does.
//!
//! ```text
//! <presence/> ── Resource::of ──► Resource ── document ──► PIDF
//! <presence/> ◄─ Resource::to ─── Resource ◄─ resources ── PIDF
//! ```

mod activity;
mod document;
mod priority;
mod reading;
mod resource;
mod status;
mod tuple_id;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod rfc_examples;

pub(crate) use document::document;
pub(crate) use reading::resources;
pub(crate) use resource::Resource;
#[cfg(test)]
pub(crate) use rfc_examples::presence as example_presence;

/// The most resources of one user that are told of, open ones first.
pub(crate) const MAX_RESOURCES: usize = 16;
