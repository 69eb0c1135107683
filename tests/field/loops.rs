//! Machines that answer machines: other desks, vacation scripts, responders without manners, bounces, and ourselves.
//! Each exchange stops after at most one reply of ours, and an urgent mail alerts in each of them.

use crate::daemon::Daemon;
use crate::exchange::{Answer, Exchange, Responder, desk_of};
use crate::imap::Mail;
use crate::servers::{self, Servers};
use crate::setup::{Desk, incident, mail, replies};
use crate::smtp;
use crate::wait::until;

/// Somebody writes to a desk from the address that another desk watches.
async fn two_desks_write_to_each_other(servers: &Servers, subject: &str, text: &str, alerts: usize) {
    let a = desk_of(servers, servers.desk()).await;
    let b = desk_of(servers, servers.customer()).await;
    lift_limits(&a);
    lift_limits(&b);
    let (daemon_a, daemon_b) = (started(&a).await, started(&b).await);
    let written = mail(&b.evening, &a.evening, subject, text);
    smtp::deliver(servers.smtp, &b.evening, &a.evening, &written).await;
    until("the one is answered", async || servers.log_in(&b.evening).await.mails("INBOX").await.pop()).await;
    let exchange = Exchange {
        servers,
        desks: vec![(&a, &daemon_a), (&b, &daemon_b)],
        people: vec![&a.on_call, &b.on_call],
        responders: vec![],
    };
    exchange.ends().await;
    let at_a = servers.log_in(&a.evening).await.mails("INBOX").await;
    let at_b = servers.log_in(&b.evening).await.mails("INBOX").await;
    assert_eq!((at_a.len(), at_b.len()), (1, 1), "one mail, one reply: {at_a:?} {at_b:?}");
    assert_eq!(replies(&at_b).len(), 1, "{at_b:?}");
    assert_eq!(a.receiver.alerts().len(), alerts, "{:?}", a.receiver.alerts());
    for (desk, daemon) in exchange.desks {
        assert_eq!(daemon.recorded("evening", "decided").await, 1, "{} has recorded its mail", desk.evening);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_desks_exchange_one_mail_and_one_reply() {
    let Some(servers) = servers::shared().await else { return };
    two_desks_write_to_each_other(&servers, "A question", "How do I export all invoices?", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_desks_exchange_one_urgent_mail_and_one_reply_and_one_alert_goes_out() {
    let Some(servers) = servers::shared().await else { return };
    let text = "The checkout API is down, and nothing else works either.";
    two_desks_write_to_each_other(&servers, "Urgent: nothing works", text, 1).await;
}

/// What a customer's mailbox does with each mail that comes in.
enum Machine {
    /// Runs a script of Sieve; `DESK` in it is the address that the customer wrote to.
    Script(&'static str),
    /// Answers it as if a person did.
    Rude(Answer),
}

/// A customer with such a machine, and the desk that it writes to.
struct Customer<'a> {
    servers: &'a Servers,
    desk: &'a Desk,
    address: String,
    responder: Option<Responder>,
}

impl<'a> Customer<'a> {
    async fn with(machine: Machine, servers: &'a Servers, desk: &'a Desk) -> Customer<'a> {
        let address = servers.customer();
        let responder = match machine {
            Machine::Script(script) => {
                servers.sieve(&address, &script.replace("DESK", &desk.evening)).await;
                None
            }
            Machine::Rude(answer) => Some(Responder::start(servers, &address, answer).await),
        };
        Customer { servers, desk, address, responder }
    }

    /// Brings a mail of the customer to the desk, until nothing follows from it any more.
    async fn writes(&self, daemon: &Daemon, mail: &str) {
        smtp::deliver(self.servers.smtp, &self.address, &self.desk.evening, mail).await;
        let id = mail.lines().find_map(|line| line.strip_prefix("Message-ID: ")).expect("an id");
        until("our reply", async || {
            let mails = self.mails().await;
            mails.iter().any(|mail| mail.header("In-Reply-To").as_deref() == Some(id)).then_some(())
        })
        .await;
        self.ends(daemon).await;
    }

    /// Until no mail can follow any more.
    async fn ends(&self, daemon: &Daemon) {
        let exchange = Exchange {
            servers: self.servers,
            desks: vec![(self.desk, daemon)],
            people: vec![&self.address],
            responders: self.responder.iter().collect(),
        };
        exchange.ends().await;
    }

    /// What lies in the customer's mailbox.
    async fn mails(&self) -> Vec<Mail> {
        self.servers.log_in(&self.address).await.mails("INBOX").await
    }

    /// How many replies of ours the customer has, and how many mails came to the desk in all.
    async fn counts(&self) -> (usize, usize) {
        let at_the_desk = self.servers.log_in(&self.desk.evening).await.mails("INBOX").await;
        (replies(&self.mails().await).len(), at_the_desk.len())
    }

    /// An urgent mail alerts once, and gets at most one reply of ours more.
    async fn writes_urgently(&self, daemon: &Daemon) {
        let (before, _) = self.counts().await;
        let text = incident(&self.address, &self.desk.evening, "everything stands still");
        self.writes(daemon, &text).await;
        assert_eq!(self.desk.receiver.keys("Urgent: everything stands still").len(), 1);
        assert_eq!(self.desk.receiver.alerts().len(), 1, "{:?}", self.desk.receiver.alerts());
        assert_eq!(self.counts().await.0, before + 1);
    }
}

/// A customer whose mailbox runs a script writes, a person of the desk answers by hand, the customer writes urgently.
/// `answers` is how many mails the script sends to the desk after our reply, and after the person's answer.
async fn a_customer_with_a_script(script: &'static str, answers: [usize; 2]) {
    let Some(servers) = servers::shared().await else { return };
    let desk = desk_of(&servers, servers.desk()).await;
    lift_limits(&desk);
    let daemon = started(&desk).await;
    let anna = Customer::with(Machine::Script(script), &servers, &desk).await;
    anna.writes(&daemon, &mail(&anna.address, &desk.evening, "A question", "How do I export invoices?"))
        .await;
    assert_eq!(anna.counts().await, (1, 1 + answers[0]), "{:?}", anna.mails().await);

    let by_hand = mail(&desk.evening, &anna.address, "Re: A question", "In the menu, below Invoices.");
    smtp::deliver(servers.smtp, &desk.evening, &anna.address, &by_hand).await;
    let all = 1 + answers[0] + answers[1];
    until("the script answers", async || (anna.counts().await.1 >= all).then_some(())).await;
    anna.ends(&daemon).await;
    assert_eq!(anna.counts().await, (1, all), "what it answers is recorded, and not answered");
    assert_eq!(desk.receiver.alerts().len(), 0);
    anna.writes_urgently(&daemon).await;
}

/// The limit to one sender is as loose as it can be.
fn lift_limits(desk: &Desk) {
    let policy = desk.path("policy/policy.toml");
    let text = std::fs::read_to_string(&policy).expect("a policy");
    std::fs::write(policy, text.replace("once_per = \"24h\"", "once_per = \"1s\"")).expect("a policy");
}

async fn started(desk: &Desk) -> Daemon {
    let mut daemon = desk.start();
    daemon.ready().await;
    daemon
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vacation_script_that_answers_every_mail() {
    let script = "require [\"vacation\", \"vacation-seconds\"];\nvacation :seconds 0 \"Back on Monday.\";\n";
    a_customer_with_a_script(script, [0, 1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vacation_script_that_answers_everybody_once_a_day() {
    let script =
        "require \"vacation\";\nvacation :days 1 :handle \"summer\" :subject \"Gone\" \"Back soon.\";\n";
    a_customer_with_a_script(script, [0, 1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_sends_everything_back() {
    a_customer_with_a_script("require \"copy\";\nredirect :copy \"DESK\";\n", [1, 1]).await;
}

/// A customer with a responder that leaves no mark of a machine: nothing but the conversation itself can tell.
async fn a_customer_with_a_rude_responder(answer: Answer, limited: bool) {
    let Some(servers) = servers::shared().await else { return };
    let desk = desk_of(&servers, servers.desk()).await;
    if !limited {
        lift_limits(&desk);
    }
    let daemon = started(&desk).await;
    let ben = Customer::with(Machine::Rude(answer), &servers, &desk).await;
    ben.writes(&daemon, &mail(&ben.address, &desk.evening, "A question", "How do I export invoices?")).await;
    assert_eq!(ben.counts().await, (1, 2), "it answers our reply, and we do not answer that");
    ben.writes_urgently(&daemon).await;
    assert_eq!(ben.counts().await, (2, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_responder_without_a_mark_that_answers_our_reply() {
    let answer: Answer = |mail, number| {
        let [subject, id] = ["Subject", "Message-ID"].map(|name| mail.header(name).unwrap_or_default());
        let own = id.replace('<', &format!("<{number}."));
        format!("Subject: Re: {subject}\nIn-Reply-To: {id}\nMessage-ID: {own}\n\nI got your mail.\n")
    };
    a_customer_with_a_rude_responder(answer, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_responder_without_a_mark_that_refers_to_nothing() {
    let answer: Answer = |_, number| format!("Subject: I am away\n\nThis is number {number}.\n");
    a_customer_with_a_rude_responder(answer, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_to_somebody_who_does_not_exist_comes_back_to_nobody() {
    let Some(servers) = servers::shared().await else { return };
    let desk = desk_of(&servers, servers.desk()).await;
    let daemon = started(&desk).await;
    let nobody = format!("nobody.{}", servers.customer());
    let question = mail(&nobody, &desk.evening, "A question", "How do I export invoices?");
    smtp::deliver(servers.smtp, &nobody, &desk.evening, &question).await;
    until("the reply is sent", async || {
        (daemon.status().await["outbox"]["sent"].as_u64() == Some(1)).then_some(())
    })
    .await;
    let exchange =
        Exchange { servers: &servers, desks: vec![(&desk, &daemon)], people: vec![], responders: vec![] };
    until("Postfix has given it up", async || (!servers.still_have(&[&nobody]).await).then_some(())).await;
    exchange.ends().await;
    let mails = servers.log_in(&desk.evening).await.mails("INBOX").await;
    assert_eq!(mails.len(), 1, "no report, since the return path is null: {mails:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_the_mail_server_is_recorded_and_not_answered() {
    let Some(servers) = servers::shared().await else { return };
    let desk = desk_of(&servers, servers.desk()).await;
    lift_limits(&desk);
    let daemon = started(&desk).await;
    // A person of the desk mistypes an address; Postfix tells so to where the mail came from.
    let nobody = format!("nobody.{}", servers.customer());
    let by_hand = mail(&desk.evening, &nobody, "Your invoice", "Here it is.");
    smtp::deliver(servers.smtp, &desk.evening, &nobody, &by_hand).await;
    daemon.records("evening", "decided", 1).await;
    let exchange =
        Exchange { servers: &servers, desks: vec![(&desk, &daemon)], people: vec![], responders: vec![] };
    exchange.ends().await;
    let mails = servers.log_in(&desk.evening).await.mails("INBOX").await;
    let report = mails.first().expect("the report");
    assert!(report.source.contains("multipart/report"), "{report:?}");
    assert_eq!(mails.len(), 1, "{mails:?}");
    let outbox = daemon.rows("outbox").await;
    assert!(outbox.iter().all(|row| row["kind"] != "reply"), "{outbox:?}");
    assert_eq!(desk.receiver.alerts().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_by_mail_to_the_mailbox_that_is_watched_alerts_nobody_again() {
    let Some(servers) = servers::shared().await else { return };
    let mut desk = desk_of(&servers, servers.desk()).await;
    lift_limits(&desk);
    desk.on_call = desk.evening.clone();
    let daemon = started(&desk).await;
    let anna = servers.customer();
    smtp::deliver(servers.smtp, &anna, &desk.evening, &incident(&anna, &desk.evening, "we loop")).await;
    daemon.records("evening", "decided", 2).await;
    let exchange = Exchange {
        servers: &servers,
        desks: vec![(&desk, &daemon)],
        people: vec![&anna],
        responders: vec![],
    };
    exchange.ends().await;
    let mails = servers.log_in(&desk.evening).await.mails("INBOX").await;
    let alerts = mails.iter().filter(|mail| mail.header("Auto-Submitted").is_some()).count();
    assert_eq!((mails.len(), alerts), (2, 1), "the mail, and the alert of it: {mails:?}");
    assert_eq!(desk.receiver.received().len(), 1, "{:?}", desk.receiver.received());
    let replies = servers.log_in(&anna).await.mails("INBOX").await;
    assert_eq!(replies.len(), 1, "{replies:?}");
}
