//! One example played through: earlier mails, the mail, and what follows, each at its time, by the same evaluator and
//! with the same cases as the daemon.
//!
//! Not here: whether it came out as wanted (`difference`).

use super::super::evaluate::{Decided, evaluate, read_bytes};
use super::difference::{Happened, difference, instant, line};
use crate::base::id::CaseId;
use crate::casework::{Book, Effect};
use crate::compose::ink::{DIM, TITLE};
use crate::compose::{Explained, Explanation};
use crate::decision::Conversation;
use crate::policy::{AddressRule, Event, Example, ExampleMail, Expectation, Following, Policy};
use crate::sources::{Unsaid, example_mail};

/// Who writes when an example does not say.
const CUSTOMER: &str = "Customer <customer@client.example>";

/// What differs from what an example expects, a few lines each; `None` when it holds.
pub(super) fn differences(example: &Example, policy: &Policy) -> Option<String> {
    let mut story = Story { policy, book: Book::default(), differences: String::new() };
    let to = own_address(policy);
    let first =
        Unsaid { message_id: "mail@nightdesk.test", from: CUSTOMER, to, subject: "", in_reply_to: None };
    for (index, earlier) in example.earlier.iter().enumerate() {
        let message_id = format!("earlier-{}@nightdesk.test", index + 1);
        story.decide(earlier, &Unsaid { message_id: &message_id, ..first }, earlier.mailbox.as_deref());
    }
    let mail = &example.mail;
    let decided = story.decide(mail, &first, mail.mailbox.as_deref());
    let tested = Tested::of(&decided, mail);
    story.compare_mail(&decided, &tested, &example.expect);
    for (index, step) in example.then.iter().enumerate() {
        let before = story.differences.len();
        story.follow(step, index + 1, &tested);
        if story.differences.len() > before {
            story.differences.insert_str(before, &heading(step, policy));
        }
    }
    Some(story.differences).filter(|differences| !differences.is_empty())
}

fn heading(step: &Following, policy: &Policy) -> String {
    let (at, word, line) = (instant(step.at, policy), step.event.word(), line(&step.origin, policy));
    format!("\n  {TITLE}then{TITLE:#} {at}: {TITLE}{word}{TITLE:#}  {DIM}{line}{DIM:#}\n")
}

/// The address that examples write to.
fn own_address(policy: &Policy) -> &str {
    let addresses = policy.identity.addresses.iter();
    let mut addresses = addresses.filter_map(|rule| match rule {
        AddressRule::Address(address) => Some(address.as_str()),
        AddressRule::Domain(_) => None,
    });
    addresses.next().unwrap_or("support@desk.example")
}

/// An example on its way, and what differed so far.
struct Story<'p> {
    policy: &'p Policy,
    book: Book,
    differences: String,
}

/// The mail that an example is about, as far as what follows refers to it.
struct Tested<'e> {
    case: CaseId,
    message_id: Option<String>,
    customer: String,
    subject: String,
    mailbox: Option<&'e str>,
}

impl<'e> Tested<'e> {
    fn of(decided: &Decided, written: &'e ExampleMail) -> Self {
        let message = &decided.reading.message;
        let sender = decided.reading.sender.as_ref();
        Tested {
            case: decided.decision.case,
            message_id: message.message_id.as_ref().map(|id| id.as_str().to_owned()),
            customer: sender.map_or_else(|| CUSTOMER.to_owned(), ToString::to_string),
            subject: format!("Re: {}", message.subject),
            mailbox: written.mailbox.as_deref(),
        }
    }

    /// The starts of escalations of its case.
    fn starts(&self, effects: &[Effect]) -> Vec<String> {
        let start = |effect: &Effect| match effect {
            Effect::Alert { case, started } if *case == self.case => Some(started.escalation.clone()),
            Effect::Alert { .. }
            | Effect::Opened(_)
            | Effect::Reopened(_)
            | Effect::Answered(_)
            | Effect::Deferred { .. }
            | Effect::Bounced { .. }
            | Effect::Reply { .. } => None,
        };
        effects.iter().filter_map(start).collect()
    }
}

impl Story<'_> {
    fn decide(&mut self, mail: &ExampleMail, unsaid: &Unsaid<'_>, mailbox: Option<&str>) -> Decided {
        let bytes = example_mail(mail, unsaid);
        evaluate(read_bytes(&bytes, self.policy, mailbox), self.policy, &mut self.book, mail.at)
    }

    /// One step after the mail.
    fn follow(&mut self, step: &Following, number: usize, tested: &Tested<'_>) {
        match &step.event {
            Event::Mail(mail) => {
                let decided = self.decide_following(mail, number, tested, own_address(self.policy));
                self.compare_mail(&decided, tested, &step.expect);
            }
            Event::Answer(mail) => {
                let decided = self.decide_following(mail, number, tested, &tested.customer);
                self.is_answer(&decided, &step.expect);
                self.compare_mail(&decided, tested, &step.expect);
            }
            Event::Acknowledged | Event::Closed | Event::Nothing => {
                let effects = self.book.live_through(step.at);
                if let Some(case) = self.book.case_mut(tested.case) {
                    match step.event {
                        Event::Acknowledged => case.acknowledge(),
                        Event::Closed => case.close(),
                        Event::Nothing | Event::Mail(_) | Event::Answer(_) => {}
                    }
                }
                let happened = Happened {
                    explanation: None,
                    case: self.book.case(tested.case),
                    starts: tested.starts(&effects),
                    at: step.at,
                };
                self.differences.extend(compare(&step.expect, &happened, self.policy));
            }
        }
    }

    /// A mail of the conversation: from the customer to us, or an answer to the customer.
    fn decide_following(
        &mut self,
        mail: &ExampleMail,
        number: usize,
        tested: &Tested<'_>,
        to: &str,
    ) -> Decided {
        let unsaid = Unsaid {
            message_id: &format!("then-{number}@nightdesk.test"),
            from: &tested.customer,
            to,
            subject: &tested.subject,
            in_reply_to: tested.message_id.as_deref(),
        };
        self.decide(mail, &unsaid, mail.mailbox.as_deref().or(tested.mailbox))
    }

    /// What is called an answer must be one, unless the example says what else it is.
    fn is_answer(&mut self, decided: &Decided, expect: &[Expectation]) {
        let conversation = decided.decision.conversation;
        let is_said = expect.iter().any(|expected| expected.key == "conversation");
        if conversation != Conversation::Answer && !is_said {
            let (conversation, authenticated) = (conversation.slug(), decided.reading.authenticated.slug());
            self.differences.extend([format!(
                "  this answer is none: its conversation is {conversation:?}, authenticated is {authenticated:?}\n"
            )]);
        }
    }

    fn compare_mail(&mut self, decided: &Decided, tested: &Tested<'_>, expect: &[Expectation]) {
        let Decided { reading, decision, reply, effects } = decided;
        if let Err(error) = reply {
            self.differences.extend([format!("  the reply cannot be rendered: {error}\n")]);
        }
        let explained = Explained { file: "", reading, decision, policy: self.policy, reply };
        let happened = Happened {
            explanation: Some(Explanation::of(&explained)),
            case: self.book.case(tested.case),
            starts: tested.starts(effects),
            at: decision.now,
        };
        self.differences.extend(compare(expect, &happened, self.policy));
    }
}

fn compare(expect: &[Expectation], happened: &Happened<'_>, policy: &Policy) -> Vec<String> {
    expect.iter().filter_map(|expected| difference(expected, happened, policy)).collect()
}
