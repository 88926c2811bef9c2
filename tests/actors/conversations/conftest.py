from __future__ import annotations

import sys
from pathlib import Path

# In importlib mode pytest touches no path, and tests are no package: `talk` would not be found.
_HERE = str(Path(__file__).parent)
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)
