"""The examples, run alone and used wrongly: they say what was wrong, in words."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_chat_server_whose_port_is_taken() -> None:
    """One line that names the remedy, and a failing exit status."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "-m", "examples.chat_bot.chat_server", "--port", port],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith("cannot listen: ")
    assert "choose another --port" in ended.stderr
    assert "Traceback" not in ended.stderr
