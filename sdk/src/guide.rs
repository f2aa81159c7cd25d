//! The manual: from the first plugin to the next version.
//!
//! | page | answers |
//! |---|---|
//! | [`first_plugin`] | from an empty folder to a running plugin in ten minutes |
//! | [`lifecycle`] | what is called when, and what happens when it fails |
//! | [`threads`] | what may block, what may be dropped, what keeps its order |
//! | [`errors`] | what to answer when something goes wrong |
//! | [`testing`] | how to try all that without a gateway |
//! | [`dispositions`] | what becomes of a message after its response |
//! | [`presence`] | who is there, and who may know |
//! | [`extensions`] | how to say more of a presentity than the common format does |
//! | [`contract`] | each clause that a plugin keeps, as `rialto plugin test` tries it |
//! | [`upgrading`] | what may change, and what is promised |
//! | [`c`] | the same contract for C |

#[doc = include_str!("guide/first_plugin.md")]
pub mod first_plugin {}

#[doc = include_str!("guide/lifecycle.md")]
pub mod lifecycle {}

#[doc = include_str!("guide/threads.md")]
pub mod threads {}

#[doc = include_str!("guide/errors.md")]
pub mod errors {}

#[doc = include_str!("guide/testing.md")]
pub mod testing {}

#[doc = include_str!("guide/dispositions.md")]
pub mod dispositions {}

#[doc = include_str!("guide/presence.md")]
pub mod presence {}

#[doc = include_str!("guide/extensions.md")]
pub mod extensions {}

#[doc = include_str!("guide/upgrading.md")]
pub mod upgrading {}

#[doc = include_str!("guide/c.md")]
pub mod c {}

#[doc = include_str!("guide/contract.md")]
pub mod contract {}
