//! From the domain of an `im:` or `pres:` address to its next hops, by DNS.
//!
//! What is done, and why (draft-ietf-impp-cpim-03 §2.2 and §3.2, in its final form RFC 3861):
//!
//! | step | rule | source |
//! |---|---|---|
//! | 1 | `_im._<protocol>.<domain>` is asked for SRV, for each configured protocol; what is found is used, and nothing else | RFC 3861 §3, §4 |
//! | 2 | nothing found, but the domain is an alias (CNAME): its target is processed as if it were the initial domain | RFC 3861 §4 |
//! | 3 | each protocol's own records, as its [`Lookup`]s say: SIP's NAPTR and SRV, XMPP's SRV, mail's MX | RFC 3263 §4.1, RFC 6120 §3.2.1, RFC 5321 §5.1 |
//! | 4 | nothing found, but the domain has an address: an implicit SRV record of preference 0, for the first configured protocol that [takes it](Protocol::with_implicit) | RFC 3861 §4 |
//! | 5 | hosts become addresses, in the order in which DNS gave them | draft-ietf-impp-cpim-03 §2.2.4 |
//! | 6 | for each use, the order is drawn anew: protocols as configured, preference, weights among equals | RFC 2782 |
//!
//! What follows from these, where the texts leave it open:
//!
//! * An owner who publishes `_im` records for any of our protocols has listed how the domain is reached (RFC 3861 §5): steps 2 to 4 are left
//!   out for all protocols. When the hosts named there are dead, the domain is unreachable; its other addresses MUST NOT be used.
//! * A record with the target `.` says that the service is not offered (RFC 2782): that protocol is not looked for any further, and the domain's own
//!   addresses are not used by any. Other protocols' own records are.
//! * Where the SRV record's own name is an alias that ends at a domain without SRV records, `_im._<protocol>` is looked for beneath that domain.
//! * When a question that decides has no answer (time-out, SERVFAIL), the rules after it are not applied: that is a temporary failure. A lookup that was
//!   good once and has expired is then used for up to [`Config::with_max_stale`] more (RFC 8767).
//! * Only answers to the question are read; what else a server adds (additional records, other names) is ignored.
//!
//! No protocol is known here: a [`Protocol`] says what to look for and how the address is written.
//!
//! ```no_run
//! use rialto_model::Domain;
//! use rialto_resolver::{Config, Lookup, Protocol, Resolver, Service};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let sip = Protocol::new("sip")
//!     .with_lookup(Lookup::Naptr { services: vec![("SIP+D2U".into(), "udp:".into()), ("SIP+D2T".into(), "tcp:".into())] })
//!     .with_lookup(Lookup::Srv { name: "_sip._udp".into(), prefix: "udp:".into() })
//!     .with_lookup(Lookup::Srv { name: "_sip._tcp".into(), prefix: "tcp:".into() })
//!     .with_implicit(5060, "");
//! let resolver = Resolver::new(Config::default(), vec![sip])?;
//!
//! let domain = Domain::parse("example.com")?;
//! let resolution = match resolver.cached(Service::InstantMessaging, &domain) {
//!     Some(resolution) => resolution,
//!     None => resolver.resolve(Service::InstantMessaging, &domain).await,
//! };
//! for hop in resolution.hops(&mut rand::rng(), None)? {
//!     println!("{} at {}, which is {}", hop.protocol(), hop.address(), hop.host());
//! }
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod answer;
mod cache;
mod config;
mod dns;
mod journal;
mod order;
mod protocol;
mod resolution;
mod resolver;
mod search;

pub use config::{AddressFamilies, Config, ConfigError};
pub use ipnet::IpNet;
pub use protocol::{Lookup, Protocol, Service};
pub use resolution::{Hop, Hops, Resolution};
pub use resolver::Resolver;
