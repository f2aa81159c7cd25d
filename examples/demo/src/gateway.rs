//! The gateway as it is run in earnest: a process with a configuration file.

use std::{
    collections::VecDeque,
    env, fs,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use crate::{
    error::DemoError,
    events::{self, Event, EventSender, Events, PATIENCE},
    flow::{self, Flow},
    mail_user,
    ports::FreePorts,
    sip_user, xmpp_user,
};

/// The domain of SIP users whose clients are not ours.
pub(crate) const GUEST_DOMAIN: &str = "guest.example";

/// The running gateway; killed when dropped.
#[derive(Debug)]
pub(crate) struct Gateway {
    process: Child,
    folder: TempDir,
    addresses: Addresses,
    built: Built,
    last_words: LastWords,
}

/// What there is to run.
#[derive(Debug)]
pub(crate) struct Built {
    /// The gateway's binary.
    pub(crate) binary: PathBuf,
    /// The folder of the plugins' libraries.
    pub(crate) plugins: PathBuf,
}

/// Who is where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) ports: FreePorts,
    pub(crate) romeo: SocketAddr,
    pub(crate) xmpp_server: SocketAddr,
    pub(crate) mail_server: SocketAddr,
}

impl Built {
    /// Looks where `RIALTO_BIN` and `RIALTO_PLUGINS` say, or beside this program.
    fn find() -> Result<Self, DemoError> {
        let own = env::current_exe().unwrap_or_default();
        let folder = own.parent().unwrap_or_else(|| Path::new(""));
        let named = |variable| env::var_os(variable).map(PathBuf::from);
        let binary = named("RIALTO_BIN").unwrap_or_else(|| folder.join("rialto"));
        let plugins = named("RIALTO_PLUGINS").unwrap_or_else(|| folder.to_owned());
        let libraries =
            ["sip", "xmpp", "email"].map(|name| plugins.join(format!("librialto_{name}.so")));
        let missing = libraries
            .into_iter()
            .chain([binary.clone()])
            .find(|path| !path.exists());
        match missing {
            Some(path) => Err(DemoError::NotBuilt {
                path: path.display().to_string(),
            }),
            None => Ok(Self { binary, plugins }),
        }
    }
}

impl Gateway {
    /// Starts the gateway and waits until all of its adapters are up.
    pub(crate) fn start(
        addresses: Addresses,
        sender: EventSender,
        events: &mut Events,
    ) -> Result<Self, DemoError> {
        let built = Built::find()?;
        let folder = tempfile::Builder::new().prefix("rialto-demo-").tempdir();
        let folder = folder.map_err(DemoError::io("there is no folder for the configuration"))?;
        let written = fs::write(
            folder.path().join(CONFIG),
            configuration(&addresses, &built.plugins, folder.path()),
        );
        written.map_err(DemoError::io("the configuration cannot be written"))?;

        let ready = folder.path().join("ready");
        let mut process = spawn(&built.binary, folder.path(), &ready)?;
        let last_words = LastWords::default();
        if let Some(log) = process.stderr.take() {
            follow(log, sender, last_words.clone())?;
        }
        let gateway = Self {
            process,
            folder,
            addresses,
            built,
            last_words,
        };
        let up = await_file(&ready, events).and_then(|()| await_join(events));
        up.map_err(|error| gateway.explain(error))?;
        Ok(gateway)
    }

