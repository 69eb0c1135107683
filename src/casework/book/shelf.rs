//! Where the books of one policy are kept in memory while mail after mail is decided.
//!
//! A book holds what one mail needs; a shelf holds what all mails so far have left: it makes the book of the next mail
//! ([`Shelf::take`]) and keeps it afterwards ([`Shelf::put_back`]), as the daemon does with its store. So a mail costs
//! the same after a million others.
//!
//! Invariants: a mail is decided as with one book that holds everything, as long as nothing was forgotten; the cases
//! with the oldest mail are forgotten first, with all that leads to them, and counted.

use std::collections::{BTreeSet, HashMap, VecDeque};

use jiff::Timestamp;

use super::super::case::Case;
use super::super::load::{Keys, KnownAs, KnownMail, Loaded, SeenContent, SentReply};
use super::Book;
use crate::base::id::{CaseId, ContentKey};
use crate::decision::Reading;

/// Everything that the mails of one policy have left.
#[derive(Debug)]
pub struct Shelf {
    /// The most cases that are remembered.
    most: usize,
    cases: HashMap<CaseId, Shelved>,
    by_message: HashMap<String, KnownMail>,
    by_reference: HashMap<String, CaseId>,
    by_content: HashMap<ContentKey, SeenContent>,
    /// By the latest mail of each.
    by_age: BTreeSet<(Timestamp, CaseId)>,
    /// Oldest first; the limits bound them.
    replies: VecDeque<SentReply>,
    /// Addresses to which a reply could not be delivered, and when that was heard of.
    bounced: HashMap<String, Timestamp>,
    forgotten: usize,
}

/// A case and what leads to it.
#[derive(Debug)]
struct Shelved {
    case: Case,
    messages: Vec<String>,
    contents: Vec<ContentKey>,
}

impl Shelf {
    /// An empty shelf for at most so many cases.
    pub fn new(most: usize) -> Self {
        Shelf {
            most,
            cases: HashMap::new(),
            by_message: HashMap::new(),
            by_reference: HashMap::new(),
            by_content: HashMap::new(),
            by_age: BTreeSet::new(),
            replies: VecDeque::new(),
            bounced: HashMap::new(),
            forgotten: 0,
        }
    }

    /// How many cases were forgotten to make room.
    pub fn forgotten(&self) -> usize {
        self.forgotten
    }

    /// The book of a mail that was received at `at`, with its cases as they were kept: what time has brought since is the
    /// book's own business ([`Book::live_through`]). It must be put back before the next is taken, since the replies go
    /// with it.
    pub fn take(&mut self, reading: &Reading, at: Timestamp) -> Book {
        let keys = Keys::of(reading, at);
        let mut loaded = Loaded::default();
        let mut wanted = BTreeSet::new();
        for message in keys.references.iter().filter_map(|id| self.by_message.get(*id)) {
            wanted.insert(message.case);
            loaded.mails.push(message.clone());
        }
        wanted.extend(keys.tags.iter().filter_map(|tag| self.by_reference.get(tag.as_ref())));
        if let Some(seen) = self.by_content.get(&keys.content) {
            wanted.insert(seen.case);
            loaded.contents.push(*seen);
        }
        wanted.extend(self.by_reference.get(&keys.case.reference()));
        // Whoever has the id that a new case would have, and the ones after it.
        let mut id = keys.case;
        while self.cases.contains_key(&id) && wanted.insert(id) {
            id = id.next();
        }
        loaded.cases =
            wanted.iter().filter_map(|id| self.cases.get(id)).map(|shelved| shelved.case.clone()).collect();
        let mut book = Book::default();
        book.load(loaded);
        book.replies = std::mem::take(&mut self.replies);
        book.bounced = std::mem::take(&mut self.bounced);
        book
    }

    /// Keeps a book.
    pub fn put_back(&mut self, mut book: Book) {
        self.replies = std::mem::take(&mut book.replies);
        self.bounced = std::mem::take(&mut book.bounced);
        let changed: Vec<CaseId> = book.changes().cases.iter().map(|(case, _)| case.id).collect();
        for id in changed {
            if let Some(case) = book.cases.remove(&id) {
                self.keep(case);
            }
        }
        for mail in book.new_mails {
            let is_new = |known: Option<&KnownMail>| {
                known.is_none_or(|known| known.known_as == KnownAs::Named && mail.known_as != KnownAs::Named)
            };
            if is_new(self.by_message.get(&mail.message_id))
                && let Some(shelved) = self.cases.get_mut(&mail.case)
            {
                shelved.messages.push(mail.message_id.clone());
                self.by_message.insert(mail.message_id.clone(), mail);
            }
        }
        for seen in book.new_contents {
            if let Some(shelved) = self.cases.get_mut(&seen.case) {
                shelved.contents.push(seen.content);
                self.by_content.insert(seen.content, seen);
            }
        }
        while self.cases.len() > self.most {
            self.forget_the_oldest();
        }
    }

    fn keep(&mut self, case: Case) {
        let age = (case.last_mail_at, case.id);
        if let Some(shelved) = self.cases.get_mut(&case.id) {
            self.by_age.remove(&(shelved.case.last_mail_at, case.id));
            shelved.case = case;
        } else {
            self.by_reference.insert(case.reference.clone(), case.id);
            self.cases.insert(case.id, Shelved { case, messages: Vec::new(), contents: Vec::new() });
        }
        self.by_age.insert(age);
    }

