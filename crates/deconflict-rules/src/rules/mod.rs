//! One file per rule.

pub(crate) mod cap_quota_exceeded;
pub(crate) mod cfg_secret_two_producers;
pub(crate) mod crd_missing;
pub(crate) mod crd_owned_twice;
pub(crate) mod crd_scope_mismatch;
pub(crate) mod kus_build_error;
pub(crate) mod lay_unknown_layout;
pub(crate) mod lay_unreadable_file;
pub(crate) mod lay_yaml_hazard;
pub(crate) mod net_ingress_path_taken;
pub(crate) mod net_nodeport_taken;
pub(crate) mod own_object_conflict;
pub(crate) mod own_object_duplicate;
pub(crate) mod own_object_repeated;
pub(crate) mod sel_hpa_ambiguous;
pub(crate) mod sel_hpa_duplicate;
pub(crate) mod sel_pdb_overlap;
pub(crate) mod sel_replicas_vs_hpa;
pub(crate) mod sel_service_hijack;
pub(crate) mod sel_workload_overlap;
pub(crate) mod sid_port_reserved;
pub(crate) mod sto_pvc_shared;
pub(crate) mod sto_rwo_multi_replica;
pub(crate) mod sto_rwo_surge;
