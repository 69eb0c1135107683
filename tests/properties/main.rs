//! What holds for every policy, every mail and every instant: random ones of each, taken through read, standing, decide,
//! apply and compose, as every command does it.
//!
//! `headers` writes single fields in every way. `policies` and `mails` make whole ones from small pieces, so that what they say meets often. `PROPTEST_CASES` sets how many,
//! a quarter of which is run.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod headers;
mod mails;
mod policies;
mod replies;

use jiff::{SignedDuration, Timestamp};
use nightdesk::casework::{Book, Effect};
use nightdesk::compose::{self, Explained, Explanation};
use nightdesk::decision::{Conversation, Decision, Reading, Standing, Withheld, decide, read, received_at};
use nightdesk::mail::{MessageId, Source};
use nightdesk::policy::{Policy, RaiseClock};
use proptest::prelude::*;

/// A mail and when it comes in: the server's date, and the moment at which it is decided.
#[derive(Debug, Clone)]
struct Arrival {
    mail: String,
    received: Timestamp,
    now: Timestamp,
}

fn instant() -> impl Strategy<Value = Timestamp> {
    let ordinary = (1_767_225_600_i64..1_830_297_600).prop_map(|second| second - second % 60);
    let any_second = Timestamp::MIN.as_second()..=Timestamp::MAX.as_second();
    prop_oneof![40 => ordinary, 1 => any_second, 1 => Just(Timestamp::MIN.as_second()), 1 => Just(Timestamp::MAX.as_second())]
        .prop_map(|second| Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Mails of one conversation or several, each later than the one before; the server's clock may be wrong.
fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    let step = prop_oneof![0_i64..120, 0_i64..400_000, 0_i64..5_000_000];
    let wrong = prop_oneof![4 => Just(0_i64), 2 => -200_000_i64..0, 1 => 0_i64..200_000];
    (instant(), prop::collection::vec((mails::mail(), step, wrong), 1..7)).prop_map(|(start, mails)| {
        let mut now = start;
        let later = |from: Timestamp, seconds| {
            from.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(from)
        };
        let arrive = |(mail, step, wrong): (String, i64, i64)| {
            now = later(now, step);
            Arrival { mail, received: later(now, wrong), now }
        };
        mails.into_iter().map(arrive).collect()
    })
}

fn reading(mail: &str, policy: &Policy) -> Reading {
    read(&Source::Whole(mail.as_bytes()), policy, Some("support"))
}

/// One mail, decided and applied.
struct Step {
    reading: Reading,
    standing: Standing,
    decision: Decision,
    effects: Vec<Effect>,
}

fn step(book: &mut Book, policy: &Policy, arrival: &Arrival) -> Step {
    let reading = reading(&arrival.mail, policy);
    let received = received_at(arrival.received, arrival.now);
    book.advance(arrival.now);
    let standing = book.standing(&reading, policy, received, arrival.now);
    let decision = decide(&reading, &standing, policy, arrival.received, arrival.now);
    let effects = book.apply(&reading, &decision, policy);
    Step { reading, standing, decision, effects }
}

/// Instants stand in their order, and no promise is made that has passed.
fn assert_times(step: &Step, policy: &Policy) {
    let Step { standing, decision, .. } = step;
    assert!(decision.received_at <= decision.now, "received in the future");
    let counted_from_first = policy.conversation.raise_clock == RaiseClock::Creation
        && decision.conversation == Conversation::Raised;
    let opened_at = standing.conversation.as_ref().map(|conversation| conversation.opened_at);
    let from = opened_at.filter(|_| counted_from_first).unwrap_or(decision.received_at);
    if let Some(respond_by) = decision.respond_by {
        assert!(respond_by >= from, "an answer is due before the mail: {respond_by}, {from}");
        assert!(decision.reply.is_none() || respond_by > decision.now, "a reply promises what has passed");
    }
    if let Some(deferral) = &decision.defer {
        assert!(deferral.until >= decision.now, "a deferral starts in the past");
    }
}

/// What withholds a reply is named, and nothing else does; nobody is told twice at once.
fn assert_outcome(step: &Step, policy: &Policy) {
    let Step { reading, decision, effects, .. } = step;
    assert!(
        decision.reply.is_none() || decision.reply_withheld.is_empty(),
        "a reply goes out although withheld"
    );
    assert!(decision.reply.is_none() || !reading.is_automated(), "a reply goes to a machine");
    let mut escalations: Vec<usize> = decision.alerts.iter().map(|alert| alert.escalation).collect();
    escalations.sort_unstable();
    escalations.dedup();
    assert_eq!(escalations.len(), decision.alerts.len(), "an escalation starts twice");
    assert!(
        escalations.iter().all(|index| *index < policy.escalations.len()),
        "an escalation that is not there"
    );
    let alerts = effects.iter().filter(|effect| matches!(effect, Effect::Alert { .. })).count();
    assert_eq!(alerts, decision.alerts.len(), "alerts decided and applied");
    assert!(!decision.trace.is_empty(), "a decision without reasons");
    if reading.is_own_mail(policy) {
        assert!(decision.alerts.is_empty() && decision.defer.is_none(), "our own mail asks for help");
    }
    if decision.coverage.is_none() {
        assert!(
            decision.conversation == Conversation::Answer
                || policy.coverage.iter().all(|rule| !rule.when.tests.is_empty())
        );
    }
}

/// The words for it can be found, whatever it is.
fn assert_told(step: &Step, policy: &Policy) {
    let Step { reading, decision, .. } = step;
    let reply = compose::reply(reading, decision, policy);
    assert!(reply.is_ok(), "the reply cannot be written: {reply:?}");
    let explained = Explained { file: "mail.eml", reading, decision, policy, reply: &reply };
    assert!(!compose::narrative(&explained, None).is_empty());
    let json: serde_json::Value = serde_json::from_str(&Explanation::of(&explained).to_json()).expect("JSON");
    assert_eq!(
        json.get("alerts").and_then(|alerts| alerts.as_array()).map(Vec::len),
        Some(decision.alerts.len())
    );
}

/// A reply that is written out can be read again, is marked as ours, goes to one address and says nothing that is past.
fn assert_written_out(step: &Step, policy: &Policy) {
    let Step { reading, decision, .. } = step;
    let Ok(Some(reply)) = compose::reply(reading, decision, policy) else { return };
    let mail = compose::reply_mail(&reply, reading, decision, policy, decision.now)
        .expect("a reply that is written out");
    assert!(mail.message.is_ascii() || !mail.to.is_ascii(), "eight bits that nobody needs");
    assert!(mail.message.ends_with("\r\n"));
    assert!(!mail.message.replace("\r\n", "").contains(['\r', '\n', '\0']), "a line end of its own");
    assert!(mail.stale_at >= decision.now, "stale before it is sent");
    let own = read(&Source::Whole(mail.message.as_bytes()), policy, None);
    assert!(own.is_automated(), "a reply that looks like a person's");
    assert_eq!(own.message.message_id.as_ref().map(MessageId::as_str), Some(mail.message_id.as_str()));
    let to: Vec<String> = own.message.recipients().map(ToString::to_string).collect();
    assert_eq!(to, [mail.to], "a recipient of its own");
}

/// A quarter of the usual number of cases: each compiles a policy and decides several mails.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: (usual.cases / 4).max(1), failure_persistence: None, ..usual }
}

