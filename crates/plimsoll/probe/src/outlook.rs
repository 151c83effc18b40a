//! What follows from the findings for each flavour.

use serde::{Deserialize, Serialize};

use crate::{
    Answer, CannotBuild, Finding, Findings, Flavour, FlavourName, Linking, Matrix, Request, decide,
};

/// Whether one flavour can be built, and what is built where it cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outlook {
    /// The flavour.
    pub flavour: FlavourName,
    /// Whether it can be built.
    #[serde(flatten)]
    pub finding: Finding,
    /// What [`Request::Auto`] builds in its place; none where it can be built, and where nothing
    /// takes its place.
    pub instead: Option<FlavourName>,
}

/// Each flavour's outlook, in the order of the matrix.
pub fn outlook(matrix: &Matrix, findings: &Findings) -> Vec<Outlook> {
    let flavours = matrix.flavours.iter();
    flavours
        .map(|flavour| one(flavour, matrix, findings))
        .collect()
}

fn one(flavour: &Flavour, matrix: &Matrix, findings: &Findings) -> Outlook {
    match decide(Request::Exactly(flavour.name), matrix, findings) {
        Ok(decision) => {
            let target = decision.build.target.as_ref().unwrap_or(&findings.target);
            let says_more =
                flavour.linking == Linking::Static || matrix.linked(flavour).next().is_some();
            let detail = match says_more {
                true => format!("for {target}: {}", decision.reason),
                false => format!("for {target}"),
            };
            Outlook {
                flavour: flavour.name,
                finding: Finding::yes(detail),
                instead: None,
            }
        }
        Err(error) => Outlook {
            flavour: flavour.name,
            instead: instead(flavour.name, matrix, findings),
            finding: error.into(),
        },
    }
}

fn instead(flavour: FlavourName, matrix: &Matrix, findings: &Findings) -> Option<FlavourName> {
    let decision = decide(Request::Auto, matrix, findings).ok()?;
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
