//! Local parts and display names that only programs write from, lower case.

/// Whole local parts (RFC 3834 section 2, RFC 5230 section 4.6).
///
/// `postmaster` is a person at some small sites, but far more bounces come from it than questions; only the reply is
/// withheld, never the alert.
pub(in crate::mail) const SYSTEM_LOCAL_PARTS: &[&str] = &[
    "amavis",
    "apache",
    "auto-confirm",
    "auto-reply",
    "auto-responder",
    "automailer",
    "autonotification",
    "autoreply",
    "autoresponder",
    "bounce",
    "bounced",
    "bounces",
    "cron",
    "crond",
    "daemon",
    "devnull",
    "ezmlm",
    "httpd",
    "list-manager",
    "listproc",
    "listserv",
    "mail-daemon",
    "mail-delivery-subsystem",
    "mail.daemon",
    "maildaemon",
    "mailer",
    "mailer-daemon",
    "mailer_daemon",
    "mailerdaemon",
    "mailman",
    "mailnull",
    "majordomo",
    "mdaemon",
    "microsoftexchange",
    "newsletter",
    "newsletters",
    "nginx",
    "nobody",
    "notification",
    "notifications",
    "notifier",
    "notify",
    "null",
    "postmaster",
    "root",
    "sympa",
    "system-administrator",
    "uucp",
    "virusalert",
    "www-data",
    "wwwrun",
];

/// Beginnings and ends of local parts that list software and mass mailers write from.
pub(in crate::mail) const SYSTEM_PREFIXES: &[&str] = &[
    "owner-",
    "bounce-",
    "bounces-",
    "bounces+",
    "bounce+",
    "mailer-daemon",
    "mailer daemon",
    "microsoftexchange3",
];
pub(in crate::mail) const SYSTEM_SUFFIXES: &[&str] =
    &["-request", "-owner", "-bounces", "-bounce", "-errors", ".bounces", ".bounce"];

/// Hosts whose only senders are programs: return paths of services for programs that send mail.
pub(in crate::mail) const INTERFACE_HOSTS: &[&str] = &[".amazonses.com"];

/// Names that delivery software gives itself.
pub(in crate::mail) const SYSTEM_NAMES: &[&str] = &[
    "internet mail delivery",
    "mail administrator",
    "mail delivery service",
    "mail delivery subsystem",
    "mail delivery system",
    "mailer-daemon",
    "microsoft outlook delivery",
    "system administrator",
];

/// Ways to say "do not reply" in a local part, without its separators.
pub(in crate::mail) const NO_REPLY_WORDS: &[&str] = &[
    "bittenichtantworten",
    "cannotreply",
    "donotreply",
    "donotreplyto",
    "donotrespond",
    "dontreply",
    "eivastausta",
    "ikkesvar",
    "keineantwort",
    "naoresponda",
    "naoresponder",
    "nepasrepondre",
    "neverreply",
    "nichtantworten",
    "nietbeantwoorden",
    "nieodpowiadaj",
    "noanswer",
    "nonrispondere",
    "noreplies",
    "norepley",
    "noreply",
    "noresponda",
    "noresponder",
    "noresponse",
    "notreply",
    "pasdereponse",
    "replynotmonitored",
    "svarainte",
    "unmonitored",
];
