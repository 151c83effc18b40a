//! Rules that count.

use tidegate_nft::*;

use super::rule;

pub(super) fn acting_rules() -> Vec<Rule> {
    vec![
        rule(name!("rerouting"), [Statement::Counter]),
        rule(name!("inner"), [Statement::Counter, Verdict::Accept.into()])
            .comment(Comment::sanitized("all; that } is # left")),
    ]
}
