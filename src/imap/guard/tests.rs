//! Odd, hostile and broken answers, by themselves and through the parser above.

use async_imap::Client;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn told(response: &str) -> Result<String, &'static str> {
    let passed = passed(response.as_bytes()).map_err(|refusal| refusal.0)?;
    Ok(String::from_utf8(passed).expect("text"))
}

#[test]
fn what_nobody_asked_for_is_dropped() {
    for line in [
        "* NAMESPACE ((\"\" \"/\")) NIL NIL",
        "* ESEARCH (TAG \"a\") UID ALL 1:3",
        "* XYZZY \u{e9}(",
        "* FLAGS (\\Answered \\Bad)Flag)",
        "* LIST (\\X) \"/\" {5}\r\na\r\nbc",
        "* VANISHED (EARLIER) 300:310",
        "* 3 RECENT",
        "* 99999999999 EXISTS",
        "* 7",
        "*",
    ] {
        assert_eq!(told(line), Ok(String::new()), "{line}");
    }
}

#[test]
fn what_is_written_oddly_is_said_again_plainly() {
    for (line, plain) in [
        ("*  7  exists ", "* 7 EXISTS\r\n"),
        ("+idling \u{e9}", "+ \r\n"),
        ("* OK [ALERT]\u{e9} caf\u{e9}\0", "* OK [ALERT]?? caf???\r\n"),
        ("n1 OK", "n1 OK\r\n"),
        ("* CAPABILITY IMAP4rev2  IDLE", "* CAPABILITY IMAP4rev1 IMAP4rev2 IDLE\r\n"),
        ("* SEARCH 3  4 ", "* SEARCH 3 4\r\n"),
        ("* 1 FETCH ( FLAGS ( \\Seen )  UID 7 ) ", "* 1 FETCH (UID 7)\r\n"),
        ("* 1 FETCH (FLAGS (\\Seen) MODSEQ (7))", ""),
        ("* 1 fetch (INTERNALDATE nil UID 7)", "* 1 FETCH (UID 7)\r\n"),
        ("* 1 FETCH (INTERNALDATE NILL UID 7)", "* 1 FETCH (UID 7)\r\n"),
        ("* 1 FETCH (X ((a) INTERNALDATE NIL UID 9) UID 7)", "* 1 FETCH (UID 7)\r\n"),
        ("* 1 FETCH (X (a \"b) UID 9 \") UID 7 BODY[] NIL)", "* 1 FETCH (UID 7 BODY[] NIL)\r\n"),
        (
            "* 1 FETCH (BODYSTRUCTURE (\"TEXT\" {5}\r\nPLAIN  (\"NAME\" \"a) UID 9 (\") NIL NIL \"7BIT\" 5 1))",
            "* 1 FETCH (BODYSTRUCTURE (\"TEXT\" \"PLAIN\" (\"NAME\" \"?\") NIL NIL \"7BIT\" 5 1))\r\n",
        ),
        ("* 1 FETCH (BODY[] \"a\\\"b\\c\")", "* 1 FETCH (BODY[] {4}\r\na\"bc)\r\n"),
        ("* 1 FETCH (BODY[1.MIME]<0> {3+}\na)b UID 7)", "* 1 FETCH (BODY[1.MIME]<0> {3}\r\na)b UID 7)\r\n"),
    ] {
        assert_eq!(told(line).as_deref(), Ok(plain), "{line}");
    }
}

#[test]
fn what_was_asked_for_and_cannot_be_understood_is_refused() {
    for line in [
        "* 1 FETCH (UID x)",
        "* 1 FETCH (UID 0)",
        "* 1 FETCH (UID (7))",
        "* 1 FETCH (UID",
        "* 1 FETCH (BODY[] {2}\r\nhi",
        "* 1 FETCH (BODYSTRUCTURE ((\"text\" NIL) \"mixed\"))",
        "* 1 FETCH (BODYSTRUCTURE ((NIL) INTERNALDATE NIL))",
        "* 1 FETCH",
        "* SEARCH 3 x",
        "!!! garbage",
        "HTTP/1.1 400 Bad Request",
        "n1 OKAY",
        "",
    ] {
        assert!(told(line).is_err(), "{line}: {:?}", told(line));
    }
}

