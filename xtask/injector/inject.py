#!/usr/bin/env python3
"""Put collisions into a clean repository and count which of them deconflict finds at the right lines.

Written from the catalogue alone: it shares no code with the rules. Each injection takes two deployments of one cluster at
random, gives each a directory with objects, and reaches the colliding value by a random mechanism (plain manifest, patch,
generator, namespace or prefix transformer, engine default). A near-miss is the same pair with one difference that makes it
legal. Injections of one batch are told apart by a token in all their names.

    python3 xtask/injector/inject.py --repo ../shared/corpus/NAME [--config FILE] [--count 100] [--seed 1]

Only the standard library; `--bin` names the program (default target/debug/deconflict)."""

import argparse
import collections
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

import kinds

HERE = " # @here"
FAMILIES = ("own-", "net-", "sel-", "sto-", "cfg-", "clu-", "mid-", "msh-", "cap-quota", "ref-")
# A root with one of these would change what is put below it.
CHANGES = re.compile(
    r"^(namespace|namePrefix|nameSuffix|commonLabels|commonAnnotations|labels|transformers|replacements|patches\w*|components|vars|replicas|kind: Component)\b",
    re.M,
)


def run(program, arguments, directory):
    done = subprocess.run([program, *arguments], cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{program} {' '.join(arguments)}: {done.stderr}")
    return json.loads(done.stdout)


def kustomization(directory):
    for name in ("kustomization.yaml", "kustomization.yml", "Kustomization"):
        if (directory / name).is_file():
            return directory / name
    return None


def hosts(repo, placements):
    """Clusters with the roots that can take a directory: their own kustomization, used by nobody else."""
    bases = set()
    for file in repo.rglob("kustomization.y*ml"):
        for entry in re.findall(r"^\s*-\s+[\"']?(\.{1,2}/[^\s\"'#]+|[\w.-]+(?:/[\w.-]+)*)", file.read_text("utf-8", "replace"), re.M):
            target = (file.parent / entry).resolve()
            if target.is_dir():
                bases.add(target)
    found = collections.defaultdict(dict)
    for placement in placements:
        root = placement["root"]
        if placement["kind"] != "kustomize" or placement["status"] != "rendered" or not placement["cluster"] or not root:
            continue
        directory = (repo / root).resolve()
        file = kustomization(directory)
        if file is None or directory in bases:
            continue
        text = file.read_text("utf-8", "replace")
        if CHANGES.search(text) or not re.search(r"^resources:\s*$", text, re.M):
            continue
        # One root of several applications would put the objects there twice.
        app = placement["app"] or root
        found[placement["cluster"]].setdefault(root, (app, placement["namespace"]))
    return {
        cluster: sorted((root, app, namespace) for root, (app, namespace) in roots.items())
        for cluster, roots in found.items()
        if len({app for app, _ in roots.values()}) > 1
    }


def add(directory, entry):
    """List `entry` under the resources of a root, in the list style of the file."""
    file = kustomization(directory)
    text = file.read_text("utf-8")
    before, after = re.split(r"^resources:[ \t]*\n", text, maxsplit=1, flags=re.M)
    indent = re.match(r"(?:\s*#.*\n|\s*\n)*( *)-", after)
    indent = indent.group(1) if indent else ""
    file.write_text(f"{before}resources:\n{indent}- {entry}\n{after}", "utf-8")


def places(repo, directory):
    """Path and line of every marked value below `directory`."""
    found = []
    for file in sorted(directory.rglob("*.yaml")):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            if line.endswith(HERE):
                found.append((file.relative_to(repo).as_posix(), number))
    return found


def write(repo, root, token, side, how):
    """One side below `root`, its colliding value reached by `how`. Returns where the value stands."""
    directory = repo / root / token
    (directory / "base").mkdir(parents=True)
    namespaced = how in ("namespace", "engine")
    lines = [line for line in side.text.splitlines() if not (namespaced and line.endswith(" #ns"))]
    text = "\n".join(line.removesuffix(" #ns") for line in lines) + "\n"
    top = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    extra = ""
    prefix = side.name.split("-")[0] + "-"
    if how == "namespace":
        extra = f"namespace: {side.namespace}\n"
    elif how == "prefix":
        text = text.replace(f"name: {side.name}{HERE}", f"name: {side.name.removeprefix(prefix)}{HERE}")
        extra = f"namePrefix: {prefix}\n"
    elif how == "generator":
        literals = "".join(f"      - {key}={value}\n" for key, value in side.data.items())
        extra = (
            "generatorOptions:\n  disableNameSuffixHash: true\nconfigMapGenerator:\n"
            f"  - name: {side.name}{HERE}\n    namespace: {side.namespace}\n    literals:\n{literals}"
        )
        text = ""
    elif how in ("patch", "merge"):
        kind, name, pointer, value, other = side.field
        marked = f"{value}{HERE}"
        assert text.count(marked) == 1, (side, text)
        text = text.replace(marked, str(other))
        if how == "patch":
            patch = f"      - op: replace\n        path: {pointer}\n        value: {marked}\n"
            extra = f"patches:\n  - target:\n      kind: {kind}\n      name: {name}\n    patch: |-\n{patch}"
        else:
            patch = side.merge.replace("VALUE", marked)
            (directory / "patch.yaml").write_text(patch, "utf-8")
            extra = "patches:\n  - path: patch.yaml\n"
    if text:
        (directory / "base" / "objects.yaml").write_text(text, "utf-8")
        (directory / "base" / "kustomization.yaml").write_text(top + "resources:\n  - objects.yaml\n", "utf-8")
        extra = "resources:\n  - base\n" + extra
    (directory / "kustomization.yaml").write_text(top + extra, "utf-8")
    add(repo / root, token)
    return places(repo, directory)


def mechanism(side, rng):
    ways = ["plain"]
    if " #ns" in side.text:
        ways.append("namespace")
    if side.field:
        ways.append("patch")
    if side.merge:
        ways.append("merge")
    if side.data:
        ways.append("generator")
    if side.prefixed:
        ways.append("prefix")
    return rng.choice(ways)


def inject(repo, clusters, token, rng):
    cluster = rng.choice(sorted(clusters))
    one, other = pick(clusters[cluster], rng)
    make = rng.choice(kinds.ALL)
    near = rng.random() < 0.5
    numbers = kinds.Numbers(rng, token)
    # An engine's default namespace needs a side that it gives one.
    engine = one[2] if make in kinds.ENGINE and one[2] and rng.random() < 0.5 else None
    rule, sides = make(numbers, engine or f"{token}-ns", near)
    expected, hows = [], []
    for index, (side, (root, _, _)) in enumerate(zip(sides, (one, other))):
        how = "engine" if engine and index == 0 else mechanism(side, rng)
        hows.append(how)
        expected += write(repo, root, token + "ab"[index], side, how)
    return {
        "token": token,
        "rule": rule,
        "near": near,
        "expected": expected,
        "how": "+".join(hows),
        "roots": (one[0], other[0]),
    }


def pick(roots, rng):
    while True:
        one, other = rng.sample(roots, 2)
        nested = one[0].startswith(other[0] + "/") or other[0].startswith(one[0] + "/")
        if one[1] != other[1] and not nested:
            return one, other


def judge(injection, findings):
    """What came of it: `found`, `missed`, `quiet` or `false`, and what else was said."""
    token = injection["token"]
    about = [finding for finding in findings if token in json.dumps(finding)]
    serious = [
        finding
        for finding in about
        if finding["severity"] != "info" and finding["rule"].startswith(FAMILIES)
    ]
    if injection["near"]:
        return ("false" if serious else "quiet"), serious
    hit = []
    for finding in about:
        at = [finding["location"], *(side["location"] for side in finding["related"])]
        lines = {(place["path"], place["line"]) for place in at}
        if finding["rule"] == injection["rule"] and all(place in lines for place in injection["expected"]):
            hit.append(finding)
    rest = [finding for finding in serious if finding["rule"] != injection["rule"]]
    return ("found" if hit else "missed"), rest if hit else about


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repo", required=True, type=pathlib.Path)
    parser.add_argument("--config", type=pathlib.Path)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("target/debug/deconflict"))
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--batch", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    program = str(options.bin.resolve())
    arguments = ["--config", str(options.config.resolve())] if options.config else []
    rng = random.Random(options.seed)
    totals, per_rule, per_way, done = collections.Counter(), collections.Counter(), collections.Counter(), 0
    while done < options.count:
        with tempfile.TemporaryDirectory() as work:
            repo = pathlib.Path(work).resolve() / "repo"
            shutil.copytree(options.repo, repo, symlinks=True)
            placements = run(program, ["map", ".", "--format", "json", *arguments], repo)["placements"]
            clusters = hosts(repo, placements)
            if not clusters:
                sys.exit("no cluster with two deployments that could take an object")
            batch = []
            for _ in range(min(options.batch, options.count - done)):
                done += 1
                batch.append(inject(repo, clusters, f"inj{options.seed}x{done:04}", rng))
            findings = run(program, ["check", ".", "--format", "json", *arguments], repo)["findings"]
            for injection in batch:
                outcome, said = judge(injection, findings)
                totals[outcome] += 1
                per_rule[injection["rule"], outcome] += 1
                for way in injection["how"].split("+"):
                    per_way[way, outcome] += 1
                if outcome in ("missed", "false") or said:
                    print(f"{outcome}: {injection['rule']} {injection['how']} {injection['roots']} {injection['expected']}")
                    for finding in said[:4]:
                        place = finding["location"]
                        print(f"    {finding['severity']}[{finding['rule']}] {place['path']}:{place['line']} {finding['message']}")
    for title, counts in (("rule", per_rule), ("mechanism", per_way)):
        print(f"\n{title:32} found missed quiet false")
        for name in sorted({name for name, _ in counts}):
            row = " ".join(f"{counts[name, outcome]:6}" for outcome in ("found", "missed", "quiet", "false"))
            print(f"{name:30} {row}")
    collisions = totals["found"] + totals["missed"]
    near = totals["quiet"] + totals["false"]
    print(f"\nseed {options.seed}: {totals['found']} of {collisions} collisions found at their lines, {totals['false']} of {near} near-misses reported")
    sys.exit(1 if totals["missed"] * 100 > collisions or totals["false"] else 0)


if __name__ == "__main__":
    main()
