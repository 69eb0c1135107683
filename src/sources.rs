//! Layer 5: bytes from files: policy folders, mails one by one or in thousands, settings and secrets.
//!
//! Only reads. Everything is bounded in size and number before it is held in memory; what cannot be read is told, by
//! name.

mod folder;
mod mail_file;
mod mail_folder;
mod mails;
mod mbox;
mod secret;
mod settings;

pub use folder::policy_folder;
pub use mail_file::{MAIL_LIMIT, Unsaid, example_mail, mail_file};
pub use mails::{Found, Mails, PastMail, Place, read_mail, read_mail_at, weight};
pub use secret::{SecretError, secret};
pub use settings::{settings_environment, settings_files};