#[test]
fn a_long_answer_to_search_comes_in_pieces() {
    let numbers: Vec<String> = (1_000_000..1_050_000_u32).map(|uid| uid.to_string()).collect();
    let lines = told(&format!("* SEARCH {}", numbers.join(" "))).expect("lines");
    assert!(lines.lines().all(|line| line.len() < 4_000));
    let found: Vec<&str> = lines.lines().flat_map(|line| line.split(' ').skip(2)).collect();
    assert_eq!(found, numbers);
    assert_eq!(told("* SEARCH").as_deref(), Ok("* SEARCH\r\n"));
}

/// What the parser above hands out of what a server sends, in pieces of this size.
async fn read(bytes: &[u8], piece: usize) -> (Vec<String>, Option<String>) {
    let (near, mut far) = tokio::io::duplex(piece);
    let write = async move { drop(tokio::io::AsyncWriteExt::write_all(&mut far, bytes).await) };
    let read = async {
        let (mut client, mut found) = (Client::new(Guard::new(near)), Vec::new());
        loop {
            tokio::select! {
                biased;
                response = client.read_response() => match response {
                    Ok(Some(response)) => found.push(format!("{:?}", response.parsed())),
                    Ok(None) => return (found, None),
                    Err(error) => return (found, Some(error.to_string())),
                },
                // A wait that is given up loses nothing.
                () = tokio::task::yield_now() => {}
            }
        }
    };
    tokio::join!(read, write).0
}

#[tokio::test]
async fn whole_responses_reach_the_parser_whatever_stands_between_them() {
    let sent =
        b"* OK hi\n* 1 FETCH (BODY[] {6}\r\nab\r\ncd)\r\n* XYZZY (\r\n* 2 EXISTS\r\nn1 OK done\r\n* 3 EXI";
    for piece in [1, 3, 7, 1_000] {
        let (found, error) = read(sent, piece).await;
        assert_eq!((found.len(), error), (4, None), "{found:?}");
    }
    let (found, error) = read(b"* 1 EXISTS\r\n* 1 FETCH (UID secret)\r\n", 64).await;
    assert_eq!((found.len(), error.as_deref()), (1, Some("a FETCH response cannot be read")));
}

#[tokio::test]
async fn nothing_is_held_above_when_a_command_has_ended() {
    let mut stream: &[u8] = b"n1 OK go\r\n* CAPABILITY IMAP4rev1\r\n";
    let mut guard = Guard::new(&mut stream);
    let mut first = vec![0; 4096];
    let length = guard.read(&mut first).await.expect("bytes");
    assert_eq!(&first[..length], b"n1 OK go\r\n");
    assert!(guard.into_inner().is_none());
}

/// In a thread with the stack that a worker has.
fn with_small_stack(bytes: Vec<u8>) -> (Vec<String>, Option<String>) {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(read(&bytes, 4096))
    };
    std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(run)
        .expect("a thread")
        .join()
        .expect("no panic")
}

