//! What a trusted server says about the sender (RFC 8601): one parser for Authentication-Results, one verdict.
//!
//! Only the topmost field of a pinned authserv-id is believed, since anybody can write the others (section 7.1). Nothing is
//! verified here: no keys, no DNS. ARC-Authentication-Results, which speaks of other servers, is not read.
//!
//! A field that is broken may still say that the sender failed, but never that it passed: strangers choose the addresses
//! that stand in it, and a server that does not quote them well lets them write the rest of it.
//!
//! **Not here, since it cannot be:** telling our server's field from one that a stranger wrote in its name. Section 5 has
//! the server remove those; one that does not, and adds none of its own to some mail, must not be pinned. Where a field
//! stands among the Received fields proves nothing: servers put theirs above or below their own Received, and a stranger
//! writes Received fields too.

use super::address::ascii_domain;

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

/// How a policy pins a server that does not name itself in its fields, as Exchange Online does not.
pub const NAMELESS_SERVER: &str = "-";

/// An Authentication-Results field.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    /// Its value in one line.
    pub(super) text: String,
    /// Whether that is all of it.
    pub(super) is_whole: bool,
}

/// The verdict of the topmost of `fields` whose authserv-id is pinned, for mail from `domain` (ASCII, in lower case).
pub(super) fn verdict(fields: &[Statement], pinned: &[String], domain: &str) -> Authenticated {
    let is_pinned = |server: Option<&str>| {
        pinned.iter().any(|id| match (id.trim(), server) {
            (NAMELESS_SERVER, server) => server.is_none(),
            (id, server) => server.is_some_and(|server| id.eq_ignore_ascii_case(server)),
        })
    };
    let found = fields.iter().find_map(|field| {
        let results = Results::read(&field.text);
        is_pinned(results.server.as_deref()).then_some((field, results))
    });
    match found {
        // What stood behind the cut may have been a failure.
        Some((field, _)) if !field.is_whole => Authenticated::Fail,
        Some((_, results)) => results.judge(domain),
        None => Authenticated::None,
    }
}

/// A field as read: `authserv-id [version] *(";" resinfo)` (section 2.2).
#[derive(Debug, Default)]
struct Results {
    /// Its authserv-id, where it has one.
    server: Option<String>,
    findings: Vec<Finding>,
    /// Whether it obeys the grammar.
    is_sound: bool,
}

/// One `method=result` with its properties (section 2.2, `resinfo`), all in lower case.
#[derive(Debug, Default)]
struct Finding {
    method: String,
    verdict: String,
    properties: Vec<(String, String)>,
}

impl Finding {
    /// Whether it is about mail from this domain: the first of these properties that it has says so each time. `None` when
    /// it has none of them.
    fn is_about(&self, domain: &str, names: &[&str]) -> Option<bool> {
        let values = |name: &&str| {
            let values: Vec<&str> =
                self.properties.iter().filter(|(known, _)| known == name).map(|(_, v)| v.as_str()).collect();
            (!values.is_empty()).then_some(values)
        };
        let values = names.iter().find_map(values)?;
        Some(
            values.into_iter().all(|value| {
                aligned(value.trim_end_matches('>').rsplit('@').next().unwrap_or_default(), domain)
            }),
        )
    }
}

impl Results {
    fn read(field: &str) -> Self {
        let (statements, mut is_sound) = tokens(field);
        let (head, others) =
            statements.split_first().map_or((&[][..], &[][..]), |(head, others)| (head.as_slice(), others));
        let (server, results) = match head {
            [Token::Word(_), Token::Equals, ..] => (None, statements.as_slice()),
            [Token::Word(server), version @ ..] => {
                // Only version 1 is known; another may mean anything.
                is_sound &= matches!(version, [] | [Token::Word(_)])
                    && version.iter().all(|version| *version == Token::Word("1".to_owned()));
                (Some(server.clone()), others)
            }
            _ => {
                is_sound = false;
                (None, others)
            }
        };
        let mut findings = Vec::new();
        for statement in results {
            match statement.as_slice() {
                // A semicolon at the end is common.
                [] => {}
                [Token::Word(none)] if none == "none" => {}
                statement => {
                    let (finding, complete) = finding(statement);
                    is_sound &= complete;
                    findings.extend(finding);
                }
            }
        }
        Self { server, findings, is_sound }
    }

