use async_imap::Client;

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
        ("* 1 FETCH ( UID 7  FLAGS ( \\Seen ) ) ", "* 1 FETCH (UID 7 FLAGS (\\Seen))\r\n"),
        ("* 1 fetch (INTERNALDATE nil UID 7)", "* 1 FETCH (INTERNALDATE \"\" UID 7)\r\n"),
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
    let many = format!("* 1 FETCH (X ({}))\r\n", "a ".repeat(200_000));
    assert_eq!(with_small_stack(many.into_bytes()).1.as_deref(), Some(NOT_A_FETCH.0));
}
