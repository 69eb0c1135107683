//! Stories of conversations, told mail by mail through read, standing, decide and apply, as every command does it.

mod strangers;

use jiff::Timestamp;

use super::{Book, CaseState};
use crate::base::id::CaseId;
use crate::decision::{Conversation, Decision, Withheld, decide, read};
use crate::mail::Source;
use crate::policy::{Files, Policy, RawFile, compile};

const POLICY: &str = r#"
name = "story"
[identity]
addresses = ["support@desk.example"]
agents = ["@desk.example"]
authserv_ids = ["mx.desk.example"]
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
value = "soon"
keywords = ["Soon"]
[[label.urgency]]
value = "normal"
default = true
[[label.topic]]
value = "incident"
keywords = ["outage"]
[[form]]
from = "form@portal.example"
[[ask]]
name = "version"
found = ['\bversion \d']
question = "Which version?"
[[coverage]]
name = "urgent incident"
when = { urgency = "urgent", topic = "incident" }
alert = "on-call"
reply = "got-it"
respond_within = "2h"
[[coverage]]
name = "urgent"
when = { urgency = "urgent" }
alert = "chat"
reply = "got-it"
respond_within = "4h"
[[coverage]]
name = "night"
when = { hours = "closed" }
defer = "inbox"
reply = "got-it"
respond_within = "1 business day"
[[coverage]]
name = "day"
[[escalation]]
name = "on-call"
pages = true
steps = [{ after = "0m", notify = ["pager"] }]
[[escalation]]
name = "chat"
steps = [{ after = "0m", notify = ["chat"] }]
[[escalation]]
name = "inbox"
steps = [{ after = "0m", notify = ["inbox"] }]
[conversation]
inherit = ["topic"]
[auto_reply]
from = "Support <support@desk.example>"
per_domain = "3/1h"
"#;

/// A policy, a book, and the mails that came in so far.
struct Story {
    policy: Policy,
    book: Book,
    mails: usize,
}

/// A mail of the story.
struct Mail<'m> {
    at: &'m str,
    head: &'m str,
    body: &'m str,
}

impl Story {
    fn new() -> Self {
        Story::with(POLICY)
    }

    fn with(policy: &str) -> Self {
        let file = |name: &str, text: &str| RawFile { name: name.into(), content: Ok(text.into()) };
        let reply = "Subject: Re: {{ subject }} [{{ reference }}]\n\nWe have it.\n";
        let outcome =
            compile(&Files { files: vec![file("policy.toml", policy), file("replies/got-it.txt", reply)] });
        let policy = outcome.policy.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics));
        Story { policy, book: Book::default(), mails: 0 }
    }

    /// A mail comes in, with the Message-ID `<N@client.example>` for the N-th. The head may set any field.
    fn mail(&mut self, mail: &Mail<'_>) -> Decision {
        self.mail_seen_at(mail, mail.at)
    }

    fn mail_seen_at(&mut self, mail: &Mail<'_>, now: &str) -> Decision {
        self.mails += 1;
        let mut head = String::new();
        let fields = [
            ("From", "Anna <anna@client.example>".to_owned()),
            ("To", "support@desk.example".to_owned()),
            ("Subject", "Question".to_owned()),
            ("Message-ID", format!("<{}@client.example>", self.mails)),
        ];
        for (name, value) in fields {
            if !mail.head.lines().any(|line| line.starts_with(&format!("{name}:"))) {
                head.extend([name, ": ", &value, "\n"]);
            }
        }
        let bytes = format!("{head}{}\n\n{}\n", mail.head.trim(), mail.body).replace("\n\n\n", "\n\n");
        let reading = read(&Source::Whole(bytes.trim_start().as_bytes()), &self.policy, None);
        let (received_at, now) = (instant(mail.at), instant(now));
        let standing = self.book.standing(&reading, &self.policy, received_at, now);
        let decision = decide(&reading, &standing, &self.policy, received_at, now);
        self.book.apply(&reading, &decision, &self.policy);
        decision
    }

    fn alerts(&self, decision: &Decision) -> Vec<&str> {
        decision.alerts.iter().map(|alert| self.policy.escalations[alert.escalation].name.as_str()).collect()
    }
}

fn instant(text: &str) -> Timestamp {
    format!("{text}:00Z").parse().expect("an instant")
}

const FRIDAY: &str = "2026-01-09T14:00";
const FRIDAY_LATER: &str = "2026-01-09T15:00";
const FRIDAY_EVENING: &str = "2026-01-09T16:00";
const SATURDAY: &str = "2026-01-10T09:00";

