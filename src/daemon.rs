//! Layer 9: the daemon.

mod supervisor;
