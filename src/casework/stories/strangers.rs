//! Stories of mail that says more than its sender may: references that were guessed or forged, our mark on what we never
//! wrote, reports of what never happened; and of those who do belong to a conversation.

use super::super::{Book, CaseState, KnownAs, Loaded};
use super::{AGENT, FRIDAY, FRIDAY_EVENING, FRIDAY_LATER, Mail, SATURDAY, Story, plain};
use crate::base::id::CaseId;
use crate::base::seal::{ReplyId, Seal};
use crate::decision::{Because, Conversation, Decision, JoinedBy, NotJoined, Step, Withheld};

/// Everything but the cases is forgotten, as after months.
fn only_cases(story: &mut Story, cases: &[CaseId]) {
    let kept = cases.iter().filter_map(|case| story.book.case(*case).cloned()).collect();
    story.book = Book::default();
    story.book.load(Loaded { cases: kept, ..Loaded::default() });
}

fn id_of_reply(decision: &Decision) -> String {
    decision.reply.as_ref().expect("a reply").message_id.clone()
}

#[test]
fn our_reply_is_known_by_its_seal_when_nothing_else_is_remembered() {
    for change in [str::to_owned, str::to_lowercase, str::to_uppercase] {
        let mut story = Story::new();
        let first = story.mail(&plain(SATURDAY, "Hello"));
        let ours = change(&id_of_reply(&first));
        only_cases(&mut story, &[first.case]);
        let head = format!("From: carl@other.example\nReferences: <x@y> <{ours}>");
        let second = story.mail(&Mail { at: SATURDAY, head: &head, body: "Thanks" });
        assert_eq!((second.case, second.conversation), (first.case, Conversation::FollowUp), "{ours}");
        assert_eq!(second.reply_withheld, [Withheld::AnswersOurReply]);
        // Not even the case is there: it is an answer to a reply of ours all the same.
        story.book = Book::default();
        let third = story.mail(&Mail { at: SATURDAY, head: &head, body: "Thanks again" });
        assert_eq!(third.conversation, Conversation::New);
        assert!(third.reply_withheld.contains(&Withheld::AnswersOurReply));
    }
}

#[test]
fn a_forged_seal_joins_nothing_and_is_not_remembered() {
    let mut story = Story::new();
    let first = story.mail(&plain(SATURDAY, "Urgent outage"));
    let ours = id_of_reply(&first);
    let (rest, domain) = ours.split_once(".reply@").expect("an id");
    let flipped = if rest.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{flipped}.reply@{domain}", rest.get(..rest.len() - 1).expect("letters"));
    // Even from the customer's own domain: who saw the reply has no need to forge it.
    let head = format!("From: eve@client.example\nIn-Reply-To: <{forged}>");
    let eve = story.mail(&Mail { at: SATURDAY, head: &head, body: "Urgent outage, I say" });
    assert_ne!(eve.case, first.case);
    assert_eq!(story.alerts(&eve), ["on-call"], "it is a mail of its own");
    assert!(!eve.reply_withheld.contains(&Withheld::AnswersOurReply), "{:?}", eve.reply_withheld);
    let false_seal = Because::NotJoined(NotJoined::FalseSeal);
    assert!(
        eve.trace
            .iter()
            .any(|step| matches!(step, Step::Conversation { because, .. } if *because == false_seal))
    );
    let again = story.mail(&Mail { at: SATURDAY, head: &head, body: "Hello" });
    assert_ne!(again.case, eve.case, "nothing is known by a false seal");
    let remembered = story.book.changes().mails.iter().any(|mail| mail.message_id == forged);
    assert!(!remembered);
    // Nor by a mail that calls itself so.
    let named = format!("From: eve@evil.example\nMessage-ID: <{forged}>");
    story.mail(&Mail { at: SATURDAY, head: &named, body: "Hello" });
    assert!(story.book.changes().mails.iter().all(|mail| mail.message_id != forged));
}

