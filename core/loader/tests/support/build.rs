//! Libraries built for the tests: with cargo, rustc and cc.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};

/// The Rust example.
pub fn echo_plugin() -> PathBuf {
    example_plugin("echo-plugin")
}

/// The plugin that misbehaves.
pub fn faulty_plugin() -> PathBuf {
    example_plugin("faulty-plugin")
}

/// The C example, built as its Makefile says.
pub fn echo_c_plugin() -> PathBuf {
    made("echo-plugin-c", "libecho_c.so")
}

/// The C example as it was, with the header of then: copies that are never brought up to date.
pub fn earlier_plugin() -> PathBuf {
    let _turn = turn("earlier");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/earlier");
    let library = path("earlier", "so");
    if library.exists() {
        return library;
    }
    let building = library.with_extension(format!("{}.building", std::process::id()));
    let mut cc = Command::new("cc");
    cc.args([
        "-std=c11", "-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-I",
    ]);
    run(cc
        .arg(&from)
        .arg("-o")
        .arg(&building)
        .arg(from.join("echo.c")));
    fs::rename(building, &library).unwrap();
    library
}

/// The example of a vendor, built as its Makefile says.
pub fn pager_plugin() -> PathBuf {
    made("pager-c", "libpager.so")
}

fn made(package: &str, library: &str) -> PathBuf {
    let _turn = turn(package);
    let makefile = example(package).join("Makefile");
    run(Command::new("make")
        .current_dir(folder())
        .arg("-f")
        .arg(makefile));
    folder().join(library)
}

/// A plugin made of `defines` and `tests/c/base.h`.
pub fn c_plugin(name: &str, defines: &str) -> PathBuf {
    let _turn = turn(name);
    let (source, library) = (path(name, "c"), path(name, "so"));
    if is_built(&library, defines) {
        return library;
    }
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/base.h");
    let code = format!("{defines}\n#include \"{}\"\n", base.display());
    let headers = [base, include().join("rialto.h")];
    if fs::read_to_string(&source).is_ok_and(|built| built == code)
        && headers.iter().all(|header| is_newer(&library, header))
    {
        return library; // built by another process, which may use it
    }
    fs::write(&source, code).unwrap();
    let building = library.with_extension("building");
    let mut cc = Command::new("cc");
    cc.args([
        "-std=c11", "-O1", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-pthread",
    ]);
    cc.arg("-I")
        .arg(include())
        .arg("-o")
        .arg(&building)
        .arg(&source);
    run(&mut cc);
    fs::rename(building, &library).unwrap();
    library
}

fn is_newer(this: &Path, that: &Path) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|file| file.modified());
    changed(this).is_ok_and(|this| changed(that).is_ok_and(|that| this > that))
}

/// A library of Rust's standard library alone.
pub fn rust_library(name: &str, code: &str) -> PathBuf {
    let _turn = turn(name);
    let (source, library) = (path(name, "rs"), path(name, "so"));
    if is_built(&library, code) {
        return library;
    }
    fs::write(&source, code).unwrap();
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "--crate-type=cdylib", "-o"]);
    run(rustc.arg(fresh(&library)).arg(&source));
    library
}

/// A plugin of Rust whose contract has the same fields as ours, and one function with another signature.
pub fn other_layout_plugin() -> PathBuf {
    const OURS: &str = "cancel: Option<unsafe extern \"C\" fn(adapter: *mut c_void, ticket: u64)>";
    let crate_ = folder().join("other-layout");
    let source = crate_.join("src");
    {
        let _turn = turn("other-layout");
        fs::create_dir_all(&source).unwrap();
        for file in fs::read_dir(root().join("sdk/abi/src")).unwrap() {
            let file = file.unwrap();
            let mut code = fs::read_to_string(file.path()).unwrap();
            if file.file_name() == "plugin.rs" {
                assert!(
                    code.contains(OURS),
                    "the contract has changed: so must this"
                );
                code = code.replace(OURS, &OURS.replace("u64", "u32"));
            }
            if file.file_name() == "lib.rs" {
                code.push_str(include_str!("../rust/other_layout.rs"));
            }
            fs::write(source.join(file.file_name()), code).unwrap();
        }
        // Under our name and version: nothing else shall differ.
        let manifest = "[package]\nname = \"rialto-abi\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
            [lib]\nname = \"rialto_abi\"\ncrate-type = [\"cdylib\"]\n\
            [dependencies]\nabi_stable = { version = \"=0.11.3\", default-features = false }\n[workspace]\n";
        fs::write(crate_.join("Cargo.toml"), manifest).unwrap();
        let lock = example("echo-plugin").join("Cargo.lock");
        fs::copy(lock, crate_.join("Cargo.lock")).unwrap();
    }
    cargo(&crate_, &target(), "rialto_abi")
}

/// Tests run in processes of their own: only one builds a thing at a time.
fn turn(name: &str) -> File {
    let lock = File::create(path(name, "lock")).unwrap();
    lock.lock().unwrap();
    lock
}

/// Whether this process has built it: what it has open cannot be replaced.
fn is_built(library: &Path, code: &str) -> bool {
    static BUILT: Mutex<BTreeMap<PathBuf, String>> = Mutex::new(BTreeMap::new());
    let before = BUILT
        .lock()
        .unwrap()
        .insert(library.to_owned(), code.to_owned());
    before.is_some_and(|before| {
        assert_eq!(before, code, "another library of the same name");
        true
    })
}

/// A library that another process has open must not change: it is replaced.
fn fresh(library: &Path) -> &Path {
    if library.exists() {
        fs::remove_file(library).unwrap();
    }
    library
}

fn example_plugin(package: &str) -> PathBuf {
    cargo(&example(package), &target(), &package.replace('-', "_"))
}

/// The workspace's own: most of what a plugin needs is built there already.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("..")
}

fn cargo(package: &Path, target: &Path, library: &str) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(package);
    cargo
        .args(["build", "--offline", "--quiet", "--target-dir"])
        .arg(target);
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
    target.join(profile).join(format!("lib{library}.so"))
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
