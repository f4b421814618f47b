//! `completions` and `man`: from the same definition as the command line itself.

use std::io::{self, Write as _};

use clap_mangen::Man;

use crate::{Exit, command, output};

/// The completion script of `shell`.
pub(crate) fn completions(shell: clap_complete::Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "deconflict", &mut script);
    output::print(&String::from_utf8_lossy(&script), Exit::Clean)
}

/// The manual page, one section per command.
pub(crate) fn man() -> Exit {
    let mut page = Vec::new();
    match lay_out(&mut page) {
        Ok(()) => output::print(&String::from_utf8_lossy(&page), Exit::Clean),
        Err(error) => {
            output::say_error(&format!("cannot lay out the manual page: {error}"));
            Exit::Unfinished
        }
    }
}

fn lay_out(page: &mut Vec<u8>) -> io::Result<()> {
    let mut definition = command();
    definition.build();
    let whole = Man::new(definition.clone());
    whole.render_title(page)?;
    whole.render_name_section(page)?;
    whole.render_synopsis_section(page)?;
    whole.render_description_section(page)?;
    let commands = definition.get_subcommands().flat_map(|command| {
        let parts: Vec<&clap::Command> = command.get_subcommands().collect();
        if parts.is_empty() { vec![command] } else { parts }
    });
    for sub in commands {
        let mut body = Vec::new();
        let man = Man::new(sub.clone());
        man.render_synopsis_section(&mut body)?;
        man.render_description_section(&mut body)?;
        man.render_options_section(&mut body)?;
        // One page for all: what would be sections of a page of their own become parts of one section.
        let name = sub.get_bin_name().unwrap_or_else(|| sub.get_name());
        writeln!(page, ".SH \"{}\"", name.to_uppercase())?;
        page.extend_from_slice(
            String::from_utf8_lossy(&body)
                .replace("\n.SH ", "\n.SS ")
                .as_bytes(),
        );
    }
    whole.render_extra_section(page)?;
    whole.render_version_section(page)
}
