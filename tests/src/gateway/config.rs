//! The configuration of a gateway under test, in the making.

use std::{
    env,
    fmt::Write,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use super::{binary, plugins};
use crate::certificates::{Authority, Certificate};

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
    pub(super) clock: Option<PathBuf>,
}

/// Where adapters run, as lines of their sections.
const HERE: &str = "isolation = \"none\"";
/// In a process of its own, however often that dies.
const PROCESS: &str = "isolation = \"process\"\nmax_restarts = 1000";

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

    /// The file for a gateway in this folder.
    pub(super) fn toml(&self, folder: &Path) -> String {
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
