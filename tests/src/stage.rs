//! Networks that a test plays, by the plugin `stage`.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
};

use serde_json::{Value, json};

use crate::{
    gateway::{self, GatewayConfig},
    process::PATIENCE,
};

/// A network: its users do what the test says, and say what they are asked and told.
#[derive(Debug)]
pub struct Stage {
    listener: TcpListener,
    link: Option<Link>,
    numbers: u64,
}

/// The connection of one run of the gateway.
#[derive(Debug)]
struct Link {
    lines: BufReader<TcpStream>,
    writer: TcpStream,
}

impl Stage {
    /// Listens for the gateway.
    ///
    /// # Panics
    /// When the machine has no port.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0");
        Self {
            listener: listener.unwrap_or_else(|error| panic!("no port: {error}")),
            link: None,
            numbers: 0,
        }
    }

    /// Adds this network to a gateway: the domains that it sends to the gateway, and further lines for its plugin.
    ///
    /// # Panics
    /// When the machine does not say where it listens.
    #[must_use]
    pub fn add(
        &self,
        config: GatewayConfig,
        name: &str,
        domains: &[&str],
        more: &[&str],
    ) -> GatewayConfig {
        let address = self.listener.local_addr();
        let address = address.unwrap_or_else(|error| panic!("no address: {error}"));
        let mut lines = vec![format!("test = \"{address}\"")];
        lines.extend(more.iter().map(|&line| line.to_owned()));
        config
            .with_plugin(name, &library(), domains, &lines)
            .with_route(&format!("{name}.example"), name, None)
    }

    /// Takes the connection of a gateway that has started.
    ///
    /// # Panics
    /// When there is none.
    pub fn take_connection(&mut self) {
        let accepted = self.listener.accept().and_then(|(stream, _)| {
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            let lines = BufReader::new(stream.try_clone()?);
            let writer = stream;
            Ok(Link { lines, writer })
        });
        self.link = Some(accepted.unwrap_or_else(|error| panic!("no connection: {error}")));
    }

    /// Has a user of this network watch somebody; the number of the answer.
    pub fn subscribe(&mut self, id: &str, watcher: &str, target: &str, seconds: u64) -> u64 {
        let reference = format!("dialog of {id}");
        self.cue(json!({
            "do": "subscribe", "id": id, "watcher": watcher, "target": target,
            "duration": seconds, "reference": reference,
        }))
    }

    /// Says how somebody of this network is, to whom asked; the number of the answer.
    ///
    /// # Panics
    /// When `asked` is not what the gateway asked.
    pub fn notify(&mut self, asked: &Value, state: &str, document: Option<&str>) -> u64 {
        self.cue(json!({
            "do": "notify", "id": asked["id"], "watcher": asked["watcher"],
            "target": asked["target"], "state": state, "document": document,
        }))
    }

    /// Does something; the number of the answer.
    ///
    /// # Panics
    /// When the gateway is not there.
    pub fn cue(&mut self, mut cue: Value) -> u64 {
        self.numbers += 1;
        let is_numbered = !matches!(cue["do"].as_str(), Some("health" | "refuse"));
        if is_numbered {
            cue["n"] = self.numbers.into();
        }
        let sent = self.link().writer.write_all(format!("{cue}\n").as_bytes());
        sent.unwrap_or_else(|error| panic!("the gateway does not listen: {error}"));
        self.numbers
    }

    /// Has a user watch somebody for each of these pairs, as many at a time as `window` says, until all have been answered; how many well.
    ///
    /// # Panics
    /// As [`next_line`](Self::next_line).
    pub fn subscribe_all(
        &mut self,
        pairs: impl Iterator<Item = (String, String, String)>,
        window: usize,
    ) -> usize {
        let (mut under_way, mut well) = (0, 0);
        let mut pairs = pairs.peekable();
        while pairs.peek().is_some() || under_way > 0 {
            let room = window - under_way;
            let cues = pairs.by_ref().take(room).map(|(id, watcher, target)| {
                self.numbers += 1;
                let cue = json!({
                    "do": "subscribe", "n": self.numbers, "id": id, "watcher": watcher,
                    "target": target, "duration": 86_400, "reference": "a dialog of some length",
                });
                format!("{cue}\n")
            });
            let cues: Vec<String> = cues.collect();
            under_way += cues.len();
            let sent = self.link().writer.write_all(cues.concat().as_bytes());
            sent.unwrap_or_else(|error| panic!("the gateway does not listen: {error}"));
            for _ in 0..under_way.min(1 + window / 4) {
                let answer = self.next_of("answered");
                well += usize::from(answer["status"] == "success");
                under_way -= 1;
            }
        }
        well
    }

    /// What the gateway says next.
    ///
    /// # Panics
    /// When it says nothing.
    pub fn next_line(&mut self) -> Value {
        let mut line = String::new();
        let read = self.link().lines.read_line(&mut line);
        match read {
            Ok(0) => panic!("the gateway has gone"),
            Ok(_) => {}
            Err(error) => panic!("the gateway says nothing: {error}"),
        }
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }

    /// What the gateway says next of this kind: `asked`, `told` or `answered`; what comes before it is passed over.
    ///
    /// # Panics
    /// As [`next_line`](Self::next_line).
    pub fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let line = self.next_line();
            assert_ne!(line["saw"], "confused", "{line}");
            if line["saw"] == kind {
                return line;
            }
        }
    }

    /// The answer with this number; what comes before it is passed over.
    ///
    /// # Panics
    /// As [`next_line`](Self::next_line).
    pub fn answer(&mut self, number: u64) -> Value {
        loop {
            let answer = self.next_of("answered");
            if answer["n"] == number {
                return answer;
            }
        }
    }

    fn link(&mut self) -> &mut Link {
        match &mut self.link {
            Some(link) => link,
            None => panic!("no gateway has started"),
        }
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}

fn library() -> PathBuf {
    gateway::plugins().join("libstage.so")
}
