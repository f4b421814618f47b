package main

import rego.v1

deny contains msg if {
	input.kind == "Deployment"
	not input.metadata.labels.app
	msg := sprintf("Deployment %s has no label app", [input.metadata.name])
}
