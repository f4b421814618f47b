//! The page that lists every key of `deconflict.yaml`.

use std::fmt::Write as _;

use super::check::SETTINGS;
use super::keys::TOP;
use super::{Format, Key, Shape};

/// Markdown: a table of every key by its path.
pub fn reference() -> String {
    let mut page = "# Every key of `deconflict.yaml`\n\n| key | form | says |\n|---|---|---|\n".to_owned();
    rows(&mut page, TOP, "");
    page
}

fn rows(page: &mut String, keys: &[Key], above: &str) {
    for key in keys {
        let path = format!("{above}{}", key.name);
        let needed = if key.required { ", required" } else { "" };
        let about = key
            .about
            .replace('|', "\\|")
            .replace('*', "\\*")
            .replace('<', "&lt;");
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `{path}` | {}{needed} | {about} |", form(&key.shape));
        below(page, &key.shape, &path);
    }
}

fn below(page: &mut String, shape: &Shape, path: &str) {
    match shape {
        Shape::Map(keys) | Shape::TextOrMap(_, keys) => rows(page, keys, &format!("{path}.")),
        Shape::List(item) => below(page, item, &format!("{path}[]")),
        Shape::Table(_) | Shape::Text(_) | Shape::Count | Shape::FormVersion | Shape::Rules | Shape::Any => {}
    }
}

fn form(shape: &Shape) -> String {
    match shape {
        Shape::Text(format) => text(*format),
        Shape::Count => "whole number".to_owned(),
        Shape::FormVersion => "`1`".to_owned(),
        Shape::List(item) => format!("list of {}", many(item)),
        Shape::Map(_) => "map".to_owned(),
        Shape::Table(value) => format!("map of names to {}", many(value)),
        Shape::TextOrMap(format, _) => format!("{}, or a map", text(*format)),
        Shape::Rules => format!("map of rules to {} or a map", words(&SETTINGS)),
        Shape::Any => "anything".to_owned(),
    }
}

fn many(shape: &Shape) -> String {
    match shape {
        Shape::Map(_) => "maps".to_owned(),
        Shape::Text(Format::Glob) => "globs".to_owned(),
        Shape::TextOrMap(Format::Glob, _) => "globs or maps".to_owned(),
        Shape::Text(Format::Name | Format::Free) => "texts".to_owned(),
        other => form(other),
    }
}

fn text(format: Format) -> String {
    match format {
        Format::Name | Format::Free => "text".to_owned(),
        Format::Glob => "glob".to_owned(),
        Format::Path => "path".to_owned(),
        Format::Kubernetes => "`MAJOR.MINOR`".to_owned(),
        Format::Date => "date, `YYYY-MM-DD`".to_owned(),
        Format::OneOf(all) => words(all),
        Format::Class => "word".to_owned(),
        Format::Quantity => "quantity, as `500m` or `32Gi`".to_owned(),
        Format::Object => "`KIND/NAME` or `KIND/NAMESPACE/NAME`".to_owned(),
        Format::Rule => "rule".to_owned(),
    }
}

fn words(all: &[&str]) -> String {
    let quoted: Vec<String> = all.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
