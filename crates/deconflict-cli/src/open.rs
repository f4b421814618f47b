//! From arguments to something that can be checked.

use deconflict_findings::Report;

use crate::Exit;
use crate::args::{Look, Source};

/// Why nothing can be checked.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) String);

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self(message)
    }
}

impl Refusal {
    /// Say it on stderr.
    pub(crate) fn say(&self, look: &Look) -> Exit {
        let _ = look;
        crate::output::say_error(&self.0);
        Exit::Usage
    }
}

/// A tree that is ready to be checked.
#[derive(Debug)]
pub(crate) struct Opened {
    /// How messages call it.
    pub(crate) shown: String,
}

impl Opened {
    pub(crate) fn check(&self, only: &[String], skip: &[String]) -> Report {
        let _ = (only, skip);
        self.map()
    }

    pub(crate) fn map(&self) -> Report {
        unimplemented!("{}", self.shown)
    }
}

/// Open what `source` says.
pub(crate) fn open(source: &Source) -> Result<Opened, Refusal> {
    let _ = source;
    Err(Refusal("not yet".to_owned()))
}
