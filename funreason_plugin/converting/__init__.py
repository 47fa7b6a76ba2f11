"""Data of others, and our own, from one format to another: `python -m funreason_plugin.convert`.

    report = convert(Job(source="openai", target="llamafactory", inputs=[path], out=folder))   # running.py

A *source* (`sources/`) turns one raw record into an `Example` or refuses it; a *target* (`targets/`) writes
examples; between them `running.py` counts. A record is converted as it is or refused with place, field and
reason: nothing is dropped or repaired silently. Memory does not grow with the number of records.
"""
