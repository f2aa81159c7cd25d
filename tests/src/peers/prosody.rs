//! Prosody, from its Debian package.

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::{
    XmppServer, XmppSettings, folder, write,
    xmpp_server::{PASSWORD, USERS},
};
use crate::process::{Process, tethered};

/// How a component stands in the configuration.
const COMPONENT: &str = "Component \"@COMPONENT@\"\n\tcomponent_secret = \"@SECRET@\"\n";

/// A running Prosody.
#[derive(Debug)]
pub struct Prosody {
    process: Process,
    settings: XmppSettings,
    folder: TempDir,
}

impl Prosody {
    /// Kills it, as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops it from running: its connections stay, and nobody answers.
    pub fn freeze(&self) {
        self.process.signal(Signal::SIGSTOP);
    }

    /// Lets it run on.
    pub fn thaw(&self) {
        self.process.signal(Signal::SIGCONT);
    }
}

impl XmppServer for Prosody {
    fn start(settings: XmppSettings) -> Self {
        let folder = folder("prosody");
        let data = folder.path().join("data");
        let file = folder.path().join("prosody.cfg.lua");
        write(
            &file,
            settings.fill("prosody/prosody.cfg.lua", folder.path(), COMPONENT),
        );
        // Its storage escapes what is no letter or digit in the names of its files.
        let accounts = data
            .join(settings.domain.replace('.', "%2e"))
            .join("accounts");
        for user in USERS {
            let account = format!("return {{ [\"password\"] = \"{PASSWORD}\"; }};\n");
            write(&accounts.join(format!("{user}.dat")), account);
        }
        Self {
            process: run(&folder, &settings),
            settings,
            folder,
        }
    }

    fn settings(&self) -> &XmppSettings {
        &self.settings
    }

    fn stop(&mut self) {
        self.process.terminate();
    }

    fn start_again(&mut self) {
        self.process = run(&self.folder, &self.settings);
    }
}

fn run(folder: &TempDir, settings: &XmppSettings) -> Process {
    let mut command = tethered("prosody");
    command
        .arg("-F")
        .arg("--config")
        .arg(folder.path().join("prosody.cfg.lua"));
    command.current_dir(folder.path());
    let process = Process::spawn("prosody", command);
    for (service, port) in [
        ("c2s", &settings.clients),
        ("component", &settings.components),
    ] {
        let line = format!(
            "Activated service '{service}' on [{}]:{}\n",
            settings.host,
            port.number()
        );
        process.await_stdout(&line, crate::transcript::holds(&line));
    }
    process
}