    fn forget_the_oldest(&mut self) {
        let Some((_, id)) = self.by_age.pop_first() else { return };
        let Some(shelved) = self.cases.remove(&id) else { return };
        self.by_reference.remove(&shelved.case.reference);
        for message in &shelved.messages {
            self.by_message.remove(message);
        }
        for content in &shelved.contents {
            self.by_content.remove(content);
        }
        self.forgotten += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::{Conversation, Decision, decide, read};
    use crate::mail::Source;
    use crate::policy::{Files, Policy, RawFile, compile};

    const POLICY: &str = r#"
name = "story"
[identity]
addresses = ["support@desk.example"]
[[calendar]]
name = "office"
time_zone = "UTC"
week = { mon-fri = ["08:00-20:00"] }
[[desk]]
name = "main"
calendar = "office"
[[label.urgency]]
value = "urgent"
keywords = ["Urgent"]
[[label.urgency]]
value = "normal"
default = true
[[coverage]]
name = "urgent"
when = { urgency = "urgent" }
alert = "on-call"
reply = "got-it"
[[coverage]]
name = "night"
when = { hours = "closed" }
defer = "inbox"
[[coverage]]
name = "day"
reply = "got-it"
[[escalation]]
name = "on-call"
pages = true
steps = [{ after = "0m", notify = ["pager"] }]
give_up_after = "1h"
[[escalation]]
name = "inbox"
steps = [{ after = "0m", notify = ["inbox"] }]
give_up_after = "2h"
[auto_reply]
from = "Support <support@desk.example>"
per_domain = "3/1h"
"#;

    fn policy() -> Policy {
        let file = |name: &str, text: &str| RawFile { name: name.into(), content: Ok(text.into()) };
        let reply = "Subject: Re: {{ subject }} [{{ reference }}]\n\nWe have it.\n";
        let files = Files { files: vec![file("policy.toml", POLICY), file("replies/got-it.txt", reply)] };
        let outcome = compile(&files);
        outcome.policy.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics))
    }

    /// The N-th of many mails, twenty minutes apart: questions, urgent ones, follow-ups of earlier ones, and copies.
    fn mail(number: usize) -> String {
        let subject = if number.is_multiple_of(5) { "Urgent question" } else { "Question" };
        let of = number - number % 7;
        let answers =
            if number % 7 > 3 { format!("In-Reply-To: <{of}@client.example>\n") } else { String::new() };
        let number = if number.is_multiple_of(11) { number / 2 } else { number };
        format!(
            "From: anna{}@client{}.example\nTo: support@desk.example\nSubject: {subject}\n\
             Message-ID: <{number}@client.example>\n{answers}\nMail {number}. {}\n",
            number % 4,
            number % 3,
            if number.is_multiple_of(13) { "Urgent!" } else { "" }
        )
    }

    fn at(number: usize) -> Timestamp {
        let seconds = i64::try_from(number).expect("small") * 1200;
        Timestamp::from_second(1_767_992_621 + seconds).expect("in range")
    }

    fn decided(book: &mut Book, policy: &Policy, number: usize) -> Decision {
        let reading = read(&Source::Whole(mail(number).as_bytes()), policy, Some("support"));
        let at = at(number);
        book.live_through(at);
        let standing = book.standing(&reading, policy, at, at);
        let decision = decide(&reading, &standing, policy, at, at);
        book.apply(&reading, &decision, policy);
        decision
    }

    fn with_shelf(shelf: &mut Shelf, policy: &Policy, number: usize) -> Decision {
        let reading = read(&Source::Whole(mail(number).as_bytes()), policy, Some("support"));
        let mut book = shelf.take(&reading, at(number));
        let decision = decided(&mut book, policy, number);
        shelf.put_back(book);
        decision
    }

    #[test]
    fn mails_are_decided_as_with_one_book() {
        let policy = policy();
        let (mut shelf, mut whole) = (Shelf::new(1000), Book::default());
        let mut kinds = BTreeSet::new();
        for number in 0..400 {
            whole.advance(at(number));
            let (one, other) =
                (decided(&mut whole, &policy, number), with_shelf(&mut shelf, &policy, number));
            assert_eq!(format!("{one:?}"), format!("{other:?}"), "mail {number}");
            kinds.insert(other.conversation.slug());
        }
        assert_eq!(
            kinds.into_iter().collect::<Vec<_>>(),
            ["duplicate", "follow-up", "new", "raised", "reopened"],
            "all of them were tried"
        );
        assert_eq!(shelf.forgotten(), 0);
    }

    #[test]
    fn the_oldest_case_is_forgotten_and_counted() {
        let policy = policy();
        let mut shelf = Shelf::new(2);
        for number in [1, 2, 3] {
            assert_eq!(with_shelf(&mut shelf, &policy, number).conversation, Conversation::New);
        }
        assert_eq!((shelf.cases.len(), shelf.forgotten()), (2, 1));
        assert_eq!(with_shelf(&mut shelf, &policy, 3).conversation, Conversation::Duplicate);
        assert_eq!(with_shelf(&mut shelf, &policy, 1).conversation, Conversation::New);
        assert_eq!((shelf.by_message.len(), shelf.by_content.len(), shelf.by_reference.len()), (2, 2, 2));
    }
}