#[test]
fn a_seal_names_its_own_case_whatever_else_a_mail_refers_to() {
    let mut story = Story::new();
    let anna = story.mail(&plain(SATURDAY, "Hello"));
    let head = "From: ben@second.example";
    let ben = story.mail(&Mail { at: SATURDAY, head, body: "Hello from Ben" });
    let (annas, bens) = (id_of_reply(&anna), id_of_reply(&ben));
    // Anna answers her own reply, and names Ben's behind it.
    let head = format!("In-Reply-To: <{annas}>\nReferences: <{bens}>");
    assert_eq!(story.mail(&Mail { at: SATURDAY, head: &head, body: "Thanks" }).case, anna.case);
    let head = format!("From: ben@second.example\nIn-Reply-To: <{bens}>");
    assert_eq!(story.mail(&Mail { at: SATURDAY, head: &head, body: "Thanks" }).case, ben.case);
}

const EVE: &str = "From: eve@evil.example\nIn-Reply-To: <1@client.example>";

#[test]
fn a_guessed_reference_silences_nobody() {
    let mut story = Story::new();
    let first = story.mail(&plain(FRIDAY, "Urgent outage"));
    let eve = story.mail(&Mail { at: FRIDAY_LATER, head: EVE, body: "Urgent outage" });
    assert_eq!((eve.case, eve.joined_by), (first.case, Some(JoinedBy::Stranger)));
    assert_eq!(story.alerts(&eve), ["on-call"], "the customer's escalation is not hers");
    let running = |story: &Story| story.book.case(first.case).map(|case| case.running.len());
    assert_eq!(running(&story), Some(2), "and hers takes nothing from it");
    let more = story.mail(&Mail { at: FRIDAY_LATER, head: EVE, body: "Urgent outage, I say" });
    assert_eq!((more.alerts.len(), running(&story)), (1, Some(2)), "she cannot pile them up");
}

#[test]
fn what_a_stranger_says_makes_no_mail_of_the_customer_old_news() {
    let mut story = Story::new();
    let first = story.mail(&Mail { at: FRIDAY, head: "Subject: stuck", body: "Hello" });
    let before = story.book.case(first.case).expect("the case").clone();
    let loud = format!("{EVE}\nSubject: Re: [URGENT] stuck");
    let eve = story.mail(&Mail { at: FRIDAY_LATER, head: &loud, body: "Urgent outage, version 5" });
    assert_eq!(story.alerts(&eve), ["on-call"]);
    let after = story.book.case(first.case).expect("the case").clone();
    assert_eq!(
        (&after.people, &after.addressed, &after.asks_found),
        (&before.people, &before.addressed, &before.asks_found)
    );
    assert_eq!((&after.strongest, &after.subjects), (&before.strongest, &before.subjects));
    // The customer then writes the same, and is heard as if Eve had never written.
    let head = "Subject: Re: [URGENT] stuck\nIn-Reply-To: <1@client.example>";
    let anna = story.mail(&Mail { at: FRIDAY_EVENING, head, body: "There is an outage." });
    assert_eq!((story.alerts(&anna), anna.conversation), (vec!["on-call"], Conversation::Raised));
}

#[test]
fn an_answer_to_a_stranger_is_none_to_the_customer_and_a_stranger_opens_nothing_again() {
    let mut story = Story::new();
    let first = story.mail(&plain(FRIDAY, "This is urgent."));
    story.mail(&Mail { at: FRIDAY_LATER, head: EVE, body: "Me too" });
    let head = format!("{AGENT}\nTo: eve@evil.example");
    let aside = story.mail(&Mail { at: FRIDAY_EVENING, head: &head, body: "No." });
    assert_eq!(aside.conversation, Conversation::FollowUp);
    let state = |story: &Story| story.book.case(first.case).map(|case| case.state);
    assert_eq!(state(&story), Some(CaseState::Open));
    // Who was answered belongs to the conversation from then on; another stranger does not.
    let other = EVE.replace("eve@evil", "zoe@other");
    let head = format!("{AGENT}\nTo: anna@client.example");
    story.mail(&Mail { at: FRIDAY_EVENING, head: &head, body: "Here is how." });
    story.mail(&Mail { at: FRIDAY_EVENING, head: &other, body: "And me?" });
    assert_eq!(state(&story), Some(CaseState::Answered));
    story.book.case_mut(first.case).expect("the case").close();
    let late = story.mail(&Mail { at: FRIDAY_EVENING, head: &other, body: "Hello?" });
    assert_eq!((late.conversation, late.case == first.case), (Conversation::New, false));
    assert_eq!(state(&story), Some(CaseState::Closed));
    let stranger = Because::NotJoined(NotJoined::Stranger);
    assert!(
        late.trace
            .iter()
            .any(|step| matches!(step, Step::Conversation { because, .. } if *because == stranger))
    );
}

