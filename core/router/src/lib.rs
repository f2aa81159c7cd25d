//! Decides, without I/O: the message service, the presence service, addresses, access, routes.
//!
//! Nothing here reads a clock, draws randomness by itself or waits. Its parts, each usable alone:
//!
//! | part | what | source |
//! |---|---|---|
//! | [`RoutingTable`] | where a message goes, and how its sender is shown there: [`decide`](RoutingTable::decide), [`explain`](RoutingTable::explain) | RFC 3860 §3.4, draft-ietf-impp-cpim-03 appendix E |
//! | [`Alias`], [`AccessRule`] | plain addresses for users elsewhere, and who may send to whom; the table knows them | draft-ietf-impp-cpim-03 §2.4.1 and appendix E.2 |
//! | [`Router`] | operations in progress: one response each, deadlines, cancellation, drain | draft-ietf-impp-cpim-03 §2.4.1 |
//! | [`PresenceService`] | who is told of whom: subscriptions, their notifications, what hosted presentities publish, the rules of principals | RFC 3859, draft-ietf-impp-cpim-03 §3, RFC 2779 §2.3 and §5 |
//! | [`RetryQueue`] | when kept messages are tried again, and in which order | |
//! | [`Life`] | what happened to an operation lately, step by step: [`Router::lives`] | |
//! | [`Shards`] | which of several routers a conversation belongs to | |
//!
//! The table is built once and shared; a router is a state machine that one task owns:
//!
//! ```
//! use std::{sync::Arc, time::Instant};
//!
//! use rialto_model::{Domain, InstantInbox, InstantMessage, MessageOperation, ResponseStatus, TransactionId};
//! use rialto_router::{Action, Adapter, CallerTicket, Limits, Route, Router, RoutingTable};
//!
//! # #[expect(clippy::disallowed_methods, reason = "an example has to begin at some time")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (mut rng, now) = (rand::rng(), Instant::now());
//! let table = RoutingTable::builder()
//!     .with_adapter(Adapter::new("sip", "sip"))
//!     .with_adapter(Adapter::new("xmpp", "xmpp"))
//!     .with_route(Route::new(Domain::parse("jabber.example")?, "xmpp"))
//!     .with_relay_domain(Domain::parse("relay.example")?)
//!     .build()
//!     .map_err(|conflicts| format!("{conflicts:?}"))?;
//! let sip = table.adapter_id("sip").ok_or("no such adapter")?;
//! let mut router = Router::new(Arc::new(table), Limits::default(), rand::rng());
//!
//! let operation = MessageOperation::new(
//!     TransactionId::random(&mut rng),
//!     InstantInbox::parse("im:alice@example.com")?,
//!     InstantInbox::parse("im:bob@jabber.example")?,
//!     InstantMessage::text("hello"),
//! );
//! router.handle_operation(now, sip, operation, CallerTicket::new(1));
//! let Some(Action::Deliver { attempt, operation, .. }) = router.poll_action() else {
//!     return Err("nothing to deliver".into());
//! };
//! assert_eq!(operation.source().as_str(), "im:sip=example.com/alice@relay.example");
//! router.handle_response(now, attempt, ResponseStatus::Success);
//! assert!(matches!(router.poll_action(), Some(Action::Respond { .. })));
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod access;
mod aliases;
mod chronicle;
mod custody;
mod decision;
mod pattern;
mod presence;
mod router;
mod shards;
mod table;

pub use access::{AccessRule, AccessRuleConflict, Ground, RuleAction, Ruling};
pub use aliases::{Alias, AliasConflict};
pub use chronicle::{Answer, Digest, Life, Mark, OnwardId, Step, StepKind};
pub use custody::{
    Change, Custodian, CustodyLimits, CustodyPolicy, CustodySettings, CustodyStatistics,
    JournalKey, JournalKeys, JournalTable, KeptKind, KeptOperation, KeptState, NamingKey,
    NoSuchEntry, Put, RecordView, ReportId, RestoreError, Unread, Unwritten, WallClock, WriteId,
    queue::{Outcome, QueueEntry, QueueState, Queued, RetryLimits, RetryQueue},
};
pub use decision::{Decision, Explanation, Hop, Undecided, Verdict};
pub use pattern::{AddressPattern, AddressPatternError};
pub use presence::{
    Handling, InboxAnswer, InboxCommand, InboxRequest, LegEntry, LegState, OwnAddresses, OwnInbox,
    PresenceAction, PresenceAttempt, PresenceLimits, PresenceRecordView, PresenceService,
    PresenceSettings, PresenceStatistics, PrincipalRule, PrincipalRules, Reception, RulesChange,
    RulesError, RulesPart, RulesTextError, RulesTextProblem, SenderRule, Subject,
    SubscriptionEntry, View, WatcherEntry, WatcherRule, Way,
};
pub use router::{Action, AttemptId, CallerTicket, Limits, Router, Statistics};
pub use shards::Shards;
pub use table::{Adapter, AdapterId, Route, RoutingConflict, RoutingTable, RoutingTableBuilder};
