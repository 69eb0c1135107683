//! `[[account]]`: servers, and who we are there.

use super::super::node::{Content, Node, Section, note};
use super::super::values::{Values, is_host, is_loopback};
use super::super::{Account, Endpoint, SmtpEndpoint, Tls};
use super::{name_of, one_of};

const TLS: [(&str, Tls); 3] = [("implicit", Tls::Implicit), ("starttls", Tls::StartTls), ("none", Tls::None)];

/// What a port looks like, for messages.
const PORT_FORM: &str = "a number from 1 to 65535, without quotes";

/// A kind of server: its key, its ports for each way of protection (RFC 8314 section 7, RFC 6409).
struct Kind {
    key: &'static str,
    ports: fn(Tls) -> u16,
}

const IMAP: Kind = Kind {
    key: "imap",
    ports: |tls| match tls {
        Tls::Implicit => 993,
        Tls::StartTls | Tls::None => 143,
    },
};

const SMTP: Kind = Kind {
    key: "smtp",
    ports: |tls| match tls {
        Tls::Implicit => 465,
        Tls::StartTls => 587,
        Tls::None => 25,
    },
};

pub(super) fn account(row: &Section<'_>, values: &mut Values<'_>) -> Option<Account> {
    row.only(&["name", "imap", "smtp", "username", "secret"], &["oauth2"], values.problems);
    let name = name_of(row, "a name for the account, such as \"main\"", values.problems);
    let imap = row.required("imap", "the server, such as { host = \"imap.example.com\" }", values.problems);
    let imap = imap.and_then(|node| endpoint(node, &IMAP, values).map(|(endpoint, _)| endpoint));
    let smtp = row.get("smtp").map(|node| smtp(node, values));
    let allowed = "the name that the account logs in with";
    let username = row.required_text("username", allowed, values.problems);
    let allowed = "where the password is, such as { file = \"/etc/nightdesk/imap-password\" }";
    let secret = row.required("secret", allowed, values.problems);
    let secret = secret.and_then(|node| values.secret(node, "the secret"));
    Some(Account {
        name: name?,
        imap: imap?,
        smtp: match smtp {
            Some(smtp) => Some(smtp?),
            None => None,
        },
        username: username?.value,
        secret: secret?,
    })
}

fn smtp(node: &Node, values: &mut Values<'_>) -> Option<SmtpEndpoint> {
    let (endpoint, section) = endpoint(node, &SMTP, values)?;
    let login = section.boolean("login", true, values.problems);
    Some(SmtpEndpoint { endpoint, login })
}

fn endpoint<'n>(node: &'n Node, kind: &Kind, values: &mut Values<'_>) -> Option<(Endpoint, Section<'n>)> {
    if !matches!(node.content, Content::Table(_)) {
        node.wrong_type(
            "a table, such as { host = \"mail.example.com\", tls = \"implicit\" }",
            values.problems,
        );
        return None;
    }
    let section = node.section(format!("`{}`", kind.key), values.problems);
    let known: &[&str] = if kind.key == SMTP.key {
        &["host", "port", "tls", "ca_file", "login"]
    } else {
        &["host", "port", "tls", "ca_file"]
    };
    section.only(known, &[], values.problems);
    let host = host(&section, values);
    let tls = match section.get("tls") {
        Some(node) => one_of(node, &TLS, "there is no such protection", values.problems),
        None => Some(Tls::Implicit),
    };
    if let (Some(host), Some(Tls::None), Some(node)) = (&host, tls, section.get("tls"))
        && !is_loopback(host)
    {
        note(
            &node.place,
            "a connection without TLS goes only to this machine itself",
            values.problems,
            |diagnostic| {
                diagnostic
                    .found(format!("`tls = \"none\"` to {host}"))
                    .allowed("\"implicit\" or \"starttls\"; \"none\" for localhost, 127.0.0.1 and ::1")
            },
        );
    }
    let port = match section.get("port") {
        Some(node) => port(node, values),
        None => tls.map(kind.ports),
    };
    let ca_file = values.optional_path(&section, "ca_file");
    Some((Endpoint { host: host?, port: port?, tls: tls?, ca_file }, section))
}

fn host(section: &Section<'_>, values: &mut Values<'_>) -> Option<String> {
    const FORM: &str = "the name or address of a server, such as \"imap.example.com\"";
    let node = section.required("host", FORM, values.problems)?;
    let host = node.text(values.problems)?;
    if !is_host(&host) {
        node.malformed("this is no host", FORM, values.problems);
        return None;
    }
    // Names of hosts are the same in any case (RFC 4343), and a cursor is found again by its host.
    Some(host.to_ascii_lowercase())
}

fn port(node: &Node, values: &mut Values<'_>) -> Option<u16> {
    let number = node.integer(PORT_FORM, values.problems)?;
    let port = u16::try_from(number).ok().filter(|port| *port > 0);
    if port.is_none() {
        node.malformed("this is no port", PORT_FORM, values.problems);
    }
    port
}
