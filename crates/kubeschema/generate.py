#!/usr/bin/env python3
"""Makes data/schemas.txt, what Kubernetes accepts, minor by minor, in one graph; and data/timezones.txt.

    python3 crates/kubeschema/generate.py                               # schemas.txt from PyPI and facts.json
    python3 crates/kubeschema/generate.py --facts ../shared/validation  # facts.json from a server's discovery

The sources are the PyPI packages below (see NOTICE); pip downloads them and checks their hashes. What schemas do not say (scopes, plurals, enums,
defaults of list keys, when a version goes) is in data/facts.json; its first two lists are kept by hand: required fields and enums that the server does not
check, and required fields that may be empty. The form of schemas.txt is described in src/graph.rs.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

# The schemas, and the names of time zones (Apache-2.0, from public domain data).
SCHEMAS = (
    "kubernetes-validate==1.37.0",
    "85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9",
)
TIME_ZONES = (
    "tzdata==2026.6",
    "0a10eec6e13ef16b627fabed9a5f2ba61a62b1c67f327305f4e7e412a70b4aec",
)
MINORS = range(28, 38)
DATA = pathlib.Path(__file__).parent / "data"

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."
# Types that are no objects, whatever their schema looks like.
SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "q",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "p",
    META + "Time": "t",
    META + "MicroTime": "u",
    META + "FieldsV1": "o",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "o",
    EXTENSIONS + "JSON": "*",
    EXTENSIONS + "JSONSchemaPropsOrBool": "*",
    EXTENSIONS + "JSONSchemaPropsOrArray": "*",
    EXTENSIONS + "JSONSchemaPropsOrStringArray": "*",
}
LIFECYCLE = ("introduced", "deprecated", "removed")
SCALARS = {
    ("string", None): "s",
    ("string", "byte"): "y",
    ("string", "date-time"): "t",
    ("integer", "int32"): "i",
    ("integer", "int64"): "l",
    ("integer", None): "l",
    ("number", "double"): "d",
    ("boolean", None): "b",
}


def download(package, folder):
    """Returns the wheel of a package, whose hash pip has checked."""
    name, digest = package
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{name} --hash=sha256:{digest}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, "--dest", str(folder), "--requirement", str(requirements)], check=True)
    return next(folder.glob(name.split("==")[0].replace("-", "_") + "*.whl"))


def read_definitions(wheel):
    """Returns the definitions of each minor by name."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            minor: json.loads(
                archive.read(f"kubernetes_validate/kubernetes-json-schema/v1.{minor}.0-local/_definitions.json")
            )["$defs"]
            for minor in MINORS
        }


def mask(minors):
    return sum(1 << (minor - MINORS[0]) for minor in minors)


class Graph:
    def __init__(self, definitions, facts):
        self.definitions = definitions
        self.enums = facts["enums"]
        self.defaults = facts["defaults"]
        self.unchecked = set(facts["unchecked"])
        self.may_be_empty = set(facts["may_be_empty"])
        names = {name for defs in definitions.values() for name in defs}
        self.names = sorted(name for name in names if name not in SPECIAL)
        self.number = {name: index for index, name in enumerate(self.names)}

    def type_of(self, schema, owner, field):
        """Returns the type of a field as the text of src/graph.rs."""
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return SPECIAL.get(name) or f"#{self.number[name]}"
        kind = schema.get("type", "any")
        if isinstance(kind, list):
            kind = next(one for one in kind if one != "null")
        if kind == "array":
            item = self.type_of(schema["items"], owner, field)
            return f"[{self.keys_of(schema)}]{item}"
        if kind == "object":
            inner = schema.get("additionalProperties")
            return "{}" + self.type_of(inner, owner, field) if inner else "o"
        if kind == "any":
            return "*"
        scalar = SCALARS[kind, schema.get("format")]
        values = self.enums.get(f"{owner}.{field}") if f"{owner}.{field}" not in self.unchecked else None
        if scalar == "s" and values:
            return "s(" + "|".join(values) + ")"
        return scalar

    def keys_of(self, schema):
        """Returns `=` for a set, `key,key=default` for a map, nothing for an atomic list."""
        kind = schema.get("x-kubernetes-list-type")
        if kind == "set":
            return "="
        if kind != "map":
            return ""
        item = schema["items"].get("$ref", "").rsplit("/", 1)[1]
        defaults = ((key, self.defaults.get(f"{item}.{key}")) for key in schema["x-kubernetes-list-map-keys"])
        return ",".join(key if default is None else f"{key}={default}" for key, default in defaults)

    def lines(self):
        for name in self.names:
            present = [minor for minor in MINORS if name in self.definitions[minor]]
            yield name
            yield from self.fields(name, present)

    def mark(self, field):
        """Returns `!` for a field that must be there and not empty, `+` if it may be empty."""
        if field in self.unchecked:
            return ""
        return "+" if field in self.may_be_empty else "!"

    def fields(self, name, present):
        found = {}
        for minor in present:
            schema = self.definitions[minor][name]
            required = set(schema.get("required", []))
            for field, inner in schema.get("properties", {}).items():
                mark = self.mark(f"{name}.{field}") if field in required else ""
                found.setdefault((field, mark, self.type_of(inner, name, field)), []).append(minor)
        for (field, mark, kind), minors in sorted(found.items()):
            since = "" if minors == present else f"\t{mask(minors):x}"
            yield f"\t{field}{mark}\t{kind}{since}"


