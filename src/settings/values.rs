//! Values of a form: durations, sizes, hosts, URLs, paths, and where a secret is.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;

use super::SecretSource;
use super::node::{Content, Node, Section, note};
use crate::base::document::Problems;
use crate::base::duration::{DURATION_FORM, parse_duration};

/// What a secret looks like, for messages.
const SECRET_FORM: &str =
    "one of { file = \"/path\" }, { credential = \"name\" } and { command = [\"program\", \"argument\"] }";

/// What a size looks like, for messages.
const SIZE_FORM: &str = "a number and a unit from \"8 MiB\" to \"64 GiB\", such as \"32 MiB\"";

/// The least and the most that may be in memory. One window of long mails has to fit.
const SIZES: std::ops::RangeInclusive<usize> = 8 * 1024 * 1024..=64 * 1024 * 1024 * 1024;

/// What reads values: where relative paths start, and where mistakes go.
pub(super) struct Values<'p> {
    pub(super) folder: &'p Path,
    pub(super) problems: &'p mut Problems,
}

impl Values<'_> {
    /// A duration; the default when it is absent or wrong.
    pub(super) fn duration(
        &mut self,
        section: &Section<'_>,
        key: &str,
        default: SignedDuration,
    ) -> SignedDuration {
        let Some(node) = section.get(key) else { return default };
        let Content::Text(text) = &node.content else {
            node.wrong_type(&format!("{DURATION_FORM}, in quotes"), self.problems);
            return default;
        };
        parse_duration(text).unwrap_or_else(|| {
            node.malformed("this is no duration", DURATION_FORM, self.problems);
            default
        })
    }

    /// A number of bytes.
    pub(super) fn size(&mut self, section: &Section<'_>, key: &str, default: usize) -> usize {
        let Some(node) = section.get(key) else { return default };
        let Content::Text(text) = &node.content else {
            node.wrong_type(&format!("{SIZE_FORM}, in quotes"), self.problems);
            return default;
        };
        parse_size(text).filter(|size| SIZES.contains(size)).unwrap_or_else(|| {
            node.malformed("this is no size that can be used", SIZE_FORM, self.problems);
            default
        })
    }

    /// A path; a relative one starts at the folder of the settings.
    pub(super) fn path(&mut self, node: &Node) -> Option<PathBuf> {
        let text = node.text(self.problems)?;
        if text.trim().is_empty() || text.contains(char::is_control) {
            node.malformed("this is no path", "a path, such as \"/etc/nightdesk/ca.pem\"", self.problems);
            return None;
        }
        Some(self.folder.join(text))
    }

    /// A path that may be absent.
    pub(super) fn optional_path(&mut self, section: &Section<'_>, key: &str) -> Option<PathBuf> {
        let node = section.get(key)?;
        self.path(node)
    }

    /// Where a secret is. Which of the ways is checked here, what is there is not.
    pub(super) fn secret(&mut self, node: &Node, name: &str) -> Option<SecretSource> {
        // One table, put into a list so that layers replace it whole.
        let Content::List(tables) = &node.content else {
            let hint = "settings hold no secrets, only where they are";
            note(&node.place, "a secret itself does not belong here", self.problems, |diagnostic| {
                diagnostic.allowed(SECRET_FORM).hint(hint)
            });
            return None;
        };
        let table = match tables.as_slice() {
            [only] if matches!(only.content, Content::Table(_)) => only.section(name, self.problems),
            [] | [_] | [_, _, ..] => {
                node.wrong_type(SECRET_FORM, self.problems);
                return None;
            }
        };
        table.only(&["file", "credential", "command"], &["oauth2"], self.problems);
        let [first, rest @ ..] = table.entries else {
            note(table.place, &format!("{name} says nowhere where it is"), self.problems, |diagnostic| {
                diagnostic.allowed(SECRET_FORM)
            });
            return None;
        };
        let known = |(key, _): &&(String, Node)| ["file", "credential", "command"].contains(&key.as_str());
        if let Some((_, second)) = rest.iter().find(known).filter(|_| known(&first)) {
            note(&second.key, &format!("{name} is in several places"), self.problems, |diagnostic| {
                diagnostic.allowed(SECRET_FORM)
            });
            return None;
        }
        let (key, node) = std::iter::once(first).chain(rest).find(known)?;
        match key.as_str() {
            "file" => self.path(node).map(SecretSource::File),
            "credential" => self.credential(node),
            _ => self.command(node),
        }
    }

    fn credential(&mut self, node: &Node) -> Option<SecretSource> {
        let name = node.text(self.problems)?;
        // What systemd takes for one: a file name.
        let is_name = !name.is_empty()
            && name.len() <= 255
            && !name.starts_with('.')
            && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/' && byte != b':');
        if is_name {
            return Some(SecretSource::Credential(name));
        }
        let allowed = "the name that LoadCredential= gives it, such as \"imap-password\"";
        node.malformed("this is no name of a credential", allowed, self.problems);
        None
    }

    fn command(&mut self, node: &Node) -> Option<SecretSource> {
        let allowed = "a list of a program and its arguments, such as [\"pass\", \"show\", \"imap\"]";
        let elements = node.elements(allowed, self.problems);
        let words: Vec<String> = elements.iter().filter_map(|element| element.text(self.problems)).collect();
        let is_runnable = words.first().is_some_and(|program| !program.trim().is_empty())
            && words.iter().all(|word| !word.contains('\0'));
        if words.len() == elements.len() && is_runnable {
            return Some(SecretSource::Command(words));
        }
        if words.len() == elements.len() && matches!(node.content, Content::List(_) | Content::Text(_)) {
            note(&node.place, "this is no command", self.problems, |diagnostic| diagnostic.allowed(allowed));
        }
        None
    }
}

