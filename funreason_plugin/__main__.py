"""``python -m funreason_plugin`` is ``funreason``."""

from __future__ import annotations

from funreason_plugin.cli import main

if __name__ == "__main__":
    main()
