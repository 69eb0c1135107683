//! An IMAP server in this process that behaves, until a fault says otherwise.
//!
//! It serves one folder to any number of connections. A [`Fault`] waits for a command and spoils the answer to it, a
//! given number of times; afterwards the server behaves again.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, tcp};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A mail as the server has it.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) bytes: Vec<u8>,
    /// As INTERNALDATE says it; none is left out.
    pub(crate) date: Option<String>,
    /// BODYSTRUCTURE, and what single sections hold.
    pub(crate) structure: String,
    pub(crate) sections: BTreeMap<String, Vec<u8>>,
    /// Whether its body is there.
    pub(crate) is_there: bool,
}

impl Mail {
    pub(crate) fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Mail {
            bytes: bytes.into(),
            date: Some("09-Jan-2026 21:03:41 -0500".to_owned()),
            structure: "NIL".to_owned(),
            sections: BTreeMap::new(),
            is_there: true,
        }
    }

    pub(crate) fn numbered(number: u32) -> Self {
        Mail::new(format!(
            "From: Mia <mia@customer.example>\r\nSubject: number {number}\r\n\r\nhello {number}\r\n"
        ))
    }
}

/// What goes wrong.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// This is said instead of the answer; `{tag}` stands for the tag.
    Say(&'static str),
    /// The same, and the connection is closed.
    SayAndClose(&'static str),
    /// This is said before the answer.
    Before(String),
    /// So many bytes of the answer, and the connection is closed.
    Cut(usize),
    /// So many bytes of the answer, and nothing more is ever said.
    Stall(usize),
    /// A line without end.
    Endless(&'static str),
}

/// A command that is answered wrongly.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// What the command holds; the first `skip` of them are answered well.
    pub(crate) on: &'static str,
    pub(crate) skip: usize,
    pub(crate) times: usize,
    pub(crate) act: Act,
}

#[derive(Debug, Clone)]
pub(crate) struct Folder {
    pub(crate) uid_validity: u32,
    /// What is said; not what is true.
    pub(crate) uid_next: Option<u32>,
    pub(crate) mails: BTreeMap<u32, Mail>,
    pub(crate) password: String,
    pub(crate) capabilities: &'static str,
    pub(crate) faults: Vec<Fault>,
    /// Bytes that the next connections may get before they are closed.
    pub(crate) allowances: Vec<usize>,
    /// All commands so far, without tags and passwords.
    pub(crate) log: Vec<String>,
    pub(crate) connections: usize,
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    folder: Mutex<Folder>,
    changes: watch::Sender<u64>,
}

impl Shared {
    fn folder(&self) -> MutexGuard<'_, Folder> {
        self.folder.lock().expect("no test panicked")
    }
}

impl Server {
    pub(crate) async fn start(mails: impl IntoIterator<Item = (u32, Mail)>) -> Self {
        let folder = Folder {
            uid_validity: 7,
            uid_next: None,
            mails: mails.into_iter().collect(),
            password: "secret".to_owned(),
            capabilities: "IMAP4rev1 IDLE AUTH=PLAIN",
            faults: Vec::new(),
            allowances: Vec::new(),
            log: Vec::new(),
            connections: 0,
        };
        let shared = Arc::new(Shared { folder: Mutex::new(folder), changes: watch::Sender::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let mut tasks = JoinSet::new();
        let served = Arc::clone(&shared);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&served);
                connections.spawn(async move { drop(Connection::serve(stream, shared).await) });
            }
        });
        Server { port, shared, _tasks: tasks }
    }

    /// Looks at the folder, or changes it without telling anybody.
    pub(crate) fn folder(&self) -> MutexGuard<'_, Folder> {
        self.shared.folder()
    }

    /// A mail comes in.
    pub(crate) fn deliver(&self, uid: u32, mail: Mail) {
        self.folder().mails.insert(uid, mail);
        self.shared.changes.send_modify(|change| *change += 1);
    }

    pub(crate) fn fault(&self, on: &'static str, act: Act) {
        self.folder().faults.push(Fault { on, skip: 0, times: 1, act });
    }

    /// How often a command was said.
    pub(crate) fn count(&self, command: &str) -> usize {
        self.folder().log.iter().filter(|line| line.contains(command)).count()
    }
}

struct Connection {
    shared: Arc<Shared>,
    reader: BufReader<tcp::OwnedReadHalf>,
    writer: tcp::OwnedWriteHalf,
    changes: watch::Receiver<u64>,
    /// What the client was told of the number of mails.
    told: usize,
    allowance: Option<usize>,
}

/// The connection is over.
struct Over;

impl From<std::io::Error> for Over {
    fn from(_: std::io::Error) -> Self {
        Over
    }
}

