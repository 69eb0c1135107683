//! A mail server of a stranger, as far as bringing one mail needs it (RFC 5321).

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Brings a mail; an empty return path is null. Its lines may end in LF. Comes back when the server has taken it.
pub(crate) async fn deliver(port: u16, return_path: &str, recipient: &str, mail: &str) {
    let last = conversation(port, return_path, recipient, mail).await;
    assert!(last.starts_with("250"), "the server takes the mail: {last}");
}

/// The same, for what the server says at last.
pub(crate) async fn conversation(port: u16, return_path: &str, recipient: &str, mail: &str) -> String {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a server");
    stream.set_nodelay(true).expect("a socket");
    let mut stream = BufReader::new(stream);
    let mut said = answer(&mut stream).await;
    let content = mail.replace("\r\n", "\n").replace("\n.", "\n..").replace('\n', "\r\n");
    let lines = [
        "HELO client.test".to_owned(),
        format!("MAIL FROM:<{return_path}>"),
        format!("RCPT TO:<{recipient}>"),
        "DATA".to_owned(),
        format!("{content}\r\n."),
    ];
    for line in lines {
        if !said.starts_with(['2', '3']) {
            return said;
        }
        stream.write_all(format!("{line}\r\n").as_bytes()).await.expect("the server listens");
        said = answer(&mut stream).await;
    }
    said
}

async fn answer(stream: &mut BufReader<TcpStream>) -> String {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.expect("the server answers");
        if line.as_bytes().get(3) != Some(&b'-') {
            return line;
        }
    }
}