    fn judge(&self, domain: &str) -> Authenticated {
        let of = |method: &'static str| self.findings.iter().filter(move |finding| finding.method == method);
        if of("dmarc").any(|finding| finding.verdict == "fail") {
            return Authenticated::Fail;
        }
        // A verdict about another From than the one we read is none about it (RFC 7489 section 6.6.1), and neither is what
        // else the server says then.
        let mut doubtful = !self.is_sound;
        let mut passed = false;
        for finding in of("dmarc") {
            doubtful |= finding.is_about(domain, &["header.from"]) == Some(false);
            match finding.verdict.as_str() {
                "pass" => passed = true,
                "none" | "temperror" | "permerror" | "bestguesspass" | "neutral" | "policy" => {}
                _ => doubtful = true,
            }
        }
        let mut failed = false;
        for finding in of("dkim") {
            let about = finding.is_about(domain, &["header.d", "header.i"]);
            passed |= finding.verdict == "pass" && about == Some(true);
            // A list may well break a signature; one of somebody else says nothing at all (RFC 6376 section 6.1).
            failed |= finding.verdict == "fail" && about != Some(false);
        }
        for finding in of("spf") {
            let about = finding.is_about(domain, &["smtp.mailfrom", "smtp.mail", "smtp.from"]);
            passed |= finding.verdict == "pass" && about == Some(true);
            failed |= finding.verdict == "fail";
        }
        match (passed, failed) {
            (true, _) if !doubtful => Authenticated::Pass,
            (false, true) => Authenticated::Fail,
            _ => Authenticated::None,
        }
    }
}

/// Relaxed alignment without a list of public suffixes: equal, or one a sub-domain of the other (RFC 7489 section 3.1).
fn aligned(one: &str, other: &str) -> bool {
    let Some(one) = ascii_domain(one) else { return false };
    let within = |long: &str, short: &str| {
        short.contains('.') && long.strip_suffix(short).is_some_and(|head| head.ends_with('.'))
    };
    one == other || within(&one, other) || within(other, &one)
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// In lower case, quotes undone.
    Word(String),
    Equals,
}

/// The tokens of each statement between semicolons, and whether every quotation and comment was closed. Comments part
/// words as blanks do (RFC 5322 section 3.2.2).
fn tokens(field: &str) -> (Vec<Vec<Token>>, bool) {
    let mut statements = vec![Vec::new()];
    let mut is_sound = true;
    let mut rest = field;
    while let Some(c) = rest.chars().next() {
        let token = match c {
            ';' => {
                statements.push(Vec::new());
                rest = rest.strip_prefix(';').unwrap_or_default();
                continue;
            }
            '(' => {
                let after = after_comment(rest);
                is_sound &= after.is_some();
                rest = after.unwrap_or_default();
                continue;
            }
            '=' => {
                rest = rest.strip_prefix('=').unwrap_or_default();
                Token::Equals
            }
            _ if c.is_whitespace() => {
                rest = rest.trim_start();
                continue;
            }
            _ => {
                let follows_equals =
                    matches!(statements.last().map(Vec::as_slice), Some([.., Token::Equals]));
                let (word, after) = word(rest, follows_equals);
                is_sound &= after.is_some();
                rest = after.unwrap_or_default();
                Token::Word(word)
            }
        };
        if let Some(statement) = statements.last_mut() {
            statement.push(token);
        }
    }
    (statements, is_sound)
}

/// What follows the comment that `text` begins with; `None` when it does not end.
fn after_comment(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if std::mem::take(&mut escaped) => {}
            '\\' => escaped = true,
            '(' => depth += 1,
            ')' if depth == 1 => return text.get(at + 1..),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The word that `text` begins with, quoted parts included, as in `"a b"@x.example`, and what follows; `None` when a quotation
/// does not end. A value may hold `=`, as signatures do.
fn word(text: &str, is_value: bool) -> (String, Option<&str>) {
    let mut word = String::new();
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if std::mem::take(&mut escaped) => word.extend(c.to_lowercase()),
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' | '(' if !quoted => return (word, text.get(at..)),
            '=' if !quoted && !is_value => return (word, text.get(at..)),
            _ if !quoted && c.is_whitespace() => return (word, text.get(at..)),
            _ => word.extend(c.to_lowercase()),
        }
    }
    (word, (!quoted).then_some(""))
}