fn plain<'m>(at: &'m str, body: &'m str) -> Mail<'m> {
    Mail { at, head: "", body }
}

fn answer<'m>(at: &'m str, body: &'m str) -> Mail<'m> {
    Mail { at, head: "In-Reply-To: <1@client.example>", body }
}

#[test]
fn a_follow_up_that_becomes_urgent_raises_and_takes_the_topic_of_the_conversation() {
    let mut story = Story::new();
    let first = story.mail(&plain(FRIDAY, "There is an outage."));
    assert!(first.alerts.is_empty());
    let raised = story.mail(&answer(SATURDAY, "This is urgent now."));
    assert_eq!(raised.conversation, Conversation::Raised);
    assert_eq!(raised.case, first.case);
    assert_eq!(story.alerts(&raised), ["on-call"]);
    assert_eq!(raised.respond_by, Some(instant("2026-01-10T11:00")));
}

#[test]
fn the_clock_of_a_raised_case_can_start_at_its_creation() {
    let mut story =
        Story::with(&POLICY.replace("[conversation]", "[conversation]\nraise_clock = \"creation\""));
    story.mail(&plain(FRIDAY, "There is an outage."));
    let raised = story.mail(&answer(SATURDAY, "This is urgent now."));
    assert_eq!(raised.respond_by, Some(instant("2026-01-09T16:00")));
    assert_eq!(
        story.alerts(&raised),
        ["on-call"],
        "a promise that has passed stops the reply, not the alert"
    );
    assert_eq!(raised.reply_withheld, [Withheld::Stale]);
}

#[test]
fn an_unchanged_urgent_subject_does_not_alert_again() {
    let mut story = Story::new();
    let first = story.mail(&Mail { at: FRIDAY, head: "Subject: Urgent: stuck", body: "See above." });
    assert_eq!(story.alerts(&first), ["chat"]);
    let head = "Subject: Re: Urgent: stuck\nIn-Reply-To: <1@client.example>";
    let second = story.mail(&Mail { at: FRIDAY_LATER, head, body: "Any news?" });
    assert!(second.alerts.is_empty());
    assert_eq!(second.conversation, Conversation::FollowUp);
    assert_eq!(second.ignored.len(), 1);
}

#[test]
fn an_urgent_follow_up_waits_for_the_running_escalation_unless_it_is_louder() {
    let mut story = Story::new();
    let first = story.mail(&plain(FRIDAY, "This is urgent."));
    assert_eq!(story.alerts(&first), ["chat"]);
    let same = story.mail(&answer(FRIDAY_LATER, "It is urgent!"));
    assert!(same.alerts.is_empty(), "chat runs, and nobody has acknowledged it");
    let louder = story.mail(&answer(FRIDAY_LATER, "Urgent: it is an outage."));
    assert_eq!(story.alerts(&louder), ["on-call"]);
    let quieter = story.mail(&answer(FRIDAY_LATER, "Urgent. Please."));
    assert!(quieter.alerts.is_empty(), "on-call runs, and the outage is inherited");
}

#[test]
fn after_an_acknowledgement_or_an_answer_an_urgent_follow_up_alerts() {
    let mut story = Story::new();
    let case = story.mail(&plain(FRIDAY, "This is urgent.")).case;
    story.book.case_mut(case).expect("the case").acknowledge();
    let still = story.mail(&answer(FRIDAY_EVENING, "Still urgent."));
    assert_eq!(story.alerts(&still), ["chat"]);

    let mut story = Story::new();
    let case = story.mail(&plain(FRIDAY, "This is urgent.")).case;
    let head = "From: Bob <bob@desk.example>\nTo: anna@client.example\nIn-Reply-To: <1@client.example>\n\
                Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example";
    let human = story.mail(&Mail { at: FRIDAY_LATER, head, body: "Urgent or not: here is how." });
    assert_eq!(human.conversation, Conversation::Answer);
    assert!(human.alerts.is_empty() && human.reply.is_none());
    assert_eq!(story.book.case(case).map(|case| case.state), Some(CaseState::Answered));
    let again = story.mail(&answer(FRIDAY_EVENING, "Does not help, urgent!"));
    assert_eq!(story.alerts(&again), ["chat"]);
    assert_eq!(story.book.case(case).map(|case| case.state), Some(CaseState::Open));
}

