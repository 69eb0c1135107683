//! What is new, and what only looks so.

use super::*;

fn kinds(text: &str) -> Vec<(RegionKind, String)> {
    let division = divide(text, &[], Purpose::Reply, 0);
    let cut = |r: &Region| text.get(r.start..r.end).unwrap_or_default().trim().to_owned();
    division.regions.iter().map(|r| (r.kind, cut(r))).collect()
}

pub(super) fn new_text(text: &str) -> String {
    let new = kinds(text).into_iter().filter(|(kind, _)| *kind == RegionKind::New);
    new.map(|(_, text)| text).collect::<Vec<_>>().join("|")
}

#[test]
fn what_was_quoted_is_not_new() {
    for (text, expected) in [
        ("Yes.\n\nOn Tue, 1 Oct 2012 at 10:00, Ann <a@x.example> wrote:\n> Urgent?\n> Or not?\n", "Yes."),
        ("On 1 Oct 2012, Ann wrote:\n> One?\nYes.\n> Two?\nNo.\n", "Yes.|No."),
        ("> Urgent\nat the bottom", "at the bottom"),
        ("Hi\n\nOn Tue, Oct 1, 2012 at 10:00 AM, Ann Smith <ann@x.example>\nwrote:\n\nold text\nmore", "Hi"),
        ("Ja\n\nAm 01.10.2012 um 10:00 schrieb Max <m@x.example>:\n\nalt", "Ja"),
        ("Oui\n\nLe 1 oct. 2012 à 10:00, Max <m@x.example> a\u{a0}écrit\u{a0}:\n> vieux", "Oui"),
        ("Ok\n\n-----Original Message-----\nFrom: Ann\nSent: Monday\nTo: us\nSubject: x\n\nold", "Ok"),
        ("Ok\n\nVon: Ann\nGesendet: Montag\nAn: uns\nBetreff: x\n\nalt", "Ok"),
        ("Ok\n2012/10/1 Ann <a@x.example> wrote:\n> old", "Ok"),
        ("On 1 Oct 2012 at 10:00 you wrote:\n> old\n>From old\nOk", "Ok"),
    ] {
        assert_eq!(new_text(text), expected, "{text}");
    }
}

#[test]
fn in_doubt_text_is_new() {
    for text in [
        "On the other hand nothing works.\nPlease help",
        "On Monday I wrote:\nthe server is down. It still is.",
        "if a > b then\nwe fail",
        "From: the desk\nI can see that",
        "-- not a signature",
        "Subject: help\nplease",
        "On 3 May 2024 at 10:15 I sent you the following:\n\nthe server is down",
        "Am 3.5.2024 um 10:15 schrieb unser Admin:\nnichts geht",
        "Hello\n>From today on nothing works\nplease help",
        "--\nnothing above it is signed",
        "Hello\n\u{2014}\nnothing works",
        "New ticket\n____________________\nPriority: urgent\n____________________",
        "Sent from Berlin, where nothing works",
    ] {
        assert_eq!(new_text(text), text, "{text}");
    }
}

#[test]
fn a_filled_in_form_is_no_quotation() {
    let form = "From: Jane Doe\nDate: 2024-05-01\nSubject: help\nMessage:\nnothing works";
    for (purpose, kind) in [(Purpose::New, RegionKind::New), (Purpose::Reply, RegionKind::Quoted)] {
        let kinds: Vec<_> = divide(form, &[], purpose, 0).regions.iter().map(|r| r.kind).collect();
        assert_eq!(kinds, [kind], "{purpose:?}");
    }
}

#[test]
fn a_signature_ends_where_a_quotation_begins() {
    use RegionKind::{New, Quoted, Signature};
    let found = kinds("Help\n-- \nAnn\nSupport urgent line\n\n> old\nnew again");
    let kinds: Vec<_> = found.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [New, Signature, Quoted, New]);
}

#[test]
fn a_forwarded_mail_is_cut_off() {
    for (text, purpose) in [
        ("See below\n\n---------- Forwarded message ---------\nFrom: x\n\nold", Purpose::New),
        ("See below\n\nBegin forwarded message:\n\n> From: x", Purpose::New),
        ("See below\n\n-----Original Message-----\nFrom: x\n\nold", Purpose::Forward),
    ] {
        let division = divide(text, &[], purpose, 0);
        assert_eq!(text.get(..division.forwarded), Some("See below\n\n"));
    }
}

