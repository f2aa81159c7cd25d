//! What a plugin says of itself.

use std::time::Duration;

use rialto_abi as abi;
use rialto_bridge::{durations::duration, read};

use super::{
    Capabilities,
    lookup::{self, Lookup},
    schema::ConfigSchema,
};

/// What a plugin says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    name: String,
    version: String,
    protocol: String,
    schemes: Vec<String>,
    lookups: Vec<Lookup>,
    services: u64,
    patience_ms: u64,
    capabilities: Capabilities,
    config_schema: Option<ConfigSchema>,
    licence: Option<String>,
    authors: Option<String>,
    language: Language,
}

/// What a plugin is written in, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Language {
    /// With the SDK: its layouts are compared type by type.
    Rust,
    /// With the header.
    Other,
}

impl Manifest {
    const MAX_TEXT: usize = 1024;

    /// `schema` is what the plugin says of its configuration.
    ///
    /// # Safety
    /// The table follows the contract.
    #[expect(unsafe_code, reason = "reads what the library exports")]
    pub(crate) unsafe fn read(
        table: &abi::Plugin,
        schema: Option<ConfigSchema>,
        language: Language,
    ) -> Result<Self, String> {
        let text = |what, bytes: abi::Bytes| {
            // SAFETY: the caller's promise.
            let text = unsafe { read::text(what, bytes) }.map_err(|error| error.to_string())?;
            if text.len() > Self::MAX_TEXT || text.chars().any(char::is_control) {
                return Err(format!("{what} is no line of text"));
            }
            Ok(text.to_owned())
        };
        let needed = |what, bytes| match text(what, bytes)? {
            text if text.is_empty() => Err(format!("{what} is missing")),
            text => Ok(text),
        };
        let optional =
            |what, bytes| text(what, bytes).map(|text| Some(text).filter(|t| !t.is_empty()));
        let manifest = Self {
            name: needed("its name", table.name)?,
            version: needed("its version", table.version)?,
            protocol: needed("its protocol", table.protocol)?,
            schemes: schemes(&text("its list of schemes", table.schemes)?)?,
            lookups: lookup::list(&text("its list of lookups", table.lookups)?)?,
            services: table.services,
            patience_ms: table.patience_ms,
            capabilities: Capabilities::read(&text(
                "its list of capabilities",
                table.capabilities,
            )?)?,
            config_schema: schema,
            licence: optional("its licence", table.licence)?,
            authors: optional("its list of authors", table.authors)?,
            language,
        };
        if !(manifest.offers_messages() || manifest.offers_presence()) {
            return Err("it offers no service that this gateway knows".to_owned());
        }
        Ok(manifest)
    }

    /// The plugin's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its own version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The native protocol.
    pub fn protocol(&self) -> &str {
        &self.protocol
    }

    /// The URI schemes of the native protocol.
    pub fn schemes(&self) -> &[String] {
        &self.schemes
    }

    /// How DNS finds systems that speak the protocol, in the order in which that is tried; none when it does not.
    pub fn lookups(&self) -> &[Lookup] {
        &self.lookups
    }

    /// Whether it offers the instant message service.
    pub const fn offers_messages(&self) -> bool {
        self.services & abi::SERVICE_MESSAGES != 0
    }

    /// Whether it can tell senders on its network what became of their messages.
    pub const fn offers_dispositions(&self) -> bool {
        self.services & abi::SERVICE_DISPOSITIONS != 0
    }

    /// Whether it offers the presence service.
    pub const fn offers_presence(&self) -> bool {
        self.services & abi::SERVICE_PRESENCE != 0
    }

    /// Whether another version of it may start while this one has what both claim.
    pub const fn hands_over(&self) -> bool {
        self.services & abi::CAN_HAND_OVER != 0
    }

    /// Whether it can leave a connection to another version of it, and take what one has left.
    pub const fn succeeds(&self) -> bool {
        self.services & abi::CAN_SUCCEED != 0
    }

    /// How long its network can be kept waiting for what becomes of a message; `None`: as long as it takes.
    pub const fn patience(&self) -> Option<Duration> {
        duration(self.patience_ms)
    }

    /// What its network can carry.
    pub const fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The JSON Schema of its configuration, if it has one.
    pub const fn config_schema(&self) -> Option<&ConfigSchema> {
        self.config_schema.as_ref()
    }

    /// Its licence, as an SPDX expression.
    pub fn licence(&self) -> Option<&str> {
        self.licence.as_deref()
    }

    /// Who wrote it.
    pub fn authors(&self) -> Option<&str> {
        self.authors.as_deref()
    }

    /// What it is written in.
    pub const fn language(&self) -> Language {
        self.language
    }
}

/// How many texts a manifest has.
pub(crate) const TEXTS: usize = 8;

/// The texts of a manifest, in an order of their own.
pub(crate) const fn texts(table: &abi::Plugin) -> [abi::Bytes; TEXTS] {
    [
        table.name,
        table.version,
        table.protocol,
        table.schemes,
        table.lookups,
        table.capabilities,
        table.licence,
        table.authors,
    ]
}

/// A table that is a manifest only: it has no functions.
pub(crate) const fn table(
    texts: [abi::Bytes; TEXTS],
    services: u64,
    patience_ms: u64,
) -> abi::Plugin {
    let [
        name,
        version,
        protocol,
        schemes,
        lookups,
        capabilities,
        licence,
        authors,
    ] = texts;
    abi::Plugin {
        magic: abi::MAGIC,
        contract: abi::CONTRACT,
        size: size_of::<abi::Plugin>() as u32,
        name,
        version,
        protocol,
        schemes,
        services,
        licence,
        authors,
        claims: None,
        start: None,
        deliver: None,
        cancel: None,
        stop: None,
        release: None,
        set_level: None,
        layout: std::ptr::null(),
        layout_len: 0,
        lookups,
        patience_ms,
        capabilities,
        config_schema: None,
        make_way: None,
    }
}

fn schemes(list: &str) -> Result<Vec<String>, String> {
    list.split(',')
        .filter(|scheme| !scheme.is_empty())
        .map(scheme)
        .collect()
}

/// The scheme of a URI, in lower case. RFC 3986 §3.1.
pub(crate) fn scheme(text: &str) -> Result<String, String> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    match text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(belongs) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(format!("`{text}` is no URI scheme")),
    }
}