/// Reads `method[/version]=result *(ptype.property=value)`, and says whether that was all.
fn finding(statement: &[Token]) -> (Option<Finding>, bool) {
    let mut finding = Finding::default();
    let mut rest = statement;
    while let [Token::Word(name), Token::Equals, Token::Word(value), after @ ..] = rest {
        if finding.method.is_empty() {
            name.split('/').next().unwrap_or_default().clone_into(&mut finding.method);
            finding.verdict.clone_from(value);
        } else {
            finding.properties.push((name.clone(), value.clone()));
        }
        rest = after;
    }
    let is_some = !finding.method.is_empty();
    // A bounce has no sender: `smtp.mailfrom=`.
    if let ([Token::Word(name), Token::Equals], true) = (rest, is_some) {
        finding.properties.push((name.clone(), String::new()));
        rest = &[];
    }
    (is_some.then_some(finding), is_some && rest.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judged(fields: &[&str]) -> Authenticated {
        let whole = |text: &&str| Statement { text: (*text).to_owned(), is_whole: true };
        let fields: Vec<Statement> = fields.iter().map(whole).collect();
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
            ("mx.example.net; spf=pass smtp.mailfrom=\"a b\"@shop.example.com", Pass),
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
        let pass = Statement { text: fields[2].to_owned(), is_whole: true };
        assert_eq!(verdict(std::slice::from_ref(&pass), &[], "shop.example.com"), Authenticated::None);
        let cut = Statement { is_whole: false, ..pass };
        let pinned = ["mx.example.net".to_owned()];
        assert_eq!(verdict(&[cut], &pinned, "shop.example.com"), Authenticated::Fail);
    }

    #[test]
    fn every_way_to_write_a_result_is_read() {
        use Authenticated::{Fail, None, Pass};
        for (results, expected) in [
            ("dmarc=pass(p=REJECT) header.from=shop.example.com;", Pass),
            ("dmarc (x) = (y) pass (z) header.from (a) = (b) shop.example.com", Pass),
            ("dkim/1=pass header.d=shop.example.com header.b=\"ab+/==\"", Pass),
            ("dkim=pass header.b=ab+/== header.i=@shop.example.com", Pass),
            ("dkim=fail header.d=shop.example.com; dkim=pass header.d=shop.example.com", Pass),
            ("dkim=pass (2048-bit key; unprotected) header.d=shop.example.com; spf=softfail", Pass),
            ("spf=pass smtp.mailfrom=\"a b; c\"@shop.example.com", Pass),
            (
                "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=shop.example.com; compauth=pass reason=100",
                Pass,
            ),
            ("x-unknown=pass policy.word=1; dmarc=pass header.from=SHOP.example.com.", Pass),
            (
                "dmarc=bestguesspass action=none header.from=shop.example.com; spf=pass smtp.mailfrom=shop.example.com",
                Pass,
            ),
            (
                "dmarc=fail (p=none dis=none) header.from=shop.example.com; dkim=pass header.d=shop.example.com",
                Fail,
            ),
            ("dmarc=fail header.from=shop.example.com; arc=pass (i=1 dmarc=pass)", Fail),
            ("dmarc=pass header.from=shop.example.com; dmarc=fail", Fail),
            ("dmarc=fail reason=\"dmarc=pass\"", Fail),
            ("dkim=fail header.d=shop.example.com; spf=none", Fail),
            ("dkim=fail header.d=list.example; spf=neutral; dmarc=none", None),
            ("dkim=permerror header.d=shop.example.com; spf=temperror; dmarc=permerror", None),
            ("dkim=policy header.d=shop.example.com; spf=softfail smtp.mailfrom=shop.example.com", None),
            ("spf=pass smtp.helo=shop.example.com", None),
            ("dkim=pass", None),
            ("arc=pass; auth=pass smtp.auth=ann", None),
            ("none", None),
            ("", None),
        ] {
            assert_eq!(judged(&[&format!("mx.example.net; {results}")]), expected, "{results}");
        }
        assert_eq!(judged(&["\"mx.example.net\" (ours) 1; dmarc=pass"]), Pass);
        assert_eq!(judged(&["mx.example.net 2; dmarc=pass"]), None, "an unknown version");
        let forged = "mx.example.net; dmarc=pass";
        assert_eq!(
            judged(&["mx.example.net (a) b c; dmarc=fail", forged]),
            Fail,
            "it is the server's all the same"
        );
        assert_eq!(judged(&["mx.example.net.evil.example; dmarc=pass"]), None);
    }

    #[test]
    fn a_server_without_a_name_is_believed_where_it_is_pinned() {
        let said = |text: &str, pinned: &str| {
            let field = Statement { text: text.to_owned(), is_whole: true };
            verdict(&[field], &[pinned.to_owned()], "shop.example.com")
        };
        let nameless = "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=shop.example.com; dkim=none (message not signed) \
            header.d=none;dmarc=pass action=none header.from=shop.example.com;compauth=pass reason=100";
        assert_eq!(said(nameless, NAMELESS_SERVER), Authenticated::Pass);
        assert_eq!(said(&nameless.replace("dmarc=pass", "dmarc=fail"), NAMELESS_SERVER), Authenticated::Fail);
        assert_eq!(said(nameless, "mx.example.net"), Authenticated::None);
        for other in [format!("-; {nameless}"), format!("mx.evil.example; {nameless}"), String::new()] {
            assert_eq!(said(&other, NAMELESS_SERVER), Authenticated::None, "{other}");
        }
    }

    #[test]
    fn a_field_that_strangers_wrote_into_does_not_vouch() {
        use Authenticated::None;
        for results in [
            "spf=none (a\"b; dmarc=pass header.from=shop.example.com",
            "spf=none smtp.mailfrom=\"a; dmarc=pass header.from=shop.example.com",
            "spf=pass smtp.mailfrom=x@evil.example smtp.mailfrom=x@shop.example.com",
            "spf=pass smtp.mailfrom=x y@shop.example.com",
            "dmarc=pass header.from=evil.example header.from=shop.example.com",
            "dmarc=pass header.from=evil.example; dkim=pass header.d=shop.example.com",
            "dmarc=passed; dkim=pass header.d=shop.example.com",
            "dmarc==pass",
            "dmarc=pass header.from=",
        ] {
            assert_eq!(judged(&[&format!("mx.example.net; {results}")]), None, "{results}");
        }
    }

    /// Pieces of which fields are made, sound and broken.
    fn junk() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("; "),
            Just("="),
            Just(" "),
            Just("\""),
            Just("("),
            Just(")"),
            Just("\\"),
            Just("@"),
            Just("none"),
            Just("pass"),
            Just("fail"),
            Just("dmarc=pass"),
            Just("dkim=pass"),
            Just("spf=pass"),
            Just("; dmarc"),
            Just(" header.from=shop.example.com"),
            Just(" header.d=shop.example.com"),
            Just("mx.example.net"),
            Just(" header.from=evil.example"),
            Just(" smtp.mailfrom=a@shop.example.com"),
            Just("é"),
            Just("/1"),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_failure_never_becomes_a_pass(junk in junk(), results in prop_oneof![
            Just("dmarc=fail"), Just("spf=pass smtp.mailfrom=a@shop.example.com; dmarc=fail (p=none) header.from=shop.example.com"),
        ]) {
            let said = judged(&[&format!("mx.example.net; {results}{junk}")]);
            prop_assert_ne!(said, Authenticated::Pass);
            let said = judged(&[&format!("mx.example.net; {results}; {junk}")]);
            prop_assert_eq!(said, Authenticated::Fail);
        }

        #[test]
        fn without_the_pinned_name_nothing_counts(junk in junk(), any in ".*") {
            prop_assert_eq!(judged(&[&format!("evil.example; {junk}"), &format!("x{any}; {junk}")]), Authenticated::None);
        }

        #[test]
        fn anything_is_judged(any in ".*", junk in junk()) {
            judged(&[&any, &format!("mx.example.net;{junk}")]);
        }
    }
}
