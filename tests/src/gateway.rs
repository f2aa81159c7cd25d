//! The gateway under test: the real binary with the real plugins.

use std::{
    env, fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
};

use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    clock,
    ports::Port,
    process::{Process, tethered},
};

mod config;

pub use config::{ComponentLink, GatewayConfig};

/// Where gateways live: an address of loopback that no peer has.
pub const GATEWAY_HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 13));

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    process: Process,
    folder: TempDir,
    ready: PathBuf,
    clock: Option<PathBuf>,
}

impl Gateway {
    /// Starts the gateway and waits until all its adapters are up or have said why not.
    ///
    /// # Panics
    /// When it does not get ready, or is not built.
    pub fn start(config: &GatewayConfig) -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
        let ready = folder.path().join("ready");
        fs::write(
            folder.path().join("rialto.toml"),
            config.toml(folder.path()),
        )
        .unwrap_or_else(|error| panic!("no configuration file: {error}"));
        let process = run(folder.path(), &ready, config.clock.as_deref());
        Self {
            process,
            folder,
            ready,
            clock: config.clock.clone(),
        }
    }

    /// Kills it, as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Asks it to drain and end, and returns its exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        self.process.terminate().code()
    }

    /// Starts it again with the same configuration.
    pub fn start_again(&mut self) {
        self.process = run(self.folder.path(), &self.ready, self.clock.as_deref());
    }

    /// What a verb of the command line prints as JSON, of this gateway and its configuration.
    ///
    /// # Panics
    /// When it prints anything else.
    pub fn ask(&self, arguments: &[&str]) -> Value {
        let output = Command::new(binary())
            .arg("--config")
            .arg(self.folder.path().join("rialto.toml"))
            .args(arguments)
            .arg("--json")
            .output()
            .unwrap_or_else(|error| panic!("{arguments:?} cannot be asked: {error}"));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            self.process
                .fail(&format!("it has no answer to {arguments:?}: {why}"))
        })
    }

    /// How a sender, of an adapter's network, is shown to a recipient; as he is, if the gateway does not say.
    ///
    /// # Panics
    /// As [`ask`](Self::ask).
    pub fn shown_to(&self, recipient: &str, (adapter, sender): (&str, &str)) -> String {
        let question = ["resolve", recipient, "--from", adapter, "--source", sender];
        let answer = self.ask(&question);
        let shown = answer[0]["shown_source"].as_str();
        shown.unwrap_or(sender).to_owned()
    }

    /// What a verb of the command line prints for people.
    ///
    /// # Panics
    /// When it fails.
    pub fn say(&self, arguments: &[&str]) -> String {
        let output = Command::new(binary())
            .arg("--config")
            .arg(self.folder.path().join("rialto.toml"))
            .args(arguments)
            .output()
            .unwrap_or_else(|error| panic!("{arguments:?} cannot be asked: {error}"));
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            self.process.fail(&format!("{arguments:?} failed: {why}"));
        }
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// How many operations its routers have taken.
    pub fn operations(&self) -> Option<u64> {
        self.ask(&["status"])["router"]["operations"].as_u64()
    }

    /// The process that an adapter has for itself.
    pub fn process_of(&self, adapter: &str) -> Option<Pid> {
        let id = self.ask(&["status"])["adapters"][adapter]["process"].as_i64()?;
        i32::try_from(id).ok().map(Pid::from_raw)
    }

    /// Waits until an adapter is up: its network may be away at first, as a server that has not noticed yet that a former gateway has gone.
    ///
    /// # Panics
    /// When it does not come up in time.
    pub fn await_up(&self, adapter: &str) {
        self.process.await_state("an adapter that is up", || {
            let adapters = self.ask(&["adapters"]);
            let mut adapters = adapters.as_array().into_iter().flatten();
            adapters.any(|one| one["name"] == adapter && one["state"] == "up")
        });
    }

    /// Waits until it has given up the custody of all that it has kept.
    ///
    /// # Panics
    /// When it does not in time.
    pub fn await_nothing_kept(&self) {
        self.process.await_state("end of what is kept", || {
            let custody = &self.ask(&["status"])["custody"];
            custody["kept_messages"] == 0 && custody["kept_reports"] == 0
        });
    }

    /// The folder of its configuration, its store beneath it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Seconds of processor time that it has had so far, user and system.
    ///
    /// # Panics
    /// When it does not run.
    pub fn cpu_seconds(&self) -> f64 {
        let stat = self.kernel_says("stat");
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let ticks = |index| -> f64 {
            let mut fields = after_name.split_ascii_whitespace();
            let ticks = fields.nth(index).and_then(|ticks| ticks.parse().ok());
            ticks.unwrap_or_else(|| self.process.fail("the kernel does not say its time"))
        };
        (ticks(11) + ticks(12)) / TICKS_PER_SECOND
    }

    /// The memory that it has, in MiB: its proportional set.
    ///
    /// # Panics
    /// When it does not run.
    pub fn memory_mib(&self) -> f64 {
        let text = self.kernel_says("smaps_rollup");
        let line = text.lines().find(|line| line.starts_with("Pss:"));
        let kib = line.and_then(|line| line.split_ascii_whitespace().nth(1)?.parse::<f64>().ok());
        kib.unwrap_or_else(|| self.process.fail("the kernel does not say its size")) / 1024.0
    }

    fn kernel_says(&self, file: &str) -> String {
        let id = self.process.id();
        fs::read_to_string(format!("/proc/{id}/{file}"))
            .unwrap_or_else(|error| self.process.fail(&format!("no {file}: {error}")))
    }

    /// Its process, for what it logged.
    pub fn process(&self) -> &Process {
        &self.process
    }
}

/// The kernel\'s unit of processor time.
const TICKS_PER_SECOND: f64 = 100.0;

fn run(folder: &Path, ready: &Path, clock: Option<&Path>) -> Process {
    let _absent = fs::remove_file(ready);
    let binary = binary();
    assert!(
        binary.exists(),
        "{} is not there: cargo build --workspace",
        binary.display()
    );
    let mut command = tethered(&binary.display().to_string());
    command
        .args(["run", "--config"])
        .arg(folder.join("rialto.toml"));
    command.arg("--ready-file").arg(ready).current_dir(folder);
    if let Some(file) = clock {
        command.env("LD_PRELOAD", clock::library(folder));
        command.env("RIALTO_CLOCK", file);
    }
    let process = Process::spawn("rialto", command);
    process.await_state("readiness", || ready.exists());
    process
}

/// Where a gateway listens on this port.
pub fn address(port: &Port) -> SocketAddr {
    SocketAddr::new(GATEWAY_HOST, port.number())
}

/// The gateway's binary: `RIALTO_BIN`, or where this test was built.
pub fn binary() -> PathBuf {
    env::var_os("RIALTO_BIN").map_or_else(|| built().join("rialto"), PathBuf::from)
}

/// The folder of the plugins' libraries: `RIALTO_PLUGINS`, or where this test was built.
pub fn plugins() -> PathBuf {
    env::var_os("RIALTO_PLUGINS").map_or_else(built, PathBuf::from)
}

/// Where this test was built, `target/debug` or `target/release`: the folder above the running test.
///
/// # Panics
/// Never: a test has a path.
pub fn built() -> PathBuf {
    let test = env::current_exe().unwrap_or_else(|error| panic!("this test has no path: {error}"));
    test.ancestors()
        .nth(2)
        .map_or_else(PathBuf::new, Path::to_path_buf)
}
