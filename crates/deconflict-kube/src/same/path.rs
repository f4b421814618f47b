//! A path while walking, written only when something differs.

use std::fmt;

/// Names and indices from the top. Names alone say which field it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Path<'n> {
    parts: Vec<Part<'n>>,
    names: Vec<&'n str>,
}

#[derive(Clone, Copy, Debug)]
enum Part<'n> {
    Name(&'n str),
    Index(usize),
}

impl<'n> Path<'n> {
    pub(super) fn push_name(&mut self, name: &'n str) {
        self.parts.push(Part::Name(name));
        self.names.push(name);
    }

    pub(super) fn push_index(&mut self, index: usize) {
        self.parts.push(Part::Index(index));
    }

    pub(super) fn pop(&mut self) {
        if let Some(Part::Name(_)) = self.parts.pop() {
            self.names.pop();
        }
    }

    /// The names, indices left out.
    pub(super) fn names(&self) -> &[&'n str] {
        &self.names
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.parts.iter().enumerate() {
            match part {
                Part::Index(index) => write!(f, "[{index}]")?,
                Part::Name(name) if is_odd(name) => write!(f, "[\"{name}\"]")?,
                Part::Name(name) if at == 0 => f.write_str(name)?,
                Part::Name(name) => write!(f, ".{name}")?,
            }
        }
        Ok(())
    }
}

/// True for keys that would not read as one part of a path.
fn is_odd(name: &str) -> bool {
    name.is_empty() || name.contains(['.', '/', '[', ']', '"', ' '])
}
