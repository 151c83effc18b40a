//! Rules.

use super::comment::Comment;
use super::family::ChainId;
use super::statement::Statement;

/// A rule. It has no identity of its own: rules are written and removed with their chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The chain it is in.
    pub chain: ChainId,
    /// Its steps, first to last.
    pub statements: Vec<Statement>,
    /// A remark.
    pub comment: Option<Comment>,
}

impl Rule {
    /// A rule of a chain.
    #[must_use]
    pub fn new(chain: ChainId, statements: impl IntoIterator<Item = Statement>) -> Self {
        Self {
            chain,
            statements: statements.into_iter().collect(),
            comment: None,
        }
    }

    /// The same with a remark.
    #[must_use]
    pub fn comment(self, comment: Comment) -> Self {
        Self {
            comment: Some(comment),
            ..self
        }
    }

    /// The same with a comment that tells it from any other rule: `label` (as much of it as fits)
    /// and a digest of its statements.
    ///
    /// Releases of nft print one rule in many ways, so a rule read back from the kernel cannot be
    /// compared by its text. Its comment comes back unchanged from all of them: a chain whose
    /// comments are those that were planned, in that order, holds the rules that were planned,
    /// unless somebody replaced one by hand and kept its comment.
    #[must_use]
    pub fn tagged(self, label: &str) -> Self {
        let bare = Self {
            comment: None,
            ..self
        };
        let digest = format!(" #{:016x}", fnv1a(bare.to_string().as_bytes()));
        let label: String = label.chars().take(128 - digest.len()).collect();
        let comment = Comment::sanitized(&format!("{label}{digest}"));
        bare.comment(comment)
    }
}

/// The 64-bit FNV-1a digest (RFC 9923). Not a defence against anybody: it tells our own rules apart.
fn fnv1a(bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325;
    bytes.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Family, TableId, Verdict, name};

    #[test]
    fn tags_tell_rules_apart_and_stay_the_same() {
        let chain = TableId::new(Family::Inet, name!("t")).chain(name!("c"));
        let rule = |verdict: Verdict| Rule::new(chain.clone(), [verdict.into()]).tagged("last");
        assert_eq!(rule(Verdict::Drop), rule(Verdict::Drop));
        assert_ne!(rule(Verdict::Drop).comment, rule(Verdict::Accept).comment);
        let comment = rule(Verdict::Drop).comment.expect("tagged");
        assert!(comment.as_str().starts_with("last #"), "{comment}");
    }
}
