//! Rich relations, `(a or b)`: rpm's documentation of boolean dependencies.

use plimsoll_spec::Relation;

use super::simple;

const FORM: &str = "write it as `(a or b)`, `(a >= 1 and b)`, `(a if b else c)`, `(a unless b)`, \
                    `(a with b)` or `(a without b)`";

/// What joins the parts of a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    And,
    Or,
    If,
    Unless,
    With,
    Without,
}

impl Operator {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "and" => Self::And,
            "or" => Self::Or,
            "if" => Self::If,
            "unless" => Self::Unless,
            "with" => Self::With,
            "without" => Self::Without,
            _ => return None,
        })
    }
}

/// What may not be around a part. `a if b` is true where `b` is missing, so `or` makes no sense around it, and `and` around
/// `a unless b`. `with` is about one package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Bars {
    and: bool,
    or: bool,
    with: bool,
}

impl Bars {
    fn joined(self, other: Self) -> Self {
        Self {
            and: self.and || other.and,
            or: self.or || other.or,
            with: self.with || other.with,
        }
    }

    fn check(self, around: Operator) -> Result<(), &'static str> {
        match around {
            Operator::With | Operator::Without if self.with => {
                Err("join only names and `or`, `with`, `without` by `with` and `without`")
            }
            Operator::And | Operator::If if self.and => {
                Err("use `or` around `unless`, which is true where its condition is")
            }
            Operator::Or | Operator::Unless if self.or => {
                Err("use `and` around `if`, which is true where its condition is not")
            }
            _ => Ok(()),
        }
    }
}

/// Refuses what rpm does not take as a rich relation.
///
/// # Errors
/// Says how to write it.
pub(super) fn check(relation: Relation, text: &str) -> Result<(), &'static str> {
    let mut reader = Reader { relation, text };
    let bars = reader.group()?;
    if !reader.text.trim().is_empty() {
        return Err(FORM);
    }
    // Several relations of a package count together: all of them, or any.
    let any = [
        Relation::Conflicts,
        Relation::Supplements,
        Relation::Enhances,
    ];
    bars.check(match any.contains(&relation) {
        true => Operator::Or,
        false => Operator::And,
    })
}

/// Reads a relation from its beginning.
struct Reader<'a> {
    relation: Relation,
    text: &'a str,
}

impl<'a> Reader<'a> {
    /// What is between parentheses.
    fn group(&mut self) -> Result<Bars, &'static str> {
        self.text = self.text.strip_prefix('(').ok_or(FORM)?;
        let mut bars = self.part()?;
        let Some(operator) = self.operator()? else {
            return Ok(bars);
        };
        let second = self.part()?;
        let is_condition = matches!(operator, Operator::If | Operator::Unless);
        bars = bars.joined(match is_condition {
            true => Bars {
                with: second.with,
                ..Bars::default()
            },
            false => second,
        });
        let mut has_else = false;
        while !self.is_over() {
            let word = self.word();
            // Nothing follows what `else` brings.
            let goes_on = !has_else
                && match operator {
                    Operator::If | Operator::Unless => {
                        has_else = true;
                        word == "else"
                    }
                    Operator::And | Operator::Or | Operator::With => {
                        Operator::named(word) == Some(operator)
                    }
                    Operator::Without => false,
                };
            if !goes_on {
                return Err("put parentheses around what different operators join");
            }
            bars = bars.joined(self.part()?);
        }
        bars.check(operator)?;
        Ok(around(operator, bars))
    }

    /// A name, a comparison or a group.
    fn part(&mut self) -> Result<Bars, &'static str> {
        self.text = self.text.trim_start();
        if self.text.starts_with('(') {
            return self.group();
        }
        let name = self.word();
        let rest = self.text.trim_start();
        let is_compared = rest.starts_with(['<', '=', '>']);
        let text = match is_compared {
            true => format!("{name} {} {}", self.word(), self.word()),
            false => name.to_owned(),
        };
        simple::check(self.relation, &text)?;
        Ok(Bars::default())
    }

    /// The operator after the first part; none at the end of the group.
    fn operator(&mut self) -> Result<Option<Operator>, &'static str> {
        if self.is_over() {
            return Ok(None);
        }
        Operator::named(self.word()).map(Some).ok_or(FORM)
    }

    /// Whether the group ends here; its parenthesis is taken then.
    fn is_over(&mut self) -> bool {
        self.text = self.text.trim_start();
        match self.text.strip_prefix(')') {
            Some(rest) => {
                self.text = rest;
                true
            }
            None => false,
        }
    }

    /// The text up to a blank, or to a parenthesis that ends a group.
    fn word(&mut self) -> &'a str {
        let text = self.text.trim_start();
        let mut depth = 0_usize;
        let end = text.find(|c: char| {
            match c {
                '(' => depth += 1,
                ')' if depth == 0 => return true,
                ')' => depth -= 1,
                _ => {}
            }
            c.is_whitespace()
        });
        let (word, rest) = text.split_at(end.unwrap_or(text.len()));
        self.text = rest;
        word
    }
}

