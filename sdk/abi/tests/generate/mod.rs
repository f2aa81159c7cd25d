//! The C header, from the contract's source.

use std::path::{Path, PathBuf};

use cbindgen::{Builder, Config, DocumentationStyle, ExportConfig, Language};

/// What cbindgen cannot say.
const PREAMBLE: &str = r#"// Wraps a string literal.
#define RIALTO_TEXT(s) { (const uint8_t *)(s), sizeof(s) - 1 }
// What a plugin's table begins with.
#define RIALTO_MAGIC "RIALTO\r\n"
#if defined(_WIN32)
#define RIALTO_EXPORT __declspec(dllexport)
#else
#define RIALTO_EXPORT __attribute__((visibility("default")))
#endif"#;

/// Where the header belongs.
pub(crate) fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../include/rialto.h")
}

/// What it has to be.
pub(crate) fn header() -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let builder = ["data.rs", "host.rs", "layout.rs", "numbers.rs", "plugin.rs"]
        .iter()
        .fold(Builder::new().with_config(config()), |builder, file| {
            builder.with_src(source.join(file))
        });
    let mut text = Vec::new();
    builder.generate().expect("C can say it").write(&mut text);
    let text = String::from_utf8(text).expect("cbindgen writes UTF-8");
    // One prefix serves types and constants alike; C wants the latter in capitals.
    text.replace("#define Rialto", "#define RIALTO_")
}

fn config() -> Config {
    let types = [
        "Plugin",
        "Host",
        "Start",
        "Stop",
        "Claim",
        "ClaimSink",
        "LogRecord",
    ];
    Config {
        language: Language::C,
        header: Some("// The contract between the Rialto gateway and its plugins.".into()),
        autogen_warning: Some(
            "// Written by `cargo run -p rialto-abi --example header`; do not edit.".into(),
        ),
        include_guard: Some("RIALTO_H".into()),
        cpp_compat: true,
        usize_is_size_t: true,
        documentation_style: DocumentationStyle::C99,
        export: ExportConfig {
            prefix: Some("Rialto".into()),
            include: types.map(String::from).to_vec(),
            ..ExportConfig::default()
        },
        after_includes: Some(PREAMBLE.into()),
        ..Config::default()
    }
}
