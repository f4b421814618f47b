//! The list of rules.

use crate::api::rows;
use crate::{Rule, rules};

/// All rules, sorted by id: one line each.
pub static ALL: &[&Rule] = &[
    &rows::pod::ACTIVE_DEADLINE,
    &rows::pod::AFFINITY_TERM,
    &rows::meta::ANNOTATION_KEY,
    &rows::meta::ANNOTATION_SIZE,
    &rows::config::CONFIG_KEY,
    &rows::config::CONFIG_SIZE,
    &rows::container::CONTAINER_NAME,
    &rows::pod::CONTAINERS_REQUIRED,
    &rows::config::CRD_SHAPE,
    &rows::workload::CRON_SCHEDULE,
    &rows::workload::CRON_TIMEZONE,
    &rows::pod::DNS_CONFIG,
    &rows::structure::DUPLICATE_ITEM,
    &rows::structure::ENUM_VALUE,
    &rows::container::ENV_DUPLICATE,
    &rows::container::ENV_FROM_SOURCE,
    &rows::container::ENV_NAME,
    &rows::container::ENV_VALUE_AND_SOURCE,
    &rows::pod::FILE_MODE,
    &rows::meta::GENERATE_NAME,
    &rows::pod::HOST_NETWORK_PORT,
    &rows::pod::HOST_PORT_CONFLICT,
    &rows::workload::HPA_BOUNDS,
    &rows::workload::HPA_METRIC,
    &rows::container::IMAGE_REQUIRED,
    &rows::network::INGRESS_CLASS_BOTH,
    &rows::network::INGRESS_HOST,
    &rows::network::INGRESS_PATH,
    &rows::network::INGRESS_RULES,
    &rows::structure::INTEGER_RANGE,
    &rows::workload::JOB_INDEXED,
    &rows::workload::JOB_SELECTOR,
    &rows::meta::LABEL_KEY,
    &rows::meta::LABEL_SELECTOR_ARITY,
    &rows::meta::LABEL_VALUE,
    &rows::config::LIMIT_RANGE,
    &rows::container::MOUNT_PATH_DUPLICATE,
    &rows::meta::NAME_FORMAT,
    &rows::workload::NAME_LENGTH_CRONJOB,
    &rows::workload::NAME_LENGTH_JOB,
    &rows::meta::NAME_LENGTH_STATEFULSET,
    &rows::meta::NAME_REQUIRED,
    &rows::meta::NAMESPACE_ON_CLUSTER_SCOPED,
    &rows::workload::NEGATIVE_COUNT,
    &rows::network::NETPOL_PEER,
    &rows::network::NODE_PORT,
    &rows::workload::PDB_EXCLUSIVE,
    &rows::container::PORT_DUPLICATE,
    &rows::container::PORT_NAME,
    &rows::container::PORT_RANGE,
    &rows::config::PRIORITY_CLASS,
    &rows::pod::PRIVILEGE_CONFLICT,
    &rows::container::PROBE_HANDLER,
    &rows::container::PROBE_PORT_UNKNOWN,
    &rows::container::PROBE_SUCCESS_THRESHOLD,
    &rows::workload::PROGRESS_DEADLINE,
    &rows::pod::PROJECTION_PATH,
    &rows::config::PV_SPEC,
    &rows::config::PVC_SPEC,
    &rows::structure::QUANTITY_FORMAT,
    &rows::structure::QUANTITY_MILLI_BYTES,
    &rows::config::RBAC_REF,
    &rows::config::RBAC_RULE,
    &rows::container::REQUESTS_EXCEED_LIMITS,
    &rows::structure::REQUIRED_FIELD,
    &rows::container::RESOURCE_NAME,
    &rows::pod::RESTART_POLICY,
    &rows::workload::ROLLING_UPDATE,
    &rows::pod::RUN_AS_ROOT_CONFLICT,
    &rows::config::SECRET_DATA,
    &rows::config::SECRET_TYPE_KEYS,
    &rows::workload::SELECTOR_EMPTY,
    &rows::workload::SELECTOR_TEMPLATE_MISMATCH,
    &rows::network::SERVICE_EXTERNAL_NAME,
    &rows::network::SERVICE_HEADLESS_TYPE,
    &rows::network::SERVICE_PORTS,
    &rows::network::SERVICE_TYPE_FIELDS,
    &rows::container::SUB_PATH,
    &rows::pod::TOLERATION,
    &rows::pod::TOPOLOGY_SPREAD,
    &rows::structure::UNKNOWN_FIELD,
    &rows::structure::UNKNOWN_KIND,
    &rows::container::VOLUME_MOUNT_UNKNOWN,
    &rows::pod::VOLUME_NAME,
    &rows::pod::VOLUME_SOURCE,
    &rows::config::WEBHOOK_SHAPE,
    &rows::structure::WRONG_TYPE,
    &rules::argo_app_twice::RULE,
    &rules::argo_appset_empty::RULE,
    &rules::argo_cluster_unresolved::RULE,
    &rules::argo_cm_unknown_key::RULE,
    &rules::argo_dex_invalid::RULE,
    &rules::argo_dex_literal_secret::RULE,
    &rules::argo_health_lua::RULE,
    &rules::argo_path_missing::RULE,
    &rules::argo_project_default::RULE,
    &rules::argo_project_destination_denied::RULE,
    &rules::argo_project_kind_denied::RULE,
    &rules::argo_project_source_denied::RULE,
    &rules::argo_prune_off::RULE,
    &rules::argo_rbac_broad::RULE,
    &rules::argo_rbac_csv::RULE,
    &rules::argo_selfheal_fight::RULE,
    &rules::argo_unknown_field::RULE,
    &rules::argo_wave_invalid::RULE,
    &rules::argo_wave_inversion::RULE,
    &rules::cap_cluster_oversold::RULE,
    &rules::cap_hpa_inert::RULE,
    &rules::cap_limitrange_violated::RULE,
    &rules::cap_no_quota::RULE,
    &rules::cap_quota_count::RULE,
    &rules::cap_quota_exceeded::RULE,
    &rules::cap_quota_exceeded_at_max::RULE,
    &rules::cap_quota_needs_values::RULE,
    &rules::cap_quota_no_surge::RULE,
    &rules::cap_quotas_oversold::RULE,
    &rules::cfg_immutable_data::RULE,
    &rules::cfg_key_removed_in_use::RULE,
    &rules::cfg_secret_two_producers::RULE,
    &rules::cfg_shared_changed::RULE,
    &rules::chg_blast_radius::RULE,
    &rules::chg_data_loss::RULE,
    &rules::chg_immutable_field::RULE,
    &rules::clu_apiservice_clash::RULE,
    &rules::clu_two_defaults::RULE,
    &rules::crd_deleted_with_objects::RULE,
    &rules::crd_missing::RULE,
    &rules::crd_owned_twice::RULE,
    &rows::versions::SCHEMA_VIOLATION,
    &rules::crd_scope_mismatch::RULE,
    &rules::crd_served_version_removed::RULE,
    &rows::versions::VERSION_NOT_SERVED,
    &rows::versions::API_DEPRECATED,
    &rows::versions::API_REMOVED,
    &rules::flux_depends_cycle::RULE,
    &rules::flux_depends_missing::RULE,
    &rules::flux_path_missing::RULE,
    &rules::flux_path_twice::RULE,
    &rules::flux_prune_off::RULE,
    &rules::flux_source_missing::RULE,
    &rules::flux_var_in_script::RULE,
    &rules::flux_var_undefined::RULE,
    &rules::iso_cluster_class::RULE,
    &rules::iso_egress_no_dns::RULE,
    &rules::iso_foreign_peer::RULE,
    &rules::iso_namespace_unowned::RULE,
    &rules::iso_no_default_deny::RULE,
    &rules::kus_build_error::RULE,
    &rules::kus_crash::RULE,
    &rules::kus_cross_team_resource::RULE,
    &rules::kus_deprecated_field::RULE,
    &rules::kus_image_override_dead::RULE,
    &rules::kus_image_pattern::RULE,
    &rules::kus_key_order_unstable::RULE,
    &rules::kus_patch_empties_list::RULE,
    &rules::kus_patch_no_target::RULE,
    &rules::kus_patch_overridden::RULE,
    &rules::kus_patch_replace_ignored::RULE,
    &rules::kus_remote_unpinned::RULE,
    &rules::kus_selector_mutated::RULE,
    &rules::kus_unreachable_file::RULE,
    &rules::lay_codeowners_line::RULE,
    &rules::lay_orphan::RULE,
    &rules::lay_root_missing::RULE,
    &rules::lay_schema_violation::RULE,
    &rules::lay_too_deep::RULE,
    &rules::lay_unknown_layout::RULE,
    &rules::lay_unreadable_file::RULE,
    &rules::lay_yaml_hazard::RULE,
    &rules::mid_cert_secret_clash::RULE,
    &rules::mid_cnpg_database_twice::RULE,
    &rules::mid_kafka_topic_twice::RULE,
    &rules::msh_dr_merge_loss::RULE,
    &rules::msh_gateway_conflict::RULE,
    &rules::msh_ref_missing::RULE,
    &rules::msh_selector_overlap::RULE,
    &rules::msh_serviceentry_clash::RULE,
    &rules::msh_vs_host_gateway::RULE,
    &rules::msh_vs_host_mesh::RULE,
    &rules::net_clusterip_taken::RULE,
    &rules::net_container_port_clash::RULE,
    &rules::net_gateway_listener_conflict::RULE,
    &rules::net_hostport_overlap::RULE,
    &rules::net_ingress_catch_all::RULE,
    &rules::net_ingress_class_ambiguous::RULE,
    &rules::net_ingress_host_wide_option::RULE,
    &rules::net_ingress_path_shadowed::RULE,
    &rules::net_ingress_path_taken::RULE,
    &rules::net_lb_ip_taken::RULE,
    &rules::net_nodeport_taken::RULE,
    &rules::net_route_match_duplicate::RULE,
    &rules::net_route_unattachable::RULE,
    &rules::own_foreign_namespace::RULE,
    &rules::own_helm_release_clash::RULE,
    &rules::own_namespace_conflict::RULE,
    &rules::own_object_alias::RULE,
    &rules::own_object_conflict::RULE,
    &rules::own_object_duplicate::RULE,
    &rules::own_object_repeated::RULE,
    &rules::own_ssa_field_dropped::RULE,
    &rules::ref_backend_missing::RULE,
    &rules::ref_class_missing::RULE,
    &rules::ref_config_missing::RULE,
    &rules::ref_key_missing::RULE,
    &rules::ref_pvc_missing::RULE,
    &rules::ref_role_missing::RULE,
    &rules::ref_sa_missing::RULE,
    &rules::ref_scale_target_missing::RULE,
    &rules::ref_service_no_pods::RULE,
    &rules::ref_target_port_missing::RULE,
    &rules::sel_hpa_ambiguous::RULE,
    &rules::sel_hpa_duplicate::RULE,
    &rules::sel_pdb_overlap::RULE,
    &rules::sel_replicas_vs_hpa::RULE,
    &rules::sel_service_hijack::RULE,
    &rules::sel_workload_overlap::RULE,
    &rules::sid_label_conflict::RULE,
    &rules::sid_name_clash::RULE,
    &rules::sid_port_reserved::RULE,
    &rules::sid_psa_forbids::RULE,
    &rules::sid_two_meshes::RULE,
    &rules::sid_uid_reserved::RULE,
    &rules::sto_pv_claimed_twice::RULE,
    &rules::sto_pvc_shared::RULE,
    &rules::sto_rwo_multi_replica::RULE,
    &rules::sto_rwo_surge::RULE,
    &rules::sup_registry_denied::RULE,
    &rules::sup_signature_uncovered::RULE,
    &rules::sup_tag_mutable::RULE,
];