/// What may not be around a group.
fn around(operator: Operator, inside: Bars) -> Bars {
    match operator {
        Operator::And => Bars {
            with: true,
            ..Bars::default()
        },
        Operator::Or => Bars {
            with: inside.with,
            ..Bars::default()
        },
        Operator::If => Bars {
            or: true,
            with: true,
            ..inside
        },
        Operator::Unless => Bars {
            and: true,
            with: true,
            ..inside
        },
        Operator::With | Operator::Without => inside,
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Relations, and whether rpm takes them.
    const SAMPLES: [(Relation, &str, bool); 34] = [
        (Relation::Depends, "(a or b)", true),
        (Relation::Depends, "(a and b and c)", true),
        (Relation::Depends, "(a >= 1.0-1 or b(c) < 2:3)", true),
        (Relation::Depends, "((a or b) and (c or d))", true),
        (Relation::Depends, "(a if b)", true),
        (Relation::Depends, "(a if b else c)", true),
        (Relation::Depends, "(a if (b or c))", true),
        (Relation::Depends, "((a and b) if c)", true),
        (Relation::Depends, "((a if b) and c)", true),
        (Relation::Depends, "(a with b)", true),
        (Relation::Depends, "(a >= 1 with a < 2 with c)", true),
        (Relation::Depends, "(a without b)", true),
        (Relation::Depends, "((a or b) with c)", true),
        (Relation::Depends, "(a)", true),
        (Relation::Conflicts, "(a unless b)", true),
        (Relation::Conflicts, "(a unless b else c)", true),
        (Relation::Supplements, "(a and b)", true),
        (Relation::Recommends, "(((a if b) and c) or d)", true),
        (Relation::Depends, "()", false),
        (Relation::Depends, "(a or)", false),
        (Relation::Depends, "(or a)", false),
        (Relation::Depends, "(a b)", false),
        (Relation::Depends, "(a or b", false),
        (Relation::Depends, "(a or b and c)", false),
        (Relation::Depends, "(a if b if c)", false),
        (Relation::Depends, "(a without b without c)", false),
        (Relation::Depends, "(a xor b)", false),
        (Relation::Depends, "(a >= or b)", false),
        (Relation::Depends, "((a if b) or c)", false),
        (Relation::Depends, "((a and b) with c)", false),
        (Relation::Depends, "(a unless b)", false),
        (Relation::Conflicts, "(a if b)", false),
        (Relation::Conflicts, "((a unless b) and c)", false),
        (Relation::Depends, "(a if b else c else d)", false),
    ];

    #[test]
    fn what_is_joined_in_a_way_that_makes_sense_is_taken() {
        for (relation, text, is_taken) in SAMPLES {
            assert_eq!(check(relation, text).is_ok(), is_taken, "{text}");
        }
        // In a spec file these are two.
        assert!(check(Relation::Depends, "(a or b) c").is_err());
    }

    /// Where rpm is installed.
    #[test]
    fn rpm_takes_the_same() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("sample.spec");
        for (relation, text, is_taken) in SAMPLES {
            let tag = match relation {
                Relation::Conflicts => "Conflicts",
                Relation::Supplements => "Supplements",
                Relation::Recommends => "Recommends",
                _ => "Requires",
            };
            let spec = format!(
                "Name: sample\nVersion: 1\nRelease: 1\nSummary: x\nLicense: MIT\n{tag}: {text}\n%description\nx\n%files\n"
            );
            std::fs::write(&file, spec).expect("written");
            let Ok(read) = Command::new("rpmspec").arg("--query").arg(&file).output() else {
                return;
            };
            let said = String::from_utf8_lossy(&read.stderr);
            assert_eq!(read.status.success(), is_taken, "{text}: {said}");
        }
    }
}
