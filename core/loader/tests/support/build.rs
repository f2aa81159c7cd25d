//! Libraries built for the tests: with cargo, rustc and cc.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

/// The Rust example.
pub fn echo_plugin() -> PathBuf {
    cargo("echo-plugin")
}

/// The plugin that misbehaves.
pub fn faulty_plugin() -> PathBuf {
    cargo("faulty-plugin")
}

/// The C example, built as its Makefile says.
pub fn echo_c_plugin() -> PathBuf {
    let _turn = turn("echo-plugin-c");
    let makefile = example("echo-plugin-c").join("Makefile");
    run(Command::new("make")
        .current_dir(folder())
        .arg("-f")
        .arg(makefile));
    folder().join("libecho_c.so")
}

/// A plugin made of `defines` and `tests/c/base.h`.
pub fn c_plugin(name: &str, defines: &str) -> PathBuf {
    let _turn = turn(name);
    let (source, library) = (path(name, "c"), path(name, "so"));
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/base.h");
    fs::write(
        &source,
        format!("{defines}\n#include \"{}\"\n", base.display()),
    )
    .unwrap();
    let mut cc = Command::new("cc");
    cc.args([
        "-std=c11", "-O1", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-pthread",
    ]);
    cc.arg("-I")
        .arg(include())
        .arg("-o")
        .arg(fresh(&library))
        .arg(&source);
    run(&mut cc);
    library
}

/// A library of Rust's standard library alone.
pub fn rust_library(name: &str, code: &str) -> PathBuf {
    let _turn = turn(name);
    let (source, library) = (path(name, "rs"), path(name, "so"));
    fs::write(&source, code).unwrap();
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "--crate-type=cdylib", "-o"]);
    run(rustc.arg(fresh(&library)).arg(&source));
    library
}

/// Tests run in processes of their own: only one builds a thing at a time.
fn turn(name: &str) -> File {
    let lock = File::create(path(name, "lock")).unwrap();
    lock.lock().unwrap();
    lock
}

/// A library that a process has open must not change: it is replaced.
fn fresh(library: &Path) -> &Path {
    if library.exists() {
        fs::remove_file(library).unwrap();
    }
    library
}

fn cargo(package: &str) -> PathBuf {
    // The workspace's own: most of what the plugin needs is built there already.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(example(package));
    cargo
        .args(["build", "--offline", "--quiet", "--target-dir"])
        .arg(&target);
    if !cfg!(debug_assertions) {
        cargo
            .arg("--release")
            .env("CARGO_PROFILE_RELEASE_LTO", "thin");
    }
    run(cargo
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env_remove("CARGO_BUILD_TARGET"));
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    target
        .join(profile)
        .join(format!("lib{}.so", package.replace('-', "_")))
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {words}");
}

fn path(name: &str, extension: &str) -> PathBuf {
    folder().join(name).with_extension(extension)
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins");
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn example(package: &str) -> PathBuf {
    root().join("examples").join(package)
}

fn include() -> PathBuf {
    root().join("sdk/include").canonicalize().unwrap()
}
