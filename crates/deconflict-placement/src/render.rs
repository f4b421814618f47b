//! A root's objects.

use deconflict_kube::{expand_list, is_manifest};
use deconflict_kustomize::{LoadRestrictor, Options, Problem, ProblemKind, Rendered, Session};
use deconflict_yaml::{Dialect, resolve_merges};

use crate::flux::substitute;
use crate::survey::is_client_side_object;
use crate::{Root, RootKind};

impl Root {
    /// Its objects, as the engine that deploys it would apply them. A chart, Jsonnet or a plugin has one problem that
    /// says so, and no objects.
    pub fn render(&self, session: &Session) -> Rendered {
        match self.kind {
            RootKind::Kustomize => {
                let mut rendered = self.build(session);
                if let Some(substitution) = &self.build.substitution {
                    substitute::apply(&mut rendered.objects, substitution);
                }
                rendered
            }
            RootKind::Directory => self.read(session),
            RootKind::Helm => refused(ProblemKind::Helm, "charts are not rendered"),
            RootKind::Jsonnet => refused(ProblemKind::Plugin, "Jsonnet is not evaluated"),
            RootKind::Plugin => refused(ProblemKind::Plugin, "config management plugins are not run"),
        }
    }

    fn build(&self, session: &Session) -> Rendered {
        let options = Options {
            load_restrictor: if self.build.unrestricted {
                LoadRestrictor::None
            } else {
                LoadRestrictor::RootOnly
            },
            ..Options::default()
        };
        match &self.build.kustomization {
            Some(edited) => session.build_edited(&self.path, &edited.content, &options),
            None => session.build(&self.path, &options),
        }
    }

    fn read(&self, session: &Session) -> Rendered {
        let mut rendered = Rendered::default();
        for path in &self.files {
            // A file that cannot be read or parsed is reported with the file, not with the root.
            let loaded = session.library().load(path);
            rendered.reads.note(path, loaded.is_ok());
            let Ok(loaded) = loaded else { continue };
            for document in &loaded.parsed().documents {
                let Some(root) = document.root.as_ref().filter(|root| is_manifest(root)) else {
                    continue;
                };
                match resolve_merges(root, Dialect::Kubernetes) {
                    Ok(root) => rendered.objects.extend(expand_list(&root)),
                    Err(error) => {
                        let problem = Problem::build(error.to_string()).at(error.at);
                        rendered.problems.push(problem);
                    }
                }
            }
        }
        rendered.objects.retain(|object| !is_client_side_object(object));
        rendered
    }
}

fn refused(kind: ProblemKind, message: &str) -> Rendered {
    Rendered {
        problems: vec![Problem::new(kind, message)],
        ..Rendered::default()
    }
}
