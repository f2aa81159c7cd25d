//! For the tests of plugins: short, without a network, without sleeping.
//!
//! | for | there is |
//! |---|---|
//! | the gateway | [`Gateway`]: starts the plugin, shows and answers what it submits, stops it |
//! | time | [`run`] and its [`Clock`]: time stands still, until the test says how much goes by |
//! | the network | [`Listener`], [`Conversation`], [`Datagrams`]: peers that say what they are told to, and stall, cut, babble; [`Script`]s for whole dialogues |
//! | what is translated | [`golden`]: files with what goes in and what comes out, byte for byte |
//! | operations | [`message`], [`carrying`], [`disposition`], [`presence`] |
//!
//! # A plugin and its test
//!
//! It sends each message as a line, and waits for the server's word:
//!
//! ```
//! use rialto_sdk::{prelude::*, tokio};
//! use rialto_testkit::{Gateway, Listener, Script, message, run};
//! # use tokio::{io::{AsyncBufReadExt, AsyncWriteExt, BufReader}, net::TcpStream, sync::Mutex, time};
//!
//! struct Lines {
//!     server: Mutex<BufReader<TcpStream>>,
//! }
//!
//! # #[derive(Deserialize, JsonSchema)]
//! # #[serde(crate = "rialto_sdk::serde", deny_unknown_fields)]
//! # #[schemars(crate = "rialto_sdk::schemars")]
//! # struct Config { server: std::net::SocketAddr }
//! impl Plugin for Lines {
//!     # const INFO: PluginInfo = PluginInfo::new("lines", "0.1.0").services(Services::MESSAGES);
//!     # type Config = Config;
//!     # async fn start(context: Context<Config>) -> Result<Self> {
//!     #     let server = TcpStream::connect(context.config.server).await
//!     #         .map_err(|error| Error::temporary("no server").with_source(error))?;
//!     #     Ok(Self { server: Mutex::new(BufReader::new(server)) })
//!     # }
//!     async fn deliver(&self, operation: MessageOperation) -> Result<Response> {
//!         let mut server = self.server.lock().await;
//!         let line = [operation.message().payload().as_bytes(), b"\r\n"].concat();
//!         let mut answer = String::new();
//!         let exchange = async {
//!             server.write_all(&line).await?;
//!             server.read_line(&mut answer).await
//!         };
//!         match time::timeout(time::Duration::from_secs(30), exchange).await {
//!             Ok(Ok(_)) if answer.trim() == "OK" => Ok(operation.respond(ResponseStatus::Success)),
//!             Ok(_) => Err(Error::permanent("refused")),
//!             Err(_) => Err(Error::temporary("the server is silent")),
//!         }
//!     }
//!     // …
//! }
//!
//! run(async |clock| {
//!     let server = Listener::open().await;
//!     let configuration = format!(r#"{{"server": "{}"}}"#, server.address());
//!     let plugin: Lines = Gateway::new().start(&configuration).await.unwrap();
//!     let mut server = server.accept().await;
//!
//!     let hello = message("alice@example.org", "bob@example.net", "Hello");
//!     let script = Script::parse("< Hello\n> OK\n");
//!     let (delivered, ()) = tokio::join!(plugin.deliver(hello), server.play(&script));
//!     assert!(delivered.unwrap().status().is_success());
//!
//!     // Half a minute goes by in no time.
//!     let hello = message("alice@example.org", "bob@example.net", "Hello?");
//!     let silent = clock.until(plugin.deliver(hello)).await;
//!     assert_eq!(silent.unwrap_err().kind(), ErrorKind::Temporary);
//!     assert_eq!(clock.elapsed().as_secs(), 30);
//! });
//! ```
//!
//! Whatever is wrong is a panic that says what was expected: this crate is for tests.

#![warn(missing_docs)]
#![forbid(unsafe_code)]
#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on ends, and says why"
)]

mod clock;
pub mod golden;
mod operations;
mod peer;
pub mod presence;

pub use clock::{Clock, run};
pub use operations::{carrying, disposition, inbox, message};
pub use peer::{Conversation, Datagrams, Listener, Script};
pub use rialto_sdk::testing::Gateway;
