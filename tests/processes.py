"""What a script prints, in processes of their own."""

from __future__ import annotations

import subprocess
import sys


def printed(script: str, seeds: str = "01") -> set[str]:
    """The different outputs of the script under hash seeds; one where it does not depend on the order of sets."""
    runs = (
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        for seed in seeds
    )
    return {run.stdout for run in runs}