#[test]
fn only_an_authenticated_agent_answers() {
    let mut story = Story::new();
    let case = story.mail(&plain(FRIDAY, "This is urgent.")).case;
    let head = "From: Bob <bob@desk.example>\nTo: anna@client.example\nIn-Reply-To: <1@client.example>";
    let forged = story.mail(&Mail { at: FRIDAY_LATER, head, body: "All done." });
    assert_eq!(forged.conversation, Conversation::FollowUp);
    assert_eq!(story.book.case(case).map(|case| case.state), Some(CaseState::Open));
}

#[test]
fn a_machine_neither_raises_nor_reopens_nor_is_answered() {
    let mut story = Story::new();
    let case = story.mail(&Mail { at: FRIDAY, head: "Subject: Urgent: stuck", body: "x" }).case;
    story.book.case_mut(case).expect("the case").close();
    let head = "Subject: Automatic reply: Re: Urgent: stuck\nIn-Reply-To: <1@client.example>\nAuto-Submitted: auto-replied";
    let machine = story.mail(&Mail { at: FRIDAY_LATER, head, body: "I am away." });
    assert_eq!(machine.conversation, Conversation::FollowUp);
    assert!(machine.alerts.is_empty(), "the urgent subject is the old one");
    assert_eq!(story.book.case(case).map(|case| case.state), Some(CaseState::Closed));
}

#[test]
fn a_machine_can_open_a_case_and_alert() {
    let mut story = Story::new();
    let decision =
        story.mail(&Mail { at: SATURDAY, head: "Auto-Submitted: auto-generated", body: "Urgent: outage" });
    assert_eq!(story.alerts(&decision), ["on-call"]);
    assert!(decision.reply.is_none() && !decision.reply_withheld.is_empty());
}

#[test]
fn the_same_mail_twice_is_a_duplicate() {
    let mut story = Story::new();
    let mail = Mail { at: SATURDAY, head: "Message-ID: <same@client.example>", body: "Urgent outage" };
    let first = story.mail(&mail);
    let second = story.mail(&mail);
    assert_eq!((second.conversation, second.case), (Conversation::Duplicate, first.case));
    assert!(second.alerts.is_empty() && second.defer.is_none() && second.reply.is_none());
    assert!(second.reply_withheld.contains(&Withheld::Duplicate));
}

#[test]
fn what_was_only_watched_was_told_to_nobody_and_silences_nothing() {
    let mut story = Story::new();
    let mail = Mail { at: SATURDAY, head: "Message-ID: <same@client.example>", body: "Urgent outage" };
    story.book.watches_only = true;
    let watched = story.mail(&mail);
    assert_eq!(story.mail(&mail).conversation, Conversation::Duplicate, "for those who only watch");
    story.book.watches_only = false;
    // Another server stamps its copy later.
    let mail = Mail { at: "2026-01-10T09:02", ..mail };
    let copy = story.mail(&mail);
    assert_eq!((copy.conversation, copy.case), (Conversation::New, watched.case));
    assert_eq!(story.alerts(&copy), ["on-call"]);
    let running = &story.book.case(copy.case).expect("the case").running;
    assert_eq!(running.iter().map(|running| running.plan.is_silent()).collect::<Vec<_>>(), [false]);
    assert_eq!(story.mail(&mail).conversation, Conversation::Duplicate);
}

#[test]
fn a_follow_up_alerts_when_what_runs_began_while_nothing_was_sent() {
    let mut story = Story::new();
    story.book.watches_only = true;
    story.mail(&plain(FRIDAY, "There is an outage. This is urgent."));
    story.mail(&Mail { at: SATURDAY, head: "Message-ID: <9@client.example>", body: "Good night" });
    assert!(story.mail(&answer(FRIDAY_LATER, "Still urgent.")).alerts.is_empty(), "it runs, silently");
    story.book.watches_only = false;
    let acted = story.mail(&answer(FRIDAY_EVENING, "Urgent!"));
    assert_eq!(story.alerts(&acted), ["on-call"]);
    let head = "In-Reply-To: <9@client.example>";
    let deferred = story.mail(&Mail { at: SATURDAY, head, body: "Nobody there?" });
    assert!(deferred.defer.is_some(), "the deferral that tells nobody is not enough");
}

#[test]
fn a_reused_message_id_with_other_content_is_another_mail() {
    let mut story = Story::new();
    let head = "Message-ID: <same@client.example>";
    story.mail(&Mail { at: SATURDAY, head, body: "Hello" });
    let second = story.mail(&Mail { at: SATURDAY, head, body: "Urgent outage" });
    assert_eq!(second.conversation, Conversation::New);
    assert_eq!(story.alerts(&second), ["on-call"]);
}

