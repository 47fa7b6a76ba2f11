"""Stands between us and a server that we start: when we are gone, the server and all it started are ended.

    python guard.py PARENT FOLDER COMMAND ARGUMENT…

The server has our pipes and lies in the guard's process group. A process killed with SIGKILL tells nobody, so the
guard looks who its parent is. FOLDER ("" for none) is removed when the parent is gone.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

LOOK = 0.2  # seconds


def main() -> None:
    parent, folder, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    if os.getpid() != os.getpgrp():
        os.setpgid(0, 0)
    try:
        server = subprocess.Popen(command)
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.exit(127)
    for stream in (0, 1):  # the pipes are the server's alone: their end is its end
        os.close(stream)
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        if folder:
            server.kill()
            shutil.rmtree(folder, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=look, daemon=True).start()
    status = server.wait()
    sys.stderr.write(f"the server ended with {'signal' if status < 0 else 'exit status'} {abs(status)}\n")
    sys.stderr.flush()
    time.sleep(
        3 * LOOK
    )  # a server ends when its parent's pipes do: the folder is the other thread's to remove
    os.killpg(0, signal.SIGKILL)  # whatever the server started and left


if __name__ == "__main__":
    main()
