"""``python -m funreason_plugin.report DIR``."""

from __future__ import annotations

from funreason_plugin.report.command import main

if __name__ == "__main__":
    main()