#[test]
fn a_sender_gets_one_reply_and_one_more_when_it_gets_louder() {
    let mut story = Story::new();
    assert!(story.mail(&plain(SATURDAY, "Hello")).reply.is_some());
    let again = story.mail(&plain(SATURDAY, "Hello again"));
    assert_eq!(again.reply_withheld, [Withheld::Repeated]);
    assert!(story.mail(&plain(SATURDAY, "Urgent outage")).reply.is_some(), "louder");
    let third = story.mail(&plain(SATURDAY, "Urgent outage, third"));
    assert_eq!(third.reply_withheld, [Withheld::Repeated], "one more, not two");
    assert_eq!(story.alerts(&third), ["on-call"]);
    assert!(story.mail(&plain("2026-01-11T09:01", "Hello")).reply.is_some(), "a day later");
}

#[test]
fn a_person_gets_one_reply_whatever_is_wrapped_around_the_address() {
    let mut story = Story::new();
    assert!(story.mail(&plain(SATURDAY, "Hello")).reply.is_some());
    for from in [
        "anna+2@client.example",
        "prvs=3212a9f0c1=anna@client.example",
        "SRS0=Hx3=Q7=client.example=anna@forward.example",
    ] {
        let head = format!("From: {from}");
        let again = story.mail(&Mail { at: SATURDAY, head: &head, body: "Hello again" });
        assert_eq!(again.reply_withheld, [Withheld::Repeated], "{from}");
    }
    let bert = story.mail(&Mail { at: SATURDAY, head: "From: bert+2@client.example", body: "Hello" });
    assert_eq!(bert.reply.map(|reply| reply.to.to_string()).as_deref(), Some("bert+2@client.example"));
}

#[test]
fn an_answer_may_leave_out_the_tag_and_must_come_from_one_agent() {
    let mut story = Story::new();
    story.mail(&Mail { at: FRIDAY, head: "From: anna+shop@client.example", body: "This is urgent." });
    let passed = "Authentication-Results: mx.desk.example; dmarc=pass\nIn-Reply-To: <1@client.example>\n\
        To: anna@client.example";
    for from in [
        "From: bob@desk.example, x@evil.example",
        "From: x@evil.example\nFrom: bob@desk.example",
        "From: Bob <bob@desk.example",
    ] {
        let head = format!("{from}\n{passed}");
        let forged = story.mail(&Mail { at: FRIDAY_LATER, head: &head, body: "All done." });
        assert_ne!(forged.conversation, Conversation::Answer, "{from}");
    }
    let head = format!("From: Bob <bob+desk@desk.example>\n{passed}");
    let answer = story.mail(&Mail { at: FRIDAY_LATER, head: &head, body: "All done." });
    assert_eq!(answer.conversation, Conversation::Answer);
}

#[test]
fn a_domain_gets_no_more_replies_than_its_limit() {
    let mut story = Story::new();
    let froms = ["a", "b", "c", "d"].map(|name| format!("From: {name}@bulk.example"));
    let mut replies =
        froms.iter().map(|head| story.mail(&Mail { at: SATURDAY, head, body: "Hello" }).reply_withheld);
    assert!(replies.by_ref().take(3).all(|withheld| withheld.is_empty()));
    assert_eq!(replies.next(), Some(vec![Withheld::DomainLimit]));
}

#[test]
fn a_closed_case_is_reopened_within_its_time_and_not_later() {
    let mut story = Story::new();
    let case = story.mail(&plain(FRIDAY, "Hello")).case;
    story.book.case_mut(case).expect("the case").close();
    let reopened = story.mail(&answer(FRIDAY_LATER, "Again"));
    assert_eq!((reopened.conversation, reopened.case), (Conversation::Reopened, case));
    assert_eq!(story.book.case(case).map(|case| case.state), Some(CaseState::Open));
    story.book.case_mut(case).expect("the case").close();
    let later = story.mail(&answer("2026-02-20T09:00", "Again"));
    assert_eq!(later.conversation, Conversation::New);
    assert_ne!(later.case, case);
}

#[test]
fn a_reference_in_the_subject_joins_only_for_the_same_host() {
    let mut story = Story::new();
    let case = story.mail(&plain(FRIDAY, "Hello")).case;
    let subject = format!("Subject: about [{}]", case.reference());
    let colleague = format!("{subject}\nFrom: ben@client.example");
    let joined = story.mail(&Mail { at: FRIDAY_LATER, head: &colleague, body: "Me too" });
    assert_eq!(joined.case, case);
    let stranger = format!("{subject}\nFrom: eve@other.example");
    let apart = story.mail(&Mail { at: FRIDAY_LATER, head: &stranger, body: "Me too" });
    assert_ne!(apart.case, case);
}

