//! Who is known by which address, and who may send to whom.

use std::str::FromStr;

use rialto_model::InstantInbox;
use rialto_router::{AccessRule, AddressPattern, RuleAction};

use super::section::Section;

/// `[[aliases]]`
#[derive(Debug)]
pub(crate) struct AliasConfig {
    /// Where the users are.
    pub(crate) address: AddressPattern,
    /// What others see and write to.
    pub(crate) shown_as: AddressPattern,
    /// Whose networks know it; none named: all of them.
    pub(crate) adapters: Option<Vec<String>>,
    /// The section, and where it stands.
    pub(crate) key: String,
    pub(crate) place: Option<String>,
}

/// `[[rules]]`
#[derive(Debug)]
pub(crate) struct RuleConfig {
    pub(crate) rule: AccessRule,
    /// The section, and where it stands.
    pub(crate) key: String,
    pub(crate) place: Option<String>,
}

/// `[principals.ADDRESS]`
#[derive(Debug)]
pub(crate) struct PrincipalConfig {
    pub(crate) inbox: InstantInbox,
    /// Whose messages do not get there.
    pub(crate) blocked: Vec<AddressPattern>,
    /// The section, and where it stands.
    pub(crate) key: String,
    pub(crate) place: Option<String>,
}

impl AliasConfig {
    pub(super) fn read(mut section: Section<'_>, adapters: &[String]) -> Option<Self> {
        let (key, place) = (section.key(), section.place());
        let address = section.required_parsed("address", "say where the users are: `*@domain`");
        let shown_as = section.required_parsed("shown_as", "say what others see: `*@domain`");
        let named = section.value::<Vec<String>>("adapters");
        for name in named.iter().flatten() {
            check_adapter(&section, "adapters", name, adapters);
        }
        if named.as_ref().is_some_and(Vec::is_empty) {
            section.report(
                "adapters",
                "no network knows this alias",
                "leave the key out for all",
            );
        }
        section.finish();
        Some(Self {
            address: address?,
            shown_as: shown_as?,
            adapters: named,
            key,
            place,
        })
    }
}

impl RuleConfig {
    pub(super) fn read(mut section: Section<'_>, adapters: &[String]) -> Option<Self> {
        let (key, place) = (section.key(), section.place());
        let action = section.required_parsed("action", "write \"allow\" or \"deny\"");
        let [from_adapter, to_adapter] = ["from_adapter", "to_adapter"].map(|side| {
            let name = section.value::<String>(side);
            name.inspect(|name| check_adapter(&section, side, name, adapters))
        });
        let (from, to) = (section.parsed("from"), section.parsed("to"));
        let authenticated = section.value("authenticated");
        section.finish();
        let Action(action) = action?;
        let mut rule = AccessRule::new(action);
        if let Some(name) = from_adapter {
            rule = rule.from_adapter(name);
        }
        if let Some(pattern) = from {
            rule = rule.from(pattern);
        }
        if let Some(name) = to_adapter {
            rule = rule.to_adapter(name);
        }
        if let Some(pattern) = to {
            rule = rule.to(pattern);
        }
        rule = match authenticated {
            Some(true) => rule.authenticated(),
            Some(false) => rule.unauthenticated(),
            None => rule,
        };
        if let Some(place) = &place {
            rule = rule.with_place(place.as_str());
        }
        Some(Self { rule, key, place })
    }
}

impl PrincipalConfig {
    pub(super) fn read(name: &str, mut section: Section<'_>) -> Option<Self> {
        let (key, place) = (section.key(), section.place());
        let inbox = InstantInbox::parse(name);
        if let Err(error) = &inbox {
            section.refuse(
                &format!("this is no address: {error}"),
                "write [principals.\"im:user@domain\"]",
            );
        }
        let blocked = section.parsed_list("blocked");
        section.finish();
        Some(Self {
            inbox: inbox.ok()?,
            blocked,
            key,
            place,
        })
    }
}

/// Reports a name that no adapter has.
pub(super) fn check_adapter(
    section: &Section<'_>,
    key: &'static str,
    name: &str,
    adapters: &[String],
) {
    if !adapters.iter().any(|adapter| adapter == name) {
        section.report(
            key,
            format!("there is no adapter `{name}`"),
            &format!("adapters are: {}", adapters.join(", ")),
        );
    }
}

/// `action`
struct Action(RuleAction);

impl FromStr for Action {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "allow" => Ok(Self(RuleAction::Allow)),
            "deny" => Ok(Self(RuleAction::Deny)),
            _ => Err(format!("`{text}` is no action: write `allow` or `deny`")),
        }
    }
}
