//! The triggers of a Debian package: deb-triggers(5).

use crate::complaint::Complaint;
use crate::config::Config;

/// What a line may begin with.
const DIRECTIVES: [&str; 6] = [
    "interest",
    "interest-await",
    "interest-noawait",
    "activate",
    "activate-await",
    "activate-noawait",
];

/// The lines that dpkg would not take.
pub(super) fn complaints(config: &Config) -> Vec<Complaint> {
    let refused = config.deb.triggers.iter().filter(|line| !is_line(line));
    let complaints = refused.map(|line| {
        let what = format!("dpkg refuses the trigger {line:?}");
        let hint =
            "write it as `interest-noawait PATH` or `activate-noawait NAME`, see deb-triggers(5)";
        Complaint::about(&["deb", "triggers"], what, hint)
    });
    complaints.collect()
}

fn is_line(line: &str) -> bool {
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        [directive, name] => {
            let is_name = |c: char| c.is_ascii_graphic();
            DIRECTIVES.contains(&directive) && name.chars().all(is_name) && !line.contains('\n')
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_directive_and_a_name() {
        assert!(is_line("interest-noawait /usr/share/x/plugins"));
        assert!(is_line("activate-noawait ldconfig"));
        for line in [
            "",
            "interest",
            "watch /usr",
            "interest /a /b",
            "interest /a\n",
        ] {
            assert!(!is_line(line), "{line:?}");
        }
    }
}
