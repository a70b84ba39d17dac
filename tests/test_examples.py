"""Files for schedulers are what their checkers and convsight read."""

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from convsight.settings import TrainSettings

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def test_the_script_for_slurm_is_one_that_bash_reads_and_names_what_torchrun_needs() -> None:
    file = EXAMPLES / "slurm.sh"
    done = subprocess.run(["bash", "-n", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    text = file.read_text()
    assert text.startswith("#!/bin/bash\n")
    given = set(re.findall(r"^ +(--[a-z-]+) ", text, re.MULTILINE))
    assert given == {"--nnodes", "--nproc-per-node", "--rdzv-id", "--rdzv-backend", "--rdzv-endpoint"}
    from torch.distributed.run import get_args_parser

    parser = get_args_parser()
    for option in given:
        assert option.replace("-", "_").strip("_") in {action.dest for action in parser._actions}
    assert '-m -- convsight train "$@"' in text


def test_the_manifest_starts_as_many_pods_as_it_says_and_they_find_the_first() -> None:
    service, job = yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text())
    assert (service["apiVersion"], service["kind"]) == ("v1", "Service")
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    spec: dict[str, Any] = job["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    environment = {entry["name"]: entry for entry in container["env"]}
    assert all(isinstance(entry.get("value", ""), str) for entry in container["env"])  # a number is refused
    assert all(isinstance(word, str) for word in container["args"])
    assert spec["completionMode"] == "Indexed"
    assert spec["completions"] == spec["parallelism"] == int(environment["WORLD_SIZE"]["value"])
    assert "job-completion-index" in environment["RANK"]["valueFrom"]["fieldRef"]["fieldPath"]
    name, subdomain = job["metadata"]["name"], pod["subdomain"]
    assert environment["MASTER_ADDR"]["value"] == f"{name}-0.{subdomain}"
    assert service["metadata"]["name"] == subdomain
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["selector"] == {"job-name": name}
    assert int(environment["MASTER_PORT"]["value"]) == service["spec"]["ports"][0]["port"]
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
    verb, data, *options = container["args"]
    assert verb == "train"
    assert {option.removeprefix("--") for option in options if option.startswith("--")} <= set(
        TrainSettings.model_fields
    )
    assert data.startswith(container["volumeMounts"][0]["mountPath"])