#[test]
fn a_mail_that_comes_after_those_that_refer_to_it_is_still_its_senders() {
    let mut story = Story::new();
    let early = "From: eve@evil.example\nIn-Reply-To: <late@client.example>";
    let eve = story.mail(&Mail { at: FRIDAY, head: early, body: "Hello" });
    let anna = story.mail(&Mail { at: FRIDAY, head: "Message-ID: <late@client.example>", body: "Urgent" });
    assert_ne!(anna.case, eve.case);
    let head = "In-Reply-To: <late@client.example>";
    assert_eq!(story.mail(&Mail { at: FRIDAY_LATER, head, body: "Any news?" }).case, anna.case);
    let changes = story.book.changes();
    let last = changes.mails.iter().rfind(|mail| mail.message_id == "late@client.example");
    assert_eq!(last.map(|mail| (mail.case, mail.known_as)), Some((anna.case, KnownAs::Received)));
}

#[test]
fn two_customers_who_answer_the_same_announcement_both_alert() {
    let mut story = Story::new();
    let announced = |from: &str| format!("From: {from}\nIn-Reply-To: <announcement@desk.example>");
    let one = announced("anna@client.example");
    let first = story.mail(&Mail { at: FRIDAY, head: &one, body: "Urgent outage" });
    for from in ["ben@second.example", "carl@gmail.com", "dora@gmail.com"] {
        let head = announced(from);
        let other = story.mail(&Mail { at: FRIDAY_LATER, head: &head, body: "Urgent outage" });
        assert_ne!(other.case, first.case, "{from}");
        assert_eq!(
            (story.alerts(&other), other.conversation),
            (vec!["on-call"], Conversation::New),
            "{from}"
        );
    }
    let head = announced("ann@client.example");
    let colleague = story.mail(&Mail { at: FRIDAY_LATER, head: &head, body: "Urgent outage" });
    assert_eq!((colleague.case, colleague.alerts.len()), (first.case, 0), "the same house has one matter");
}

#[test]
fn who_was_written_to_or_writes_to_the_customer_belongs_to_the_conversation() {
    let mut story = Story::new();
    let head = "To: support@desk.example\nCc: Carl <carl@partner.example>";
    let case = story.mail(&Mail { at: FRIDAY, head, body: "Hello" }).case;
    let carl = "From: Carl@partner.example\nIn-Reply-To: <1@client.example>";
    let mut joins = |at, head, body| {
        let decision = story.mail(&Mail { at, head, body });
        (decision.case == case, decision.joined_by)
    };
    let belongs = (true, Some(JoinedBy::Reference));
    assert_eq!(joins(FRIDAY_LATER, carl, "Me too"), belongs);
    // On a list, to the customer.
    let list = "From: dan@third.example\nTo: users@list.example\nCc: anna@client.example\n\
                List-Id: <users.list.example>\nIn-Reply-To: <1@client.example>";
    assert_eq!(joins(FRIDAY_LATER, list, "Me too"), belongs);
    // An agent asks a vendor, who answers.
    let asks = format!("{AGENT}\nTo: help@vendor.example\nMessage-ID: <asked@desk.example>");
    joins(FRIDAY_LATER, &asks, "Can you look?");
    let vendor = "From: help@vendor.example\nIn-Reply-To: <asked@desk.example>";
    assert_eq!(joins(FRIDAY_EVENING, vendor, "We can."), belongs);
    // Whoever only says to be an agent brings in nobody.
    let forged = "From: Bob <bob@desk.example>\nIn-Reply-To: <1@client.example>\nTo: eve@evil.example";
    joins(FRIDAY_LATER, forged, "Join us");
    assert_eq!(joins(FRIDAY_EVENING, EVE, "Here I am"), (true, Some(JoinedBy::Stranger)));
}