#[test]
fn mail_that_answers_our_reply_joins_its_case_and_is_not_answered() {
    let mut story = Story::new();
    let first = story.mail(&plain(SATURDAY, "Hello"));
    let ours = first.reply.as_ref().expect("a reply").message_id.clone();
    let head = format!("From: carl@client.example\nIn-Reply-To: <{ours}>");
    let second = story.mail(&Mail { at: SATURDAY, head: &head, body: "Thanks" });
    assert_eq!(second.case, first.case);
    assert_eq!(second.reply_withheld, [Withheld::AnswersOurReply]);
}

#[test]
fn a_deferral_is_made_once_and_starts_at_once_when_its_opening_has_passed() {
    let mut story = Story::new();
    let first = story.mail(&plain(SATURDAY, "Hello"));
    assert_eq!(first.defer.map(|deferral| deferral.until), Some(instant("2026-01-12T08:00")));
    assert!(story.mail(&answer("2026-01-10T10:00", "More")).defer.is_none(), "it waits already");
    let late = story.mail_seen_at(&plain(SATURDAY, "Found late"), "2026-01-12T10:00");
    assert_eq!(late.defer.map(|deferral| deferral.until), Some(instant("2026-01-12T10:00")));
    assert!(late.reply_withheld.contains(&Withheld::Stale));
}

#[test]
fn a_case_lapses_when_nobody_came() {
    let mut story = Story::new();
    let case = story.mail(&plain(FRIDAY, "This is urgent.")).case;
    let case = story.book.case_mut(case).expect("the case");
    case.advance(instant("2026-01-10T13:59"));
    assert_eq!(case.state, CaseState::Open);
    case.advance(instant("2026-01-10T14:00"));
    assert_eq!(case.state, CaseState::Lapsed);
}

#[test]
fn a_reply_goes_to_reply_to_only_where_that_is_safe() {
    let reply_to = |head: &str| {
        let decision = Story::new().mail(&Mail { at: SATURDAY, head, body: "Hello" });
        decision.reply.map_or_else(|| format!("{:?}", decision.reply_withheld), |plan| plan.to.to_string())
    };
    assert_eq!(reply_to("Reply-To: team@client.example"), "team@client.example");
    assert_eq!(reply_to("Reply-To: evil@other.example"), "anna@client.example");
    let authenticated = "Reply-To: x@other.example\nAuthentication-Results: mx.desk.example; dmarc=pass header.from=client.example";
    assert_eq!(reply_to(authenticated), "x@other.example");
    assert_eq!(reply_to("From: form@portal.example\nReply-To: zoe@home.example"), "zoe@home.example");
    assert_eq!(reply_to("From: form@portal.example"), "[UnsafeReplyTo]");
    assert_eq!(reply_to("From: support@desk.example"), "[OwnAddress]");
    assert_eq!(reply_to("Reply-To: noreply@client.example"), "[Evidence(NoReplySender)]");
}

#[test]
fn what_the_conversation_has_said_is_not_asked_again() {
    let mut story = Story::new();
    assert_eq!(story.mail(&plain(SATURDAY, "Hello")).asked_for.len(), 1);
    assert_eq!(story.mail(&answer(SATURDAY, "It is version 5.")).asked_for.len(), 0);
    assert_eq!(story.mail(&answer(SATURDAY, "And now?")).asked_for.len(), 0);
}

#[test]
fn a_sender_whose_authentication_fails_gets_the_alert_but_no_reply() {
    let mut story = Story::new();
    let head = "Authentication-Results: mx.desk.example; dmarc=fail header.from=client.example";
    let decision = story.mail(&Mail { at: SATURDAY, head, body: "Urgent outage" });
    assert_eq!(story.alerts(&decision), ["on-call"]);
    assert_eq!(decision.reply_withheld, [Withheld::Unauthenticated]);
}

#[test]
fn no_amount_of_quoted_or_weaker_words_hides_an_urgent_one() {
    let quoted = "> urgent outage\n".repeat(20_000);
    let log = "soon soon outage\n".repeat(20_000);
    for noise in [quoted, log] {
        let mut story = Story::new();
        let decision = story.mail(&plain(SATURDAY, &format!("{noise}\nUrgent: there is an outage.")));
        assert_eq!(story.alerts(&decision), ["on-call"]);
    }
}

