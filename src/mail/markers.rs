//! What machines write into mails, as data: header fields here, addresses, subjects and openings below.
//!
//! New markers are new rows; the rules that read the tables stand in [`evidence`](super::evidence). A row holds the value
//! that counts, not the presence of a field: filters write `NO`, people's programs write `normal`.

pub(super) mod senders;
pub(super) mod subjects;
pub(super) mod texts;

use super::Automation::{
    self, CalendarTraffic, DeliveryReport, DispositionReport, FeedbackReport, ListHeader, NullReturnPath,
    OwnMail, SpamVerdict, SystemSender, VendorMarker,
};

/// What a field shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A sign of a machine.
    Machine(Automation),
    /// The mail went through a service for programs that send mail. Help desks and newsletters do, and so do small
    /// companies whose people's mail leaves that way: it counts unless a [`Mark::Person`] stands beside it.
    Interface,
    /// A program in which people write mail made it.
    Person,
}

/// What the value of a field must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// Whatever it is, nothing included.
    Anything,
    /// Anything but nothing.
    Something,
    /// Anything but nothing, `no`, `none`, `false`, `0`, `off`.
    Yes,
    /// One of these words, as the first token.
    Word(&'static [&'static str]),
    /// One of these patterns covers it; `*` stands for any characters.
    Like(&'static [&'static str]),
    /// A number, this or more.
    AtLeast(u32),
    /// RFC 3834 section 5: anything but the keyword `no`.
    NotNo,
    /// [MS-OXCMAIL] section 2.2.3.2.14: a list in which one of the words stands that decline what we would send.
    Declines,
    /// The empty path `<>`.
    NullPath,
}

