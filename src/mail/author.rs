//! Who wrote a mail, and how surely its From says so.
//!
//! Whoever authenticates a sender looks at one address of From, and readers of a broken field may differ about which. So
//! only a From that names one address without doubt can have the rights of a customer or an agent, and one that names
//! several is not answered: RFC 5322 section 3.6.2 would have the answer go to all of them.

use super::{Address, Message};

/// Who wrote, as From says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author<'m> {
    /// From holds no address that can be read.
    Nobody,
    /// One, by the grammar.
    Named(&'m Address),
    /// The only one that can be found in a field that breaks the grammar.
    Guessed(&'m Address),
    /// Several; this one is in Sender too, or else the first.
    Several(&'m Address),
}

impl<'m> Author<'m> {
    /// The address to recognise the mail by.
    pub fn address(self) -> Option<&'m Address> {
        match self {
            Self::Nobody => None,
            Self::Named(address) | Self::Guessed(address) | Self::Several(address) => Some(address),
        }
    }

    /// The address that may have rights.
    pub fn named(self) -> Option<&'m Address> {
        match self {
            Self::Named(address) => Some(address),
            Self::Nobody | Self::Guessed(_) | Self::Several(_) => None,
        }
    }

    /// The address that may be answered.
    pub fn only(self) -> Option<&'m Address> {
        match self {
            Self::Named(address) | Self::Guessed(address) => Some(address),
            Self::Nobody | Self::Several(_) => None,
        }
    }
}

impl Message {
    /// Who wrote it.
    pub fn author(&self) -> Author<'_> {
        let Some(first) = self.from.first().map(|from| &from.address) else { return Author::Nobody };
        let is_other = |other: &Address| other != first && other.key() != first.key();
        if self.from.iter().skip(1).any(|from| is_other(&from.address)) {
            let sender = self.sender.as_ref().map(|sender| &sender.address);
            let among = sender.filter(|sender| self.from.iter().any(|from| from.address == **sender));
            return Author::Several(among.unwrap_or(first));
        }
        if self.is_from_sound { Author::Named(first) } else { Author::Guessed(first) }
    }
}
