//! What a server says, in types of our own (RFC 3501 section 7), so that those of the parser stay here.
//!
//! Only what a reader of mailboxes needs; everything else is [`Response::Other`].

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enums of the parser grow, and most of what they name is passed over"
)]

use async_imap::imap_proto::{
    self, AttributeValue, Capability, MailboxDatum, MessageSection, Outcome, ResponseCode, SectionPath,
};
use jiff::Timestamp;
use jiff::fmt::strtime;

use super::structure::{self, Leaf};

/// How much of a server's text is shown.
const SHOWN: usize = 80;

/// One response.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Response {
    /// The end of a command.
    Done { tag: String, status: Status },
    /// The server waits for us.
    Continue,
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
    Fetch(Fetch),
    /// UIDs that a search found; a long answer comes in several.
    Search(Vec<u32>),
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
pub(super) struct Fetch {
    pub(super) uid: Option<u32>,
    pub(super) internal_date: Option<Timestamp>,
    /// Section, empty or such as `1.MIME`, and content; `NIL` is not among them.
    pub(super) bodies: Vec<(String, Vec<u8>)>,
    /// The parts of the mail, when its structure makes sense.
    pub(super) leaves: Option<Vec<Leaf>>,
}

/// What the parser understood.
pub(super) fn of(said: &imap_proto::Response<'_>) -> Response {
    use imap_proto::Response as Said;
    match said {
        Said::Done { tag, status, outcome } => match verdict(status) {
            Some(verdict) => Response::Done { tag: tag.0.clone(), status: of_outcome(verdict, outcome) },
            None => Response::Bye(text(outcome)),
        },
        Said::Data { status, outcome } => match verdict(status) {
            Some(verdict) => Response::Note(of_outcome(verdict, outcome)),
            None => Response::Bye(text(outcome)),
        },
        Said::Continue(_) => Response::Continue,
        Said::Capabilities(list) => Response::Capability(list.iter().map(capability).collect()),
        Said::MailboxData(MailboxDatum::Exists(count)) => Response::Exists(*count),
        Said::MailboxData(MailboxDatum::Search(uids)) => Response::Search(uids.clone()),
        Said::Expunge(_) => Response::Expunge,
        Said::Fetch(_, attributes) => Response::Fetch(fetch(attributes)),
        _ => Response::Other,
    }
}

/// `None` when the server leaves.
fn verdict(status: &imap_proto::Status) -> Option<Verdict> {
    match status {
        imap_proto::Status::Ok => Some(Verdict::Ok),
        imap_proto::Status::No => Some(Verdict::No),
        imap_proto::Status::Bad => Some(Verdict::Bad),
        imap_proto::Status::PreAuth => Some(Verdict::PreAuth),
        imap_proto::Status::Bye => None,
    }
}

/// The parser knows some codes and leaves the others in the text.
fn of_outcome(verdict: Verdict, outcome: &Outcome<'_>) -> Status {
    let text = outcome.information.as_deref().unwrap_or_default();
    if let Some(code) = &outcome.code {
        return Status { verdict, code: code_name(code), text: shown(text) };
    }
    match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((code, text)) => Status { verdict, code: Some(code.to_ascii_uppercase()), text: shown(text) },
        None => Status { verdict, code: None, text: shown(text) },
    }
}

fn code_name(code: &ResponseCode<'_>) -> Option<String> {
    match code {
        ResponseCode::UidNext(next) => Some(format!("UIDNEXT {next}")),
        ResponseCode::UidValidity(validity) => Some(format!("UIDVALIDITY {validity}")),
        ResponseCode::Capabilities(list) => {
            let names: Vec<String> = list.iter().map(capability).collect();
            Some(format!("CAPABILITY {}", names.join(" ")))
        }
        ResponseCode::Alert => Some("ALERT".to_owned()),
        ResponseCode::TryCreate => Some("TRYCREATE".to_owned()),
        _ => None,
    }
}

fn capability(capability: &Capability<'_>) -> String {
    match capability {
        Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
        Capability::Auth(name) => format!("AUTH={}", name.to_ascii_uppercase()),
        Capability::Atom(name) => name.to_ascii_uppercase(),
    }
}

fn text(outcome: &Outcome<'_>) -> String {
    shown(outcome.information.as_deref().unwrap_or_default())
}

fn fetch(attributes: &[AttributeValue<'_>]) -> Fetch {
    let mut fetch = Fetch::default();
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(uid) => fetch.uid = Some(*uid),
            AttributeValue::InternalDate(date) => fetch.internal_date = internal_date(date),
            AttributeValue::BodyStructure(structure) => fetch.leaves = structure::leaves(structure),
            AttributeValue::BodySection { section: path, data: Some(data), .. } => {
                fetch.bodies.push((section(path.as_ref()), data.to_vec()));
            }
            _ => {}
        }
    }
    fetch
}

