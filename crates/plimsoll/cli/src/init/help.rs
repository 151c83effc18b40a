//! Finds the commands that may print completions or a manual page in what a program says of itself with `--help`.

use std::collections::BTreeSet;

use super::facts::PrintedKind;

/// The shells by the names that programs take.
const SHELLS: [(PrintedKind, &str); 3] = [
    (PrintedKind::Bash, "bash"),
    (PrintedKind::Zsh, "zsh"),
    (PrintedKind::Fish, "fish"),
];

/// Options and subcommands that print completions and that programs like to hide from `--help`.
const HIDDEN: [&str; 6] = [
    "--completions",
    "--gen-completions",
    "--generate-completions",
    "--generate-completion",
    "completions",
    "completion",
];

/// Arguments that may print each kind of file. `completes`: whether the program has a library that makes completions.
pub(super) fn attempts(help: &str, completes: bool) -> Vec<(PrintedKind, Vec<String>)> {
    let mut words = words(help);
    if completes && !words.iter().any(|word| word.contains("complet")) {
        words.extend(HIDDEN);
    }
    let mut attempts = Vec::new();
    for (kind, shell) in SHELLS {
        let ways = words.iter().flat_map(|word| completions(word, shell));
        attempts.extend(ways.map(|way| (kind, way)));
    }
    let ways = words.iter().flat_map(|word| manual(word));
    attempts.extend(ways.map(|way| (PrintedKind::Manual, way)));
    attempts
}

/// The options and subcommands of a help text: words that begin with `-`, and the first words of indented lines.
fn words(help: &str) -> BTreeSet<&str> {
    let mut words = BTreeSet::new();
    for line in help.lines() {
        let is_indented = line.starts_with([' ', '\t']);
        for (place, word) in line.split_whitespace().enumerate() {
            let word = word.split(['=', '[', '<', ',']).next().unwrap_or(word);
            let is_option = word.starts_with("--");
            let is_first = is_indented && place == 0 && !word.starts_with('-');
            let is_word = !word.is_empty()
                && word
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
            if is_word && (is_option || is_first) {
                words.insert(word);
            }
        }
    }
    words
}

fn completions(word: &str, shell: &str) -> Vec<Vec<String>> {
    let with = |arguments: &[&str]| {
        let words = std::iter::once(word).chain(arguments.iter().copied());
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    if word.contains("complet") {
        let mut ways = vec![with(&[shell])];
        if !word.starts_with('-') {
            ways.extend([with(&["--shell", shell]), with(&["generate", shell])]);
        }
        ways
    } else if is_generate(word) {
        let named = format!("complete-{shell}");
        vec![with(&[&named]), with(&["completions", shell])]
    } else {
        Vec::new()
    }
}

fn manual(word: &str) -> Vec<Vec<String>> {
    let bare = word.trim_start_matches('-');
    let is_manual = ["man", "manpage", "man-page", "manual"].contains(&bare)
        || bare.ends_with("-man")
        || bare.contains("manpage")
        || bare.contains("man-page");
    if is_manual {
        vec![vec![word.to_owned()]]
    } else if is_generate(word) {
        vec![vec![word.to_owned(), "man".to_owned()]]
    } else {
        Vec::new()
    }
}

fn is_generate(word: &str) -> bool {
    ["generate", "gen"].contains(&word.trim_start_matches('-'))
}

/// Whether a text is of a kind.
pub(super) fn is_of(kind: PrintedKind, text: &str) -> bool {
    let has_line = |start: &str| text.lines().any(|line| line.starts_with(start));
    match kind {
        PrintedKind::Manual => has_line(".TH ") && has_line(".SH "),
        PrintedKind::Bash => {
            let mut lines = text.lines().map(str::trim_start);
            lines.any(|line| line.starts_with("complete ") && line.contains(" -F "))
        }
        PrintedKind::Zsh => text.starts_with("#compdef "),
        PrintedKind::Fish => {
            let mut lines = text.lines().map(str::trim_start);
            lines.any(|line| {
                line.starts_with("complete -c ") || line.starts_with("complete --command")
            })
        }
    }
}

/// Whether a text has a version as a word, as `v1.2.3` too.
pub(super) fn has_version(text: &str, version: &str) -> bool {
    let mut words = text.split(|c: char| c.is_whitespace() || "(),;".contains(c));
    words.any(|word| word.strip_prefix('v').unwrap_or(word) == version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ways(help: &str, kind: PrintedKind) -> Vec<String> {
        let attempts = attempts(help, false).into_iter();
        let of = attempts.filter(|(it, _)| *it == kind);
        of.map(|(_, way)| way.join(" ")).collect()
    }

    #[test]
    fn options_and_subcommands_that_may_print_completions_are_found() {
        let help = "Usage: a [OPTIONS]\n\nCommands:\n  completions  Print them\n  run  Run\n\n\
                    Options:\n      --generate-completion <SHELL>  completions for bash\n  -h, --help\n";
        assert_eq!(
            ways(help, PrintedKind::Zsh),
            [
                "--generate-completion zsh",
                "completions zsh",
                "completions --shell zsh",
                "completions generate zsh"
            ]
        );
        assert_eq!(ways(help, PrintedKind::Manual), [""; 0]);
    }

    #[test]
    fn one_option_may_generate_everything() {
        let help = "    --generate=<KIND>\n        [kinds: man, complete-bash]\n";
        assert_eq!(
            ways(help, PrintedKind::Bash),
            ["--generate complete-bash", "--generate completions bash"]
        );
        assert_eq!(ways(help, PrintedKind::Manual), ["--generate man"]);
    }

    #[test]
    fn a_program_that_knows_nothing_of_it_is_not_tried() {
        let help = "Usage: a [OPTIONS] <PATH>\n  -m, --many  human numbers\n  command  the man of the moon\n";
        assert_eq!(attempts(help, false), []);
    }

    #[test]
    fn a_hidden_option_is_tried_where_the_program_can_complete() {
        let hidden = attempts("Usage: a\n", true);
        let way = vec!["--gen-completions".to_owned(), "fish".to_owned()];
        assert!(hidden.contains(&(PrintedKind::Fish, way)), "{hidden:?}");
        let shown = attempts("  completions  Print them\n", true);
        assert!(
            shown.iter().all(|(_, way)| way[0] == "completions"),
            "{shown:?}"
        );
    }

    #[test]
    fn a_text_is_known_by_what_its_reader_needs() {
        assert!(is_of(
            PrintedKind::Bash,
            "_a() {\n}\n    complete -o x -F _a a\n"
        ));
        assert!(is_of(PrintedKind::Zsh, "#compdef a\n"));
        assert!(is_of(PrintedKind::Fish, "complete -c a -l x\n"));
        assert!(is_of(PrintedKind::Manual, ".TH A 1\n.SH NAME\n"));
        for kind in [
            PrintedKind::Bash,
            PrintedKind::Zsh,
            PrintedKind::Fish,
            PrintedKind::Manual,
        ] {
            assert!(!is_of(kind, "Usage: a complete -c\n"));
        }
    }

    #[test]
    fn a_version_is_a_word_of_the_text() {
        assert!(has_version("sample 1.2.3 (abc)", "1.2.3"));
        assert!(has_version("sample\n Version: v1.2.3", "1.2.3"));
        assert!(!has_version("sample 11.2.3", "1.2.3"));
    }
}
