//! How mail becomes a message of other networks.

use rialto_email_codec::message::{CutRule, QuoteRule, SignatureRule};
use rialto_sdk::{
    model::{Domain, InstantInbox},
    schemars::JsonSchema,
    serde::{Deserialize, Deserializer, de},
};

/// The rules, in their order.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", transparent)]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) struct ContentRules(Vec<ContentRule>);

/// What of a message goes to certain destinations.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields, default)]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) struct ContentRule {
    /// The destinations' domains; none means all.
    #[serde(deserialize_with = "domains")]
    #[schemars(with = "Vec<String>")]
    domains: Vec<Domain>,
    /// What goes.
    pub(crate) body: BodyRule,
    /// What becomes of attachments where text goes.
    pub(crate) attachments: AttachmentRule,
    /// What becomes of quoted text.
    quotes: Quotes,
    /// What becomes of signatures below a text.
    signatures: Signatures,
}

/// What of a message goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", rename_all = "snake_case")]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) enum BodyRule {
    /// The text that a chat can show. What is signed or encrypted goes whole all the same.
    #[default]
    Text,
    /// The MIME entity as it stands, attachments and all.
    Entity,
}

/// What becomes of attachments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", rename_all = "snake_case")]
#[schemars(crate = "rialto_sdk::schemars")]
pub(crate) enum AttachmentRule {
    /// The message is refused, and its sender told why.
    #[default]
    Refuse,
    /// The text goes, with a line for each attachment that did not.
    Mention,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", rename_all = "snake_case")]
#[schemars(crate = "rialto_sdk::schemars")]
enum Quotes {
    Keep,
    #[default]
    CutTrailing,
    Cut,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", rename_all = "snake_case")]
#[schemars(crate = "rialto_sdk::schemars")]
enum Signatures {
    Keep,
    #[default]
    Cut,
}

impl ContentRules {
    /// The first that fits, else the default of all.
    pub(crate) fn rule_for(&self, destination: &InstantInbox) -> ContentRule {
        let fits = |rule: &&ContentRule| rule.is_for(destination.domain());
        self.0.iter().find(fits).cloned().unwrap_or_default()
    }
}

impl ContentRule {
    /// What is cut from a text.
    pub(crate) fn cut(&self) -> CutRule {
        let signatures = match self.signatures {
            Signatures::Keep => SignatureRule::Keep,
            Signatures::Cut => SignatureRule::Cut,
        };
        let quotes = match self.quotes {
            Quotes::Keep => QuoteRule::Keep,
            Quotes::CutTrailing => QuoteRule::Trailing,
            Quotes::Cut => QuoteRule::All,
        };
        CutRule::new(signatures, quotes)
    }

    fn is_for(&self, domain: &str) -> bool {
        self.domains.is_empty() || self.domains.iter().any(|name| name.as_str() == domain)
    }
}

fn domains<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Domain>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let parse = |name: &String| {
        let wrong = |_| de::Error::custom(format!("`{name}` is no fully qualified domain name"));
        Domain::parse(name).map_err(wrong)
    };
    names.iter().map(parse).collect()
}