#[test]
fn a_header_that_anybody_can_write_stops_no_alert() {
    let mut story = Story::new();
    let decision = story.mail(&Mail { at: SATURDAY, head: "X-Nightdesk: anything", body: "Urgent outage" });
    assert_eq!(story.alerts(&decision), ["on-call"]);
    assert!(decision.reply.is_none());
    let head = "X-Nightdesk: alert\nFrom: support@desk.example";
    let ours = story.mail(&Mail { at: SATURDAY, head, body: "Urgent outage, as we told you" });
    assert!(ours.alerts.is_empty(), "our own alert that comes back");
}

#[test]
fn a_machine_whose_subject_only_begins_like_an_earlier_one_still_alerts() {
    let mut story = Story::new();
    let machine = "Auto-Submitted: auto-generated\nSubject: ";
    story.mail(&Mail { at: FRIDAY, head: &format!("{machine}API"), body: "is fine" });
    let head = format!("{machine}Urgent: API outage\nIn-Reply-To: <1@client.example>");
    let down = story.mail(&Mail { at: FRIDAY_LATER, head: &head, body: "x" });
    assert_eq!(story.alerts(&down), ["on-call"]);
}

#[test]
fn a_tag_that_is_new_in_the_subject_counts_and_an_old_one_does_not() {
    let mut story = Story::new();
    story.mail(&Mail { at: FRIDAY, head: "Subject: stuck", body: "x" });
    let follow_up = "Subject: Re: [URGENT] stuck\nIn-Reply-To: <1@client.example>";
    let raised = story.mail(&Mail { at: FRIDAY_LATER, head: follow_up, body: "x" });
    assert_eq!(story.alerts(&raised), ["chat"]);
    let again = story.mail(&Mail { at: FRIDAY_EVENING, head: follow_up, body: "any news?" });
    assert!(again.alerts.is_empty());
}

const AGENT: &str = "From: Bob <bob@desk.example>\nIn-Reply-To: <1@client.example>\n\
                     Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example";

#[test]
fn an_agents_mail_to_somebody_else_is_no_answer() {
    let mut story = Story::new();
    let case = story.mail(&plain(FRIDAY, "This is urgent.")).case;
    let head = format!("{AGENT}\nTo: vendor@other.example");
    let aside = story.mail(&Mail { at: FRIDAY_LATER, head: &head, body: "Can you look?" });
    assert_eq!(aside.conversation, Conversation::FollowUp);
    assert_eq!(story.book.case(case).map(|case| case.running.len()), Some(1));
}

#[test]
fn an_answer_does_not_answer_what_came_after_it() {
    let mut story = Story::new();
    let case = story.mail(&plain(FRIDAY_LATER, "This is urgent.")).case;
    let head = format!("{AGENT}\nTo: anna@client.example");
    let early = story.mail_seen_at(&Mail { at: FRIDAY, head: &head, body: "Here." }, FRIDAY_EVENING);
    assert_eq!(early.conversation, Conversation::Answer);
    assert_eq!(story.book.case(case).map(|case| case.state), Some(CaseState::Open));
}

#[test]
fn after_an_answer_a_machine_pages_once_and_not_with_every_mail() {
    let mut story = Story::new();
    story.mail(&plain(FRIDAY, "Urgent outage"));
    let head = format!("{AGENT}\nTo: anna@client.example");
    story.mail(&Mail { at: FRIDAY_LATER, head: &head, body: "Done." });
    let machine = "Auto-Submitted: auto-generated\nIn-Reply-To: <1@client.example>";
    let first = story.mail(&Mail { at: FRIDAY_EVENING, head: machine, body: "Urgent: outage, 1" });
    assert_eq!(story.alerts(&first), ["on-call"]);
    let second = story.mail(&Mail { at: FRIDAY_EVENING, head: machine, body: "Urgent: outage, 2" });
    assert!(second.alerts.is_empty());
}

#[test]
fn a_machines_words_do_not_make_a_customers_own_look_old() {
    let mut story = Story::new();
    story.mail(&plain(FRIDAY, "Hello"));
    let machine = "Auto-Submitted: auto-replied\nIn-Reply-To: <1@client.example>";
    story.mail(&Mail { at: FRIDAY_LATER, head: machine, body: "In urgent cases call Ben." });
    let raised = story.mail(&answer(FRIDAY_EVENING, "It is urgent."));
    assert_eq!(raised.conversation, Conversation::Raised);
}