/// Parses `32 MiB`.
fn parse_size(text: &str) -> Option<usize> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(end)?;
    let unit = match unit.trim_start() {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(unit)
}

/// Whether a host is this machine, so that nobody can listen on the way.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a text can be the name or address of a server.
pub(super) fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    host.parse::<IpAddr>().is_ok()
        || (host.len() <= 253 && host.strip_suffix('.').unwrap_or(host).split('.').all(label))
}

/// What is wrong with the URL of a webhook.
pub(super) fn wrong_with_url(url: &str) -> Option<&'static str> {
    let Some((scheme, rest)) = url.split_once("://") else { return Some("this is no URL") };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    if authority.contains('@') {
        return Some("a URL with a name or password in it would show them in every log");
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_named =
        bare.map_or_else(|| is_host(host), |address| address.parse::<std::net::Ipv6Addr>().is_ok());
    let has_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_named || !has_port || !is_plain || url.len() > 4096 {
        return Some("this is no URL");
    }
    match scheme {
        "https" => None,
        "http" if is_loopback(host) => None,
        "http" => Some("http without TLS goes only to this machine itself"),
        _ => Some("this is no URL"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_https_or_stay_on_this_machine() {
        for url in [
            "https://hooks.example.com/a?b#c",
            "https://h.example:8443",
            "http://127.0.0.1:8080/x",
            "http://[::1]:80/",
            "http://localhost/",
        ] {
            assert_eq!(wrong_with_url(url), None, "{url}");
        }
        for url in [
            "",
            "hooks.example.com",
            "ftp://a.example",
            "http://a.example/",
            "https://",
            "https:///x",
            "https://a.example:0/",
            "https://a.example:99999/",
            "https://u:p@a.example/",
            "https://a.example/ä",
            "https://a b/",
            "http://localhost@evil.example/",
            "http://127.0.0.1.evil.example/",
        ] {
            assert!(wrong_with_url(url).is_some(), "{url}");
        }
    }

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!(parse_size("32 MiB"), Some(32 << 20));
        assert_eq!(parse_size("1GiB"), Some(1 << 30));
        for text in ["32", "MiB", "32 MB", "-1 MiB", "99999999999999999999 MiB", "é"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }
}
