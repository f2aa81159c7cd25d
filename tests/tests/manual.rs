//! The manual does what it says: `sdk/src/guide/first_plugin.md`, command by command, in an empty folder.

#![expect(clippy::panic, reason = "a test that cannot go on ends")]

use std::{
    env,
    ffi::OsString,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use rialto_tests::{
    gateway,
    process::{Process, tethered},
    transcript::holds,
};

/// What the manual calls the checkout.
const CHECKOUT: &str = "/path/to/rialto";

/// A block of the manual.
#[derive(Debug, PartialEq, Eq)]
enum Block {
    /// A file, by the line above it: its name in backticks, and a colon.
    File(String, String),
    Commands(Vec<String>),
    /// What the commands before it print.
    Output(String),
}

fn blocks(manual: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut name = None;
    let mut lines = manual.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            if !line.is_empty() {
                name = line
                    .strip_prefix('`')
                    .and_then(|line| line.strip_suffix("`:"));
            }
            continue;
        };
        let content: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
        let text = content.join("\n") + "\n";
        found.push(match (language, name.take()) {
            (_, Some(name)) => Block::File(name.to_owned(), text),
            ("sh", None) => Block::Commands(content.into_iter().map(str::to_owned).collect()),
            ("text", None) => Block::Output(text),
            (other, None) => panic!("a block of {other} that is neither file, command nor output"),
        });
    }
    found
}

/// Somebody at a terminal.
struct Reader {
    folder: PathBuf,
    checkout: PathBuf,
    path: OsString,
    printed: String,
    gateway: Option<Process>,
}

impl Reader {
    fn start(folder: &Path) -> Self {
        let old = env::var_os("PATH").unwrap_or_default();
        let program = gateway::binary();
        let own = program.parent().map(Path::to_path_buf);
        let path = env::join_paths(own.into_iter().chain(env::split_paths(&old)));
        Self {
            folder: folder.to_owned(),
            checkout: Path::new(env!("CARGO_MANIFEST_DIR")).join(".."),
            path: path.expect("folders"),
            printed: String::new(),
            gateway: None,
        }
    }

    fn follow(&mut self, block: Block) {
        match block {
            Block::File(name, text) => {
                let text = text.replace(CHECKOUT, &self.checkout.display().to_string());
                fs::write(self.folder.join(name), text).expect("it can be written");
            }
            Block::Commands(lines) => {
                self.printed.clear();
                lines.iter().for_each(|line| self.run(line));
            }
            Block::Output(text) => assert_eq!(self.printed, text),
        }
    }

    fn run(&mut self, line: &str) {
        if let Some(folder) = line.strip_prefix("cd ") {
            self.folder.push(folder);
            self.share_what_is_built();
            return;
        }
        if line.starts_with("rialto run ") {
            let mut command = tethered("sh");
            self.prepare(&mut command, &format!("exec {line}"));
            let gateway = Process::spawn("rialto", command);
            gateway.await_stderr("readiness", holds("ready"));
            self.gateway = Some(gateway);
            return;
        }
        let mut command = Command::new("sh");
        self.prepare(&mut command, line);
        let output = command.output().expect("there is a shell");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {words}");
        self.printed
            .push_str(&String::from_utf8_lossy(&output.stdout));
    }

    fn prepare(&self, command: &mut Command, line: &str) {
        command
            .args(["-c", line])
            .current_dir(&self.folder)
            .env("PATH", &self.path)
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("CARGO_BUILD_TARGET");
    }

    /// The libraries that the SDK needs are not built anew for each run, nor are others taken than this workspace has tried.
    fn share_what_is_built(&self) {
        let built = gateway::built();
        let target = built.parent().expect("it is in a folder");
        symlink(target, self.folder.join("target")).expect("nothing is there yet");
        let lock = self.checkout.join("examples/echo-plugin/Cargo.lock");
        fs::copy(lock, self.folder.join("Cargo.lock")).expect("it can be copied");
    }
}

#[test]
fn first_plugin_of_the_manual_is_built_tested_and_run_by_its_commands() {
    let manual = include_str!("../../sdk/src/guide/first_plugin.md");
    let folder = tempfile::tempdir().expect("a folder");
    let mut reader = Reader::start(folder.path());
    let blocks = blocks(manual);
    let commands = |block: &&Block| matches!(block, Block::Commands(_));
    assert!(blocks.iter().filter(commands).count() >= 5);
    assert!(matches!(blocks.last(), Some(Block::Output(_))));
    for block in blocks {
        reader.follow(block);
    }
    assert!(reader.gateway.is_some(), "it was run");
}

#[test]
fn blocks_of_a_manual_are_files_commands_and_outputs() {
    let manual =
        "Words.\n\n`a/b`:\n\n```toml\nx = 1\n```\nMore.\n```sh\none\ntwo\n```\n```text\nout\n```\n";
    let expected = [
        Block::File("a/b".to_owned(), "x = 1\n".to_owned()),
        Block::Commands(vec!["one".to_owned(), "two".to_owned()]),
        Block::Output("out\n".to_owned()),
    ];
    assert_eq!(blocks(manual), expected);
}