#[test]
fn what_cannot_be_read_alerts_also_within_a_conversation() {
    let rule = "[[coverage]]\nname = \"unreadable\"\nwhen = { readable = false }\nalert = \"chat\"\n\n[[coverage]]\nname = \"night\"";
    let mut story = Story::with(&POLICY.replace("[[coverage]]\nname = \"night\"", rule));
    story.mail(&plain(SATURDAY, "Hello"));
    let head = "In-Reply-To: <1@client.example>\nMIME-Version: 1.0\n\
                Content-Type: application/pkcs7-mime; smime-type=enveloped-data";
    let secret = story.mail(&Mail { at: SATURDAY, head, body: "MIAGCSqGSIb3DQEHA6CA" });
    assert_eq!(story.alerts(&secret), ["chat"]);
}

#[test]
fn a_form_may_write_from_an_address_that_is_not_read() {
    let policy = POLICY.replace("form@portal.example", "no-reply@portal.example");
    let head = "From: no-reply@portal.example\nReply-To: zoe@home.example";
    let decision = Story::with(&policy).mail(&Mail { at: SATURDAY, head, body: "Hello" });
    assert_eq!(decision.reply.map(|plan| plan.to.to_string()).as_deref(), Some("zoe@home.example"));
}

#[test]
fn the_same_words_a_month_later_are_a_new_mail_when_nothing_else_names_them() {
    let mut story = Story::new();
    let bare = |at| Mail { at, head: "Message-ID:", body: "Urgent outage" };
    story.mail(&bare(SATURDAY));
    assert_eq!(story.mail(&bare(SATURDAY)).conversation, Conversation::Duplicate);
    let later = story.mail(&bare("2026-02-14T09:00"));
    assert_eq!(later.conversation, Conversation::New);
    assert_eq!(story.alerts(&later), ["on-call"]);
}

#[test]
fn two_answers_to_a_mail_that_we_never_saw_are_one_conversation() {
    let mut story = Story::new();
    let head = "In-Reply-To: <outbound@desk.example>";
    let first = story.mail(&Mail { at: FRIDAY, head, body: "Urgent outage" });
    let second = story.mail(&Mail { at: FRIDAY_LATER, head, body: "Urgent outage!" });
    assert_eq!(second.case, first.case);
    assert!(second.alerts.is_empty());
}

#[test]
fn a_reference_is_found_behind_another_tag() {
    let mut story = Story::new();
    let case = story.mail(&plain(FRIDAY, "Hello")).case;
    let head = format!("Subject: [PROJ-1234] about [{}]", case.reference());
    assert_eq!(story.mail(&Mail { at: FRIDAY_LATER, head: &head, body: "More" }).case, case);
}

#[test]
fn two_mails_of_one_second_never_share_a_case() {
    let mut story = Story::new();
    let first = story.mail(&plain(SATURDAY, "Hello"));
    let bytes =
        b"From: anna@client.example\nMessage-ID: <1@client.example>\nSubject: Question\n\nHello again";
    let reading = read(&Source::Whole(bytes), &story.policy, None);
    // As if the case had the id that this mail would get.
    let mut other = story.book.case(first.case).expect("the case").clone();
    other.id = CaseId::derive(instant(SATURDAY), reading.content);
    story.book.insert(other.clone());
    let standing = story.book.standing(&reading, &story.policy, instant(SATURDAY), instant(SATURDAY));
    assert_eq!(standing.free_case, Some(other.id.next()));
}

#[test]
fn an_agent_who_wrote_in_a_conversation_is_not_the_customer_whom_another_answers() {
    let mut story = Story::new();
    let case = story.mail(&plain(FRIDAY, "This is urgent.")).case;
    let head = format!("{AGENT}\nTo: vendor@other.example");
    story.mail(&Mail { at: FRIDAY_LATER, head: &head, body: "Can you look?" });
    let head =
        format!("{AGENT}\nTo: vendor@other.example, bob@desk.example").replacen("Bob <bob@", "Eve <eve@", 1);
    let aside = story.mail(&Mail { at: FRIDAY_EVENING, head: &head, body: "Any news?" });
    assert_eq!(aside.conversation, Conversation::FollowUp);
    assert_eq!(story.book.case(case).map(|case| case.running.len()), Some(1));
}

