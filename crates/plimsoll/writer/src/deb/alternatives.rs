//! What the maintainer scripts do for choices, as Debian Policy's appendix on alternatives has it.

use plimsoll_spec::Alternative;

use super::snippets::Snippets;

/// The parts of the scripts.
pub(super) fn snippets(alternatives: &[Alternative]) -> Snippets {
    let mut snippets = Snippets::default();
    for alternative in alternatives {
        let words = alternative.words();
        let text = format!(
            "if [ \"$1\" = \"configure\" ] || [ \"$1\" = \"abort-upgrade\" ] || [ \"$1\" = \"abort-deconfigure\" ] || \
             [ \"$1\" = \"abort-remove\" ]; then\n\tupdate-alternatives --install {words}\nfi\n"
        );
        snippets.add("postinst", &text);
        let Alternative { name, path, .. } = alternative;
        let text = format!(
            "if [ \"$1\" = \"remove\" ] || [ \"$1\" = \"deconfigure\" ]; then\n\tupdate-alternatives --remove {name} {path}\nfi\n"
        );
        snippets.add("prerm", &text);
    }
    snippets
}
