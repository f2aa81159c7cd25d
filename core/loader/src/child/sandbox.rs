//! What an adapter's process gives up before it opens the plugin: what it never needs, it cannot be made to use.
//!
//! It keeps the network, memory up to its limit, the plugin's folder and the system's libraries to read, and little of `/etc`. It cannot write
//! or create a file, start another program or process, trace or signal another one, mount, load modules or set clocks.

use std::path::PathBuf;

use caps::{CapSet, Capability, CapsHashSet};
use landlock::{
    ABI, Access, AccessFs, BitFlags, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    Scope, path_beneath_rules,
};
use nix::{
    libc,
    sys::{
        prctl,
        resource::{Resource, getrlimit, rlim_t, setrlimit},
        signal::Signal,
    },
    unistd::{Pid, getpid, getppid},
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

/// The most descriptors that an adapter may have.
const MAX_DESCRIPTORS: rlim_t = 8192;
/// What the policy for files and signals was written for; older systems enforce what they have of it.
const LANDLOCK: ABI = ABI::V6;

/// What may be read: libraries, the network's names, the time zones.
const READABLE: &[&str] = &[
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/resolv.conf",
    "/run/systemd/resolve",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/localtime",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/proc/self",
    "/proc/sys/kernel/random",
    "/proc/sys/net/core/somaxconn",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
];
/// What may be written too.
const WRITABLE: &[&str] = &["/dev/null", "/dev/urandom", "/dev/random"];

/// System calls that no plugin needs, whatever its protocol.
const FORBIDDEN: &[libc::c_long] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_finit_module,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kcmp,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_kill,
    libc::SYS_mount,
    libc::SYS_move_mount,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_setpgid,
    libc::SYS_setsid,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_tkill,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

/// Gives up what can be given up; the names of the protections that this system does not offer.
///
/// Fails where an adapter would run without what its gateway relies on. Must come before other threads do.
pub(super) fn enter<'a>(
    readable: impl Iterator<Item = &'a PathBuf>,
    gateway: Pid,
    memory: u64,
) -> Result<Vec<String>, String> {
    die_with(gateway)?;
    limit(Resource::RLIMIT_CORE, 0)?;
    limit(Resource::RLIMIT_DATA, memory)?;
    limit(Resource::RLIMIT_NOFILE, MAX_DESCRIPTORS)?;
    prctl::set_no_new_privs().map_err(|error| format!("cannot give up privileges: {error}"))?;
    let steps = [
        ("capabilities", give_up_capabilities()),
        ("landlock", restrict_files(readable)),
        ("seccomp", restrict_calls()),
    ];
    let missing = steps
        .into_iter()
        .filter_map(|(name, done)| done.err().map(|why| format!("{name}: {why}")));
    Ok(missing.collect())
}

/// Has this process killed when its gateway ends.
fn die_with(gateway: Pid) -> Result<(), String> {
    prctl::set_pdeathsig(Signal::SIGKILL)
        .map_err(|error| format!("cannot be bound to its gateway: {error}"))?;
    if getppid() == gateway {
        Ok(())
    } else {
        Err("its gateway is gone".to_owned())
    }
}

/// Lowers a limit; one that is lower already stays.
fn limit(resource: Resource, most: rlim_t) -> Result<(), String> {
    let cannot = |error| format!("cannot set its limits: {error}");
    let (_, hard) = getrlimit(resource).map_err(cannot)?;
    let most = most.min(hard);
    setrlimit(resource, most, most).map_err(cannot)
}

/// Keeps the one for low ports.
fn give_up_capabilities() -> Result<(), String> {
    let held = caps::read(None, CapSet::Permitted).map_err(|error| error.to_string())?;
    let kept: CapsHashSet = held
        .into_iter()
        .filter(|held| *held == Capability::CAP_NET_BIND_SERVICE)
        .collect();
    for set in [CapSet::Inheritable, CapSet::Effective, CapSet::Permitted] {
        let value = match set {
            CapSet::Inheritable => &CapsHashSet::new(),
            _ => &kept,
        };
        caps::set(None, set, value).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn restrict_files<'a>(readable: impl Iterator<Item = &'a PathBuf>) -> Result<(), String> {
    let read: BitFlags<AccessFs> = AccessFs::from_read(LANDLOCK);
    let write = read | AccessFs::WriteFile;
    let restricted = || {
        Ruleset::default()
            .handle_access(AccessFs::from_all(LANDLOCK))?
            .scope(Scope::from_all(LANDLOCK))?
            .create()?
            .add_rules(path_beneath_rules(READABLE, read))?
            .add_rules(path_beneath_rules(readable, read))?
            .add_rules(path_beneath_rules(WRITABLE, write))?
            .restrict_self()
    };
    let restricted = restricted().map_err(|error: landlock::RulesetError| error.to_string())?;
    match restricted.ruleset {
        RulesetStatus::FullyEnforced => Ok(()),
        RulesetStatus::PartiallyEnforced => Err("this kernel has a part of it only".to_owned()),
        RulesetStatus::NotEnforced => Err("this kernel does not have it".to_owned()),
    }
}

/// Refuses the calls of [`FORBIDDEN`], new processes, and signals to others.
fn restrict_calls() -> Result<(), String> {
    let refused = |call: libc::c_long| (call, Vec::new());
    let mut rules: Vec<_> = FORBIDDEN.iter().copied().map(refused).collect();
    let thread = libc::CLONE_THREAD as u64;
    // What is cloned must be a thread; `abort` signals this process only.
    rules.push((libc::SYS_clone, rule(0, SeccompCmpOp::MaskedEq(thread), 0)?));
    let own = getpid().as_raw().unsigned_abs().into();
    rules.push((libc::SYS_tgkill, rule(0, SeccompCmpOp::Ne, own)?));
    #[cfg(target_arch = "x86_64")]
    rules.extend(
        [
            libc::SYS_fork,
            libc::SYS_vfork,
            libc::SYS_ioperm,
            libc::SYS_iopl,
        ]
        .map(refused),
    );
    apply(rules, libc::EPERM)?;
    // Its flags lie in memory, where no filter looks: without it, libc falls back to `clone`.
    apply(vec![refused(libc::SYS_clone3)], libc::ENOSYS)
}

fn rule(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<Vec<SeccompRule>, String> {
    let words = |error: seccompiler::BackendError| error.to_string();
    let condition =
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value).map_err(words)?;
    Ok(vec![SeccompRule::new(vec![condition]).map_err(words)?])
}

fn apply(rules: Vec<(libc::c_long, Vec<SeccompRule>)>, error: libc::c_int) -> Result<(), String> {
    let words = |error: seccompiler::BackendError| error.to_string();
    let refuse = SeccompAction::Errno(error.unsigned_abs());
    let arch = std::env::consts::ARCH.try_into().map_err(words)?;
    let rules = rules.into_iter().collect();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch).map_err(words)?;
    let program: BpfProgram = filter.try_into().map_err(words)?;
    seccompiler::apply_filter(&program).map_err(|error| error.to_string())
}
