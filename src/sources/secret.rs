//! Secrets from where the settings say that they are. Looked up each time that one is needed, so that a changed
//! password needs no restart; never kept, never logged, and no error says what was found.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use crate::base::secret::Secret;
use crate::settings::SecretSource;

/// The most bytes of a secret. Tokens of large organisations stay below a tenth.
const SECRET_LIMIT: usize = 64 * 1024;

/// How long a secret may take; a password manager that waits for somebody at a keyboard never answers.
const DEADLINE: Duration = Duration::from_secs(10);

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file is not there, or not for us.
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// systemd handed over no credentials.
    #[error("there is no credential `{0}`: $CREDENTIALS_DIRECTORY is not set, as LoadCredential= would do")]
    NoCredentials(String),
    /// The program cannot be run.
    #[error("{program} cannot be run: {error}")]
    NotRun {
        /// The program, without its arguments.
        program: String,
        /// What the system says.
        error: io::Error,
    },
    /// The program says that it failed.
    #[error("{program} failed: {status}")]
    Failed {
        /// The program, without its arguments.
        program: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// Nothing came in time.
    #[error("{0} gave no secret within {seconds} s", seconds = DEADLINE.as_secs())]
    Late(String),
    /// What came is no secret.
    #[error("{0} gave {1}")]
    Unusable(String, &'static str),
}

/// Looks up a secret.
///
/// # Errors
/// When there is none. The text names the file, credential or program, never what is in it.
pub async fn secret(source: &SecretSource) -> Result<Secret, SecretError> {
    match source {
        SecretSource::File(path) => from_file(path).await,
        SecretSource::Credential(name) => {
            from_file(&credential(name, std::env::var_os("CREDENTIALS_DIRECTORY"))?).await
        }
        SecretSource::Command(words) => from_command(words).await,
    }
}

/// The file of a credential: see `systemd.exec(5)`.
fn credential(name: &str, folder: Option<OsString>) -> Result<PathBuf, SecretError> {
    let folder = folder.filter(|folder| !folder.is_empty());
    let folder = folder.ok_or_else(|| SecretError::NoCredentials(name.to_owned()))?;
    Ok(Path::new(&folder).join(name))
}

async fn from_file(path: &Path) -> Result<Secret, SecretError> {
    let shown = path.display().to_string();
    let unreadable = |error| SecretError::Unreadable { path: path.to_owned(), error };
    // A named pipe may never answer.
    let read = async { bounded(tokio::fs::File::open(path).await?).await };
    let bytes = tokio::time::timeout(DEADLINE, read).await.map_err(|_| SecretError::Late(shown.clone()))?;
    usable(bytes.map_err(unreadable)?, &shown)
}

async fn from_command(words: &[String]) -> Result<Secret, SecretError> {
    let [program, arguments @ ..] = words else {
        return Err(SecretError::Unusable("a command without words".to_owned(), "nothing"));
    };
    let not_run = |error| SecretError::NotRun { program: program.clone(), error };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(not_run)?;
    let run = async {
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
        let bytes = bounded(stdout).await?;
        Ok::<_, io::Error>((bytes, child.wait().await?))
    };
    let late = |_| SecretError::Late(program.clone());
    let (bytes, status) = tokio::time::timeout(DEADLINE, run).await.map_err(late)?.map_err(not_run)?;
    if !status.success() && bytes.len() <= SECRET_LIMIT {
        return Err(SecretError::Failed { program: program.clone(), status });
    }
    usable(bytes, program)
}

/// One byte more than is allowed, so that it can be told.
async fn bounded(from: impl AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(SECRET_LIMIT + 1).unwrap_or(u64::MAX);
    from.take(limit).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// The text without its last line end.
fn usable(bytes: Vec<u8>, shown: &str) -> Result<Secret, SecretError> {
    let unusable = |what| SecretError::Unusable(shown.to_owned(), what);
    if bytes.len() > SECRET_LIMIT {
        return Err(unusable("more than 64 KiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| unusable("something that is not UTF-8"))?;
    let text = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() {
        return Err(unusable("nothing"));
    }
    if text.contains('\0') {
        return Err(unusable("a NUL byte"));
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &SecretSource) -> Result<String, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let found = runtime.block_on(secret(source));
        found.map(|secret| secret.expose().to_owned()).map_err(|error| error.to_string())
    }

    fn command(words: &[&str]) -> SecretSource {
        SecretSource::Command(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn a_file_is_a_secret_without_its_last_line_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        for (written, read) in
            [("a b\n", Ok("a b")), ("a\r\n", Ok("a")), ("a\n\n", Ok("a\n")), ("\n", Err("nothing"))]
        {
            std::fs::write(&path, written).expect("a file");
            let found = found(&SecretSource::File(path.clone()));
            match read {
                Ok(read) => assert_eq!(found.as_deref(), Ok(read)),
                Err(words) => assert!(found.is_err_and(|error| error.contains(words)), "{written:?}"),
            }
        }
        std::fs::write(&path, vec![b'a'; SECRET_LIMIT + 1]).expect("a file");
        assert!(found(&SecretSource::File(path)).is_err_and(|error| error.ends_with("more than 64 KiB")));
        let gone = found(&SecretSource::File(folder.path().join("gone")));
        assert!(gone.is_err_and(|error| error.contains("gone cannot be read")));
    }

    #[test]
    fn a_command_is_a_secret_when_it_succeeds() {
        assert_eq!(found(&command(&["printf", "%s\\n", "hunter2"])).as_deref(), Ok("hunter2"));
        assert!(found(&command(&["false"])).is_err_and(|error| error.contains("false failed")));
        assert!(found(&command(&["/no/such/program"])).is_err_and(|error| error.contains("cannot be run")));
        // It never ends by itself, and is not waited for.
        assert!(found(&command(&["yes"])).is_err_and(|error| error.contains("more than 64 KiB")));
    }

    #[test]
    fn a_credential_is_a_file_of_the_folder_that_systemd_names() {
        assert_eq!(credential("imap", Some("/run/c".into())).ok(), Some(PathBuf::from("/run/c/imap")));
        for folder in [None, Some(OsString::new())] {
            assert!(
                credential("imap", folder).is_err_and(|error| error.to_string().contains("LoadCredential="))
            );
        }
    }
}
