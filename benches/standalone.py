"""Writes the schemas of the kinds in benches/inputs/resources.yaml each as one file without references, which is how
kubeconform's own schemas are.

    python3 benches/standalone.py FOLDER OUTPUT      # FOLDER of the PyPI package kubernetes-validate, for one minor
"""

import json
import pathlib
import sys

KINDS = ("configmap-v1", "cronjob-batch-v1", "deployment-apps-v1", "horizontalpodautoscaler-autoscaling-v2",
         "ingress-networking-v1", "networkpolicy-networking-v1", "poddisruptionbudget-policy-v1", "role-rbac-v1",
         "service-v1", "statefulset-apps-v1")


def inlined(schema, definitions):
    if isinstance(schema, list):
        return [inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return inlined(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    return {key: inlined(value, definitions) for key, value in schema.items() if key not in ("$id", "$schema")}


def main(folder, output):
    definitions = json.loads((folder / "_definitions.json").read_text())["$defs"]
    output.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        schema = json.loads((folder / f"{kind}.json").read_text())
        (output / f"{kind}.json").write_text(json.dumps(inlined(schema, definitions)))


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