#[test]
fn nesting_is_bounded_before_it_is_parsed() {
    let text = r#"("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1)"#;
    let multiparts = |depth: usize| format!("{}{text}{}", "(".repeat(depth), " \"MIXED\")".repeat(depth));
    let enclosed = |depth: usize| {
        let open = r#"("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 9 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) "#;
        format!("{}{text}{}", open.repeat(depth), " 9)".repeat(depth))
    };
    let extension = |depth: usize| {
        let lists = format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
        format!(r#"("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1 NIL NIL NIL NIL {lists})"#)
    };
    for structure in [multiparts(126), enclosed(126), extension(126)] {
        let sent = format!("* 1 FETCH (UID 7 BODYSTRUCTURE {structure})\r\n");
        let (found, error) = with_small_stack(sent.into_bytes());
        assert_eq!((found.len(), error), (1, None));
    }
    for structure in [multiparts(128), enclosed(128), "(".repeat(500_000), "(NIL ".repeat(100_000)] {
        let sent = format!("* 1 FETCH (UID 7 BODYSTRUCTURE {structure})\r\n");
        let (found, error) = with_small_stack(sent.into_bytes());
        assert_eq!((found.len(), error.as_deref()), (0, Some("lists are nested too deeply")));
    }
    let many = format!("* 1 FETCH (X ({}) UID 7)\r\n", "a ".repeat(200_000));
    assert_eq!(with_small_stack(many.into_bytes()).1.as_deref(), Some(items::NOT_A_FETCH.0));
}

#[tokio::test]
async fn a_structure_as_servers_write_it_is_still_one() {
    let sent = "* 2 FETCH (UID 2 BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"utf-8\" \"format\" \"flowed\") NIL NIL \
        \"quoted-printable\" 120 4 NIL NIL NIL NIL)(\"message\" \"rfc822\" (\"name\" \"Fw: (1) \u{e9}\") NIL \"a \\\"b\\\"\" \
        \"7bit\" 900 (\"Fri, 9 Jan 2026 21:03:41 -0500\" {9}\r\nre) UID 9 ((\"Mia (x)\" NIL \"mia\" \"customer.example\")) NIL NIL \
        NIL NIL NIL NIL \"<1@x>\") (\"text\" \"plain\" NIL NIL NIL \"7bit\" 5 1 NIL NIL NIL NIL) 30 NIL (\"attachment\" \
        (\"filename\" \"f.eml\")) (\"en\" \"de\") NIL)(\"application\" \"vnd.ms-excel\" (\"name\" \"a b.xls\") \"<i@d>\" NIL \
        \"base64\" 4000 NIL (\"attachment\" (\"filename\" \"a b.xls\" \"size\" \"3\")) NIL NIL) \"mixed\" (\"boundary\" \"=_1\") \
        NIL NIL NIL))\r\n";
    let (found, error) = read(sent.as_bytes(), 100).await;
    assert_eq!(error, None);
    let parts = ["Multipart", "Message", "subtype: \"vnd.ms-excel\"", "octets: 4000"];
    assert!(parts.iter().all(|part| found[0].contains(part)), "{found:?}");
}

/// Pieces that responses are made of, whole and broken.
const PIECES: &[&[u8]] = &[
    b"* ",
    b"n1 ",
    b"+ ",
    b"OK ",
    b"BYE ",
    b"[ALERT]",
    b"[UIDNEXT 7]",
    b"[CAPABILITY IMAP4rev1 X]",
    b"[",
    b"]",
    b"CAPABILITY ",
    b"IMAP4rev1",
    b"SEARCH ",
    b"7 ",
    b"99999999999 ",
    b"EXISTS",
    b"EXPUNGE",
    b"FETCH ",
    b"(",
    b")",
    b" ",
    b"UID ",
    b"INTERNALDATE ",
    b"\"09-Jan-2026 21:03:41 -0500\"",
    b"NIL",
    b"nil ",
    b"BODY[] ",
    b"BODY[1.MIME]<0> ",
    b"BODYSTRUCTURE ",
    b"ENVELOPE ",
    b"FLAGS ",
    b"\"text\" \"plain\" NIL NIL NIL \"7bit\" 5 1",
    b"\"a\\\"b\"",
    b"\"",
    b"{3}\r\nabc",
    b"{3}\nab",
    b"{99999}",
    b"~{1}\r\nx",
    b"\\",
    b"X-GM-LABELS ",
    b"X-GM-MSGID ",
    b"MODSEQ (1)",
    b"EMAILID (x)",
    b"\xc3\xa9",
    b"\xff",
    b"\0",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n* 1 FETCH (",
    b"*",
    b"-1",
    b"4294967295",
    b"4294967296",
    b"BODY[HEADER.FIELDS (\"To\")] ",
    b"RFC822 ",
    b"RFC822.SIZE ",
    b"BODY ",
    b"BINARY[1] ",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Nothing panics, and the parser above never fails by itself: every error is one of ours.
    #[test]
    fn the_parser_above_takes_whatever_is_handed_on(pieces in vec(select(PIECES), 0..40), size in 1_usize..64) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let begin: &[u8] = b"* 1 FETCH (UID 7 ";
        for sent in [pieces.concat(), [begin, &pieces.concat()].concat()] {
            let (_, error) = runtime.block_on(read(&sent, size));
            prop_assert!(error.as_ref().is_none_or(|error| error.len() < 50), "{error:?}");
        }
    }
}
