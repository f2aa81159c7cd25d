//! Stage: a network that a test plays.
//!
//! It connects to the test, and speaks lines of JSON with it: what the test says (`script::Cue`) is done as if users of this network did it, and what the gateway asks of this
//! network is said to the test. It translates nothing, so that a test sees what the gateway alone does.
//!
//! | common side            | this plugin                                                                |
//! |------------------------|----------------------------------------------------------------------------|
//! | subscribe              | granted as it is asked; with `open`, told at once that the presentity is open |
//! | notify                 | said to the test, and taken unless `refuse` is said                        |
//! | message                | taken                                                                      |

#![forbid(unsafe_code)]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rialto_sdk::{
    prelude::*,
    serde_json::{self, Value},
    tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader, BufWriter},
        net::{
            TcpStream,
            tcp::{OwnedReadHalf, OwnedWriteHalf},
        },
        sync::mpsc,
    },
};

mod script;

use script::Cue;

rialto_sdk::export_plugin!(Stage);

/// Does what the test says, and says what it is asked.
#[derive(Debug)]
pub struct Stage {
    actor: Actor,
}

/// The `[adapters.<name>.config]` table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "rialto_sdk::serde", deny_unknown_fields)]
#[schemars(crate = "rialto_sdk::schemars")]
pub struct Config {
    /// Where the test listens.
    test: SocketAddr,
    /// Whether each presentity is said to be open as soon as somebody subscribes to it.
    #[serde(default)]
    open: bool,
    /// Whether the test is not told of what is asked and notified, which are counted then: for loads.
    #[serde(default)]
    quiet: bool,
}

/// What plays; clones are the same.
#[derive(Clone, Debug)]
struct Actor {
    host: Host,
    lines: mpsc::Sender<String>,
    open: bool,
    quiet: bool,
    refuses: Arc<AtomicBool>,
}

/// The most lines that wait for the test.
const MOST_LINES: usize = 1 << 16;

impl Plugin for Stage {
    const INFO: PluginInfo = PluginInfo::new("stage", env!("CARGO_PKG_VERSION"))
        .services(Services::MESSAGES.and(Services::PRESENCE));

    type Config = Config;

    async fn start(context: Context<Config>) -> Result<Self> {
        let Config { test, open, quiet } = context.config;
        let stream = TcpStream::connect(test).await;
        let stream = stream
            .map_err(|error| Error::temporary("the test does not listen").with_source(error))?;
        let (reader, writer) = stream.into_split();
        let (lines, written) = mpsc::channel(MOST_LINES);
        let actor = Actor {
            host: context.host,
            lines,
            open,
            quiet,
            refuses: Arc::default(),
        };
        let stopping = context.tasks.stopping();
        let hearing = actor.clone().hear(reader);
        context.tasks.spawn("hear", async move {
            rialto_sdk::tokio::select! {
                () = hearing => {}
                () = stopping => {}
            }
        });
        let stopping = context.tasks.stopping();
        context.tasks.spawn("speak", async move {
            rialto_sdk::tokio::select! {
                () = speak(written, writer) => {}
                () = stopping => {}
            }
        });
        Ok(Self { actor })
    }

    async fn deliver(&self, operation: MessageOperation) -> Result<Response> {
        Ok(operation.respond(ResponseStatus::Success))
    }

    async fn subscribe(&self, operation: SubscribeOperation) -> Result<Response> {
        if self.actor.refuses.load(Ordering::Relaxed) {
            return Err(Error::temporary("the test does not want it"));
        }
        if self.actor.quiet {
            self.actor.host.count("asked", 1);
        } else {
            self.actor.say(&script::asked(&operation));
        }
        if self.actor.open && !operation.is_of_no_duration() {
            let notification = script::open(&self.actor.host, &operation);
            self.actor.host.submit_notify_then(notification, |_| {});
        }
        let duration = operation.duration().unwrap_or(Duration::from_secs(3600));
        let response = operation.respond(ResponseStatus::Success);
        Ok(response.with_duration(duration))
    }

    async fn notify(&self, operation: NotifyOperation) -> Result<Response> {
        if self.actor.refuses.load(Ordering::Relaxed) {
            return Err(Error::temporary("the test does not want it"));
        }
        if self.actor.quiet {
            self.actor.host.count("notified", 1);
        } else {
            self.actor.say(&script::told(&operation));
        }
        Ok(operation.respond(ResponseStatus::Success))
    }
}

impl Actor {
    /// Does what the test says until it goes away.
    async fn hear(self, reader: OwnedReadHalf) {
        let mut lines = BufReader::new(reader).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            match serde_json::from_str(&line) {
                Ok(cue) => self.play(cue),
                Err(error) => self.say(&script::confused(&error.to_string())),
            }
        }
    }

    fn play(&self, cue: Cue) {
        match cue {
            Cue::Health { degraded } => {
                let health = degraded.map_or(Health::Up, Health::Degraded);
                self.host.health(health);
            }
            Cue::Refuse { refuse } => self.refuses.store(refuse, Ordering::Relaxed),
            Cue::Subscribe(subscribe) => {
                let (this, number) = (self.clone(), subscribe.n);
                match subscribe.operation(&self.host) {
                    Ok(operation) => self.host.submit_subscribe_then(operation, move |response| {
                        this.say(&script::answered(number, &response));
                    }),
                    Err(why) => self.say(&script::confused(&why)),
                }
            }
            Cue::Notify(notify) => {
                let (this, number) = (self.clone(), notify.n);
                match notify.operation(&self.host) {
                    Ok(operation) => self.host.submit_notify_then(operation, move |response| {
                        this.say(&script::answered(number, &response));
                    }),
                    Err(why) => self.say(&script::confused(&why)),
                }
            }
            Cue::Publish(publish) => {
                let (this, number) = (self.clone(), publish.n);
                match publish.operation(&self.host) {
                    Ok(operation) => self.host.submit_publish_then(operation, move |response| {
                        this.say(&script::answered(number, &response));
                    }),
                    Err(why) => self.say(&script::confused(&why)),
                }
            }
        }
    }

    /// Says a line to the test; one that does not listen misses it, and fails for that.
    fn say(&self, line: &Value) {
        drop(self.lines.try_send(line.to_string()));
    }
}

async fn speak(mut lines: mpsc::Receiver<String>, writer: OwnedWriteHalf) {
    let mut writer = BufWriter::new(writer);
    while let Some(line) = lines.recv().await {
        let mut next = Some(line);
        while let Some(mut line) = next {
            line.push('\n');
            if writer.write_all(line.as_bytes()).await.is_err() {
                return;
            }
            next = lines.try_recv().ok();
        }
        if writer.flush().await.is_err() {
            return;
        }
    }
}