#[test]
fn a_case_outlives_its_policy_and_its_book() {
    let mut story = Story::new();
    let first = story.mail(&plain(FRIDAY, "There is an outage. This is urgent."));
    let kept = story.book.case(first.case).expect("the case").clone();
    // The same rules in another order, and a new book that knows the mail.
    let escalation = "[[escalation]]\nname = \"first\"\nsteps = [{ after = \"0m\", notify = [\"chat\"] }]\n";
    let label = "[[label.topic]]\nvalue = \"billing\"\nkeywords = [\"invoice\"]\n[[label.topic]]";
    let policy = POLICY.replacen("[[escalation]]", &format!("{escalation}[[escalation]]"), 1);
    let mut reloaded = Story::with(&policy.replacen("[[label.topic]]", label, 1));
    reloaded.mails = story.mails;
    let known = |message_id: &str| super::KnownMail {
        message_id: message_id.to_owned(),
        case: first.case,
        known_as: super::KnownAs::Received,
        fresh: true,
    };
    reloaded.book.load(super::Loaded {
        cases: vec![kept],
        mails: vec![known("1@client.example")],
        ..super::Loaded::default()
    });
    let again = reloaded.mail(&answer(FRIDAY_LATER, "Still urgent."));
    assert!(again.alerts.is_empty(), "on-call runs, and the outage is inherited");
    reloaded.book.case_mut(first.case).expect("the case").acknowledge();
    let third = reloaded.mail(&answer(FRIDAY_EVENING, "Urgent!"));
    assert_eq!(reloaded.alerts(&third), ["on-call"]);
    let running = &reloaded.book.case(first.case).expect("the case").running;
    assert_eq!(running.iter().map(|running| running.number).collect::<Vec<_>>(), [2]);
    assert_eq!(running[0].brief.subject, "Question");
    assert_eq!(running[0].plan.steps[0].notify, ["pager"]);
    let changes = reloaded.book.changes();
    let versions = changes.cases.iter().map(|(_, kept)| kept.map(|kept| kept.version));
    assert_eq!(versions.collect::<Vec<_>>(), [Some(1)]);
    let renewed = changes.mails.iter().any(|mail| mail.message_id == "1@client.example");
    assert!(!renewed, "what is young needs no new entry");
}

#[test]
fn what_starts_late_still_gets_its_whole_time() {
    let mut story = Story::new();
    let first = story.mail(&plain(SATURDAY, "Hello"));
    let effects = story.book.advance(instant("2026-02-12T08:00"));
    let started = super::Started { escalation: "inbox".to_owned(), number: 1 };
    assert_eq!(effects, [super::Effect::Alert { case: first.case, started: started.clone() }]);
    let case = story.book.case(first.case).expect("the case");
    let running = case.running(&started).expect("it runs");
    assert!(running.deferred && running.started_at == instant("2026-02-12T08:00"));
    assert_eq!(case.due_at(), Some(running.gives_up_at));
}

#[test]
fn the_outlook_of_a_case_is_what_it_does_when_time_goes_by() {
    let mut story = Story::new();
    let first = story.mail(&plain(SATURDAY, "Hello"));
    let outlook = story.book.case(first.case).expect("the case").outlook(instant(SATURDAY));
    let starts: Vec<_> = outlook
        .iter()
        .filter_map(|one| {
            if let super::Turn::Starts { escalation, .. } = &one.turn {
                Some((one.at, escalation.clone()))
            } else {
                None
            }
        })
        .collect();
    let end = outlook.last().expect("an end").clone();
    assert_eq!(end.turn, super::Turn::Lapses);
    // A second before its end it runs, at its end it has lapsed.
    let second = jiff::SignedDuration::from_secs(1);
    let effects = story.book.live_through(end.at - second);
    let started = |effect: &super::Effect| {
        let super::Effect::Alert { started, .. } = effect else {
            panic!("time alone does not do this: {effect:?}")
        };
        started.escalation.clone()
    };
    let effects: Vec<String> = effects.iter().map(started).collect();
    assert_eq!(starts.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>(), effects);
    assert_eq!(story.book.case(first.case).expect("the case").running[0].started_at, starts[0].0);
    assert_eq!(story.book.case(first.case).map(|case| case.state), Some(super::CaseState::Open));
    story.book.live_through(end.at);
    assert_eq!(story.book.case(first.case).map(|case| case.state), Some(super::CaseState::Lapsed));
}

#[test]
fn a_mailbox_sends_no_more_replies_than_its_limit() {
    let mut story = Story::with(&POLICY.replace("per_domain = \"3/1h\"", "per_mailbox = \"3/1h\""));
    let froms: Vec<String> = (0..4).map(|number| format!("From: a@bulk{number}.example")).collect();
    let withheld: Vec<Vec<Withheld>> = froms
        .iter()
        .map(|head| story.mail(&Mail { at: SATURDAY, head, body: "Hello" }).reply_withheld)
        .collect();
    assert_eq!(withheld, [vec![], vec![], vec![], vec![Withheld::MailboxLimit]]);
}
