//! How to take part with a client of one's own.

use crate::{
    error::DemoError,
    gateway::{Built, GUEST_DOMAIN, Gateway},
    trace::Trace,
    xmpp_user::{BARE_JID, COMPONENT, DOMAIN, SECRET},
};

/// Says where the gateway is and what to write there.
pub(crate) fn print(trace: &mut Trace, gateway: &Gateway) -> Result<(), DemoError> {
    trace.title("It goes on: write to Juliet yourself")?;
    trace.put(&addresses(gateway))?;
    trace.put(&command_line(gateway))?;
    trace.put(&sip_clients(gateway))?;
    trace.put(&own_server(gateway))?;
    trace.title("Everything that happens is shown below, until you press Ctrl-C")
}

fn addresses(gateway: &Gateway) -> String {
    let addresses = gateway.addresses();
    let (sip, guest) = (addresses.ports.sip, addresses.ports.guest);
    let (romeo, server) = (addresses.romeo, addresses.xmpp_server);
    let (mail, mail_server) = (addresses.ports.mail, addresses.mail_server);
    let config = gateway.config_file();
    format!(
        "
  gateway        SIP on {sip}, UDP and TCP; configuration {}
  {DOMAIN}   Juliet's server on {server}: {BARE_JID} answers what you write
  sip.example    Romeo's phone on udp:{romeo}
  mail.example   Rosaline's mail server on {mail_server}; the gateway takes mail on {mail}
  {GUEST_DOMAIN}  you, if your SIP client listens on udp:{guest}
",
        config.display()
    )
}

fn command_line(gateway: &Gateway) -> String {
    let (binary, config) = (gateway.built().binary.display(), gateway.config_file());
    let config = config.display();
    format!(
        "
  with the gateway's own command line, to see how an address is found and to write there:

    {binary} --config {config} resolve --from sip im:{BARE_JID}
    {binary} --config {config} send im:operator@{COMPONENT} im:{BARE_JID} Hello
"
    )
}

fn sip_clients(gateway: &Gateway) -> String {
    let ports = gateway.addresses().ports;
    let (sip, guest) = (ports.sip, ports.guest);
    let (host, port) = (sip.ip(), sip.port());
    format!(
        r#"
  with netcat, which shows the 200 and then Juliet's answer, again and again as nobody takes it:

    printf '%s\r\n' 'MESSAGE sip:{BARE_JID} SIP/2.0' \
      "Via: SIP/2.0/UDP {guest};branch=z9hG4bK$RANDOM$RANDOM" 'Max-Forwards: 70' \
      'From: <sip:you@{GUEST_DOMAIN}>;tag=1' 'To: <sip:{BARE_JID}>' \
      "Call-ID: $RANDOM$RANDOM" 'CSeq: 1 MESSAGE' \
      'Content-Type: text/plain' 'Content-Length: 7' '' 'Hello' |
      nc -u -s {host} -p {guest_port} -w 1 {host} {port}

  with baresip -e '/message Hello', and in ~/.baresip:

    accounts:  <sip:you@{GUEST_DOMAIN}>;regint=0;outbound="sip:{sip};transport=udp"
    contacts:  <sip:{BARE_JID}>
    config:    sip_listen {guest}
"#,
        guest_port = guest.port()
    )
}

fn own_server(gateway: &Gateway) -> String {
    let Built { binary, plugins } = gateway.built();
    let (binary, plugins) = (binary.display(), plugins.display());
    format!(
        r#"
  with an XMPP client, on a Prosody of your own instead of Juliet's server:

    VirtualHost "{DOMAIN}"
    Component "{COMPONENT}"
        component_secret = "{SECRET}"

  and, instead of this gateway, one that joins it on port 5347 and takes SIP on port 5060:

    {binary} --config examples/config/sip-xmpp.toml \
      --set 'gateway.plugin_dirs=["{plugins}"]' run
"#
    )
}
