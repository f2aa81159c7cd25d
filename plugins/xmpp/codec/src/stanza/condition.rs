//! The words of stanza errors (RFC 6120 §8.3).

use bytestring::ByteString;

use crate::{Element, namespace};

/// Says what can be done about an error (RFC 6120 §8.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorType {
    /// Retry after providing credentials.
    Auth,
    /// Do not retry.
    Cancel,
    /// Proceed: it was only a warning.
    Continue,
    /// Retry after changing what was sent.
    Modify,
    /// Retry after waiting.
    Wait,
}

impl ErrorType {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Cancel => "cancel",
            Self::Continue => "continue",
            Self::Modify => "modify",
            Self::Wait => "wait",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        match word {
            "auth" => Some(Self::Auth),
            "cancel" => Some(Self::Cancel),
            "continue" => Some(Self::Continue),
            "modify" => Some(Self::Modify),
            "wait" => Some(Self::Wait),
            _ => None,
        }
    }
}

macro_rules! conditions {
    ($($variant:ident $name:literal $type_:ident,)*) => {
        /// Names the conditions of stanza errors (RFC 6120 §8.3.3).
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Condition {
            $(
                #[doc = concat!("`", $name, "`")]
                $variant,
            )*
            /// `gone`, with the new address if there is one.
            Gone(Option<ByteString>),
            /// `redirect`, with the other address if it was given.
            Redirect(Option<ByteString>),
            /// A condition of another specification; to be treated as `undefined-condition`.
            Other(ByteString),
        }

        impl Condition {
            /// The element's name.
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Gone(_) => "gone",
                    Self::Redirect(_) => "redirect",
                    Self::Other(name) => name,
                }
            }

            /// The type that RFC 6120 recommends for it.
            pub const fn usual_type(&self) -> ErrorType {
                match self {
                    $(Self::$variant => ErrorType::$type_,)*
                    Self::Gone(_) | Self::Other(_) => ErrorType::Cancel,
                    Self::Redirect(_) => ErrorType::Modify,
                }
            }

            fn from_element(element: &Element) -> Self {
                let address = || Some(element.text()).filter(|text| !text.is_empty());
                match element.name() {
                    $($name => Self::$variant,)*
                    "gone" => Self::Gone(address()),
                    "redirect" => Self::Redirect(address()),
                    other => Self::Other(other.into()),
                }
            }
        }
    };
}

conditions! {
    BadRequest "bad-request" Modify,
    Conflict "conflict" Cancel,
    FeatureNotImplemented "feature-not-implemented" Cancel,
    Forbidden "forbidden" Auth,
    InternalServerError "internal-server-error" Cancel,
    ItemNotFound "item-not-found" Cancel,
    JidMalformed "jid-malformed" Modify,
    NotAcceptable "not-acceptable" Modify,
    NotAllowed "not-allowed" Cancel,
    NotAuthorized "not-authorized" Auth,
    PolicyViolation "policy-violation" Modify,
    RecipientUnavailable "recipient-unavailable" Wait,
    RegistrationRequired "registration-required" Auth,
    RemoteServerNotFound "remote-server-not-found" Cancel,
    RemoteServerTimeout "remote-server-timeout" Wait,
    ResourceConstraint "resource-constraint" Wait,
    ServiceUnavailable "service-unavailable" Cancel,
    SubscriptionRequired "subscription-required" Auth,
    UndefinedCondition "undefined-condition" Cancel,
    UnexpectedRequest "unexpected-request" Wait,
}

impl Condition {
    /// The condition among an error's children.
    pub(super) fn among<'a>(mut children: impl Iterator<Item = &'a Element>) -> Self {
        let found = children
            .find(|child| child.namespace() == namespace::STANZA_ERRORS && child.name() != "text");
        found.map_or(Self::UndefinedCondition, Self::from_element)
    }

    /// The address that `gone` and `redirect` carry.
    pub(super) fn address(&self) -> Option<&ByteString> {
        match self {
            Self::Gone(address) | Self::Redirect(address) => address.as_ref(),
            _ => None,
        }
    }
}