#[test]
fn a_reference_in_the_subject_is_not_enough_where_authentication_failed_or_all_share_the_host() {
    let mut story = Story::new();
    let case = story.mail(&plain(FRIDAY, "Hello")).case;
    let subject = format!("Subject: about [{}]", case.reference());
    let failed =
        format!("{subject}\nAuthentication-Results: mx.desk.example; dmarc=fail header.from=client.example");
    assert_ne!(story.mail(&Mail { at: FRIDAY_LATER, head: &failed, body: "Me too" }).case, case);
    let passed = failed.replace("fail", "pass");
    assert_eq!(story.mail(&Mail { at: FRIDAY_LATER, head: &passed, body: "Me too, again" }).case, case);
    let public = story.mail(&Mail { at: FRIDAY, head: "From: anna@gmail.com", body: "Hello" }).case;
    let subject = format!("Subject: about [{}]", public.reference());
    let other = format!("{subject}\nFrom: eve@gmail.com");
    assert_ne!(story.mail(&Mail { at: FRIDAY_LATER, head: &other, body: "Me too" }).case, public);
    let herself = format!("{subject}\nFrom: Anna@gmail.com");
    assert_eq!(story.mail(&Mail { at: FRIDAY_LATER, head: &herself, body: "More" }).case, public);
}

#[test]
fn mails_without_a_message_id_are_mails_of_their_own() {
    let mut story = Story::new();
    let bare = |body| Mail { at: SATURDAY, head: "Message-ID:", body };
    let first = story.mail(&bare("Urgent outage"));
    let second = story.mail(&bare("Urgent outage again"));
    assert_ne!(first.case, second.case);
    assert_eq!((story.alerts(&first), story.alerts(&second)), (vec!["on-call"], vec!["on-call"]));
}

#[test]
fn a_notice_of_ours_is_ours_by_its_seal_whatever_its_sender() {
    let mark = Seal::default().mark("n1@alerts.example");
    let head = |id: &str, mark: &str| {
        format!("From: alerts@alerts.example\nMessage-ID: <{id}>\nX-Nightdesk: {mark}")
    };
    let alerts = |head: &str| {
        let mut story = Story::new();
        let decision = story.mail(&Mail { at: SATURDAY, head, body: "Urgent outage" });
        assert!(decision.reply.is_none());
        story.alerts(&decision).len() + usize::from(decision.defer.is_some())
    };
    assert_eq!(alerts(&head("n1@alerts.example", &mark)), 0, "it is what we told people ourselves");
    // The mark taken over by a program that copies fields, one of another house, and one that is none.
    assert_eq!(alerts(&head("n2@alerts.example", &mark)), 1);
    assert_eq!(alerts(&head("n1@alerts.example", &Seal::new([7; 32]).mark("n1@alerts.example"))), 1);
    assert_eq!(alerts(&head("n1@alerts.example", "v=1")), 1);
}

/// The head and body of a report that a mail to an address failed with a status.
fn report(returned: &str, address: &str, status: &str) -> (String, String) {
    let head = "From: MAILER-DAEMON@mx.example\nReturn-Path: <>\nSubject: Undelivered\n\
                Content-Type: multipart/report; report-type=delivery-status; boundary=b";
    let body = format!(
        "--b\n\nNobody there.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
         Final-Recipient: rfc822; {address}\nAction: failed\nStatus: {status}\n--b\n\
         Content-Type: text/rfc822-headers\n\nMessage-ID: <{returned}>\nSubject: Re: Question\n--b--"
    );
    (head.to_owned(), body)
}

