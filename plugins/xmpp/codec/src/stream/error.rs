//! Stream errors (RFC 6120 §4.9).

use bytestring::ByteString;

use crate::xml::Writer;
use crate::{Element, LangText, WriteError, namespace};

/// Says why a stream ends (RFC 6120 §4.9.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamError {
    /// The defined condition.
    pub condition: StreamCondition,
    /// The peer's own words.
    pub text: Option<LangText>,
}

macro_rules! stream_conditions {
    ($($variant:ident $name:literal,)*) => {
        /// Names the conditions of stream errors (RFC 6120 §4.9.3).
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum StreamCondition {
            $(
                #[doc = concat!("`", $name, "`")]
                $variant,
            )*
            /// `see-other-host`, with the place to connect to instead.
            SeeOtherHost(ByteString),
            /// A condition of another specification, or none.
            Other(ByteString),
        }

        impl StreamCondition {
            /// The element's name.
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::SeeOtherHost(_) => "see-other-host",
                    Self::Other(name) => name,
                }
            }

            fn from_element(element: &Element) -> Self {
                match element.name() {
                    $($name => Self::$variant,)*
                    "see-other-host" => Self::SeeOtherHost(element.text()),
                    other => Self::Other(other.into()),
                }
            }
        }
    };
}

stream_conditions! {
    BadFormat "bad-format",
    BadNamespacePrefix "bad-namespace-prefix",
    Conflict "conflict",
    ConnectionTimeout "connection-timeout",
    HostGone "host-gone",
    HostUnknown "host-unknown",
    ImproperAddressing "improper-addressing",
    InternalServerError "internal-server-error",
    InvalidFrom "invalid-from",
    InvalidNamespace "invalid-namespace",
    InvalidXml "invalid-xml",
    NotAuthorized "not-authorized",
    NotWellFormed "not-well-formed",
    PolicyViolation "policy-violation",
    RemoteConnectionFailed "remote-connection-failed",
    Reset "reset",
    ResourceConstraint "resource-constraint",
    RestrictedXml "restricted-xml",
    SystemShutdown "system-shutdown",
    UndefinedCondition "undefined-condition",
    UnsupportedEncoding "unsupported-encoding",
    UnsupportedFeature "unsupported-feature",
    UnsupportedStanzaType "unsupported-stanza-type",
    UnsupportedVersion "unsupported-version",
}

impl StreamError {
    pub(super) fn from_element(element: &Element) -> Self {
        let condition = element
            .children()
            .find(|child| child.namespace() == namespace::STREAM_ERRORS && child.name() != "text")
            .map_or(
                StreamCondition::UndefinedCondition,
                StreamCondition::from_element,
            );
        let text = element
            .child(namespace::STREAM_ERRORS, "text")
            .cloned()
            .map(LangText::from_element);
        Self { condition, text }
    }

    /// Writes the error and the end of the stream.
    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
        let condition = match &self.condition {
            StreamCondition::Other(_) => &StreamCondition::UndefinedCondition,
            known => known,
        };
        writer.raw("<stream:error>");
        writer.open(condition.name());
        writer.attribute("xmlns", namespace::STREAM_ERRORS)?;
        if let StreamCondition::SeeOtherHost(host) = condition {
            writer.close_head();
            writer.text(host)?;
            writer.end(condition.name());
        } else {
            writer.close_empty();
        }
        if let Some(text) = &self.text {
            text.write(writer, "text", Some(namespace::STREAM_ERRORS))?;
        }
        writer.raw("</stream:error></stream:stream>");
        Ok(())
    }
}

impl From<StreamCondition> for StreamError {
    fn from(condition: StreamCondition) -> Self {
        Self {
            condition,
            text: None,
        }
    }
}

impl std::fmt::Display for StreamError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.condition.name())
    }
}
