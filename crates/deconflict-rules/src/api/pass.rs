//! The pass over one object.

use deconflict_findings::{Edit, Finding, Fix, Label, ObjectRef, Safety, Severity};
use deconflict_kube::{Effect, Repair, Violation, validate_with};

use crate::compare::{names_value, secret_texts};
use crate::{ServerContext, Sink, rule_of};

/// Everything that the API server of the cluster would say about the object, under the ids of the rules whose check is
/// [`crate::Check::Server`]. What cannot be told goes to [`Sink::leave`].
pub fn judge_object(context: &ServerContext<'_>, sink: &mut Sink) {
    for violation in validate_with(
        context.object,
        context.kubernetes,
        context.definitions,
        context.memo,
    ) {
        if violation.effect == Effect::Unanswered {
            sink.leave(violation.message);
            continue;
        }
        let Some(rule) = id_of(context, violation.row) else {
            continue;
        };
        sink.report(finding(context, rule, violation));
    }
}

/// The rule of a row. For Argo CD's own kinds an unknown field has its own rule, where there is one.
fn id_of(context: &ServerContext<'_>, row: &str) -> Option<&'static str> {
    let unknown = matches!(row, "schema-unknown" | "schema-embedded-unknown");
    let argo = unknown && context.object.key.group == "argoproj.io";
    let id = match row {
        _ if argo && rule_of("argo-unknown-field").is_some() => "argo-unknown-field".to_owned(),
        "api-removed" => "dep-api-removed".to_owned(),
        "api-deprecated" | "deprecated" => "dep-api-deprecated".to_owned(),
        "schema" | "schema-embedded" | "schema-unknown" | "schema-embedded-unknown" => {
            "crd-schema-violation".to_owned()
        }
        "version" => "crd-version-not-served".to_owned(),
        row => format!("api-{row}"),
    };
    Some(rule_of(&id)?.meta.id)
}

fn finding(context: &ServerContext<'_>, rule: &'static str, mut violation: Violation) -> Finding {
    let object = context.object;
    let secret = is_secret(context, &violation);
    if !context.config.secret_fields.is_empty() {
        hide(context, &mut violation, secret);
    }
    let severity = match violation.effect {
        Effect::Refused => Severity::Error,
        Effect::FailsLater | Effect::Warned | Effect::Unanswered => Severity::Warning,
    };
    let message = format!("{}: {}", object.key, violation.message);
    let mut made = Finding::new(rule, severity, message, violation.at);
    if secret {
        made.primary = Label::secret(violation.at, "");
    } else {
        made.fix = violation
            .repair
            .as_ref()
            .and_then(|repair| fix(context, &violation, repair));
    }
    made.related = violation
        .related
        .into_iter()
        .map(|(at, text)| Label::new(at, text))
        .collect();
    made.objects.push(ObjectRef {
        group: object.key.group.to_string(),
        version: object.version.to_string(),
        kind: object.key.kind.to_string(),
        namespace: object.key.namespace.as_ref().map(ToString::to_string),
        name: object.key.name.to_string(),
        ..ObjectRef::default()
    });
    made.field = (!violation.path.is_empty()).then_some(violation.path);
    made.help = violation.help;
    made
}

/// True where the value itself is secret, not only something below it.
fn is_secret(context: &ServerContext<'_>, violation: &Violation) -> bool {
    let of_secret = context.object.key.is("", "Secret")
        && (violation.path.starts_with("data") || violation.path.starts_with("stringData"));
    of_secret || names_value(context.config, &context.object.key.kind, &violation.path)
}

/// Fields that the configuration calls secret: sentences with a value in them say less, and other sentences of the object
/// lose the value wherever it stands.
fn hide(context: &ServerContext<'_>, violation: &mut Violation, secret: bool) {
    let without_value = ["unknown-field", "schema-unknown", "required-field"].contains(&violation.row);
    if secret && !without_value {
        let name = violation.path.rsplit('.').next().unwrap_or_default();
        violation.message = format!("`{name}` does not fit its field; what it says is secret");
        violation.help = None;
    }
    for text in secret_texts(context.config, &context.object.key.kind, &context.object.body) {
        violation.message = violation.message.replace(&text, "(secret)");
        violation.help = violation.help.take().map(|help| help.replace(&text, "(secret)"));
    }
}

/// The repair as an edit, where the text at the place is what the object has: composed values are edited elsewhere.
fn fix(context: &ServerContext<'_>, violation: &Violation, repair: &Repair) -> Option<Fix> {
    let file = context.files.get(violation.at.file);
    let text = file.text.get(violation.at.span.range())?;
    let bare = text.trim_matches(['"', '\'']);
    (bare == repair.was).then(|| Fix {
        title: format!("write `{}`", repair.with),
        safety: Safety::Safe,
        edits: vec![Edit {
            at: violation.at,
            with: repair.with.clone(),
        }],
    })
}
