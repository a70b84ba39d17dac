"""Pages that a step frees are not fetched from the system again by the next one."""

import json
import os
import platform
import subprocess
import sys
from typing import Any

import pytest

MIB = 2**20
PAGES = 64 * MIB // 4096  # of one array
COUNT = """
import json, resource
import numpy as np
from convsight.training.freed_memory import freed_memory_kept

def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(64 * 2**20, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

with freed_memory_kept():
    inside = [pages() for _ in range(3)]
    held = resident()
print(json.dumps({"inside": inside, "held": held, "after": resident(), "outside": [pages() for _ in range(3)]}))
"""

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")


def counted(**environment: str) -> dict[str, Any]:
    """Pages fetched for an array of 64 MiB, three times inside the block and outside; bytes held then and after."""
    whole_pages = {"NUMPY_MADVISE_HUGEPAGE": "0"}  # of 4 KiB each
    others = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    environment = others | whole_pages | environment
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_only_the_first_step_fetches_pages() -> None:
    found = counted()
    assert found["inside"][0] > PAGES // 2
    assert max(found["inside"][1:]) < PAGES // 20
    assert min(found["outside"]) > PAGES // 2  # as it was before
    assert found["held"] - found["after"] > 60 * MIB


def test_an_allocator_that_the_user_has_set_stays() -> None:
    assert min(counted(MALLOC_ARENA_MAX="2")["inside"]) > PAGES // 2
