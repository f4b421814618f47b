//! What a person at a terminal sees: every file in `cmd/` is a transcript of the real program.

#[test]
fn transcripts() {
    let cases = trycmd::TestCases::new();
    // Nothing of the surroundings may show: colours, width, the developer's own Git settings.
    for name in ["NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"] {
        cases.env(name, "");
    }
    cases.case("crates/deconflict-cli/tests/cmd/*.trycmd");
}
