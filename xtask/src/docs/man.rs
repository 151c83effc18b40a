//! Man pages: what clap_mangen makes of a command, with examples left in their lines and with
//! pointers to the other pages (man-pages(7)).

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Command;
use clap_mangen::Man;

/// The pages that every page points to.
const SEE_ALSO: [(&str, &str); 3] = [
    ("tidegate", "1"),
    ("tidegated", "8"),
    ("tidegated.toml", "5"),
];

/// The pages of a command and of its subcommands, `tidegate-network-create.1` and so on, each
/// with its path below `packaging/`.
///
/// # Errors
/// Never in practice: it writes to memory.
pub(super) fn pages(command: Command, section: &str) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    // The `help` subcommands repeat what the pages say.
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut commands = vec![command];
    let mut pages = Vec::new();
    while let Some(command) = commands.pop() {
        let subcommands = command.get_subcommands().filter(|sub| !sub.is_hide_set());
        commands.extend(subcommands.cloned());
        pages.push(page(&command, section)?);
    }
    Ok(pages)
}

fn page(command: &Command, section: &str) -> io::Result<(PathBuf, Vec<u8>)> {
    let man = Man::new(command.clone())
        .section(section)
        .manual("Tidegate")
        .source(format!("Tidegate {}", env!("CARGO_PKG_VERSION")));
    let name = man.get_filename();
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    let help = command
        .get_after_long_help()
        .or_else(|| command.get_after_help());
    write!(
        text,
        "{}",
        notes(&help.map(ToString::to_string).unwrap_or_default())
    )?;
    writeln!(text, "{}", see_also(&name))?;
    Ok((Path::new("man").join(name), text))
}

/// What follows the options in `--help`, in blocks set apart by empty lines. A block under a line
/// such as `Examples:` begins a section of that name; indented blocks keep their line ends.
fn notes(help: &str) -> String {
    let mut text = String::new();
    for block in help.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let (title, block) = titled(block);
        match title {
            Some(title) => text.push_str(&format!(".SH {}\n", title.to_uppercase())),
            None if text.is_empty() => text.push_str(".SH NOTES\n"),
            None => text.push_str(".PP\n"),
        }
        text.push_str(&body(block));
    }
    text
}

/// A block's title, and the block without it.
fn titled(block: &str) -> (Option<&str>, &str) {
    let titled = block.split_once('\n').and_then(|(first, rest)| {
        let title = first.strip_suffix(':').filter(|_| !is_indented(first))?;
        is_indented(rest).then_some((title, rest))
    });
    titled.map_or((None, block), |(title, rest)| (Some(title), rest))
}

/// Lines to be filled, or to be left as they are (groff(7): .nf, .fi).
fn body(block: &str) -> String {
    let line = |line: &str| format!("{}\n", escaped(line.strip_prefix("  ").unwrap_or(line)));
    let lines: String = block.lines().map(line).collect();
    match is_indented(block) {
        true => format!(".nf\n{lines}.fi\n"),
        false => lines,
    }
}

fn is_indented(block: &str) -> bool {
    block.lines().all(|line| line.starts_with("  "))
}

fn see_also(own: &str) -> String {
    let others = SEE_ALSO
        .iter()
        .filter(|(name, section)| format!("{name}.{section}") != own);
    let pages: Vec<String> = others
        .map(|(name, section)| format!(".BR {name} ({section})"))
        .collect();
    format!(".SH SEE ALSO\n{}", pages.join(",\n"))
}

/// A line of text with nothing in it that roff takes for a request or an escape.
fn escaped(line: &str) -> String {
    let escaped = line
        .replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('\'', "\\(aq");
    match escaped.starts_with('.') {
        true => format!("\\&{escaped}"),
        false => escaped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_keep_their_lines_and_prose_is_filled() {
        let help = "Exit status: 0 done.\n\nExamples:\n  Run it:\n    tidegated\n\n  Run two:\n    tidegated -x 'a\\b'\n";
        expect_test::expect![[r#"
            .SH NOTES
            Exit status: 0 done.
            .SH EXAMPLES
            .nf
            Run it:
              tidegated
            .fi
            .PP
            .nf
            Run two:
              tidegated \-x \(aqa\eb\(aq
            .fi
        "#]]
        .assert_eq(&notes(help));
    }

    #[test]
    fn a_page_without_notes_has_no_section_for_them() {
        assert_eq!(notes(""), "");
    }

    #[test]
    fn a_page_points_to_the_others() {
        expect_test::expect![[r#"
            .SH SEE ALSO
            .BR tidegate (1),
            .BR tidegated.toml (5)"#]]
        .assert_eq(&see_also("tidegated.8"));
    }
}
