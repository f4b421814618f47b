//! What programs read is what `schemas/` promises, on real output.

use std::path::Path;

use serde_json::Value;

use crate::sandbox::Sandbox;

#[test]
fn reports_maps_and_catalogues_fit_their_schemas() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sandbox = Sandbox::new("");
    sandbox.copy(&top.join("examples/storefront"), "");
    let check = |line: &str, schema: &str, rows: &str| {
        let schema = std::fs::read_to_string(top.join("schemas").join(schema)).expect("a schema");
        let schema: Value = serde_json::from_str(&schema).expect("JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let document: Value = serde_json::from_str(&sandbox.run(line).stdout).expect("JSON");
        assert!(
            document[rows].as_array().is_some_and(|rows| !rows.is_empty()),
            "{line}"
        );
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{line}: {errors:#?}");
        // A schema that takes anything would be no promise.
        let mut broken = document.clone();
        broken[rows][0] = serde_json::json!({});
        assert!(!validator.is_valid(&broken), "{line}");
    };
    check("check . --format json", "report.schema.json", "findings");
    check("map . --format json", "map.schema.json", "placements");
    check("rules --format json", "rules.schema.json", "rules");
    if sandbox.init_git() {
        sandbox.commit("start");
        sandbox.write(
            "infra/shop/namespace.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {a: b}}\n",
        );
        check("diff . --base main --format json", "diff.schema.json", "changes");
    }
}