    /// Asks the gateway to drain and end, and waits until it has.
    pub(crate) fn stop(mut self, events: &mut Events) -> Result<(), DemoError> {
        let failed = || DemoError::io("the gateway cannot be ended");
        let pid = Pid::from_raw(self.process.id().cast_signed());
        // One that has ended already is still there until it is waited for, and takes no harm.
        kill(pid, Signal::SIGTERM)
            .map_err(io::Error::from)
            .map_err(failed())?;
        for _ in 0..TURNS {
            match self.process.try_wait().map_err(failed())? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(DemoError::BadEnd { status }),
                // Whatever happens meanwhile, its end included, is seen on the next turn.
                None => events.pause(TURN).unwrap_or_default(),
            }
        }
        Err(silence("the gateway's end"))
    }

    /// Who is where.
    pub(crate) fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// What it was started from.
    pub(crate) fn built(&self) -> &Built {
        &self.built
    }

    /// Its configuration file.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.folder.path().join(CONFIG)
    }

    /// Adds the end of its log to an error, without what it says of operations.
    pub(crate) fn explain(&self, error: DemoError) -> DemoError {
        match error {
            DemoError::Interrupted => error,
            why => DemoError::Explained {
                why: Box::new(why),
                log: self.last_words.text(),
            },
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is what is wanted.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

const CONFIG: &str = "rialto.toml";

/// What an operator would write; `examples/config` has the same with a line of comment for each key.
fn configuration(addresses: &Addresses, plugins: &Path, folder: &Path) -> String {
    let control = folder.join("control");
    let Addresses {
        ports: FreePorts { sip, mail, guest },
        romeo,
        xmpp_server,
        mail_server,
    } = addresses;
    let (sip_domain, xmpp_domain) = (sip_user::DOMAIN, xmpp_user::DOMAIN);
    let mail_domain = mail_user::DOMAIN;
    let (component, secret) = (xmpp_user::COMPONENT, xmpp_user::SECRET);
    format!(
        r#"[gateway]
relay_domains = ["{component}"]
plugin_dirs = [{plugins:?}]
control_socket = {control:?}

[resolver]
adapters = []

[log]
filter = "info,rialto::flow=debug"
format = "json"

[adapters.sip]
plugin = "sip"
domains = ["{xmpp_domain}", "{mail_domain}"]

[adapters.sip.config]
listen = ["udp:{sip}", "tcp:{sip}"]

[adapters.xmpp]
plugin = "xmpp"
domains = ["{component}"]

[adapters.xmpp.config]
endpoint = "{xmpp_server}"
domain = "{component}"
secret = "{secret}"
server = "{xmpp_domain}"

[adapters.email]
plugin = "email"
domains = ["{sip_domain}", "{xmpp_domain}"]

[adapters.email.config]
hostname = "gateway.{component}"
listen = ["smtp:{mail}"]
domains = ["{sip_domain}", "{xmpp_domain}"]
trusted = ["127.0.0.1"]
authentication = {{ mode = "off" }}
outgoing = {{ smart_host = "{mail_server}" }}

[[routes]]
domain = "{mail_domain}"
adapter = "email"

[[routes]]
domain = "{xmpp_domain}"
adapter = "xmpp"

[[routes]]
domain = "{sip_domain}"
adapter = "sip"
next_hop = "udp:{romeo}"

[[routes]]
domain = "{GUEST_DOMAIN}"
adapter = "sip"
next_hop = "udp:{guest}"
"#
    )
}

fn spawn(binary: &Path, folder: &Path, ready: &Path) -> Result<Child, DemoError> {
    let mut command = Command::new(binary);
    command.arg("--config").arg(folder.join(CONFIG));
    command.args(["run", "--ready-file"]).arg(ready);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    // A group of its own: an interrupt at the terminal is for the demo, which then ends the gateway.
    let spawned = command.process_group(0).spawn();
    spawned.map_err(DemoError::io(format!(
        "{} cannot be started",
        binary.display()
    )))
}

/// Reads the log to its end, which is the gateway's.
fn follow(log: ChildStderr, events: EventSender, last_words: LastWords) -> Result<(), DemoError> {
    events::thread("gateway's log", move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            let Some(event) = heard(&line) else {
                last_words.push(line);
                continue;
            };
            if events.send(event).is_err() {
                return;
            }
        }
        // Nobody waits for it any more when this fails.
        let _unheard = events.send(Event::GatewayEnded);
    })
}

/// What the demo wants to know of a line of the log.
fn heard(line: &str) -> Option<Event> {
    let flow = Flow::parse(line).map(Event::Flow);
    flow.or_else(|| flow::adapter_up(line).map(Event::AdapterUp))
}

/// A file cannot be waited for, so it is looked for again and again.
fn await_file(file: &Path, events: &mut Events) -> Result<(), DemoError> {
    for _ in 0..TURNS {
        if file.exists() {
            return Ok(());
        }
        events.pause(TURN)?;
    }
    Err(silence("the gateway's readiness"))
}

/// The XMPP adapter connects on its own time, and again whenever it has to.
fn await_join(events: &mut Events) -> Result<(), DemoError> {
    events.wait("the adapter xmpp", |event| match event {
        Event::AdapterUp(name) if name == "xmpp" => Ok(()),
        event => Err(event),
    })
}

const TURN: Duration = Duration::from_millis(20);
const TURNS: u128 = PATIENCE.as_millis() / TURN.as_millis();

fn silence(what: &str) -> DemoError {
    DemoError::Silence {
        what: what.to_owned(),
        seconds: PATIENCE.as_secs(),
        failures: String::new(),
    }
}

/// The last lines of a log.
#[derive(Clone, Debug, Default)]
struct LastWords(Arc<Mutex<VecDeque<String>>>);

impl LastWords {
    fn push(&self, line: String) {
        const LINES: usize = 20;
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines
            .iter()
            .fold(String::new(), |text, line| text + "  " + line + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_is_toml_whatever_the_folder_is_called() {
        let here: SocketAddr = ([127, 0, 0, 1], 5060).into();
        let ports = FreePorts {
            sip: here,
            mail: here,
            guest: here,
        };
        let addresses = Addresses {
            ports,
            romeo: here,
            xmpp_server: here,
            mail_server: here,
        };
        let text = configuration(&addresses, Path::new("/a \"b\"/ü"), Path::new("/tmp"));
        let config: toml::Table = text.parse().unwrap();
        let gateway = config["gateway"].as_table().unwrap();
        assert_eq!(gateway["plugin_dirs"][0].as_str(), Some("/a \"b\"/ü"));
    }
}