/// What is known of a field: its name in lower case, what it shows, and of which values.
pub(super) type Row = (&'static str, Mark, Says);

const VENDOR: Mark = Mark::Machine(VendorMarker);
const SPAM: Mark = Mark::Machine(SpamVerdict);
const LIST: Mark = Mark::Machine(ListHeader);
const BOUNCE: Mark = Mark::Machine(DeliveryReport);
const PRECEDENCE: Mark = Mark::Machine(Automation::Precedence);
const NULL_PATH: Mark = Mark::Machine(NullReturnPath);

/// Values of Precedence that are no letter (RFC 2076 section 3.9); `normal`, `first-class`, `special-delivery` are.
const PRECEDENCES: &[&str] =
    &["bulk", "list", "junk", "auto_reply", "auto-reply", "autoreply", "auto_replied", "auto-replied"];

/// What rspamd and the gateways around it do with spam; `no action` and `greylist` they do with ham, too.
const SPAM_ACTIONS: &[&str] = &[
    "reject*",
    "add header*",
    "add_header*",
    "rewrite subject*",
    "rewrite_subject*",
    "quarantine*",
    "discard*",
    "spam*",
];

/// What stands in the fields in which the mail programs of people name themselves. Libraries that scripts send with are
/// not here.
const PROGRAMS: &[&str] = &[
    "*airmail*",
    "*alpine*",
    "*apple mail*",
    "*bluemail*",
    "*claws mail*",
    "*emacs*",
    "*emclient*",
    "*evolution*",
    "*foxmail*",
    "*gnus*",
    "*groupwise*",
    "*horde*",
    "*internet messaging program*",
    "*ipad mail*",
    "*iphone mail*",
    "*k-9*",
    "*kmail*",
    "*lotus notes*",
    "*mailmate*",
    "*mozilla*",
    "*mutt*",
    "*open-xchange*",
    "*outlook*",
    "*postbox*",
    "*roundcube*",
    "*sogo*",
    "*squirrelmail*",
    "*the bat!*",
    "*thunderbird*",
    "*zimbra*",
];

/// How programs for mass mail name themselves in X-Mailer.
const MASS_MAILERS: &[&str] = &[
    "*acymailing*",
    "*autorespond*",
    "*bulk mailer*",
    "*cleverreach*",
    "*constantcontact*",
    "*inxmail*",
    "*listmanager*",
    "*lyris*",
    "*mailchimp*",
    "*mailpoet*",
    "*newsletter*",
    "*phplist*",
    "*sendinblue*",
    "*sendy*",
    "*vacation*",
];

/// Services through which only programs send. Fastmail, Proton and Zoho write Feedback-ID for people, so its presence
/// says nothing: the last piece names the service.
const SERVICES: &[&str] =
    &["*:amazonses", "*:mailchimp", "*:mandrill", "*:mailjet", "*:sg", "*:sparkpost", "*:sendinblue"];

/// Every header field that shows anything, sorted by name, several rows of one name in any order. `List-…` is one rule.
pub(super) const FIELDS: &[Row] = &[
    ("archived-at", LIST, Says::Something), // RFC 5064
    ("auto-submitted", Mark::Machine(Automation::AutoSubmitted), Says::NotNo),
    ("autorespond", VENDOR, Says::Yes),
    ("bounces-to", VENDOR, Says::Something),
    ("content-class", BOUNCE, Says::Like(&["urn:content-classes:dsn"])),
    ("content-class", Mark::Machine(CalendarTraffic), Says::Like(&["urn:content-classes:calendarmessage"])),
    ("content-class", Mark::Machine(DispositionReport), Says::Like(&["urn:content-classes:mdn"])),
    ("delivered-to", VENDOR, Says::Word(&["autoresponder"])),
    ("envelope-from", NULL_PATH, Says::NullPath),
    // Where errors go although the return path says so: lists and mass mailers (RFC 2076 section 3.5).
    ("errors-to", VENDOR, Says::Something),
    ("feedback-id", Mark::Interface, Says::Like(SERVICES)),
    ("mailing-list", LIST, Says::Something),
    // Lyris ListManager: the address of the reader stands in the id, `--ann#client.example@`.
    ("message-id", VENDOR, Says::Like(&["<lyris*", "<*-*--*#*@*"])),
    ("precedence", PRECEDENCE, Says::Word(PRECEDENCES)),
    ("preference", PRECEDENCE, Says::Word(PRECEDENCES)),
    ("thread-index", Mark::Person, Says::Something),
    ("tls-report-domain", Mark::Machine(FeedbackReport), Says::Something), // RFC 8460 section 5.3
    ("user-agent", Mark::Person, Says::Like(PROGRAMS)),
    ("x-amazon-auto-reply", VENDOR, Says::Yes),
    ("x-amazon-mail-relay-type", VENDOR, Says::Word(&["notification", "merchandizing"])),
    // sendmail: a system account sent it in somebody's name.
    (
        "x-authentication-warning",
        Mark::Machine(SystemSender),
        Says::Like(&[
            "*: apache set sender to *",
            "*: daemon set sender to *",
            "*: httpd set sender to *",
            "*: nobody set sender to *",
            "*: www set sender to *",
            "*: www-data set sender to *",
            "*: wwwrun set sender to *",
        ]),
    ),
    ("x-auto", VENDOR, Says::Yes),
    ("x-auto-generated", VENDOR, Says::Yes),
    ("x-auto-reply", VENDOR, Says::Yes),
    ("x-auto-response", VENDOR, Says::Yes),
    ("x-auto-response-suppress", Mark::Machine(Automation::SuppressHeader), Says::Declines),
    ("x-autogenerated", VENDOR, Says::Yes),
    ("x-autoreply", VENDOR, Says::Yes),
    ("x-autoreply-from", VENDOR, Says::Yes),
    ("x-autoreply-to", VENDOR, Says::Yes),
    ("x-autorespond", VENDOR, Says::Yes),
    ("x-autoresponder", VENDOR, Says::Yes),
    ("x-autoresponse", VENDOR, Says::Yes),
    ("x-away-message", VENDOR, Says::Yes),
    ("x-barracuda-spam-flag", SPAM, Says::Word(&["yes"])),
    ("x-barracuda-spam-status", SPAM, Says::Word(&["yes"])),
    ("x-beenthere", LIST, Says::Something),
    ("x-bogosity", SPAM, Says::Word(&["spam", "yes"])),
    ("x-bugzilla-reason", VENDOR, Says::Yes),
    ("x-bulk", VENDOR, Says::Yes),
    ("x-bulkmail", VENDOR, Says::Yes),
    ("x-campaign", VENDOR, Says::Something),
    ("x-campaign-id", VENDOR, Says::Something),
    ("x-campaignid", VENDOR, Says::Something),
    ("x-cron-env", VENDOR, Says::Yes),
    ("x-csa-complaints", VENDOR, Says::Something), // certified mass senders
    ("x-dsncontext", BOUNCE, Says::Something),
    ("x-dspam-result", SPAM, Says::Word(&["spam"])),
    ("x-envelope-from", NULL_PATH, Says::NullPath),
    ("x-facebook-notify", VENDOR, Says::Yes),
    ("x-failed-recipients", BOUNCE, Says::Something), // Exim
    ("x-fc-machinegenerated", VENDOR, Says::Yes),     // FirstClass
    ("x-forefront-antispam-report", SPAM, Says::Like(&["*sfv:spm;*", "*sfv:skb;*", "*sfv:sks;*"])),
    ("x-github-reason", VENDOR, Says::Yes),
    ("x-gitlab-notificationreason", VENDOR, Says::Yes),
    ("x-jenkins-job", VENDOR, Says::Something),
    ("x-jira-fingerprint", VENDOR, Says::Something),
    ("x-job", VENDOR, Says::Something),
    ("x-jobid", VENDOR, Says::Something),
    ("x-list-host", LIST, Says::Something),
    ("x-list-unsubscribe", LIST, Says::Something),
    ("x-listserver", LIST, Says::Something),
    ("x-loop", VENDOR, Says::Yes),
    ("x-loop-prevention", VENDOR, Says::Yes),
    ("x-mail-autoreply", VENDOR, Says::Yes),
    ("x-mailer", Mark::Person, Says::Like(PROGRAMS)),
    ("x-mailer", VENDOR, Says::Like(MASS_MAILERS)),
    ("x-mailer-listid", VENDOR, Says::Something),
    ("x-mailgun-sid", Mark::Interface, Says::Something),
    ("x-mailing-id", VENDOR, Says::Something),
    ("x-mailing-list", LIST, Says::Something),
    ("x-mailman-version", LIST, Says::Something),
    ("x-mandrill-user", Mark::Interface, Says::Something),
    ("x-mc-user", VENDOR, Says::Something), // Mailchimp
    // The complaint level that Exchange Online gives mass senders; 0 is everybody else.
    (
        "x-microsoft-antispam",
        VENDOR,
        Says::Like(&["bcl:4;*", "bcl:5;*", "bcl:6;*", "bcl:7;*", "bcl:8;*", "bcl:9;*"]),
    ),
    ("x-mj-mid", Mark::Interface, Says::Something), // Mailjet
    ("x-ml-name", LIST, Says::Something),
    ("x-ms-exchange-generated-message-source", VENDOR, Says::Something),
    ("x-ms-exchange-message-is-ndr", BOUNCE, Says::Anything),
    ("x-ms-exchange-organization-scl", SPAM, Says::AtLeast(5)),
    ("x-msfbl", Mark::Interface, Says::Something), // SparkPost and its kin
    ("x-newsletter", VENDOR, Says::Yes),
    ("x-nightdesk", Mark::Machine(OwnMail), Says::Anything),
    ("x-no-loop", VENDOR, Says::Yes),
    ("x-otrs-loop", VENDOR, Says::Yes),
    ("x-pm-message-id", Mark::Interface, Says::Something), // Postmark
    ("x-post-messageclass", VENDOR, Says::Word(&["9"])),   // FirstClass: auto-response
    ("x-precedence", PRECEDENCE, Says::Word(PRECEDENCES)),
    ("x-proofpoint-spam-details", SPAM, Says::Like(&["rule=spam*"])),
    ("x-redmine-host", VENDOR, Says::Something),
    ("x-return-path", NULL_PATH, Says::NullPath),
    ("x-rspamd-action", SPAM, Says::Like(SPAM_ACTIONS)),
    ("x-rt-loop-prevention", VENDOR, Says::Yes),
    ("x-ses-outgoing", Mark::Interface, Says::Something),
    ("x-sg-eid", Mark::Interface, Says::Something), // SendGrid
    ("x-spam", SPAM, Says::Word(&["yes", "true", "spam"])),
    ("x-spam-action", SPAM, Says::Like(SPAM_ACTIONS)),
    ("x-spam-flag", SPAM, Says::Word(&["yes", "true", "spam"])),
    // X-Spam-Level counts points and leaves the verdict to X-Spam-Status.
    ("x-spam-status", SPAM, Says::Word(&["yes", "true", "spam"])),
    ("x-spamd-result", SPAM, Says::Like(&["*: true *"])),
    ("x-vacation", VENDOR, Says::Yes),
    ("x-yandex-spam", SPAM, Says::Word(&["4"])),
    ("x-zendesk-autoresponder", VENDOR, Says::Yes),
    ("x-znuny-loop", VENDOR, Says::Yes),
];

/// [MS-OXCMAIL] section 2.2.3.2.14: the words that decline an automatic answer. `DR`, `RN`, `NRN` decline reports, which
/// we never send.
pub(super) const SUPPRESSIONS: &[&str] = &["all", "oof", "autoreply"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_in_lower_case_and_its_names_can_be_asked_for() {
        assert!(FIELDS.is_sorted_by_key(|(name, ..)| name));
        for (name, _, says) in FIELDS {
            assert!(name.len() <= 48 && *name == name.to_lowercase(), "{name}");
            if let Says::Word(values) | Says::Like(values) = says {
                assert!(values.iter().all(|value| *value == value.to_lowercase()), "{name}");
            }
        }
    }
}
