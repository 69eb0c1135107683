//! What a server says, in types of our own (RFC 3501 section 7).
//!
//! Only what a reader of mailboxes needs; everything else is [`Response::Other`], however it looks, so that no extension
//! and no oddity of a server ends a session.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::fmt::strtime;

use super::value::{self, Value};

/// How much of a server's text is shown.
const SHOWN: usize = 80;

/// One response.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Response<'a> {
    /// The end of a command.
    Done { tag: &'a [u8], status: Status },
    /// The server waits for us.
    Continue(&'a [u8]),
    /// A greeting or a note.
    Note(Status),
    /// The server leaves.
    Bye(String),
    /// What it can do.
    Capability(Vec<String>),
    /// So many mails are in the mailbox.
    Exists(u32),
    /// The mail with this number is gone, and the numbers after it moved.
    Expunge,
    /// Of one mail.
    Fetch(Fetch<'a>),
    /// The UIDs that a search found.
    Search(Vec<u32>),
    /// A FETCH or SEARCH that cannot be understood.
    Unclear,
    /// Nothing that we asked for.
    Other,
}

/// Whether it went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It did.
    Ok,
    /// It did not.
    No,
    /// The server takes it for a mistake of ours.
    Bad,
    /// We are logged in already.
    PreAuth,
}

/// A status with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) verdict: Verdict,
    /// The code in brackets, in upper case: `UIDNEXT 7`, `AUTHENTICATIONFAILED` (RFC 5530).
    pub(super) code: Option<String>,
    /// For people; cut, and without control characters.
    pub(super) text: String,
}

impl Status {
    /// The number of a code such as `UIDNEXT 7`.
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        let (found, number) = self.code.as_deref()?.split_once(' ')?;
        number.trim().parse().ok().filter(|_| found == name)
    }

    /// The capabilities that some servers send along.
    pub(super) fn capabilities(&self) -> Option<Vec<String>> {
        let list = self.code.as_deref()?.strip_prefix("CAPABILITY ")?;
        Some(list.split_ascii_whitespace().map(str::to_owned).collect())
    }
}

/// What was said of one mail.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fetch<'a> {
    pub(super) uid: Option<u32>,
    pub(super) internal_date: Option<Timestamp>,
    /// Section, empty or such as `1.MIME`, in upper case, and content; `NIL` is not among them.
    pub(super) bodies: Vec<(String, Cow<'a, [u8]>)>,
    pub(super) structure: Option<Value<'a>>,
}

/// Understands one response; `None` when it is no response at all.
pub(super) fn parse(bytes: &[u8]) -> Option<Response<'_>> {
    if let Some(rest) = bytes.strip_prefix(b"+") {
        return Some(Response::Continue(rest.strip_prefix(b" ").unwrap_or(rest)));
    }
    let (tag, rest) = word(bytes);
    if tag == b"*" {
        return Some(untagged(rest));
    }
    let (verdict, rest) = word(rest);
    let status = status(verdict, rest).filter(|status| status.verdict != Verdict::PreAuth)?;
    (!tag.is_empty()).then_some(Response::Done { tag, status })
}

fn untagged(bytes: &[u8]) -> Response<'_> {
    let (first, rest) = word(bytes);
    if first.eq_ignore_ascii_case(b"BYE") {
        return Response::Bye(shown(rest));
    }
    if let Some(status) = status(first, rest) {
        return Response::Note(status);
    }
    if first.eq_ignore_ascii_case(b"CAPABILITY") {
        let list = rest.split(u8::is_ascii_whitespace).filter(|name| !name.is_empty());
        return Response::Capability(list.map(upper).collect());
    }
    if first.eq_ignore_ascii_case(b"SEARCH") {
        return search(rest).map_or(Response::Unclear, Response::Search);
    }
    let Some(number) = number(first) else { return Response::Other };
    let (second, rest) = word(rest);
    if second.eq_ignore_ascii_case(b"EXISTS") {
        Response::Exists(number)
    } else if second.eq_ignore_ascii_case(b"EXPUNGE") {
        Response::Expunge
    } else if second.eq_ignore_ascii_case(b"FETCH") {
        fetch(rest).map_or(Response::Unclear, Response::Fetch)
    } else {
        Response::Other
    }
}

fn status(verdict: &[u8], rest: &[u8]) -> Option<Status> {
    let verdict = match verdict.to_ascii_uppercase().as_slice() {
        b"OK" => Verdict::Ok,
        b"NO" => Verdict::No,
        b"BAD" => Verdict::Bad,
        b"PREAUTH" => Verdict::PreAuth,
        _ => return None,
    };
    let code = rest.strip_prefix(b"[").and_then(|rest| rest.split(|byte| *byte == b']').next());
    let text = code.and_then(|code| rest.get(code.len() + 2..)).unwrap_or(rest);
    Some(Status { verdict, code: code.map(upper), text: shown(text) })
}

