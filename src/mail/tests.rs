//! What a user would notice of a mail that was read.
use super::*;

fn read(text: &str) -> Message {
    parse(&Source::Whole(text.as_bytes()), &Options::default())
}

#[test]
fn a_plain_mail_is_read() {
    let mail = read(
        "From: Ann <ann@x.example>\r\nTo: desk@y.example\r\nSubject: Re: Login\r\nMessage-ID: <1@x.example>\r\n\r\nUrgent\r\n",
    );
    assert_eq!(mail.from[0].to_string(), "Ann <ann@x.example>");
    assert_eq!((mail.subject.as_str(), mail.base_subject.as_str()), ("Re: Login", "login"));
    assert_eq!(mail.body.text, "Urgent\n");
    assert!(mail.evidence.is_empty() && mail.unreadable.is_none());
}