/// Everything that can be seen of a run, as text.
fn story(policy: &Policy, arrivals: &[Arrival]) -> String {
    let mut book = Book::default();
    let told = arrivals.iter().map(|arrival| {
        let step = step(&mut book, policy, arrival);
        format!("{:?}\n{:?}\n", step.decision, step.effects)
    });
    told.collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_mail_is_decided_and_every_decision_makes_sense(
        policy in policies::policy(true),
        arrivals in arrivals(),
    ) {
        let policy = policies::compiled(&policy);
        let mut book = Book::default();
        for arrival in &arrivals {
            let step = step(&mut book, &policy, arrival);
            assert_times(&step, &policy);
            assert_outcome(&step, &policy);
            assert_told(&step, &policy);
            assert_written_out(&step, &policy);
        }
    }

    #[test]
    fn the_same_mails_are_decided_the_same_again(policy in policies::policy(true), arrivals in arrivals()) {
        // The policy is compiled again as well: what it is may not depend on where it lies in memory.
        let first = story(&policies::compiled(&policy), &arrivals);
        let second = story(&policies::compiled(&policy), &arrivals);
        prop_assert_eq!(first, second);
    }

    #[test]
    fn a_mail_that_is_applied_again_is_a_duplicate_and_changes_nothing(
        policy in policies::policy(true),
        arrivals in arrivals(),
        later in 0_i64..10_000_000,
    ) {
        let policy = policies::compiled(&policy);
        let mut book = Book::default();
        for arrival in &arrivals {
            step(&mut book, &policy, arrival);
        }
        let Some(last) = arrivals.last() else { return Ok(()) };
        let now = last.now.saturating_add(SignedDuration::from_secs(later)).unwrap_or(last.now);
        for arrival in &arrivals {
            if arrivals.iter().filter(|other| other.mail == arrival.mail).count() > 1 {
                // Without Message-ID and date, a copy of long ago is a mail of its own.
                continue;
            }
            let received = received_at(arrival.received, arrival.now);
            let again = step(&mut book, &policy, &Arrival { received, now, ..arrival.clone() });
            prop_assert_eq!(again.decision.conversation, Conversation::Duplicate);
            prop_assert_eq!(&again.decision.alerts, &[]);
            prop_assert_eq!(&again.decision.defer, &None);
            prop_assert_eq!(&again.decision.reply, &None);
            prop_assert_eq!(&again.effects, &[]);
        }
    }

    #[test]
    fn nothing_that_stops_a_reply_stops_an_alert(
        policy in policies::policy(false),
        mail in mails::mail(),
        evidence in mails::evidence(),
        received in instant(),
        age in 0_i64..1_000_000,
    ) {
        let policy = policies::compiled(&policy);
        let now = received.saturating_add(SignedDuration::from_secs(age)).unwrap_or(received);
        let plain = step(&mut Book::default(), &policy, &Arrival { mail: mail.clone(), received, now });
        let guarded = format!("{evidence}{mail}");
        let mut book = Book::default();
        book.stops = vec![Withheld::RepliesOff, Withheld::BeforeStart, Withheld::BreakerOpen];
        let guarded = step(&mut book, &policy, &Arrival { mail: guarded, received, now });
        prop_assert_eq!(&guarded.decision.alerts, &plain.decision.alerts);
        prop_assert_eq!(&guarded.decision.defer, &plain.decision.defer);
        prop_assert_eq!(&guarded.decision.coverage, &plain.decision.coverage);
        prop_assert_eq!(&guarded.decision.respond_by, &plain.decision.respond_by);
        prop_assert_eq!(&guarded.decision.reply, &None);
    }

    #[test]
    fn nobody_gets_more_than_two_replies_within_the_period(policy in policies::policy(true), arrivals in arrivals()) {
        let policy = policies::compiled(&policy);
        let mut book = Book::default();
        let mut sent: Vec<(String, Timestamp)> = Vec::new();
        for arrival in &arrivals {
            let step = step(&mut book, &policy, arrival);
            sent.extend(step.decision.reply.iter().map(|reply| (reply.to.to_string().to_lowercase(), arrival.now)));
        }
        for (to, at) in &sent {
            let within = |then: &Timestamp| (0..policy.auto_reply.once_per.as_secs()).contains(&then.duration_since(*at).as_secs());
            let count = sent.iter().filter(|(other, then)| other == to && within(then)).count();
            prop_assert!(count <= 2, "{} replies to {}", count, to);
        }
    }

    #[test]
    fn any_bytes_are_decided(bytes in prop::collection::vec(any::<u8>(), 0..400), now in instant(), received in instant()) {
        let policy = policies::fixed();
        let reading = read(&Source::Whole(&bytes), policy, None);
        let decision = decide(&reading, &Standing::default(), policy, received, now);
        prop_assert!(decision.received_at <= now);
    }
}
