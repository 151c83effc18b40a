//! What follows from the findings for each flavour.

use serde::{Deserialize, Serialize};

use crate::{Answer, CannotBuild, Finding, Findings, Flavour, NativeDep, Request, decide};

/// Whether one flavour can be built, and what is built where it cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outlook {
    /// The flavour.
    pub flavour: Flavour,
    /// Whether it can be built.
    #[serde(flatten)]
    pub finding: Finding,
    /// What [`Request::Auto`] builds in its place; none where it can be built, and where nothing
    /// takes its place.
    pub instead: Option<Flavour>,
}

/// Each flavour's outlook, in the order of [`Flavour::ALL`].
pub fn outlook(dep: &NativeDep, findings: &Findings) -> Vec<Outlook> {
    Flavour::ALL
        .map(|flavour| one(flavour, dep, findings))
        .into()
}

fn one(flavour: Flavour, dep: &NativeDep, findings: &Findings) -> Outlook {
    match decide(Request::Exactly(flavour), dep, findings) {
        Ok(decision) => {
            let target = decision.build.target.as_ref().unwrap_or(&findings.target);
            let detail = match flavour {
                Flavour::DynamicExec => format!("for {target}"),
                _ => format!("for {target}: {}", decision.reason),
            };
            Outlook {
                flavour,
                finding: Finding::yes(detail),
                instead: None,
            }
        }
        Err(error) => Outlook {
            flavour,
            instead: instead(flavour, dep, findings),
            finding: error.into(),
        },
    }
}

fn instead(flavour: Flavour, dep: &NativeDep, findings: &Findings) -> Option<Flavour> {
    let decision = decide(Request::Auto, dep, findings).ok()?;
    let fallback = decision.fallback?;
    (fallback.wanted == flavour).then_some(decision.flavour)
}

impl From<CannotBuild> for Finding {
    fn from(error: CannotBuild) -> Self {
        let reason = format!("{}: {}", error.needs, error.answer.text());
        let answer = match error.answer {
            Answer::CouldNotTell { .. } => Answer::could_not_tell(reason),
            _ => Answer::no(reason),
        };
        Finding::from(answer).mended_by(error.mend)
    }
}
