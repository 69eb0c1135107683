//! # nightdesk: how the house is built
//!
//! nightdesk reads the mail of a support desk as a careful person would, finds the exact urgency words that the desk
//! has published, decides by the desk's own coverage rules, and says why. This page is the map: read it first, then
//! the modules in the order of the table, which is also the order in which a mail walks through them.
//!
//! Two halves: layers 0 to 5 are the deciding one, pure up to layer 4, in which a mail and a policy go in and a
//! decision, a reply and an explanation come out. Layers 6 to 10 are the daemon around it: mailboxes, the store,
//! delivery, and the commands of people.
//!
//! ## Layers
//!
//! | layer | module | what it is |
//! |---|---|---|
//! | 0 | [`base`] | ids, the clock, diagnostics as data, TOML with places, how languages write dates |
//! | 1 | [`mail`] | bytes → [`mail::Message`]: parts, new/quoted/signature text, conversation ids, evidence of automation |
//! | 1 | [`calendar`] | week, exceptions, holidays, zone → open or closed, next opening, business time |
//! | 1 | [`lexicon`] | keywords and patterns → hits with their bytes; near misses |
//! | 1 | [`settings`] | what the service is told to do: files and environment → as meant, or every mistake at once |
//! | 2 | [`policy`] | a policy folder as written → as meant, or every mistake at once |
//! | 3 | [`decision`] | [`decision::read`] (costly, alone) and [`decision::decide`] (cheap, with what is known) |
//! | 4 | [`casework`] | cases, and the book that says how things stand |
//! | 5 | [`compose`] | decisions and mistakes in words: replies, alerts, explanations, diagnostics; the only maker of mail |
//! | 5 | [`sources`] | policy folders, settings and secrets from files and the environment; mails, one or thousands |
//! | 5 | [`net`] | dialling, TLS, posting over HTTP |
//! | 5 | [`telemetry`] | metrics, and what goes into the log |
//! | 6 | [`store`] | what is kept: transactions on SQLite, and a look from outside |
//! | 6 | [`imap`] | a session with a mailbox, and the pure planner of what to ask it next |
//! | 6 | [`deliver`] | channels: an outbox entry goes out, or says why not |
//! | 7 | [`service`] | what runs: ingest, the writer, dispatch, follow-up, watch |
//! | 8 | [`console`] | health and metrics over HTTP |
//! | 9 | [`daemon`] | the supervisor: everything that runs is started, watched, reloaded and ended here |
//! | 10 | [`cli`] | the commands, one file each |
//!
//! A module imports only from lower layers and from its own children; `tests/architecture` holds this table as data
//! and fails on any other arrow, and on an outside crate that is used outside its room.
//!
//! ## What is not there, on purpose
//!
//! * **No second evaluator.** `explain`, `test` and `backtest` call the same `read`, `decide` and `apply` as the daemon. The
//!   reasons are written down while deciding ([`decision::Step`]), not found again afterwards.
//! * **No clock below the edge.** Layers 0 to 4 get every instant as an argument; only [`base::clock`] reads one. The
//!   same mail, policy, book and instants give the same decision on every machine: time-zone data is compiled in.
//! * **No I/O, randomness or logging in layers 0 to 4.** Ids are derived from the mail, so a mail that is decided
//!   again after a crash gets the same ones.
//! * **No names at run time.** A policy that exists is complete: names are indices, words are automata, hours are
//!   calendars, and every template of a rule has been rendered with samples of what the rule lets through.
//! * **No unbounded input.** Mail, policies and templates are capped in size, depth, number and time; what is left out
//!   is named.
//! * **No guard on an alert.** What withholds a reply ([`decision::Withheld`]) is looked at after alerts are decided,
//!   and cannot reach them.
//! * **No second writer.** All state is read, decided on and written by one task, in one transaction: case, decision,
//!   outbox and cursor are there together or not at all. Everybody else asks it ([`service::Writer`]).
//! * **No cursor ahead of its mail.** Only UIDs that the server listed and that are recorded move it; UIDNEXT, EXISTS,
//!   `\Seen`, dates and Message-IDs decide nothing. The future of an owner may be dropped at any of its polls.
//! * **No mark on the server.** A mailbox is opened with `EXAMINE`, bodies are peeked at.
//! * **No "exactly once".** An alert goes out at least once, always with the same dedup key; a reply at most once: one
//!   that may have gone out is never repeated.
//! * **No network inside a transaction, no attempt that was not counted before.** Entries are leased first; what dies
//!   under way is found again.
//! * **No task without an owner.** The supervisor of [`daemon`] has them all; a death is an event with a policy.
//! * **No secret at rest in memory, none in a log.** Passwords are looked up when they are needed; the log shows no mail
//!   text at any level, and addresses only from `debug` on. A panic is logged by its place.
//! * **Not yet**: later steps of an escalation, its repetitions and reminders, acknowledging and closing cases, and
//!   following the Sent folder. `check` says so where a policy or the settings ask for them.
//!
//! ## One mail's walk
//!
//! Friday, 9 January 2026, 21:03:41 in New York: Mia Berger writes "Urgent: API unavailable" to the desk of
//! `rules/alloy`. The mail is `fixtures/mail/urgent-incident-at-night.eml`; follow it with
//!
//! ```text
//! cargo run -- explain --policy rules/alloy --mailbox support fixtures/mail/urgent-incident-at-night.eml
//! ```
//!
//! 1. **The policy.** [`sources::policy_folder`] reads the folder's bytes; [`policy::compile`] reads `policy.toml` as
//!    written (`policy/written`), every value with its place, then makes it mean something (`policy/compile`): the
//!    week becomes a [`calendar::Calendar`], keywords and patterns become [`policy::Words`], `when` becomes a
//!    [`policy::Condition`], `replies/*.txt` become [`policy::Replies`]. Any mistake, and there is no policy.
//! 2. **The bytes.** [`sources::mail_file`] reads the mail, and it becomes a [`mail::Source::Whole`]; the daemon
//!    hands in [`mail::Source::Parts`] for long mails, of which it fetches only what can be read.
//! 3. **Reading.** [`decision::read`] asks [`mail::parse`] for a [`mail::Message`]. Its body is one text made of the
//!    plain part and, after a blank line, the HTML part as a person sees it, divided into regions: all of it
//!    [`mail::RegionKind::New`] here. The subject and the text are folded ([`lexicon::fold`]) and scanned:
//!    "Urgent" in the subject, and phrases of the topic "incident" in subject and body; the same phrase in the HTML
//!    part is the same phrase. No evidence of a machine, no list of customers that knows her; a reply would go to her
//!    From address. All this is the [`decision::Reading`]; the bytes are no longer needed.
//! 4. **Standing.** [`casework::Book::standing`] looks for a conversation: she answers nothing that we know, got no
//!    reply before, and this content is new.
//! 5. **Deciding.** [`decision::decide`] takes the labels (urgency = urgent, since that is the strongest value with a
//!    counted hit; topic = incident), the customer (none), the conversation (new), and assigns a desk: the policy has
//!    no `[[assign]]`, so the desk that is open or opens first. `us` closed at 20:00, so `hours` is closed, `closed_for` is
//!    night, and it opens on Monday. The first coverage rule wants open hours: it does not apply, and the trace says
//!    so; the second, "after hours: incident", applies. It starts the escalation `on-call`, which pages, promises an
//!    answer within two hours (23:03:41), and names a reply. Every guard is asked; none speaks.
//! 6. **Applying.** [`casework::Book::apply`] opens a case under an id derived from the mail, remembers what it said,
//!    starts the escalation, and answers the effects. A second copy of the mail would now be a duplicate.
//! 7. **Composing.** [`compose::reply`] computes every instant in words, in the desk's zone and in UTC, and renders
//!    the template; [`compose::narrative`] and [`compose::Explanation`] turn reading, decision and trace (and, when asked, [`compose::Timeline`]) into the page
//!    you see, or into JSON.
//!
//! ## The same mail through the daemon
//!
//! `deploy/demo.sh` shows it on real servers; `tests/field` holds it to it.
//!
//! 1. **The world.** [`service::load_world`] reads settings and all policies into a [`service::World`], or names every
//!    mistake. [`daemon::run`] takes the store (a second instance is refused), starts every task under its supervisor,
//!    and says that it is ready once the writer, dispatch and the watch went round.
//! 2. **Ingest.** Each mailbox has an owner ([`service::ingest::own`]). It takes the mailbox and with it a new fence,
//!    logs in ([`imap::Session`]), compares UIDVALIDITY, and asks what [`imap::sync::Plan`] says: list what lies at or
//!    above the cursor, fetch at most 64 mails, of each the first 64 KiB, of longer ones what can be read. Mails are
//!    read ([`decision::read`]) on threads of their own and become a [`service::Window`]: a stretch of UIDs and every
//!    mail in it. Then IDLE, with a poll always beside it.
//! 3. **The writer.** [`service::Writer`] takes all windows and commands that wait into one transaction. A window whose
//!    fence or cursor is not as expected leaves it. A [`casework::Book`] is loaded with all that the mails touch; for
//!    each in the order of UIDs come steps 4 to 7 above. The ledger, cases, histories, and alerts and replies, written
//!    out, are saved, the cursor moves, and after the commit the owner hears that it is done. What fails together is
//!    tried apart, down to the one mail, which goes to quarantine with an alarm.
//! 4. **Dispatch.** [`service::Dispatch`] gets entries that are due at once as they were leased, right after the commit,
//!    and claims the others every two seconds. Each way out has a short queue of its own. [`deliver::Channels`] sends and
//!    says [`deliver::Outcome`]: sent, temporary, permanent, unknown. Between the server's yes to the recipient and the
//!    first byte of a reply stands one more transaction: it is handed over now, unless replies were stopped or its
//!    promise has passed.
//! 5. **Time.** The writer looks for cases whose time has come, at the latest every five seconds: a deferral whose desk
//!    has opened starts, an escalation that nobody took gives up.
//! 6. **The watch.** [`service::watch::Watch`] compares what is known of every mailbox ([`service::Health`]) with
//!    `stale_after`, raises and clears alarms, and leaves a sign of life. [`console::Console`] shows health and metrics;
//!    the watchdog of systemd is fed only while the writer, dispatch and the watch go round.
//!
//! ## Glossary
//!
//! * **Alarm**: something about the service itself that ops must know; raised once until it is cleared. Each has an
//!   entry in `deploy/RUNBOOK.md`.
//! * **Alert**: an escalation that starts at once because a rule says so.
//! * **Answer**: a mail of an authenticated agent to the customer; it ends what runs for the case.
//! * **Ask**: a piece of information that the desk needs, asked for in the reply while no mail of the conversation
//!   has it.
//! * **Attempt**: one try to deliver an outbox entry; counted, with the time of the next one, before the network is
//!   touched.
//! * **Book**: the cases at hand, in memory.
//! * **Bounced**: an address to which a reply could not be delivered; for 60 days it gets no other.
//! * **Breaker**: more replies in its time than `[limits] breaker`, and none goes out until somebody has looked.
//! * **Calendar**: the hours of a desk: week, dated exceptions, holidays, zone.
//! * **Case**: a matter that a customer brought: open, acknowledged, answered, closed, or lapsed. Its **reference**
//!   looks like `K7Q4-MX2P`.
//! * **Channel**: how people are told: a webhook, mail, the log. With the accounts that replies leave through, the
//!   **ways** out.
//! * **Conversation**: the mails of one case, joined by References, In-Reply-To, or the reference in the subject.
//! * **Coverage**: the rules that say what is done; the first that matches wins. `also` rules add to it.
//! * **Cursor**: UIDVALIDITY and the first UID of a mailbox that is not recorded.
//! * **Dedup key**: names an alert over all attempts and channels, so that a receiver shows it once.
//! * **Deferral**: an escalation that starts when the desk next opens, unless somebody answers before.
//! * **Desk**: a team with a calendar.
//! * **Escalation**: who is told, step by step. One that **pages** may wake people.
//! * **Evidence**: what shows that a machine wrote a mail. It can withhold a reply, never an alert.
//! * **Fence**: a number that grows each time a mailbox is taken; whoever holds an older one can no longer write.
//! * **Fresh**: proven to have no mail that is not recorded. A mailbox that was not for `stale_after` is stale.
//! * **Handing over**: the state of a reply between the server's yes to its recipient and the server's yes to the mail.
//! * **Hit**: a keyword or pattern at a place of a mail. Only hits in new text count.
//! * **Label**: a dimension with one value, the strongest (first listed) that hits. A **matrix** is a label computed
//!   from two others.
//! * **Lease**: the right to try an outbox entry for five minutes; what is not settled by then is found again.
//! * **Ledger**: what became of every UID: decided, duplicate, quarantined, gone, before-start.
//! * **Lint**: something legal in a policy that looks like a slip; has a code, and can be accepted.
//! * **Near miss**: a word that is one edit away from an urgency keyword. Shown, never acted on.
//! * **New text**: what the sender wrote now; not quoted, not a signature, not hidden. In doubt text is new.
//! * **Outbox entry**: one alert, alarm or reply for one way out, and what became of it.
//! * **Owner**: the task that watches a mailbox.
//! * **Policy**: the rules of one desk, in a folder.
//! * **Quarantine**: mails that could not be read or decided; somebody must look.
//! * **Reading**: a mail as read under a policy.
//! * **Seal**: a keyed hash by which we know our own mail again. The key is in the database.
//! * **Shelf**: where the books of one policy are kept in memory while past mail is decided.
//! * **Standing**: what is known besides the mail when it is decided.
//! * **Stranger**: who refers to a mail of a case and has nothing to do with it; silences nobody.
//! * **Target**: until when the desk says that it answers; the instant is **respond by**.
//! * **Trace**: the reasons of a decision, in the order they came up.
//! * **Variant**: a reply in another language, chosen by the languages that the mail's header names.
//! * **Window**: a contiguous stretch of UIDs of a mailbox with every mail in it; it is recorded as a whole.
//! * **World**: settings and policies held against each other; a reload swaps it whole.

pub mod base;
pub mod calendar;
pub mod casework;
pub mod cli;
pub mod compose;
pub mod console;
pub mod daemon;
pub mod decision;
pub mod deliver;
pub mod imap;
pub mod lexicon;
pub mod mail;
pub mod net;
pub mod policy;
pub mod service;
pub mod settings;
pub mod sources;
pub mod store;
pub mod telemetry;