/// The rule of that id.
pub fn rule_of(id: &str) -> Option<&'static Rule> {
    let at = ALL.binary_search_by(|rule| rule.meta.id.cmp(id)).ok()?;
    ALL.get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::{ALL, rule_of};

    const HEADINGS: [&str; 6] = [
        "## What it does",
        "## Why it matters",
        "## Example",
        "## Instead",
        "## Options",
        "## Known limits",
    ];

    #[test]
    fn the_list_is_sorted() {
        assert!(ALL.is_sorted_by(|a, b| a.meta.id < b.meta.id));
        for rule in ALL {
            assert_eq!(
                rule_of(rule.meta.id).map(|found| found.meta.id),
                Some(rule.meta.id)
            );
        }
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the test looks at its own crate's files"
    )]
    fn every_file_is_listed_under_its_id() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rules");
        let mut files: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "mod.rs")
            .collect();
        files.sort();
        // Rows of the API server's table are data and share files.
        let own = || ALL.iter().filter(|rule| !rule.meta.file.contains("/api/rows/"));
        let mut listed: Vec<String> = own()
            .map(|rule| format!("{}.rs", rule.meta.id.replace('-', "_")))
            .collect();
        listed.sort();
        assert_eq!(files, listed);
        for rule in own() {
            let name = rule.meta.id.replace('-', "_");
            assert!(
                rule.meta.file.ends_with(&format!("{name}.rs")),
                "{}",
                rule.meta.id
            );
        }
    }

    #[test]
    fn pages_have_the_fixed_headings() {
        for rule in ALL {
            let found: Vec<&str> = rule
                .meta
                .docs
                .lines()
                .map(str::trim)
                .filter(|line| HEADINGS.contains(line))
                .collect();
            assert_eq!(found, HEADINGS, "{}", rule.meta.id);
        }
    }
}
