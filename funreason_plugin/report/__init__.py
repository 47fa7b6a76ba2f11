"""The HTML report of a run's folder: one file, no network, for people.

    from funreason_plugin.report.build import build_report

    build_report(Path("out"))          # writes out/report.html

`python -m funreason_plugin.report out/ --open` does the same and opens it.
"""
