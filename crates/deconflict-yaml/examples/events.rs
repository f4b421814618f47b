//! A plain pass of granit-parser over the files that are named, and nothing else: what `cargo xtask bench --validation`
//! compares with.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads files and says what it read"
)]

use granit_parser::Parser;

fn main() -> std::io::Result<()> {
    let mut events = 0_usize;
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(path)?;
        events += Parser::new_from_str(&text).map_while(Result::ok).count();
    }
    println!("{events} events");
    Ok(())
}
