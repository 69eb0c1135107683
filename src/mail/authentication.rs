//! What a trusted server says about the sender (RFC 8601): one parser for Authentication-Results, one verdict.
//!
//! Only the topmost field of a pinned authserv-id is believed, since anybody can write the others (section 7.1). Nothing is
//! verified here: no keys, no DNS.

use super::header;

/// Whether the sender's address was authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authenticated {
    /// DMARC passed, or DKIM or SPF passed for the domain of From.
    Pass,
    /// They failed.
    Fail,
    /// Nobody we trust said anything.
    None,
}

impl Authenticated {
    /// `pass`, `fail` or `none`.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::None => "none",
        }
    }
}

/// One `method=result` with its properties (section 2.2, `resinfo`).
#[derive(Debug)]
struct Finding<'f> {
    method: &'f str,
    verdict: &'f str,
    properties: Vec<(&'f str, &'f str)>,
}

impl<'f> Finding<'f> {
    fn is(&self, verdict: &str) -> bool {
        self.verdict.eq_ignore_ascii_case(verdict)
    }

    /// The domain that the result is about, from the first of these properties.
    fn domain(&self, names: &[&str]) -> Option<&'f str> {
        let property =
            |name: &&str| self.properties.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let value = names.iter().find_map(property);
        value.map(|(_, value)| value.rsplit('@').next().unwrap_or_default().trim_end_matches(['.', '>']))
    }
}

/// The verdict of the topmost of `fields` whose authserv-id is pinned, for mail from `domain` (in lower case).
pub(super) fn verdict(fields: &[String], pinned: &[String], domain: &str) -> Authenticated {
    let field = fields.iter().map(|f| header::without_comments(f)).find(|field| {
        let id = statements(field).next().unwrap_or_default();
        let id = id.split_whitespace().next().unwrap_or_default().trim_matches('"');
        pinned.iter().any(|p| p.trim().eq_ignore_ascii_case(id))
    });
    let Some(field) = field else { return Authenticated::None };
    let results: Vec<Finding<'_>> = statements(&field).skip(1).filter_map(finding).collect();
    judge(&results, domain)
}

fn judge(results: &[Finding<'_>], domain: &str) -> Authenticated {
    let of = |method: &'static str| results.iter().filter(move |r| r.method.eq_ignore_ascii_case(method));
    // A verdict about another From than the one we read is none about it (RFC 7489 section 6.6.1).
    let dmarc = of("dmarc").find(|r| r.domain(&["header.from"]).is_none_or(|from| aligned(from, domain)));
    if dmarc.is_some_and(|r| r.is("pass")) {
        return Authenticated::Pass;
    }
    if dmarc.is_some_and(|r| r.is("fail")) {
        return Authenticated::Fail;
    }
    let dkim = of("dkim").map(|r| (r, r.domain(&["header.d", "header.i"])));
    let spf = of("spf").map(|r| (r, r.domain(&["smtp.mailfrom", "smtp.mail", "smtp.from"])));
    let mut failed = false;
    for (finding, about) in dkim.chain(spf) {
        if finding.is("pass") && about.is_some_and(|about| aligned(about, domain)) {
            return Authenticated::Pass;
        }
        failed |= finding.is("fail");
    }
    if failed { Authenticated::Fail } else { Authenticated::None }
}

/// Relaxed alignment without a list of public suffixes: equal, or one a sub-domain of the other (RFC 7489 section 3.1).
fn aligned(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let within = |long: &str, short: &str| {
        short.contains('.') && long.strip_suffix(short).is_some_and(|head| head.ends_with('.'))
    };
    !one.is_empty() && (one == other || within(&one, &other) || within(&other, &one))
}

/// The parts of a field between semicolons, which quoted strings may hold.
fn statements(field: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    field.split(move |c: char| {
        let was_escaped = escaped;
        escaped = c == '\\' && !was_escaped;
        quoted ^= c == '"' && !was_escaped;
        c == ';' && !quoted
    })
}

/// Reads `method[/version]=result *(ptype.property=value)`; blanks may surround each `=`.
fn finding(statement: &str) -> Option<Finding<'_>> {
    let mut pairs = pairs(statement);
    let (method, verdict) = pairs.next()?;
    let method = method.split('/').next().unwrap_or_default();
    Some(Finding { method, verdict, properties: pairs.collect() })
}

/// The `name=value` pairs of a statement.
fn pairs(statement: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = statement;
    std::iter::from_fn(move || {
        let (name, tail) = rest.split_once('=')?;
        let name = name.split_whitespace().next_back().unwrap_or_default();
        let tail = tail.trim_start();
        let (value, after) = match tail.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => tail.split_once(char::is_whitespace).unwrap_or((tail, "")),
        };
        rest = after;
        Some((name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(fields: &[&str]) -> Authenticated {
        let fields: Vec<String> = fields.iter().map(|&f| f.to_owned()).collect();
        verdict(&fields, &["mx.example.net".to_owned()], "shop.example.com")
    }

    #[test]
    fn the_pinned_server_is_believed() {
        use Authenticated::{Fail, None, Pass};
        for (field, expected) in [
            ("mx.example.net; dmarc=pass (p=reject) header.from=shop.example.com", Pass),
            ("MX.Example.NET 1; dmarc = fail; dkim=pass header.d=example.com", Fail),
            ("mx.example.net; dkim=pass header.d=example.com", Pass),
            (
                "mx.example.net; dkim=pass header.d=notexample.com; spf=fail smtp.mailfrom=x@evil.example",
                Fail,
            ),
            ("mx.example.net; dkim=pass header.d=list.example", None),
            ("mx.example.net; dkim=pass header.d=com", None),
            ("mx.example.net; spf=pass smtp.mailfrom=\"a b\"@shop.example.com", None),
            ("mx.example.net; spf=pass smtp.mailfrom=bounce@mail.shop.example.com", Pass),
            ("mx.example.net; spf=pass reason=\"x; dmarc=pass\" smtp.mailfrom=z@other.example", None),
            ("mx.example.net; dmarc=pass header.from=other.example", None),
            ("mx.example.net; none", None),
            ("mx.example.net; dmarc=bestguesspass; dkim=none", None),
            ("(a; b) mx.example.net (c); dkim=PASS (x) header.i=@shop.example.com", Pass),
            ("evil.example; dmarc=pass", None),
            ("", None),
        ] {
            assert_eq!(judged(&[field]), expected, "{field}");
        }
    }

    #[test]
    fn a_field_below_the_topmost_says_nothing() {
        let fields =
            ["other.example; dmarc=pass", "mx.example.net; dmarc=fail", "mx.example.net; dmarc=pass"];
        assert_eq!(judged(&fields), Authenticated::Fail);
        assert_eq!(verdict(&[fields[0].to_owned()], &[], "x.example"), Authenticated::None);
    }
}
