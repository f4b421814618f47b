//! Who produces a Secret: the manifest itself, or a controller that writes one.

use deconflict_kube::{Object, bool_at, items_at, text_at};
use deconflict_yaml::Node;

use crate::{Claim, Space, Spot, What};

/// Every Secret that `object` is or makes, in its own namespace. Which field names it: the API references of External
/// Secrets, Sealed Secrets, cert-manager, the Vault Secrets Operator, the CSI secrets store and 1Password.
pub(super) fn producers(object: &Object, claims: &mut Vec<Claim>) {
    let body = &object.body;
    let mut produce = |at: &[&str], otherwise: &[&str]| {
        let name = body.at_path(at).or_else(|| body.at_path(otherwise));
        claims.extend(name.and_then(claim));
    };
    const NAME: &[&str] = &["metadata", "name"];
    match (object.key.group.as_str(), object.key.kind.as_str()) {
        ("", "Secret") => produce(NAME, NAME),
        ("external-secrets.io", "ExternalSecret") => {
            // `Merge` adds to a Secret that somebody else makes, `None` makes nothing.
            let policy = text_at(body, &["spec", "target", "creationPolicy"]);
            let other_kind = body
                .at_path(&["spec", "target", "manifest", "kind"])
                .is_some_and(|kind| kind.text() != Some("Secret"));
            if !matches!(policy, Some("Merge" | "None")) && !other_kind {
                produce(&["spec", "target", "name"], NAME);
            }
        }
        ("bitnami.com", "SealedSecret") => produce(&["spec", "template", "metadata", "name"], NAME),
        ("cert-manager.io", "Certificate") => produce(&["spec", "secretName"], &["spec", "secretName"]),
        ("secrets.hashicorp.com", _) if bool_at(body, &["spec", "destination", "create"]) == Some(true) => {
            let name = &["spec", "destination", "name"];
            produce(name, name);
        }
        ("onepassword.com", "OnePasswordItem") => produce(NAME, NAME),
        ("secrets-store.csi.x-k8s.io", "SecretProviderClass") => {
            let synced = items_at(body, &["spec", "secretObjects"]);
            let names: Vec<Claim> = synced
                .filter_map(|item| item.get("secretName"))
                .filter_map(|name| claim(name))
                .collect();
            claims.extend(names);
        }
        _ => {}
    }
}

fn claim(name: &Node) -> Option<Claim> {
    let key = name.text().filter(|text| !text.is_empty())?;
    Some(Claim {
        space: Space::Secret,
        key: key.into(),
        spot: Spot::of(name),
        what: What::Whole,
    })
}
