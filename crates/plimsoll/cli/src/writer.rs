//! The package writer, a part of this program with the feature `writer` alone: its libraries are many, and nothing but writing
//! and reading packages needs them.

#[cfg(feature = "writer")]
pub use plimsoll_writer::Args;

#[cfg(not(feature = "writer"))]
pub use without::Args;

#[cfg(not(feature = "writer"))]
mod without {
    use std::process::ExitCode;

    use error_hint::Failure;
    use plimsoll_build::packager::NOT_LINKED;

    /// Takes the place of the package writer's arguments in a program that was built without it.
    #[derive(Debug, clap::Args)]
    pub struct Args {
        /// What the package writer is asked for
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    }

    impl Args {
        /// Says that the package writer is not in this program.
        #[must_use]
        pub fn run(&self) -> ExitCode {
            let words = self.words.join(" ");
            let message =
                format!("cannot do `{words}`: this program was built without its feature `writer`");
            let hint = "run it as `cargo xtask dist` and `verify` do: `cargo run --manifest-path xtask/Cargo.toml --features writer -- __writer …`";
            crate::failure::report(&Failure::hinted(message, hint));
            ExitCode::from(NOT_LINKED)
        }
    }
}
