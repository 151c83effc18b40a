//! The C compiler, through which Rust links.

use crate::{Answer, CProgram, Command, Finding, Mend, RunError, Tried, triple};

use super::Site;

const TRIVIAL: &str = "int main(void) { return 0; }\n";

/// The compiler that was looked for, and what was found.
pub(super) struct Compiler {
    found: Result<String, Finding>,
    detail: String,
}

impl Compiler {
    /// The program's name, where it works.
    pub(super) fn program(&self) -> Option<&str> {
        self.found.as_deref().ok()
    }

    /// What was found.
    pub(super) fn finding(&self) -> Finding {
        match &self.found {
            Ok(_) => Finding::yes(&self.detail),
            Err(finding) => finding.clone(),
        }
    }
}

/// Looks for a compiler that makes programs for the site's target.
pub(super) fn find(site: &Site<'_>) -> Compiler {
    let mut first_problem = None;
    for program in candidates(site) {
        match works(site, &program) {
            Ok(detail) => {
                return Compiler {
                    found: Ok(program),
                    detail,
                };
            }
            Err(problem) => drop(first_problem.get_or_insert(problem)),
        }
    }
    let problem = first_problem.unwrap_or_else(|| Answer::no("no compiler was named"));
    let finding = Finding::from(problem).mended_by(install(site));
    Compiler {
        found: Err(finding),
        detail: String::new(),
    }
}

/// Whether the target's C library can be linked statically.
pub(super) fn static_libc(site: &Site<'_>, compiler: &Compiler) -> Finding {
    if triple::is_musl(site.target) {
        return Finding::yes("part of the Rust target");
    }
    let Some(program) = compiler.program() else {
        return Answer::could_not_tell("no C compiler to ask").into();
    };
    let answer = match site
        .system
        .run(&Command::new(program, ["-print-file-name=libc.a"]))
    {
        // A compiler that does not know the file gives the bare name back (gcc(1)).
        Ok(output) if output.success() && output.stdout.trim() == "libc.a" => {
            Answer::no(format!("{program} finds no libc.a"))
        }
        Ok(output) if output.success() => Answer::yes(output.stdout.trim()),
        Ok(output) => Answer::could_not_tell(output.complaint()),
        Err(error) => Answer::could_not_tell(error.reason()),
    };
    Finding::from(answer).mended_by(site.distribution.install_provider("libc.a"))
}

/// The names to try, what the environment says first.
fn candidates(site: &Site<'_>) -> Vec<String> {
    let underscored = site.target.replace('-', "_");
    let linker = format!("CARGO_TARGET_{}_LINKER", underscored.to_uppercase());
    let variables = [
        linker,
        format!("CC_{}", site.target),
        format!("CC_{underscored}"),
    ];
    let general = if site.is_cross() { "TARGET_CC" } else { "CC" };
    let named = variables.iter().map(String::as_str).chain([general]);
    if let Some(program) = named.into_iter().find_map(|name| site.system.env(name)) {
        return vec![program];
    }
    // rustc links its musl targets with the host's own compiler, too.
    match triple::architecture(site.host) == triple::architecture(site.target) {
        true => ["cc", "gcc", "clang"].map(str::to_owned).to_vec(),
        false => vec![format!("{}-gcc", triple::gnu_prefix(site.target))],
    }
}

/// The first line of its version, where it compiles and links a program.
fn works(site: &Site<'_>, program: &str) -> Result<String, Answer> {
    let trivial = CProgram {
        compiler: program.to_owned(),
        source: TRIVIAL.to_owned(),
        flags: Vec::new(),
        run: false,
    };
    match site.system.try_c(&trivial) {
        Ok(Tried::Refused(output)) => Err(Answer::no(format!(
            "{program} does not link a program: {}",
            output.complaint()
        ))),
        Ok(Tried::Linked | Tried::Ran(_)) => Ok(version(site, program)),
        Err(error @ RunError::NotFound { .. }) => Err(Answer::no(error.to_string())),
        Err(error) => Err(Answer::could_not_tell(error.reason())),
    }
}

fn version(site: &Site<'_>, program: &str) -> String {
    let output = site.system.run(&Command::new(program, ["--version"]));
    let line = output
        .ok()
        .and_then(|output| output.stdout.lines().next().map(str::to_owned));
    line.unwrap_or_else(|| program.to_owned())
}

fn install(site: &Site<'_>) -> Option<Mend> {
    if !site.is_cross() {
        return site.distribution.install_provider("cc");
    }
    let cross = site.distribution.family?.cross?;
    let package = (cross.compiler)(&triple::gnu_prefix(site.target));
    site.distribution.install_named(&[&package])
}
