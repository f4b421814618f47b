//! Closed value sets of built-in fields. Kubernetes publishes none, so they are kept by hand in `schemas/enums.txt`:
//! `Struct.field value value@since value@since-until`, where `Struct` is the end of the definition's name.

use super::graph::{Graph, Type};

/// Turn each listed string field (or list of strings) into an enum. A line that fits nothing is an error.
pub(super) fn add(graph: &mut Graph, text: &str) -> Result<(), String> {
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let Some((target, values)) = line.split_once(char::is_whitespace) else {
            continue;
        };
        let (name, field) = target
            .rsplit_once('.')
            .ok_or_else(|| format!("line {}: no field", number + 1))?;
        let values: Vec<String> = values
            .split_whitespace()
            .map(|value| value.replace("\"\"", ""))
            .collect();
        let suffix = format!(".{name}");
        let mut fits = false;
        for (_, item) in graph
            .structs
            .iter_mut()
            .filter(|(known, _)| known.ends_with(&suffix))
        {
            for row in item.rows.get_mut(field).into_iter().flatten() {
                let slot = match &mut row.ty {
                    Type::List { item, .. } => item.as_mut(),
                    other => other,
                };
                if *slot == Type::String {
                    *slot = Type::Enum(values.clone());
                    fits = true;
                }
            }
        }
        if !fits {
            return Err(format!(
                "schemas/enums.txt:{}: no string field {target}",
                number + 1
            ));
        }
    }
    Ok(())
}