/// `1.MIME` of `BODY[1.MIME]<0>`.
fn section(path: Option<&SectionPath>) -> String {
    let named = |section: &MessageSection| match section {
        MessageSection::Header => "HEADER",
        MessageSection::Mime => "MIME",
        MessageSection::Text => "TEXT",
    };
    match path {
        None => String::new(),
        Some(SectionPath::Full(section)) => named(section).to_owned(),
        Some(SectionPath::Part(numbers, section)) => {
            let numbers = numbers.iter().map(u32::to_string);
            let words = numbers.chain(section.as_ref().map(named).map(str::to_owned));
            words.collect::<Vec<_>>().join(".")
        }
    }
}

/// `17-Jul-1996 02:44:25 -0700`; the day may stand after a blank.
fn internal_date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > 40 {
        return None;
    }
    strtime::parse("%d-%b-%Y %H:%M:%S %z", text).ok()?.to_timestamp().ok()
}

/// The beginning of a text as it can be shown.
fn shown(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' });
    plain.take(SHOWN).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &[u8]) -> Response {
        let line = [line, b"\r\n"].concat();
        let (rest, response) = imap_proto::Response::parse(&line).expect("a response");
        assert!(rest.is_empty());
        of(&response)
    }

    fn status(verdict: Verdict, code: Option<&str>, text: &str) -> Status {
        Status { verdict, code: code.map(str::to_owned), text: text.to_owned() }
    }

    #[test]
    fn responses_are_ours() {
        let no = |code, text| status(Verdict::No, code, text);
        let cases: &[(&[u8], Response)] = &[
            (b"+ go on", Response::Continue),
            (b"* 7 EXISTS", Response::Exists(7)),
            (b"* 7 expunge", Response::Expunge),
            (b"* SEARCH 3 4 ", Response::Search(vec![3, 4])),
            (b"* SEARCH", Response::Search(vec![])),
            (b"* BYE \x1b[2Jgone", Response::Bye("[2Jgone".to_owned())),
            (b"* FLAGS (\\Seen)", Response::Other),
            (b"* NO [INUSE] later", Response::Note(no(Some("INUSE"), "later"))),
            (b"a7 no [x-new y] z", Response::Done { tag: "a7".into(), status: no(Some("X-NEW Y"), "z") }),
            (b"a7 NO [ALERT] mind", Response::Done { tag: "a7".into(), status: no(Some("ALERT"), "mind") }),
            (b"* CAPABILITY IMAP4rev1 Idle", Response::Capability(vec!["IMAP4REV1".into(), "IDLE".into()])),
        ];
        for (line, expected) in cases {
            assert_eq!(said(line), *expected, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn codes_tell_numbers_and_capabilities() {
        let Response::Note(status) = said(b"* OK [UIDVALIDITY 7] x") else { panic!("no note") };
        assert_eq!((status.number("UIDVALIDITY"), status.number("UIDNEXT")), (Some(7), None));
        let Response::Note(status) = said(b"* OK [UIDVALIDITY 99999999999] x") else { panic!("no note") };
        assert_eq!(status.number("UIDVALIDITY"), None);
        for line in ["* OK [CAPABILITY IMAP4rev1 IDLE] x", "* OK [CAPABILITY IMAP4rev2 IDLE] x"] {
            let Response::Note(status) = said(line.as_bytes()) else { panic!("no note") };
            let capabilities = status.capabilities().expect("capabilities");
            assert_eq!(capabilities.last().map(String::as_str), Some("IDLE"));
        }
    }

    #[test]
    fn a_mail_is_read_from_its_items_in_any_order() {
        let line =
            b"* 1 FETCH (FLAGS (\\Seen) BODY[]<0> {2}\r\nhi INTERNALDATE \" 7-Jul-1996 02:44:25 -0700\" \
            MODSEQ (18446744073709551615) BODY[1.mime] NIL UID 9 BODY[1.2.MIME] {1}\r\nx)";
        let Response::Fetch(fetch) = said(line) else { panic!("no FETCH") };
        assert_eq!(fetch.uid, Some(9));
        assert_eq!(fetch.internal_date.map(|at| at.to_string()).as_deref(), Some("1996-07-07T09:44:25Z"));
        assert_eq!(fetch.bodies, [(String::new(), b"hi".to_vec()), ("1.2.MIME".to_owned(), b"x".to_vec())]);
    }
}
