//! All that one library says of itself.

use rialto_loader::{ConfigSchema, Language, Library, Manifest};
use serde_json::json;

use super::keys;

/// As lines for people: the manifest, then the keys of the configuration.
pub(super) fn info(library: &Library) -> String {
    let manifest = library.manifest();
    let capabilities = manifest.capabilities();
    let list = |items: Vec<String>| match items.is_empty() {
        true => "none".to_owned(),
        false => items.join(", "),
    };
    let said = |text: Option<&str>| text.unwrap_or("not said").to_owned();
    let patience = manifest.patience();
    let facts = [
        ("name", manifest.name().to_owned()),
        ("version", manifest.version().to_owned()),
        ("licence", said(manifest.licence())),
        ("authors", said(manifest.authors())),
        ("protocol", manifest.protocol().to_owned()),
        ("schemes", list(manifest.schemes().to_vec())),
        ("services", services(manifest).join(", ")),
        (
            "found by DNS",
            list(manifest.lookups().iter().map(ToString::to_string).collect()),
        ),
        (
            "patience",
            patience.map_or_else(|| "as long as it takes".into(), |of| format!("{of:?}")),
        ),
        (
            "carries",
            list(capabilities.iter().map(ToString::to_string).collect()),
        ),
        ("language", language(manifest).to_owned()),
        ("library", library.path().display().to_string()),
    ];
    let line = |(name, value): &(&str, String)| format!("{name:<13}{value}\n");
    let facts: String = facts.iter().map(line).collect();
    match manifest.config_schema() {
        Some(schema) => facts + "configuration\n" + &keys::lines(schema),
        None => facts + "configuration not said\n",
    }
}

fn language(manifest: &Manifest) -> &'static str {
    match manifest.language() {
        Language::Rust => "Rust, with the SDK",
        _ => "another than Rust, with the header",
    }
}

/// The services that a plugin offers.
pub(super) fn services(manifest: &Manifest) -> Vec<&'static str> {
    let offered = [
        ("messages", manifest.offers_messages()),
        ("dispositions", manifest.offers_dispositions()),
        ("presence", manifest.offers_presence()),
    ];
    let names = offered.into_iter().filter(|(_, is_offered)| *is_offered);
    names.map(|(name, _)| name).collect()
}

/// As JSON, with the whole schema.
pub(super) fn describe(library: &Library) -> serde_json::Value {
    let manifest = library.manifest();
    json!({
        "path": library.path().display().to_string(),
        "name": manifest.name(),
        "version": manifest.version(),
        "protocol": manifest.protocol(),
        "schemes": manifest.schemes(),
        "lookups": manifest.lookups().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "messages": manifest.offers_messages(),
        "dispositions": manifest.offers_dispositions(),
        "presence": manifest.offers_presence(),
        "patience_ms": manifest.patience().map(|patience| patience.as_millis() as u64),
        "licence": manifest.licence(),
        "authors": manifest.authors(),
        "language": language(manifest),
        "capabilities": manifest.capabilities().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "config_schema": manifest.config_schema().map(ConfigSchema::document),
    })
}