/// `UID SEARCH`; some servers end the line with a blank.
fn search(rest: &[u8]) -> Option<Vec<u32>> {
    rest.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).map(number).collect()
}

fn fetch(rest: &[u8]) -> Option<Fetch<'_>> {
    let mut values = value::parse(rest)?.into_iter();
    let Value::List(items) = values.next()? else { return None };
    let mut fetch = Fetch::default();
    let mut items = items.into_iter();
    while let Some(name) = items.next() {
        let Value::Word(name) = name else { return None };
        let name = upper(name);
        let item = items.next()?;
        match name.as_str() {
            "UID" => fetch.uid = Some(item.number().filter(|uid| *uid > 0)?),
            "INTERNALDATE" => fetch.internal_date = item.text().and_then(internal_date),
            "BODYSTRUCTURE" => fetch.structure = Some(item),
            name => {
                if let Some(section) = section(name)
                    && let Some(text) = item.into_text()
                {
                    fetch.bodies.push((section.to_owned(), text));
                }
            }
        }
    }
    Some(fetch)
}

/// `1.MIME` of `BODY[1.MIME]<0>`.
fn section(name: &str) -> Option<&str> {
    name.strip_prefix("BODY[")?.split_once(']').map(|(section, _)| section)
}

/// `17-Jul-1996 02:44:25 -0700`; the day may stand after a blank.
fn internal_date(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() < 40)?;
    strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?.to_timestamp().ok()
}

fn word(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b' ').unwrap_or(bytes.len());
    let (word, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
    (word, rest.strip_prefix(b" ").unwrap_or(rest))
}

fn number(bytes: &[u8]) -> Option<u32> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn upper(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_ascii_uppercase()
}

/// The beginning of a text as it can be shown.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes.get(..SHOWN * 4).unwrap_or(bytes)).into_owned();
    text.chars()
        .map(|c| if c.is_ascii_graphic() { c } else { ' ' })
        .take(SHOWN)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(code: Option<&str>, text: &str) -> Status {
        Status { verdict: Verdict::No, code: code.map(str::to_owned), text: text.to_owned() }
    }

    #[test]
    fn every_kind_of_response_is_known_or_passed_over() {
        let cases: &[(&[u8], Option<Response<'_>>)] = &[
            (b"+ go on", Some(Response::Continue(b"go on"))),
            (b"+", Some(Response::Continue(b""))),
            (b"* 7 EXISTS", Some(Response::Exists(7))),
            (b"* 7 expunge", Some(Response::Expunge)),
            (b"* 99999999999 EXISTS", Some(Response::Other)),
            (b"* NAMESPACE ((\"\" \"/\")) NIL NIL", Some(Response::Other)),
            (b"* ESEARCH (TAG \"a\") UID ALL 1:3", Some(Response::Other)),
            (b"* XYZZY \xff(", Some(Response::Other)),
            (b"*", Some(Response::Other)),
            (b"* SEARCH 3 4 ", Some(Response::Search(vec![3, 4]))),
            (b"* SEARCH", Some(Response::Search(vec![]))),
            (b"* SEARCH 3 x", Some(Response::Unclear)),
            (b"* 1 FETCH (UID", Some(Response::Unclear)),
            (b"* 1 FETCH (UID 0)", Some(Response::Unclear)),
            (b"* BYE \x1b[2Jgone", Some(Response::Bye("[2Jgone".to_owned()))),
            (b"!!! garbage", None),
            (b"", None),
            (b"* NO [INUSE] later", Some(Response::Note(note(Some("INUSE"), "later")))),
            (
                b"a7 no [x-unknown y] z",
                Some(Response::Done { tag: b"a7", status: note(Some("X-UNKNOWN Y"), "z") }),
            ),
            (b"* CAPABILITY Idle  X", Some(Response::Capability(vec!["IDLE".into(), "X".into()]))),
        ];
        for (bytes, expected) in cases {
            assert_eq!(parse(bytes), *expected, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_mail_is_read_from_its_items_in_any_order() {
        let bytes =
            b"* 1 FETCH (FLAGS (\\Seen) BODY[]<0> {2}\r\nhi INTERNALDATE \" 7-Jul-1996 02:44:25 -0700\" \
            MODSEQ (18446744073709551615) BODY[1.mime] NIL UID 9)";
        let Some(Response::Fetch(fetch)) = parse(bytes) else { panic!("no FETCH") };
        assert_eq!(fetch.uid, Some(9));
        assert_eq!(fetch.internal_date.map(|at| at.to_string()).as_deref(), Some("1996-07-07T09:44:25Z"));
        assert_eq!(fetch.bodies, [(String::new(), Cow::Borrowed(b"hi".as_slice()))]);
    }
}
