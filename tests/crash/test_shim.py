"""The instrument itself: it sees every call that strace sees, and strikes where it was told to."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

WATCHED = "write,pwrite64,writev,pwritev,fsync,fdatasync,open,openat,creat,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat"
WATCHED += ",symlink,symlinkat,link,linkat,truncate,ftruncate,chmod,fchmod,fchmodat,fallocate,sendfile,copy_file_range"
SAME = {
    **dict.fromkeys(("openat", "fopen", "creat"), "open"),
    **dict.fromkeys(("renameat", "renameat2"), "rename"),
    **dict.fromkeys(("unlinkat", "remove", "rmdir"), "unlink"),
    **dict.fromkeys(("fchmodat", "fchmod"), "chmod"),
    "mkdirat": "mkdir",
    "symlinkat": "symlink",
    "linkat": "link",
}
PUBLISHING = """
import json, sys
from pathlib import Path
sys.path[:0] = {path!r}
from crash.shim import Blow, Shim
from crash.numbered import NumberedBench
from naravard_pipeline.settings import Settings
home = Path(sys.argv[1])
bench, shim = NumberedBench(Settings(home=home)), Shim()
bench.make(1)
open(home / "begin", "w").close()
shim.arm(home, Blow.COUNT)
bench.publish()
shim.disarm()
open(home / "end", "w").close()
print(json.dumps(shim.calls))
"""
STRIKING = """
import os, sys
from pathlib import Path
sys.path[:0] = {path!r}
from crash.shim import Blow, Shim
home = Path(sys.argv[1])
Shim().arm(home, Blow[sys.argv[2]], 3, int(sys.argv[3]))
os.mkdir(home / "one")
with open(home / "one" / "file", "wb", buffering=0) as file:
    print(file.write(b"12345678"))
    try:
        print(file.write(b"12345678"))
    except OSError as error:
        print(error.strerror)
    try:
        os.replace(home / "one" / "file", home / "one" / "renamed")
    except OSError as error:
        print(error.strerror)
"""


def python(code: str, library: Path, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
    tests = Path(__file__).parents[1]
    command = [*before, sys.executable, "-c", code.format(path=[str(tests), str(tests.parent)]), *arguments]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"} | ({} if before else {"LD_PRELOAD": str(library)})
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def as_strace_calls_it(call: str) -> str:
    """The system call behind a function of libc, without the variants that mean the same."""
    return SAME.get(call.removesuffix("64"), call.removesuffix("64"))


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace, to compare with")
def test_the_shim_sees_what_strace_sees(shim_library, tmp_path):
    log, home = tmp_path / "strace.txt", tmp_path / "home"
    home.mkdir()
    strace = ("strace", "-f", "-y", "-s", "0", "-e", f"trace={WATCHED}", "-o", str(log), "-E", f"LD_PRELOAD={shim_library}")
    done = python(PUBLISHING, shim_library, str(home), before=strace)
    if "Operation not permitted" in done.stderr:
        pytest.skip("needs the right to trace a process")
    assert done.returncode == 0, done.stderr
    seen = Counter((as_strace_calls_it(name), path) for name, path, _ in json.loads(done.stdout))
    text = log.read_text()
    between = text[text.index(f'"{home}/begin"') : text.index(f'"{home}/end"')].splitlines()[1:-1]
    traced = Counter(filter(None, (read_strace(line, str(home)) for line in between)))
    assert sum(traced.values()) > 100
    assert seen == traced


def read_strace(line: str, home: str) -> tuple[str, str] | None:
    """The call in one line of ``strace -f -y``, if it changes something in the home; a call that was interrupted by another thread has two lines."""
    match = re.match(r"\d+ +(\w+)\((.*)", line)
    if not match:
        return None
    call, rest = as_strace_calls_it(match[1]), match[2]
    if call == "open" and not re.search(r"O_(WRONLY|RDWR)", rest):
        return None
    if call in ("write", "pwrite", "writev", "pwritev", "fsync", "fdatasync", "ftruncate", "fallocate", "copy_file_range", "sendfile"):
        path = re.match(r"\d+<([^>]*)>", rest)[1]
    else:
        found = re.findall(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"', rest)
        folder, name = found[-1]
        path = name if name.startswith("/") else f"{folder}/{name}"
    return (call, path.removeprefix(home)) if path.startswith(home) else None


@pytest.mark.parametrize(
    ("blow", "error", "said", "left"),
    [
        ("COUNT", 0, ["8", "8"], {"renamed": 16}),
        ("KILL", 0, [], {"file": 0}),  # before the first write: the third call, after mkdir and open
        ("KILL_HALF", 0, [], {"file": 4}),
        ("FAIL_ONCE", 28, None, {"file": 0}),
        ("FAIL_ON", 28, ["4", "No space left on device", "No space left on device"], {"file": 4}),
    ],
)
def test_a_blow_falls_where_it_was_told_to(shim_library, tmp_path, blow, error, said, left):
    done = python(STRIKING, shim_library, str(tmp_path), blow, str(error))
    assert {p.name: p.stat().st_size for p in (tmp_path / "one").iterdir()} == left
    if said is None:  # the first write is not guarded: the program ends with it
        assert done.returncode == 1 and "No space left" in done.stderr
    else:
        assert done.returncode == (-9 if blow.startswith("KILL") else 0)
        assert done.stdout.splitlines() == said
