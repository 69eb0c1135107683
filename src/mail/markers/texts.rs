//! How the texts of machines begin, what they ask for and how they end, with ordinary blanks; in lower case but the last.

use crate::mail::Automation::{self, DelayedNotice, DeliveryReport, DispositionReport};

/// How a text begins that no person writes, and words that must come soon after where the beginning alone is not enough.
pub(in crate::mail) const OPENINGS: &[(&str, &[&str], Automation)] = &[
    ("hi. this is the qmail-send program at", &[], DeliveryReport),
    ("this message was created automatically by mail delivery software", &[], DeliveryReport), // Exim
    ("this is the mail system at host", &[], DeliveryReport),                                  // Postfix
    ("this is the postfix program at host", &[], DeliveryReport),
    ("this is the mail delivery agent at", &[], DeliveryReport),
    ("this report relates to a message you sent with the following header", &[], DeliveryReport),
    ("this is an automatically generated delivery status notification", &[], DeliveryReport),
    ("this is a delivery status notification", &[], DeliveryReport),
    (
        "the original message was received at",
        &["the following address", "transcript of session"],
        DeliveryReport,
    ), // sendmail
    ("your message could not be delivered to the following recipient", &[], DeliveryReport),
    ("your message did not reach some or all of the intended recipients", &[], DeliveryReport), // Exchange
    (
        "your message",
        &["did not reach the following recipient", "was not delivered to", "could not be delivered"],
        DeliveryReport,
    ), // Exchange 5.5, Domino
    ("your message wasn't delivered to", &[], DeliveryReport),                                  // Gmail
    ("** address not found **", &[], DeliveryReport),
    ("** message not delivered **", &[], DeliveryReport),
    ("** message blocked **", &[], DeliveryReport),
    ("** delivery incomplete **", &[], DelayedNotice),
    ("delivery to the following recipient", &["failed"], DeliveryReport),
    ("delivery has failed to these recipients", &[], DeliveryReport),
    ("message from yahoo", &["unable to deliver message to"], DeliveryReport),
    ("sorry, we were unable to deliver your message", &[], DeliveryReport), // Yahoo
    (
        "i'm sorry to have to inform you that the message returned below could not be delivered",
        &[],
        DeliveryReport,
    ),
    ("a message that you sent could not be delivered", &[], DeliveryReport),
    ("the following message to <", &["was undeliverable"], DeliveryReport), // Postini
    ("the following addresses had permanent fatal errors", &[], DeliveryReport),
    ("this message has not yet been delivered", &[], DelayedNotice),
    ("this is a warning message only", &["do not need to resend"], DelayedNotice),
    ("your message", &["was read on", "was deleted without being read"], DispositionReport), // Exchange
    ("ihre nachricht", &["wurde gelesen am", "wurde am", "ungelesen gelöscht"], DispositionReport),
];

/// Where to look for a wish of no answer: a word to look for first, and the wishes that hold it. All of them are said of
/// the mail itself, so that "do not reply to him" is none.
pub(in crate::mail) const NO_REPLY_WISHES: &[(&str, &[&str])] = &[
    (
        "repl",
        &[
            "do not reply to this",
            "do not reply directly to this",
            "please do not reply.",
            "don't reply to this",
            "not reply to this e",
            "not reply to this m",
            "replies to this email are not",
            "replies to this e-mail are not",
            "replies to this message are not",
            "replies to this mailbox are not",
        ],
    ),
    ("respond", &["do not respond to this", "no responda a este", "não responda a est", "não responda est"]),
    (
        "antworten",
        &[
            "antworten sie nicht auf diese",
            "antworten sie bitte nicht auf diese",
            "nicht auf diese e-mail antworten",
            "nicht auf diese e-mail zu antworten",
            "nicht auf diese mail antworten",
            "nicht auf diese nachricht antworten",
        ],
    ),
    ("pond", &["ne pas répondre à ce", "ne répondez pas à ce", "ne pas repondre a ce"]),
    ("rispond", &["non rispondere a quest", "non rispondete a quest", "non risponda a quest"]),
    (
        "antwoord",
        &[
            "niet op deze e-mail te antwoorden",
            "beantwoord deze e-mail niet",
            "deze e-mail niet te beantwoorden",
        ],
    ),
    ("odpowiad", &["nie odpowiadać na t", "nie odpowiadaj na t"]),
    ("svar", &["svara inte på detta", "svar ikke på denne", "ikke svare på denne", "besvar ikke denne"]),
    ("отвеча", &["не отвечайте на эт", "не отвечать на эт"]),
    ("回复", &["请勿回复", "请不要回复", "请勿直接回复"]),
    ("返信", &["返信しないで", "返信いただいても", "返信できません", "返信は受け付け"]),
];

/// How mass mail says at its end why it came and how to stop it, which laws ask of it: a word to look for first, and how
/// the sentences begin. The capital tells them from a person's "how do I unsubscribe from".
pub(in crate::mail) const FOOTERS: &[(&str, &[&str])] = &[
    (
        "receiv",
        &[
            "You received this e",
            "You received this message because",
            "You have received this e",
            "You are receiving this",
            "You're receiving this",
            "If you no longer wish to receive",
            "If you do not wish to receive",
            "If you don't wish to receive",
            "If you do not want to receive",
            "To stop receiving",
        ],
    ),
    (
        "nsubscri",
        &[
            "To unsubscribe from",
            "To unsubscribe,",
            "To unsubscribe:",
            "To unsubscribe click",
            "To unsubscribe or",
            "To unsubscribe send",
            "If you wish to unsubscribe",
            "If you would like to unsubscribe",
        ],
    ),
    ("removed from", &["To be removed from"]),
    (
        "erhalten",
        &[
            "Sie erhalten diese E-Mail,",
            "Sie erhalten diese Mail,",
            "Sie erhalten diese Nachricht,",
            "Sie erhalten diesen Newsletter",
            "Wenn Sie diesen Newsletter nicht mehr",
            "Wenn Sie keine weiteren E-Mails",
        ],
    ),
    ("recevez", &["Vous recevez cet e-mail", "Vous recevez cet email", "Vous recevez ce message"]),
    ("recevoir", &["Si vous ne souhaitez plus recevoir"]),
    ("abonner", &["Pour vous désabonner", "Pour se désabonner"]),
    ("baja", &["Para darse de baja", "Si desea darse de baja"]),
    ("iscrizione", &["Per cancellare l'iscrizione", "Per annullare l'iscrizione"]),
    ("melden", &["Om u af te melden", "Wilt u zich afmelden"]),
    ("отпис", &["Чтобы отписаться"]),
];