def kind_lines(graph, facts):
    """One line a kind: what serves it, where it lives, and when it goes."""
    schemas = {}
    for minor, definitions in graph.definitions.items():
        for name, schema in definitions.items():
            for gvk in schema.get("x-kubernetes-group-version-kind", []):
                key = (gvk["group"], gvk["version"], gvk["kind"])
                entry = schemas.setdefault(key, {})
                entry.setdefault(name, []).append(minor)
    known = {tuple(row[:3]): row[3:] for row in facts["lifecycle"]}
    scopes = {tuple(row[:2]): row[2:] for row in facts["kinds"]}
    for key in sorted(schemas.keys() | known.keys()):
        group, version, kind = key
        # DeleteOptions and WatchEvent name every group; lists are not applied.
        if (group, kind) not in scopes and key not in known:
            continue
        (name, minors), = schemas.get(key, {"": []}).items() or (("", []),)
        scope, plural = scopes.get((group, kind), ("?", ""))
        introduced, deprecated, removed, replacement = known.get(key, ("", "", "", ""))
        number = graph.number.get(name, "")
        row = [group, version, kind, scope, plural, number, f"{mask(minors):x}", introduced, deprecated, removed]
        yield "\t".join(str(cell) for cell in [*row, replacement])


def write_schemas():
    facts = json.loads((DATA / "facts.json").read_text())
    with tempfile.TemporaryDirectory() as folder:
        definitions = read_definitions(download(SCHEMAS, pathlib.Path(folder)))
    graph = Graph(definitions, facts)
    text = "\n".join([*graph.lines(), "", *kind_lines(graph, facts)]) + "\n"
    (DATA / "schemas.txt").write_text(text)
    print(f"{len(graph.names)} definitions, {len(text)} bytes")


def replacement_of(kind):
    """Returns `group/version/kind` of what replaces a kind, if anything does."""
    found = kind.get("replacement") or ""
    if isinstance(found, dict):
        found = "/".join(found[part] for part in ("group", "version", "kind") if found[part])
    # A few markers in k8s.io/api name the list of the kind.
    return found.removesuffix("List")


def write_time_zones():
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(download(TIME_ZONES, pathlib.Path(folder))) as wheel:
        names = wheel.read("tzdata/zones").decode().split()
    (DATA / "timezones.txt").write_text("".join(f"{name}\n" for name in sorted(names)))


def write_facts(folder):
    """Cuts the discovery data of a server down to what the schemas lack."""
    def read(name):
        return json.loads((folder / f"{name}.json").read_text())

    old = json.loads((DATA / "facts.json").read_text())
    enums = read("enums")
    kinds = read("kinds")["kinds"]
    lifecycle = read("lifecycle")["kinds"]
    facts = {
        "unchecked": old["unchecked"],
        "may_be_empty": old["may_be_empty"],
        "kinds": [[k["group"], k["kind"], "N" if k["namespaced"] else "C", k["plural"]] for k in kinds],
        "lifecycle": [
            [k["group"], k["version"], k["kind"], *(k.get(at) or "" for at in LIFECYCLE), replacement_of(k)]
            for k in lifecycle
        ],
        "enums": enums["enums"],
        "defaults": {name: value for name, value in enums["defaults"].items() if value != 0},
    }
    rows = ",\n".join(
        json.dumps(name) + ": " + ("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]" if isinstance(rows, list)
        else "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in rows.items()) + "\n}")
        for name, rows in facts.items()
    )
    (DATA / "facts.json").write_text("{\n" + rows + "\n}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", type=pathlib.Path, metavar="DIR")
    options = parser.parse_args()
    if options.facts:
        write_facts(options.facts)
    else:
        write_schemas()
        write_time_zones()
