//! The files of a new plugin: those of the examples, under another name.

use std::path::{Path, PathBuf};

use super::{PluginName, Source};
use crate::exit::Exit;

macro_rules! example {
    ($path:literal) => {
        include_str!(concat!("../../../../../../examples/", $path))
    };
}

const HEADER: &str = include_str!("../../../../../../sdk/include/rialto.h");

/// Where the SDK is.
pub(super) enum Sdk {
    /// In a folder.
    Folder(PathBuf),
    /// In the registry, in the version of this gateway.
    Registry,
}

impl Sdk {
    /// In the folder that is given, else where this gateway was built, else in the registry.
    pub(super) fn find(given: Option<&Path>) -> Result<Self, Exit> {
        let absent = |folder: &Path| {
            Exit::Usage(format!(
                "{}: there is no SDK; name the folder `sdk` of Rialto's sources",
                folder.display()
            ))
        };
        let has_sdk =
            |folder: &Path| folder.join("Cargo.toml").is_file() && folder.join("abi").is_dir();
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk");
        match given {
            Some(folder) if has_sdk(folder) => {
                let folder = folder.canonicalize().map_err(|_| absent(folder))?;
                Ok(Self::Folder(folder))
            }
            Some(folder) => Err(absent(folder)),
            None => Ok(
                match here.canonicalize().ok().filter(|folder| has_sdk(folder)) {
                    Some(folder) => Self::Folder(folder),
                    None => Self::Registry,
                },
            ),
        }
    }

    /// As Cargo names it, or what is in a folder of it.
    fn source(&self, within: &str) -> String {
        match self {
            Self::Folder(folder) => {
                let path = if within.is_empty() {
                    folder.clone()
                } else {
                    folder.join(within)
                };
                format!("path = {:?}", path.display().to_string())
            }
            Self::Registry => format!("version = {:?}", env!("CARGO_PKG_VERSION")),
        }
    }
}

pub(super) fn rust(name: &PluginName, sdk: &Sdk) -> Vec<Source> {
    let renamed = |text: &str| {
        text.replace(
            "The smallest complete plugin. Copy it, rename `Echo`, and fill in",
            "A start; fill in",
        )
        .replace("Echo", &format!("{}Plugin", name.camel_case()))
        .replace("\"echo\"", &format!("\"{name}\""))
    };
    let lock =
        example!("echo-plugin/Cargo.lock").replace("\"echo-plugin\"", &format!("\"{name}\""));
    let mut sources = vec![
        file("Cargo.toml", cargo_toml(name, sdk)),
        file("src/lib.rs", renamed(example!("echo-plugin/src/lib.rs"))),
        file(
            "src/tests.rs",
            renamed(example!("echo-plugin/src/tests.rs")),
        ),
        file(
            "golden/text.in",
            example!("echo-plugin/golden/text.in").into(),
        ),
        file(
            "golden/text.out",
            example!("echo-plugin/golden/text.out").into(),
        ),
        file(
            "README.md",
            readme(name, "cargo test\ncargo build --release", "target/release/"),
        ),
        file(".gitignore", "/target\n".into()),
    ];
    // The versions that the SDK was tried with; those of the registry are Cargo's to find.
    if matches!(sdk, Sdk::Folder(_)) {
        sources.push(file("Cargo.lock", lock));
    }
    sources
}

pub(super) fn c(name: &PluginName) -> Vec<Source> {
    let code = example!("echo-plugin-c/echo.c")
        .replace("// Echo in C:", &format!("// {name}, a start:"))
        .replace("\"echo-c\"", &format!("\"{name}\""))
        .replace("\"echo\"", &format!("\"{name}\""))
        .replace("\"echo_c\"", &format!("\"{}\"", name.snake_case()));
    vec![
        file("Makefile", makefile(name)),
        file("plugin.c", code),
        file("rialto.h", HEADER.into()),
        file("README.md", readme(name, "make", "")),
        file(".gitignore", "*.so\n".into()),
    ]
}

const fn file(path: &'static str, text: String) -> Source {
    Source { path, text }
}

fn cargo_toml(name: &PluginName, sdk: &Sdk) -> String {
    let (library, source, testkit) = (name.snake_case(), sdk.source(""), sdk.source("testkit"));
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\nlicense = \"MIT OR Apache-2.0\"\npublish = false\n\n\
        [lib]\nname = \"rialto_{library}\"\ncrate-type = [\"cdylib\"]\n\n\
        [dependencies]\nrialto-sdk = {{ {source} }}\n\n\
        [dev-dependencies]\nrialto-testkit = {{ {testkit} }}\n\n\
        [workspace]\n"
    )
}

fn makefile(name: &PluginName) -> String {
    let library = format!("librialto_{}.so", name.snake_case());
    format!(
        "CFLAGS ?= -O2 -Wall -Wextra\n\n\
        {library}: plugin.c rialto.h\n\t$(CC) -std=c11 $(CFLAGS) -shared -fPIC -fvisibility=hidden -o $@ plugin.c\n\n\
        clean:\n\trm -f {library}\n\n.PHONY: clean\n"
    )
}

fn readme(name: &PluginName, build: &str, folder: &str) -> String {
    let library = format!("{folder}librialto_{}.so", name.snake_case());
    format!(
        "# {name}\n\nA plugin for Rialto. It sends every message back to its source; make it speak your network.\n\n\
        ```sh\n{build}\n\
        rialto plugin test ./{library}    # tries it against the contract, clause by clause\n```\n\n\
        Then have a gateway run it:\n\n\
        ```toml\n[adapters.{name}]\nplugin = \"./{library}\"    # beside the gateway's working folder, or an absolute path\ndomains = [\"relay.example\"]\n```\n\n\
        Next:\n\n\
        1. Name the protocol, its URI schemes and your licence in the manifest.\n\
        2. Say what the configuration needs; refuse the rest, by the name of the key.\n\
        3. Fill in `deliver`: success only when the far side acknowledged.\n\
        4. Submit what comes from your network.\n\
        5. Try it again after each step.\n\n\
        The manual is the documentation of `rialto-sdk`, the module `guide`; for C it is `rialto.h` as well.\n"
    )
}
