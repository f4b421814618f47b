//! Small files: past 500 lines of code a file has to argue.

use std::path::{Path, PathBuf};

const ARGUE: usize = 500;

/// Source files with more lines than that, tests at their end not counted.
pub(super) fn warnings(top: &Path, files: &[PathBuf]) -> Result<Vec<String>, String> {
    let mut warnings = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
    {
        let text = crate::read(&top.join(file))?;
        let code = text
            .split("\n#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default();
        let lines = code.lines().count();
        if lines > ARGUE {
            warnings.push(format!(
                "{}: {lines} lines; does it hold more than one idea?",
                file.display()
            ));
        }
    }
    Ok(warnings)
}
