//! Size and digest of a file.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The bytes of a file, summed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// How many there are.
    pub size: u64,
    /// Their SHA-256 sum, in hexadecimal.
    pub sha256: String,
}

impl Sum {
    /// Sums a file up.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        std::fs::read(path).map(|content| Self::of(&content))
    }

    /// Sums bytes up.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let digest = Sha256::digest(content);
        Self {
            size: content.len() as u64,
            sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}