impl Connection {
    async fn serve(stream: TcpStream, shared: Arc<Shared>) -> Result<(), Over> {
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        let allowance = {
            let mut folder = shared.folder();
            folder.connections += 1;
            if folder.allowances.is_empty() { None } else { Some(folder.allowances.remove(0)) }
        };
        let changes = shared.changes.subscribe();
        let mut connection =
            Connection { shared, reader: BufReader::new(reader), writer, changes, told: 0, allowance };
        connection.answer("", "GREETING", b"* OK ready\r\n".to_vec()).await?;
        loop {
            let line = connection.line().await?;
            let (tag, command) = line.split_once(' ').ok_or(Over)?;
            connection.command(tag, command).await?;
        }
    }

    async fn line(&mut self) -> Result<String, Over> {
        let mut line = String::new();
        match self.reader.read_line(&mut line).await? {
            0 => Err(Over),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    async fn command(&mut self, tag: &str, command: &str) -> Result<(), Over> {
        let name = command.split(' ').next().unwrap_or_default();
        let logged = if name == "LOGIN" { "LOGIN" } else { command };
        self.shared.folder().log.push(logged.to_owned());
        if command == "IDLE" {
            return self.idle(tag).await;
        }
        if command == "AUTHENTICATE PLAIN" {
            return self.authenticate(tag).await;
        }
        let mut answer = self.untagged(command);
        let known = ["CAPABILITY", "NOOP", "EXAMINE", "UID", "FETCH", "LOGOUT", "STARTTLS"].contains(&name);
        let end = match name {
            "LOGIN" if command.contains(&self.shared.folder().password) => "OK in",
            "LOGIN" => "NO [AUTHENTICATIONFAILED] wrong",
            _ if known => "OK done",
            _ => "BAD unknown",
        };
        answer.extend_from_slice(format!("{tag} {end}\r\n").as_bytes());
        self.answer(tag, command, answer).await
    }

    async fn authenticate(&mut self, tag: &str) -> Result<(), Over> {
        self.answer(tag, "AUTHENTICATE", b"+ \r\n".to_vec()).await?;
        let said = self.line().await?;
        let end = if said == self.shared.folder().password { "OK in" } else { "NO wrong" };
        self.answer(tag, "PASSWORD", format!("{tag} {end}\r\n").into_bytes()).await
    }

    async fn idle(&mut self, tag: &str) -> Result<(), Over> {
        self.changes.borrow_and_update();
        let mut begin = self.exists(false);
        begin.extend_from_slice(b"+ idling\r\n");
        let is_spoilt = self.folder_has_fault("IDLE");
        self.answer(tag, "IDLE", begin).await?;
        if is_spoilt {
            return Ok(());
        }
        loop {
            let mut line = String::new();
            tokio::select! {
                read = self.reader.read_line(&mut line) => {
                    if read? == 0 { return Err(Over); }
                    return self.answer(tag, "DONE", format!("{tag} OK done\r\n").into_bytes()).await;
                }
                changed = self.changes.changed() => {
                    changed.map_err(|_| Over)?;
                    let exists = self.exists(false);
                    self.answer(tag, "NEWS", exists).await?;
                }
            }
        }
    }

    fn untagged(&mut self, command: &str) -> Vec<u8> {
        if command.starts_with("CAPABILITY") {
            return format!("* CAPABILITY {}\r\n", self.shared.folder().capabilities).into_bytes();
        }
        if command.starts_with("EXAMINE") {
            let mut answer = self.exists(true);
            let folder = self.shared.folder();
            answer.extend_from_slice(
                format!("* OK [UIDVALIDITY {}] valid\r\n* FLAGS (\\Seen)\r\n", folder.uid_validity)
                    .as_bytes(),
            );
            if let Some(next) = folder.uid_next {
                answer.extend_from_slice(format!("* OK [UIDNEXT {next}] next\r\n").as_bytes());
            }
            return answer;
        }
        let mut answer = Vec::new();
        if let Some(rest) = command.strip_prefix("UID FETCH ") {
            answer = self.fetch(rest, true);
        } else if let Some(rest) = command.strip_prefix("FETCH ") {
            answer = self.fetch(rest, false);
        } else if command.starts_with("UID SEARCH") {
            let folder = self.shared.folder();
            let uids: Vec<String> = folder.mails.keys().map(u32::to_string).collect();
            answer = format!("* SEARCH {}\r\n", uids.join(" ")).into_bytes();
        }
        answer.extend(self.exists(false));
        answer
    }

    /// Tells how many mails there are, when that is new.
    fn exists(&mut self, always: bool) -> Vec<u8> {
        let count = self.shared.folder().mails.len();
        if count == self.told && !always {
            return Vec::new();
        }
        self.told = count;
        format!("* {count} EXISTS\r\n").into_bytes()
    }

    fn fetch(&self, arguments: &str, by_uid: bool) -> Vec<u8> {
        let folder = self.shared.folder();
        let (set, items) = arguments.split_once(' ').unwrap_or_default();
        let last = folder.mails.keys().last().copied().unwrap_or(0);
        let ranges: Vec<RangeInclusive<u32>> = set.split(',').map(|range| parse_range(range, last)).collect();
        let mut answer = Vec::new();
        for (at, (uid, mail)) in folder.mails.iter().enumerate() {
            let number = u32::try_from(at + 1).expect("few mails");
            let key = if by_uid { *uid } else { number };
            if ranges.iter().any(|range| range.contains(&key)) {
                answer.extend(fetched(number, *uid, mail, items));
            }
        }
        answer
    }

    /// Sends an answer, unless a fault spoils it.
    async fn answer(&mut self, tag: &str, command: &str, answer: Vec<u8>) -> Result<(), Over> {
        let act = self.fault(command);
        let said = |text: &str| text.replace("{tag}", tag).into_bytes();
        match act {
            None => self.send(&answer).await,
            Some(Act::Say(text)) => self.send(&said(text)).await,
            Some(Act::SayAndClose(text)) => {
                self.send(&said(text)).await?;
                Err(Over)
            }
            Some(Act::Before(text)) => {
                self.send(&said(&text)).await?;
                self.send(&answer).await
            }
            Some(Act::Cut(bytes)) => {
                self.send(&answer[..bytes.min(answer.len())]).await?;
                Err(Over)
            }
            Some(Act::Stall(bytes)) => {
                self.send(&answer[..bytes.min(answer.len())]).await?;
                while self.line().await.is_ok() {}
                Err(Over)
            }
            Some(Act::Endless(text)) => loop {
                self.send(text.as_bytes()).await?;
            },
        }
    }

    fn folder_has_fault(&self, command: &str) -> bool {
        let folder = self.shared.folder();
        let said = |fault: &Fault| matches!(fault.act, Act::Say(_)) && fault.times > 0;
        folder.faults.iter().any(|fault| fault.on == command && said(fault))
    }

    fn fault(&self, command: &str) -> Option<Act> {
        let mut folder = self.shared.folder();
        let at = folder.faults.iter().position(|fault| command.contains(fault.on) && fault.times > 0)?;
        let fault = folder.faults.get_mut(at)?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times -= 1;
        Some(fault.act.clone())
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), Over> {
        let most = self.allowance.unwrap_or(usize::MAX).min(bytes.len());
        self.writer.write_all(&bytes[..most]).await?;
        if let Some(allowance) = &mut self.allowance {
            *allowance -= most;
            if *allowance == 0 {
                return Err(Over);
            }
        }
        Ok(())
    }
}

/// `n:*` names the last mail, also when its UID is below n.
fn parse_range(range: &str, last: u32) -> RangeInclusive<u32> {
    let number = |text: &str| if text == "*" { last } else { text.parse().expect("a number") };
    let (from, to) = range.split_once(':').unwrap_or((range, range));
    let (from, to) = (number(from), number(to));
    from.min(to)..=from.max(to)
}

fn fetched(number: u32, uid: u32, mail: &Mail, items: &str) -> Vec<u8> {
    let mut answer = format!("* {number} FETCH (UID {uid}").into_bytes();
    for item in items.trim_matches(['(', ')']).split(' ') {
        if item == "INTERNALDATE" {
            if let Some(date) = &mail.date {
                answer.extend_from_slice(format!(" INTERNALDATE \"{date}\"").as_bytes());
            }
        } else if item == "BODYSTRUCTURE" {
            answer.extend_from_slice(format!(" BODYSTRUCTURE {}", mail.structure).as_bytes());
        } else if let Some(rest) = item.strip_prefix("BODY.PEEK[") {
            let (section, partial) = rest.split_once(']').expect("a section");
            let partial = partial.trim_matches(['<', '>']);
            let (offset, length) = partial.split_once('.').expect("every fetch is partial");
            let (offset, length): (usize, usize) =
                (offset.parse().expect("an offset"), length.parse().expect("a length"));
            let whole = if section.is_empty() { Some(&mail.bytes) } else { mail.sections.get(section) };
            answer.extend_from_slice(format!(" BODY[{section}]<{offset}> ").as_bytes());
            match whole.filter(|_| mail.is_there) {
                None => answer.extend_from_slice(b"NIL"),
                Some(bytes) => {
                    let bytes = &bytes[offset.min(bytes.len())..(offset + length).min(bytes.len())];
                    answer.extend_from_slice(format!("{{{}}}\r\n", bytes.len()).as_bytes());
                    answer.extend_from_slice(bytes);
                }
            }
        }
    }
    answer.extend_from_slice(b")\r\n");
    answer
}