/// What is new, and why the rest is not.
fn new_and_reasons(text: &str) -> (String, Vec<&'static str>) {
    let regions = divide(text, &[], Purpose::Reply, 0).regions;
    let old = regions.iter().filter(|r| r.kind != RegionKind::New).map(|r| r.because);
    (new_text(text), old.collect())
}

#[test]
fn what_stands_below_a_mail_is_no_news() {
    for (below, because) in [
        ("Kind regards,\nMia Berger\nHead of Operations\nTel. +49 30 1234567", "signature-block"),
        (
            "Mit freundlichen Grüßen\n\nMia Berger\nLeiterin Technik\nExample GmbH\nHauptstraße 5, 10115 Berlin\n\nmia@client.example",
            "signature-block",
        ),
        (
            "Best,\nMia\nSupport Engineer\nFor urgent matters call +49 170 1234567\nwww.client.example",
            "signature-block",
        ),
        ("Cordialement,\nMia Berger\n24/7 emergency line: +33 1 23 45 67 89", "signature-block"),
        ("For urgent matters please contact support@client.example.", "contact-line"),
        ("In dringenden Fällen wenden Sie sich bitte an +49 30 1234567.", "contact-line"),
        ("Im Notfall: +49 30 1234567", "contact-line"),
        ("Pour toute urgence, appelez le +33 1 23 45 67 89", "contact-line"),
        ("Para urgencias llame al +34 600 123 456.", "contact-line"),
        (
            "For emergencies outside of our office hours please call\nour hotline at +1 (555) 010-4477.",
            "contact-line",
        ),
        (
            "This e-mail and its attachments are confidential and meant for the intended recipient. If it came to you in error,\nplease delete it. Do not send time-sensitive instructions by e-mail.",
            "disclaimer",
        ),
        (
            "Diese E-Mail ist vertraulich und nur für den genannten Empfänger bestimmt. Eine Weitergabe ist nicht gestattet.",
            "disclaimer",
        ),
        (
            "Ce message est confidentiel et réservé à son destinataire. Toute divulgation est interdite.",
            "disclaimer",
        ),
        (
            "CONFIDENTIALITY NOTICE\n\nThis message is privileged and for its addressee. Any disclosure is prohibited.",
            "disclaimer",
        ),
        ("Please consider the environment before printing this urgent mail.", "disclaimer"),
        ("[You don't often get email from mia@client.example. Learn why this is important]", "disclaimer"),
        (
            "You received this message because you are subscribed to the group Urgent.\nTo unsubscribe from this group and stop receiving emails from it, write to it.",
            "list-footer",
        ),
        ("##- Please type your reply above this line -##\n\nTicket 5: urgent", "reply-above"),
        ("=== Bitte antworten Sie oberhalb dieser Zeile ===\nurgent", "reply-above"),
        ("--- On Tue, 5/5/26, Mia <mia@client.example> wrote:\nurgent", "attribution-line"),
        (
            "Mia Berger <mia@client.example>\n05/05/2026 10:15 AM\n\nTo\nBob\ncc\n\nSubject\nurgent\n\nold",
            "header-block",
        ),
    ] {
        let text = format!("Nothing works.\n\n{below}");
        let (new, reasons) = new_and_reasons(&text);
        assert_eq!(new, "Nothing works.", "{below}");
        assert!(reasons.iter().all(|reason| *reason == because), "{below}: {reasons:?}");
    }
}

#[test]
fn a_signature_block_stops_at_a_quotation() {
    let text =
        "Yes.\n\nRegards,\nMia\n+49 30 1234567\n\nOn 5 May 2026, Ann <ann@x.example> wrote:\n> urgent?\nNo.";
    let (new, reasons) = new_and_reasons(text);
    assert_eq!(new, "Yes.|No.");
    assert_eq!(reasons, ["signature-block", "attribution-line", "quote-prefix"]);
}

