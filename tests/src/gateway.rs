//! The gateway under test: the real binary with the real plugins.

use std::{
    env,
    fmt::Write,
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
};

use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    certificates::{Authority, Certificate},
    clock,
    ports::Port,
    process::{Process, tethered},
};

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

/// How the gateway reaches an XMPP server as its component.
#[derive(Debug, Clone)]
pub struct ComponentLink {
    /// The server's port for components.
    pub endpoint: SocketAddr,
    /// The component's domain.
    pub domain: String,
    /// The shared secret.
    pub secret: String,
    /// The domain of the server itself.
    pub server: String,
}

/// A configuration file in the making.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    relay_domains: Vec<String>,
    resolver: String,
    adapters: String,
    routes: String,
    more: String,
    isolation: &'static str,
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

/// Where adapters run, as lines of their sections.
const HERE: &str = "isolation = \"none\"";
/// In a process of its own, however often that dies.
const PROCESS: &str = "isolation = \"process\"\nmax_restarts = 1000";

/// The kernel\'s unit of processor time.
const TICKS_PER_SECOND: f64 = 100.0;

impl GatewayConfig {
    /// A gateway without adapters, with the relay domain `relay.example`.
    pub fn new() -> Self {
        Self {
            relay_domains: vec!["relay.example".to_owned()],
            resolver: "adapters = []".to_owned(),
            adapters: String::new(),
            routes: String::new(),
            more: String::new(),
            isolation: match env::var_os("RIALTO_ISOLATION") {
                Some(_) => PROCESS,
                None => HERE,
            },
            clock: None,
        }
    }

    /// With the adapters that are added from now on in processes of their own; so are all with the variable `RIALTO_ISOLATION`.
    #[must_use]
    pub const fn isolated(mut self) -> Self {
        self.isolation = PROCESS;
        self
    }

    /// With this section `[resolver]`; without it, DNS is not asked.
    #[must_use]
    pub fn with_resolver(mut self, section: &str) -> Self {
        section.clone_into(&mut self.resolver);
        self
    }

    /// With these relay domains, and no other.
    #[must_use]
    pub fn with_relay_domains(mut self, domains: &[&str]) -> Self {
        self.relay_domains = domains.iter().map(|&domain| domain.to_owned()).collect();
        self
    }

    /// With a SIP adapter that listens on these addresses, over UDP and TCP.
    #[must_use]
    pub fn with_sip(self, name: &str, listen: &[SocketAddr], domains: &[&str]) -> Self {
        let listen: Vec<String> = listen
            .iter()
            .flat_map(|at| [format!("udp:{at}"), format!("tcp:{at}")])
            .collect();
        self.with_sip_at(name, &listen, domains)
    }

    /// With a SIP adapter that listens on these addresses, each with its transport.
    #[must_use]
    pub fn with_sip_at(mut self, name: &str, listen: &[String], domains: &[&str]) -> Self {
        let isolation = self.isolation;
        let _infallible = write!(
            self.adapters,
            "[adapters.{name}]\nplugin = \"sip\"\n{isolation}\ndomains = {domains:?}\n\
             [adapters.{name}.config]\nlisten = {listen:?}\n\n"
        );
        self
    }

    /// With a SIP adapter that takes TLS alone, shows a certificate, and believes whom an authority vouches for; further keys of its section `tls`
    /// begin with a comma each.
    #[must_use]
    pub fn with_secured_sip(
        mut self,
        name: &str,
        listen: SocketAddr,
        domains: &[&str],
        (authority, shown): (&Authority, &Certificate),
        more: &str,
    ) -> Self {
        let readable = match self.isolation {
            HERE => String::new(),
            _ => format!("\nreadable = [{:?}]", authority.folder()),
        };
        let isolation = self.isolation;
        let Certificate {
            certificate, key, ..
        } = shown;
        let authorities = authority.certificate();
        let _infallible = write!(
            self.adapters,
            "[adapters.{name}]\nplugin = \"sip\"\n{isolation}{readable}\ndomains = {domains:?}\n\
             [adapters.{name}.config]\nlisten = [\"tls:{listen}\"]\n\
             tls = {{ certificate = {certificate:?}, key = {key:?}, authorities = {authorities:?}{more} }}\n\n"
        );
        self
    }

