"""A process that has imported everything and forks a writer for every line that it reads: starting each anew would take longer than what is tested.

It answers with the writer's process id, and again when that has ended. It has one thread and no loop, so a fork of it is sound.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from writers import WRITERS


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _write(order)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL else "ended", flush=True)


def _write(order: dict[str, object]) -> None:
    """Write until killed; a writer that ends by itself has found a fault, and says so."""
    try:
        WRITERS[str(order["kind"])](Path(str(order["folder"])), int(str(order["number"])), int(str(order["seed"])))
    except BaseException:  # noqa: BLE001 - this is a process of its own, and nobody else would hear of it
        traceback.print_exc()
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
