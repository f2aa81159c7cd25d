-- Prosody for one test: plain passwords, no TLS, no other servers, one component.
-- Without the module offline, what is sent to a user who is away comes back at once; few tests want it.
daemonize = false
run_as_root = true
pidfile = "@DIR@/prosody.pid"
data_path = "@DIR@/data"
log = { { levels = { min = "info" }, to = "console" } }
interfaces = { "@HOST@" }
c2s_ports = { @CLIENTS@ }
component_ports = { @COMPONENTS@ }
component_interfaces = { "@HOST@" }
s2s_ports = { }
modules_enabled = { "roster", "saslauth", "disco", "ping" }
modules_disabled = { "s2s", "tls", "c2s_limits", "limits"@OFFLINE@ }
authentication = "internal_plain"
storage = "internal"
allow_unencrypted_plain_auth = true
c2s_require_encryption = false

VirtualHost "@DOMAIN@"

Component "@COMPONENT@"
	component_secret = "@SECRET@"
@OTHER@