"""The shim from Python: compiled, loaded into a process of its own, armed for what that process, or a child forked from it, does next.

Here: shim.c's functions and its trace, typed. Not here: what is tried with them (harness).
"""

import ctypes
import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).with_name("shim.c")
ENTRIES = 16384
FOLDER = "naravard-shim-"


class Blow(IntEnum):
    """What happens at the armed number. KILL_HALF: after half of the bytes of a write, before any other call. FAIL_ON: from then on, always."""

    COUNT = 1
    KILL = 2
    KILL_HALF = 3
    FAIL_ONCE = 4
    FAIL_ON = 5


class Kind(IntEnum):
    WRITE = 1
    SYNC = 2
    CREATE = 4
    REMOVE = 8
    MODE = 16
    SEND = 32


# The calls that give something another name: the switch is among them.
SWITCHING = ("rename", "renameat", "renameat2", "symlink", "symlinkat", "link", "linkat")
# What a disk refuses: one that is full takes nothing new, but lets things go; a broken one neither; one that turned read-only refuses anything.
REFUSED = {
    errno.ENOSPC: Kind.WRITE | Kind.SYNC | Kind.CREATE,
    errno.EIO: Kind.WRITE | Kind.SYNC | Kind.CREATE | Kind.REMOVE,
    errno.EROFS: Kind.WRITE | Kind.SYNC | Kind.CREATE | Kind.REMOVE | Kind.MODE,
}


class Call(NamedTuple):
    """One call that was counted: its name, and its path below the folder that is watched (``socket:[…]`` for a socket); of a rename the old path."""

    name: str
    path: str
    renamed: str = ""


class _Entry(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char * 16), ("path", ctypes.c_char * 240), ("renamed", ctypes.c_char * 240))


class _Trace(ctypes.Structure):
    _fields_ = (("count", ctypes.c_long), ("struck", ctypes.c_long), ("entries", _Entry * ENTRIES))


def find_compiler() -> str | None:
    return next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)


def build_shim(folder: Path) -> Path:
    """Compile into ``folder``; raises ``subprocess.CalledProcessError`` where the compiler refuses."""
    library = folder / "shim.so"
    subprocess.run([find_compiler(), "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-o", library, SOURCE, "-ldl"], check=True)
    return library


def start_with_shim() -> "Shim":
    """The shim of this process; where it is not there yet, it is compiled and this very command started again with it before libc.

    Ends with a message where there is no C compiler. Threads of numeric libraries are kept away: they would be lost in a fork.
    """
    if not Shim.is_loaded():
        if not find_compiler():
            raise SystemExit("A C compiler is needed: cc, gcc or clang.")
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
        library = build_shim(Path(tempfile.mkdtemp(prefix=FOLDER)))
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | threads | {"LD_PRELOAD": str(library)})
    library = Path(os.environ.pop("LD_PRELOAD"))  # for this process and its forks, not for other programs that it starts
    if library.parent.name.startswith(FOLDER):
        shutil.rmtree(library.parent)
    return Shim()


class Shim:
    """The shim of this process. Raises ``RuntimeError`` where it is not loaded."""

    def __init__(self):
        library = ctypes.CDLL(None)
        if not hasattr(library, "shim_arm"):
            raise RuntimeError("The shim is not loaded: start with LD_PRELOAD, as start_again_with does.")
        library.shim_trace.restype = ctypes.POINTER(_Trace)
        library.shim_arm.argtypes = (ctypes.c_char_p, ctypes.c_int, ctypes.c_long, ctypes.c_int, ctypes.c_int, ctypes.c_int)
        library.shim_clock.argtypes = (ctypes.c_longlong, ctypes.c_longlong)
        self._library = library
        self._trace = library.shim_trace().contents  # shared with every child that is forked from now on

    @staticmethod
    def is_loaded() -> bool:
        return hasattr(ctypes.CDLL(None), "shim_arm")

    def arm(self, folder: Path, blow: Blow, number: int = 0, error: int = 0, with_sockets: bool = False) -> None:
        """Watch ``folder``, and its sockets too; at call ``number`` (from 1) let ``blow`` fall. ``error`` is the errno of a failure."""
        self._library.shim_arm(os.fsencode(folder.resolve()), blow, number, error, REFUSED.get(error, 0), with_sockets)

    def disarm(self) -> None:
        self._library.shim_disarm()

    def skip_syncs(self) -> None:
        """Let syncs, counted as ever, not wait for the disk: a kill loses nothing that the kernel has."""
        self._library.shim_skip_syncs()

    def set_clock(self, offset: int = 0, frozen: int = 0) -> None:
        """Move this process's wall clock by ``offset`` seconds, or let it stand at ``frozen`` seconds since 1970."""
        self._library.shim_clock(offset, frozen)

    @property
    def struck(self) -> Call | None:
        """The call at which the last blow fell; None where it never did."""
        number = self._trace.struck
        return self.calls[number - 1] if 0 < number <= ENTRIES else None

    @property
    def calls(self) -> Sequence[Call]:
        """Every call since the shim was armed, in order; raises ``OverflowError`` where there were more than the trace holds."""
        if self._trace.count > ENTRIES:
            raise OverflowError(f"{self._trace.count} calls, and the trace holds {ENTRIES}")
        entries = self._trace.entries[: self._trace.count]
        return [Call(e.name.decode(), e.path.decode(errors="replace"), e.renamed.decode(errors="replace")) for e in entries]