    /// With an XMPP adapter that is this component.
    #[must_use]
    pub fn with_xmpp(mut self, name: &str, link: &ComponentLink, domains: &[&str]) -> Self {
        let ComponentLink {
            endpoint,
            domain,
            secret,
            server,
        } = link;
        let isolation = self.isolation;
        let _infallible = write!(
            self.adapters,
            "[adapters.{name}]\nplugin = \"xmpp\"\n{isolation}\ndomains = {domains:?}\n\
             [adapters.{name}.config]\nendpoint = \"{endpoint}\"\ndomain = {domain:?}\n\
             secret = {secret:?}\nserver = {server:?}\n\n"
        );
        self
    }

    /// With an email adapter that takes mail for these domains, from trusted servers on this machine, and sends to one server.
    #[must_use]
    pub fn with_email(
        mut self,
        name: &str,
        listen: &[String],
        domains: &[&str],
        server: &str,
    ) -> Self {
        let isolation = self.isolation;
        let _infallible = write!(
            self.adapters,
            "[adapters.{name}]\nplugin = \"email\"\n{isolation}\ndomains = {domains:?}\n\
             [adapters.{name}.config]\nhostname = \"{name}.gateway.example\"\nlisten = {listen:?}\n\
             domains = {domains:?}\ntrusted = [\"127.0.0.0/8\"]\n\
             authentication = {{ mode = \"off\" }}\n\
             outgoing = {{ smart_host = {server:?}, tls = \"off\" }}\n\n"
        );
        self
    }

    /// With an adapter of any plugin, and the lines of its own configuration.
    #[must_use]
    pub fn with_plugin(
        mut self,
        name: &str,
        library: &Path,
        domains: &[&str],
        lines: &[String],
    ) -> Self {
        let (isolation, lines) = (self.isolation, lines.join("\n"));
        let _infallible = write!(
            self.adapters,
            "[adapters.{name}]\nplugin = {library:?}\n{isolation}\ndomains = {domains:?}\n\
             [adapters.{name}.config]\n{lines}\n\n"
        );
        self
    }

    /// With a route for a domain, and where its adapter sends to if not to where it always does.
    #[must_use]
    pub fn with_route(mut self, domain: &str, adapter: &str, next_hop: Option<&str>) -> Self {
        let _infallible = write!(
            self.routes,
            "[[routes]]\ndomain = {domain:?}\nadapter = {adapter:?}\n"
        );
        if let Some(next_hop) = next_hop {
            let _infallible = writeln!(self.routes, "next_hop = {next_hop:?}");
        }
        self
    }

    /// With further lines for the adapter that was added last.
    #[must_use]
    pub fn with_settings(mut self, lines: &[&str]) -> Self {
        let end = self.adapters.trim_end().len();
        self.adapters.truncate(end);
        let _infallible = write!(self.adapters, "\n{}\n\n", lines.join("\n"));
        self
    }

    /// With further sections.
    #[must_use]
    pub fn with_sections(mut self, toml: &str) -> Self {
        self.more.push_str(toml);
        self
    }

    /// With a wall clock that shows what a file says, as `2030-06-01 12:00:00` in UTC.
    #[must_use]
    pub fn with_clock(mut self, file: &Path) -> Self {
        self.clock = Some(file.to_owned());
        self
    }

    /// What `rialto check` says against it.
    ///
    /// # Errors
    /// Its words.
    ///
    /// # Panics
    /// When it cannot be asked.
    pub fn check(&self) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
        let file = folder.path().join("rialto.toml");
        fs::write(&file, self.toml(folder.path()))
            .unwrap_or_else(|error| panic!("no configuration file: {error}"));
        let mut command = Command::new(binary());
        let output = command.arg("--config").arg(&file).arg("check").output();
        let output = output.unwrap_or_else(|error| panic!("no check: {error}"));
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    fn toml(&self, folder: &Path) -> String {
        let Self {
            relay_domains,
            resolver,
            adapters,
            routes,
            more,
            isolation: _,
            clock: _,
        } = self;
        let [plugins, control] =
            [plugins(), folder.join("control")].map(|path| path.display().to_string());
        format!(
            "[gateway]\nrelay_domains = {relay_domains:?}\nplugin_dirs = [{plugins:?}]\n\
             control_socket = {control:?}\n\n[resolver]\n{resolver}\n\n{adapters}{routes}\n{more}"
        )
    }
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self::new()
    }
}

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