/// What Anna is told in February, a month after this was reported of the reply that she got in January.
fn told_after(report: impl Fn(&str) -> (String, String)) -> (Story, Decision) {
    let mut story = Story::new();
    let first = story.mail(&plain(SATURDAY, "Hello"));
    let (head, body) = report(&id_of_reply(&first));
    let reported = story.mail(&Mail { at: "2026-01-10T09:05", head: &head, body: &body });
    assert!(reported.alerts.is_empty() && reported.reply.is_none());
    let again = story.mail(&plain("2026-02-14T09:00", "Urgent outage"));
    assert_eq!(story.alerts(&again), ["on-call"], "what stops a reply never stops an alert");
    (story, again)
}

#[test]
fn an_address_that_bounced_gets_no_reply_for_sixty_days() {
    let (mut story, again) = told_after(|ours| report(ours, "Anna@client.example", "5.1.1"));
    assert_eq!(again.reply_withheld, [Withheld::BouncedBefore]);
    let other = story.mail(&Mail { at: "2026-02-14T09:00", head: "From: ann@client.example", body: "Hello" });
    assert!(other.reply.is_some(), "it is about one address");
    let last = story.mail(&plain("2026-03-10T22:00", "Hello there"));
    assert_eq!(last.reply_withheld, [Withheld::BouncedBefore], "fifty-nine days later, whatever she writes");
    assert!(story.mail(&plain("2026-03-14T09:05", "Hello once more")).reply.is_some());
    let bounced = story.book.changes().bounced.to_vec();
    assert_eq!(
        bounced.iter().map(|one| (one.address.as_str(), one.status.as_str())).collect::<Vec<_>>(),
        [("anna@client.example", "5.1.1")]
    );
}

#[test]
fn a_report_that_proves_nothing_silences_nobody() {
    for (what, (_, again)) in [
        ("still on its way", told_after(|ours| report(ours, "anna@client.example", "4.4.1"))),
        ("of somebody else", told_after(|ours| report(ours, "ben@client.example", "5.1.1"))),
        (
            "of a mail that is not ours",
            told_after(|_| report("1@client.example", "anna@client.example", "5.1.1")),
        ),
        (
            "of a reply of another house",
            told_after(|ours| {
                let theirs = ReplyId::parse(ours).expect("an id");
                let theirs = Seal::new([7; 32]).reply_id(&theirs.reference, theirs.content, "desk.example");
                report(&theirs, "anna@client.example", "5.1.1")
            }),
        ),
    ] {
        assert!(again.reply.is_some(), "{what}: {:?}", again.reply_withheld);
    }
}

#[test]
fn who_was_answered_cannot_have_another_silenced() {
    let mut story = Story::new();
    let head = "From: eve@evil.example";
    let eve = story.mail(&Mail { at: SATURDAY, head, body: "Hello" });
    let (head, body) = report(&id_of_reply(&eve), "anna@client.example", "5.1.1");
    story.mail(&Mail { at: SATURDAY, head: &head, body: &body });
    assert!(story.mail(&plain(SATURDAY, "Hello")).reply.is_some());
    assert!(story.book.changes().bounced.is_empty(), "it is not where that reply went");
}

#[test]
fn a_report_belongs_to_the_case_of_the_mail_that_came_back() {
    let mut story = Story::new();
    let first = story.mail(&plain(SATURDAY, "Urgent outage"));
    for returned in [id_of_reply(&first), "1@client.example".to_owned()] {
        let (head, body) = report(&returned, "anna@client.example", "5.1.1");
        let reported = story.mail(&Mail { at: SATURDAY, head: &head, body: &body });
        assert_eq!(
            (reported.case, reported.conversation),
            (first.case, Conversation::FollowUp),
            "{returned}"
        );
        assert!(reported.alerts.is_empty());
    }
}
