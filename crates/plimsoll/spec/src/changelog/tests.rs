use super::*;

fn releases(text: &str, version: &str) -> Vec<Release> {
    parse(text, version).expect("a changelog").releases
}

fn release(version: &str, date: Option<&str>, changes: &[&str]) -> Release {
    Release {
        version: version.to_owned(),
        date: date.map(str::to_owned),
        changes: changes.iter().map(|&it| it.to_owned()).collect(),
    }
}

#[test]
fn unreleased_is_the_version_being_built_and_wrapped_lines_are_joined() {
    let text = "# Changelog\n\nIntroduction.\n\n## Unreleased\n\n### Packages\n\n\
        - The **dynamic** daemon now depends on `libnftables`\n  and says so.\n- Second.\n\n\
        ## [0.1.0] - 2026-01-31\n\n* First release.\n\n[0.1.0]: https://example.org/0.1.0\n";
    let first = "The dynamic daemon now depends on libnftables and says so.";
    assert_eq!(
        releases(text, "0.2.0"),
        [
            release("0.2.0", None, &[first, "Second."]),
            release("0.1.0", Some("2026-01-31"), &["First release."]),
        ]
    );
}

#[test]
fn each_error_names_its_line_and_what_to_do() {
    for (text, line, what) in [
        (
            "# Changelog\n",
            1,
            "changelog has no release: expected a heading such as `## 0.2.0`",
        ),
        (
            "\n## 0.1.0\n- x\n",
            2,
            "changelog starts with release 0.1.0, but 0.2.0 is being built",
        ),
        (
            "\n## 0.2.0 (2026-03-01)\n",
            2,
            "changelog lists no change for release 0.2.0",
        ),
        (
            "## Unreleased\n",
            1,
            "changelog lists no change for release 0.2.0",
        ),
        (
            "## 0.2.0\n\n## 0.1.0 (2026-01-31)\n- Old.\n",
            1,
            "changelog lists no change for release 0.2.0",
        ),
        (
            "* Sat Jan 31 2026 A <a@b>\n- x\n",
            1,
            "changelog entry names no version",
        ),
    ] {
        let error = parse(text, "0.2.0").expect_err(text);
        assert_eq!((error.line(), error.to_string().as_str()), (line, what));
        assert!(!error.hint().is_empty());
    }
}

#[test]
fn an_older_release_without_a_day_or_a_change_is_left_out() {
    let text = "## 0.3.0\n- New.\n\n## 0.2.0\n- Old.\n\n## 0.1.1 (2026-01-31)\n\n## 0.1.0 (30 January 2026)\n- First.\n";
    let changelog = parse(text, "0.3.0").expect("a changelog");
    assert_eq!(changelog.left_out, [4, 7]);
    assert_eq!(
        changelog.releases,
        [
            release("0.3.0", None, &["New."]),
            release("0.1.0", Some("2026-01-30"), &["First."]),
        ]
    );
}

#[test]
fn the_forms_of_other_projects_are_read() {
    for text in [
        "0.2.0 (2026-03-01)\n==================\nWords of it,\non two lines.\n",
        "0.2.0 - March 1st, 2026\n---\n\nWords of it,\non two lines.\n",
        "TBD\n===\nNotes have not been written.\n\n0.2.0 (2026-03-01)\n===\nFixes:\n\n* Words of it,\n  on two lines.\n",
        "# Changelog\n\n## [Unreleased]\n\n### Added\n\n# [0.2.0](https://example.org/0.2.0) (2026-03-01)\n\nWords of it,\non two lines.\n",
        "## v0.2.0 - 2026-03-01\n\n### Fixed\n\n* Words of it,\n  on two lines.\n",
        "## [0.2.0] - 2026-03-01 [YANKED]\n\n### Fixed\n\n1. Words of it,\n   on two lines.\n",
        "# sample 0.2.0 (1 March 2026)\n\n<!-- next\n# 0.3.0\n-->\n+ Words of it,\n  on two lines.\n\n```\n# 0.1.0\n```\n",
        "<a name=\"0.2.0\"></a>\n### 0.2 / 2026-03-01\n\nWords of it,\non two lines.\n\n[x]: https://example.org\n",
        "%changelog\n* Sun Mar 01 2026 A Person <a@example.org> - 0.2.0-1\n- Words of it,\n  on two lines.\n",
        "Name: sample\n%description\nIt.\n%changelog\n* Sun Mar  1 2026 A Person <a@example.org> 1:0.2.0-1.fc44\n- Words of it,\n  on two lines.\n",
        "sample (0.2.0-1) unstable; urgency=medium\n\n  [ A Person ]\n  * Words of it,\n    on two lines.\n\n -- A Person <a@example.org>  Sun, 01 Mar 2026 12:00:00 +0000\n",
    ] {
        let date = Some("2026-03-01");
        let expected = release("0.2.0", date, &["Words of it, on two lines."]);
        assert_eq!(releases(text, "0.2.0"), [expected], "{text}");
    }
}

#[test]
fn revisions_of_one_version_are_one_release() {
    let text = "sample (0.2.0-2) UNRELEASED; urgency=medium\n\n  * Third.\n\n -- A <a@b>  Mon, 02 Mar 2026 12:00:00 +0000\n\n\
        sample (0.2.0~rc.1-2) unstable; urgency=medium\n\n  * Second.\n\n -- A <a@b>  Sun, 01 Mar 2026 12:00:00 +0000\n\n\
        sample (0.2.0~rc.1-1) unstable; urgency=medium\n\n  * First.\n\n -- A <a@b>  Sat, 31 Jan 2026 12:00:00 +0000\n";
    assert_eq!(
        releases(text, "0.2.0"),
        [
            release("0.2.0", None, &["Third."]),
            release("0.2.0-rc.1", Some("2026-03-01"), &["Second.", "First."]),
        ]
    );
}

#[test]
fn only_lines_directly_under_a_change_belong_to_it() {
    let text = "- of no release\n\n## 0.2.0\nIntroduction.\n- One,\n  `two`\n  **three**.\n\nNot of it.\n\
        * Four\n### Heading\nNot of it.\n";
    let expected = release("0.2.0", None, &["One, two three.", "Four"]);
    assert_eq!(releases(text, "0.2.0"), [expected]);
}

#[test]
fn without_a_list_each_paragraph_is_a_change() {
    let text = "## 0.2.0\n\nOne,\ntwo.\n\n### Heading\nThree.\n";
    let expected = release("0.2.0", None, &["One, two.", "Three."]);
    assert_eq!(releases(text, "0.2.0"), [expected]);
}

#[test]
fn unreleased_changes_are_of_the_version_that_the_file_does_not_have() {
    let old = "## 0.1.0 (2026-01-31)\n- Old.\n";
    let empty = format!("## Unreleased\n\n{old}");
    assert_eq!(releases(&empty, "0.1.0").len(), 1);
    let full = format!("## Unreleased\n- New.\n\n{old}");
    assert_eq!(releases(&full, "0.2.0").len(), 2);
    assert_eq!(releases(&full, "0.1.0").len(), 1);
}
