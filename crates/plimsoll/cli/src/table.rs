//! Tables that read without colour.

use comfy_table::{ContentArrangement, Table, presets};

/// Columns under `header`, two blanks apart. A cell may hold several lines.
pub fn rendered<const N: usize>(header: [&str; N], rows: Vec<[String; N]>) -> String {
    let header = header.map(str::to_owned).into();
    of(header, rows.into_iter().map(Into::into).collect())
}

/// The same with as many columns as there are.
pub(crate) fn of(header: Vec<String>, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().map(|name| name.to_uppercase()));
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines = table.lines().map(|line| line.trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_several_lines_keep_their_column() {
        let rows = vec![
            ["C compiler".into(), "yes".into(), "cc 12.2.0".into()],
            [
                "podman".into(),
                "no".into(),
                "not installed\nmend: apt-get install podman".into(),
            ],
        ];
        expect_test::expect![[r#"
            WHAT        ANSWER  DETAIL
            C compiler  yes     cc 12.2.0
            podman      no      not installed
                                mend: apt-get install podman"#]]
        .assert_eq(&rendered(["what", "answer", "detail"], rows));
    }
}
