//! The rules as data: layers, outside crates and their homes, what pure code does without.

/// A top-level module and how high it stands. It may know only what stands lower.
pub(crate) struct Module {
    pub(crate) name: &'static str,
    pub(crate) layer: u8,
}

const fn module(layer: u8, name: &'static str) -> Module {
    Module { name, layer }
}

/// All modules, also those that are still to come.
pub(crate) const MODULES: &[Module] = &[
    module(0, "base"),
    module(1, "mail"),
    module(1, "calendar"),
    module(1, "lexicon"),
    module(1, "settings"),
    module(2, "policy"),
    module(3, "decision"),
    module(4, "casework"),
    module(5, "compose"),
    module(5, "sources"),
    module(5, "net"),
    module(5, "telemetry"),
    module(6, "store"),
    module(6, "imap"),
    module(6, "deliver"),
    module(7, "service"),
    module(8, "console"),
    module(9, "daemon"),
    module(10, "cli"),
    // The program; everything it does is in the library.
    module(11, "main"),
];

/// The layer of a top-level module.
pub(crate) fn layer_of(name: &str) -> Option<u8> {
    MODULES.iter().find(|module| module.name == name).map(|module| module.layer)
}

/// The highest layer that is pure: no clock, files, environment, randomness, logging.
pub(crate) const HIGHEST_PURE: u8 = 4;

/// The one module of the pure layers that reads the clock.
pub(crate) const CLOCK: &str = "base::clock";

/// An outside crate and the modules that may know it, with everything below them.
pub(crate) struct Outside {
    pub(crate) name: &'static str,
    pub(crate) homes: &'static [&'static str],
}

const fn outside(name: &'static str, homes: &'static [&'static str]) -> Outside {
    Outside { name, homes }
}

/// Every dependency. A home that is a single file keeps the crate's types out of the rest, so that it can be replaced;
/// one without a home is there for a feature that other crates see.
pub(crate) const OUTSIDE: &[Outside] = &[
    outside("aho_corasick", &["lexicon"]),
    // What it parses is looked at before and checked after.
    outside("async_imap", &["imap"]),
    outside("axum", &["console"]),
    outside("config", &["settings"]),
    outside("fastrand", &["service"]),
    outside("hmac", &["deliver"]),
    outside("lettre", &["deliver"]),
    outside("postcard", &["store"]),
    outside("prometheus_client", &["telemetry"]),
    outside("reqwest", &["net"]),
    outside("rustls", &["net"]),
    outside("rustls_platform_verifier", &["net"]),
    outside("sd_notify", &["daemon"]),
    outside("sha2", &["deliver"]),
    outside("sqlx", &["store"]),
    outside(
        "tokio",
        &["net", "sources::secret", "store", "imap", "deliver", "service", "console", "daemon", "cli"],
    ),
    outside("tokio_rustls", &["net"]),
    outside("tokio_util", &["service", "console", "daemon"]),
    outside("tracing", &["net", "store", "imap", "deliver", "service", "console", "daemon", "telemetry"]),
    outside("tracing_journald", &["telemetry"]),
    outside("tracing_subscriber", &["telemetry"]),
    outside("annotate_snippets", &["compose::diagnostics"]),
    outside("anstream", &["cli"]),
    outside("anstyle", &["compose"]),
    outside("anyhow", &["daemon", "cli"]),
    outside("blake3", &["base::id", "base::seal"]),
    outside("caseless", &["lexicon"]),
    outside("clap", &["cli"]),
    outside("csv", &["policy::compile"]),
    outside("html5gum", &["mail::html"]),
    // One file, so that whatever of it changes, changes there.
    outside("icu_calendar", &["base::language"]),
    outside("icu_datetime", &["base::language"]),
    outside("icu_experimental", &["base::language"]),
    outside("icu_list", &["base::language"]),
    outside("icu_locale_core", &["base::language"]),
    // So that formatters can be shared between threads.
    outside("icu_provider", &[]),
    outside("idna", &["base::domain"]),
    // An instant is an instant everywhere, but words know no time.
    outside(
        "jiff",
        &[
            "base", "calendar", "settings", "mail", "policy", "decision", "casework", "compose", "sources",
            "store", "imap", "deliver", "service", "console", "daemon", "cli",
        ],
    ),
    outside("mail_parser", &["mail::parser"]),
    outside("memchr", &["mail"]),
    outside("minijinja", &["policy::reply"]),
    outside("regex", &["lexicon", "policy"]),
    outside("regex_syntax", &["lexicon"]),
    outside(
        "serde",
        &[
            "base",
            "calendar",
            "mail",
            "settings",
            "policy::reply",
            "decision",
            "casework",
            "compose",
            "store",
            "service",
        ],
    ),
    outside("serde_json", &["settings", "compose", "store", "deliver", "service", "console", "cli"]),
    outside("strsim", &["base", "lexicon"]),
    outside("textwrap", &["compose"]),
    outside(
        "thiserror",
        &[
            "calendar",
            "lexicon",
            "mail",
            "policy",
            "sources",
            "net",
            "store",
            "imap",
            "deliver",
            "service",
            "daemon",
            "telemetry",
        ],
    ),
    outside("toml", &["base::document"]),
    outside("unicode_normalization", &["lexicon"]),
    outside("unicode_properties", &["lexicon"]),
];

/// Where pure code must not reach, and why.
pub(crate) struct Impure {
    pub(crate) path: &'static str,
    pub(crate) why: &'static str,
}

const fn impure(path: &'static str, why: &'static str) -> Impure {
    Impure { path, why }
}

/// Paths, by their beginning, and macros.
pub(crate) const IMPURE: &[Impure] = &[
    impure("std::fs", "pure code reads no files"),
    impure("std::net", "pure code knows no network"),
    impure("std::os", "pure code knows no operating system"),
    impure("std::env", "pure code reads no environment"),
    impure("std::process", "pure code starts and ends nothing"),
    impure("std::thread", "pure code starts no threads"),
    impure("std::io", "pure code reads and writes nothing"),
    impure("std::time::SystemTime", "time is an argument"),
    impure("std::time::Instant", "time is an argument"),
    impure("std::hash::RandomState", "pure code rolls no dice"),
    impure("jiff::tz::TimeZone::system", "a desk's zone is chosen, not found"),
    impure("jiff::tz::TimeZone::try_system", "a desk's zone is chosen, not found"),
    impure("print!", "pure code writes nothing"),
    impure("println!", "pure code writes nothing"),
    impure("eprint!", "pure code writes nothing"),
    impure("eprintln!", "pure code writes nothing"),
    impure("dbg!", "pure code writes nothing"),
];

/// Ways to start something that nobody waits for. A task belongs to the supervisor or to a `JoinSet` of its caller, whose
/// `spawn` is a method: it is cut off with its owner, and its panic is noticed.
pub(crate) const OWNERLESS: &[&str] =
    &["task::spawn", "task::spawn_blocking", "task::spawn_local", "tokio::spawn", "thread::spawn"];

/// What of the above is pure after all: traits over bytes in memory, and addresses as data.
pub(crate) const PURE_AFTER_ALL: &[&str] = &[
    "std::io::BufRead",
    "std::io::Read",
    "std::io::Write",
    "std::io::Cursor",
    "std::net::IpAddr",
    "std::net::SocketAddr",
];

/// Types whose `now` reads the clock.
pub(crate) const CLOCKS: &[&str] = &["Timestamp", "Zoned", "SystemTime", "Instant", "Utc", "Local"];

/// The most lines of a file without its tests. About 500 is the aim; this is where it stops.
pub(crate) const MOST_LINES: usize = 600;