#[test]
fn a_cry_for_help_is_new_wherever_it_stands() {
    for text in [
        "Hello\n\nKind regards,\nMia\n+49 30 1234567\n\nP.S. Urgent: the shop is down, call me at +49 170 1234567",
        "Hello\n\nThanks,\nMia\nURGENT\n+49 30 1234567",
        "Hello\n\nThanks,\nMia\nUrgent: +49 30 1234567",
        "Hello\n\nBest regards\nMia\nplease call me back: +49 170 1234567",
        "Hello\n\nBest regards\nMia\nProduction Down\n+49 170 1234567",
        "Regards to all, nothing works\n+49 30 1234567",
        "Thanks for nothing\nwww.client.example",
        "Hello\n\nBest regards,\nMia",
        "Urgent: call me at +49 30 1234567",
        "For urgent matters we called +49 30 1234567 and nobody answers",
        "Hello\n\nFor urgent matters call +49 30 1234567 but nobody answers there",
        "Hello\n\nFor urgent matters call +49 30 1234567.\nNobody answers!",
        "Hello\n\nFor urgent matters call +49 30 1234567.\nOur shop is down since nine.",
        "Hello\n\nYour page says:\nFor urgent matters call +49 30 1234567.",
        "Hello\n\nFor urgent matters call +49 30 1234567. Production has stopped",
        "Hello\n\nFor urgent matters call +49 30 1234567!",
        "Hello\n\nFor urgent matters call",
        "In an emergency like this I expect a call at +49 30 1234567",
        "This e-mail is urgent. Please call us.",
        "This message is confidential: we were hacked, it is urgent, do not delete the logs",
        "Reply above this line is what your system says, and it is urgent",
        "##- Reply above this line or not: urgent -##",
        "| ticket | urgent |\n| other | normal |",
        "Visit us\n>>> urgent offer <<<\nnow",
    ] {
        assert_eq!(new_text(text), text, "{text}");
    }
    let disclaimed = "Hello\n\nThis e-mail is confidential and for its intended recipient, disclosure is prohibited.\nURGENT: nothing works";
    assert_eq!(new_text(disclaimed), "Hello|URGENT: nothing works");
    let signed = "Hello\n\nFor urgent matters call +49 30 1234567.\n\nMia Berger";
    assert_eq!(new_text(signed), "Hello|Mia Berger");
    let notice = "##- Please type your reply above this line -##\n\nThe shop is down";
    assert_eq!(new_text(notice), "The shop is down");
}

#[test]
fn answers_between_quoted_lines_are_new() {
    let attribution = "On 5 May 2026 at 10:15, Ann <ann@x.example> wrote:";
    for (text, expected) in [
        (format!("{attribution}\n| urgent?\n| really?\nNo."), "No."),
        (format!("{attribution}\n] urgent?\n] really?\nNo."), "No."),
        (format!("{attribution}\nAS> urgent?\nAS> really?\nNo."), "No."),
        (format!("{attribution}\n> > > urgent?\n> > no\n> why\nYes.\n> and\nNo."), "Yes.|No."),
        (
            format!(
                "{attribution}\n> Is it so that nothing has worked in the shop since the last very\nurgent release\n> of yours?\nYes."
            ),
            "Yes.",
        ),
        (
            format!("{attribution}\n> See the page (http://x.example/urgent\n_really=5)\n> for more\nYes."),
            "Yes.",
        ),
        // The same places with words of one's own.
        (
            format!(
                "{attribution}\n> Is it so that nothing has worked in the shop since the last very\nYes, urgent!\n> urgent release?"
            ),
            "Yes, urgent!",
        ),
        (
            format!(
                "{attribution}\n> Is it so that nothing has worked in the shop since last Monday?\nyes it is\n> Why?"
            ),
            "yes it is",
        ),
        (format!("{attribution}\n> short\nurgent\n> more"), "urgent"),
    ] {
        assert_eq!(new_text(&text), expected, "{text}");
    }
}

#[test]
fn a_quotation_with_answers_in_it_counts_when_the_writer_says_so() {
    let block = "From: Ann\nSent: Monday\nTo: us\nSubject: x\n\nIs it urgent?\nYES, URGENT\n";
    for said in ["See my answers below.", "My comments in red.", "Meine Antworten unten in Rot", "inline..."]
    {
        assert!(new_text(&format!("{said}\n\n{block}")).contains("YES, URGENT"), "{said}");
        assert!(!new_text(&format!("{said}\n\n{block}")).contains("Sent: Monday"), "{said}");
        let attributed =
            format!("{said}\n\nOn 1 Oct 2012 at 10:00, Ann <a@x.example> wrote:\n\nold\nYES, URGENT");
        assert!(new_text(&attributed).ends_with("YES, URGENT"), "{said}");
    }
    for said in ["Thanks.", "We are online again.", "The redirect works."] {
        assert_eq!(new_text(&format!("{said}\n\n{block}")), said);
    }
    let marked = "Answers inline.\n\nOn 1 Oct 2012, Ann wrote:\n> Urgent?\nNo.\n";
    assert_eq!(new_text(marked), "Answers inline.|No.");
}
