"""Reads each configuration before and after a login with the parser of its client, and checks that all old entries are
still there, and that only the entries of the login are new. Arguments: folder, ECR host, ARN of the cluster."""

import json
import pathlib
import sys

import botocore.configloader
import yaml

folder, host, arn = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]


def aws(before, after):
    def read(path):
        return botocore.configloader.raw_config_parse(str(path))

    old, new = read(before), read(after)
    ours = new.pop("profile aws-connector-dev")
    assert ours.keys() == {"credential_process", "region", "endpoint_url"}, ours
    assert ours["credential_process"].endswith("/aws-connector-credential-process --connector dev"), ours
    return old, new


def docker(before, after):
    old = json.loads(before.read_text() if before.read_text().strip() else "{}")
    new = json.loads(after.read_text())
    assert new["credHelpers"].pop(host) == "aws-connector", new
    if not new["credHelpers"]:
        del new["credHelpers"]
    if not old.get("credHelpers", True):
        del old["credHelpers"]
    return old, new


def kube(before, after):
    def read(path):
        # kubectl accepts tabs as white space, PyYAML does not. A kubeconfig can omit apiVersion and kind.
        text = path.read_bytes().replace(b"\t", b" ")
        return {"apiVersion": "v1", "kind": "Config"} | (yaml.safe_load(text) or {})

    old, new = read(before), read(after)
    for name in ("clusters", "contexts", "users"):
        ours = [item for item in new[name] if item["name"] == arn]
        assert len(ours) == 1, new
        new[name].remove(ours[0])
        old[name] = old.get(name) or []
    run = ours[0]["user"]["exec"]
    assert run["args"] == ["--cluster", "prod", "--region", "us-east-1", "--connector", "dev"], run
    current = new.pop("current-context")
    old.pop("current-context", None)
    assert current == arn, current
    return old, new


failed = 0
kinds = {"aws": aws, "docker": docker, "kube": kube}
for before in sorted(folder.glob("*/*.before")):
    try:
        old, new = kinds[before.parent.name](before, before.with_suffix(".after"))
        assert old == new, f"\n{old}\n{new}"
    except Exception as error:
        failed += 1
        print(f"{before}: {type(error).__name__}: {error}")
sys.exit(failed)
