//! # nightdesk: how the house is built
//!
//! nightdesk reads the mail of a support desk as a careful person would, finds the exact urgency words that the desk
//! has published, decides by the desk's own coverage rules, and says why. This page is the map: read it first, then
//! the modules in the order of the table, which is also the order in which a mail walks through them.
//!
//! What exists so far is the pure half: a mail and a policy folder go in, a decision, a reply and an explanation come
//! out. The daemon around it (mailboxes, store, delivery) is built next, on layers 5 to 10, without touching this half.
//!
//! ## Layers
//!
//! | layer | module | what it is |
//! |---|---|---|
//! | 0 | [`base`] | ids, the clock, diagnostics as data, TOML with places |
//! | 1 | [`mail`] | bytes → [`mail::Message`]: parts, new/quoted/signature text, conversation ids, evidence of automation |
//! | 1 | [`calendar`] | week, exceptions, holidays, zone → open or closed, next opening, business time |
//! | 1 | [`lexicon`] | keywords and patterns → hits with their bytes; near misses |
//! | 1 | [`settings`] | what the service is told to do: files and environment → as meant, or every mistake at once |
//! | 2 | [`policy`] | a policy folder as written → as meant, or every mistake at once |
//! | 3 | [`decision`] | [`decision::read`] (costly, alone) and [`decision::decide`] (cheap, with what is known) |
//! | 4 | [`casework`] | cases, and the book that says how things stand |
//! | 5 | [`compose`] | decisions and mistakes in words: replies, explanations, diagnostics |
//! | 5 | [`sources`] | policy folders and mails from files |
//! | 5 | [`net`] | dialling and TLS |
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
//! * **No second evaluator.** `explain` and `test` call the same `read`, `decide` and `apply` as the daemon will. The
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
//! 2. **The bytes.** [`sources::mail_file`] reads the mail, and it becomes a [`mail::Source::Whole`]; the daemon will
//!    hand in [`mail::Source::Parts`] for long mails, of which it fetches only what can be read.
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
//!    the template; [`compose::narrative`] and [`compose::Explanation`] turn reading, decision and trace into the page
//!    you see, or into JSON.
//!
//! ## Glossary
//!
//! * **Alert**: an escalation that starts at once because a rule says so.
//! * **Answer**: a mail of an authenticated agent to the customer; it ends what runs for the case.
//! * **Ask**: a piece of information that the desk needs, asked for in the reply while no mail of the conversation
//!   has it.
//! * **Book**: the cases at hand, in memory.
//! * **Calendar**: the hours of a desk: week, dated exceptions, holidays, zone.
//! * **Case**: a matter that a customer brought: open, acknowledged, answered, closed, or lapsed. Its **reference**
//!   looks like `K7Q4-MX2P`.
//! * **Conversation**: the mails of one case, joined by References, In-Reply-To, or the reference in the subject.
//! * **Coverage**: the rules that say what is done; the first that matches wins. `also` rules add to it.
//! * **Deferral**: an escalation that starts when the desk next opens, unless somebody answers before.
//! * **Desk**: a team with a calendar.
//! * **Escalation**: who is told, step by step. One that **pages** may wake people.
//! * **Evidence**: what shows that a machine wrote a mail. It can withhold a reply, never an alert.
//! * **Hit**: a keyword or pattern at a place of a mail. Only hits in new text count.
//! * **Label**: a dimension with one value, the strongest (first listed) that hits. A **matrix** is a label computed
//!   from two others.
//! * **Near miss**: a word that is one edit away from an urgency keyword. Shown, never acted on.
//! * **New text**: what the sender wrote now; not quoted, not a signature, not hidden. In doubt text is new.
//! * **Policy**: the rules of one desk, in a folder.
//! * **Reading**: a mail as read under a policy.
//! * **Standing**: what is known besides the mail when it is decided.
//! * **Target**: until when the desk says that it answers; the instant is **respond by**.
//! * **Trace**: the reasons of a decision, in the order they came up.

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
