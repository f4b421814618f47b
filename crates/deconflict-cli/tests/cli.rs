//! What a person at a terminal sees: every file in `cmd/` is a transcript of the real program
//! (`TRYCMD=overwrite cargo test --test cli` writes them anew), and what stands here needs files that no repository can
//! hold.
#![expect(clippy::disallowed_methods, reason = "tests make files and run the program")]
#![expect(clippy::print_stdout, reason = "what is skipped is said")]

mod bad_input;
mod baseline;
mod ci;
mod code_scanning;
mod corpus;
mod diffs;
mod docs;
#[path = "../../deconflict-git/tests/it/fingerprint.rs"]
mod fingerprint;
mod formats;
mod history;
mod hooks;
mod init;
mod judged;
mod merged;
mod papers;
mod placements;
mod readme;
mod sandbox;
mod schemas;
mod storefront;

#[test]
fn transcripts() {
    let cases = trycmd::TestCases::new();
    // Nothing of the surroundings may show: colours, width, the developer's own Git settings.
    for name in [
        "NO_COLOR",
        "FORCE_COLOR",
        "TERM",
        "COLUMNS",
        "GITHUB_STEP_SUMMARY",
    ] {
        cases.env(name, "");
    }
    // The examples are repositories of their own, whether or not they lie in a checkout of this one.
    let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let ceilings = ["examples", "crates/deconflict-cli/tests/cmd"].map(|below| top.join(below));
    let ceilings = std::env::join_paths(ceilings).expect("paths without colons");
    cases.env("GIT_CEILING_DIRECTORIES", ceilings.to_string_lossy());
    cases.case("crates/deconflict-cli/tests/cmd/*.trycmd");
    cases.case("docs/start.md");
}
