//! A mail program, as far as looking into mailboxes needs it (RFC 3501).

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Somebody logged in.
pub(crate) struct Imap {
    stream: BufReader<TcpStream>,
}

/// One line of an answer, and the literal at its end.
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) literal: Vec<u8>,
}

/// A mail as it lies in a mailbox.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) uid: u32,
    pub(crate) flags: String,
    pub(crate) source: String,
}

impl Mail {
    /// A field of the header, unfolded.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let head = self
            .source
            .split("\r\n\r\n")
            .next()
            .unwrap_or_default()
            .replace("\r\n ", " ")
            .replace("\r\n\t", " ");
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

impl Imap {
    pub(crate) async fn log_in(port: u16, address: &str, password: &str) -> Imap {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a server");
        let mut imap = Imap { stream: BufReader::new(stream) };
        imap.line().await;
        imap.command(&format!("LOGIN {address} \"{password}\"")).await;
        imap
    }

    /// Runs a command that the server must agree to.
    pub(crate) async fn command(&mut self, command: &str) -> Vec<Line> {
        self.say(&format!("a {command}\r\n")).await;
        let mut lines = Vec::new();
        loop {
            let line = self.line().await;
            if line.text.starts_with("a ") {
                assert!(line.text.starts_with("a OK"), "{command}: {}", line.text);
                return lines;
            }
            lines.push(line);
        }
    }

    /// Puts a mail into a folder; its lines may end in LF.
    pub(crate) async fn append(&mut self, folder: &str, mail: &str) {
        let mail = mail.replace("\r\n", "\n").replace('\n', "\r\n");
        self.say(&format!("a APPEND {folder} {{{}}}\r\n", mail.len())).await;
        let go_on = self.line().await.text;
        assert!(go_on.starts_with('+'), "{go_on}");
        self.say(&format!("{mail}\r\n")).await;
        loop {
            let line = self.line().await.text;
            if line.starts_with("a ") {
                assert!(line.starts_with("a OK"), "{line}");
                return;
            }
        }
    }

    /// Every mail of a folder; nothing is changed by looking.
    pub(crate) async fn mails(&mut self, folder: &str) -> Vec<Mail> {
        self.command(&format!("EXAMINE {folder}")).await;
        let mut mails = Vec::new();
        for line in self.command("UID FETCH 1:* (UID FLAGS BODY.PEEK[])").await {
            if let Some((_, items)) = line.text.split_once(" FETCH (") {
                let after = |name: &str| items.split_once(name).expect("asked for").1;
                let uid = after("UID ").split(' ').next().and_then(|uid| uid.parse().ok()).expect("a UID");
                let flags = after("FLAGS (").split(')').next().expect("flags").to_owned();
                let source = String::from_utf8_lossy(&line.literal).into_owned();
                mails.push(Mail { uid, flags, source });
            }
        }
        mails
    }

    async fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.expect("the server listens");
    }

    /// A line; after a literal its rest follows on.
    async fn line(&mut self) -> Line {
        let (mut text, mut literal) = (String::new(), Vec::new());
        loop {
            assert_ne!(self.stream.read_line(&mut text).await.expect("an answer"), 0, "the server hung up");
            let length =
                text.trim_end().strip_suffix('}').and_then(|line| line.rsplit_once('{')?.1.parse().ok());
            let Some(length) = length else { return Line { text, literal } };
            literal = vec![0; length];
            self.stream.read_exact(&mut literal).await.expect("the whole literal");
        }
    }
}
