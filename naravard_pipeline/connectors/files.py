"""Files that people make and drop: what kind they are, and the door to the right reader. Content decides, not the suffix.

Belongs here: size, kind, what is never opened. Does not: how text or a workbook is read (``delimited``, ``workbooks``), what cells mean.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from naravard_pipeline.connectors import delimited, packages, workbooks
from naravard_pipeline.connectors.grid import FileRefused, Fragment, Sheet, raw_fragment

MAX_BYTES = 20 * 2**20

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # Excel before 2007; also the envelope of a workbook with a password
_SAVE_AS = "Öppna filen och välj Arkiv > Spara som > Excel-arbetsbok (.xlsx)."


@dataclass(frozen=True)
class FileContent:
    """A file's bytes, read once, so that what is checked is what is stored."""

    name: str
    data: bytes = field(repr=False)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def is_workbook(self) -> bool:
        return self.data.startswith((b"PK\3\4", b"PK\5\6"))

    @property
    def suffix(self) -> str:
        """The suffix that the content deserves; never the sender's, so that a stored name holds nothing from outside."""
        return ".xlsx" if self.is_workbook else ".csv"

    @property
    def package(self) -> packages.Package:
        if isinstance(self._package, FileRefused):
            raise self._package
        return self._package

    @cached_property
    def _package(self) -> packages.Package | FileRefused:
        try:
            return packages.read_package(self.data)
        except FileRefused as refusal:  # kept as well: looking through a large workbook takes seconds
            return refusal


def read_content(path: Path) -> FileContent:
    """Read a whole file. Raises ``FileRefused`` for a link, a folder, a file that is too large and one that cannot be opened."""
    no_file = FileRefused("not_a_file", "Det är ingen vanlig fil (en mapp, genväg eller länk). Lägg själva filen i inkorgen.")
    try:
        # Non-blocking, so that a pipe in the folder is refused and not waited for.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        try:
            if path.is_symlink() or not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise no_file
            with open(descriptor, "rb", closefd=False) as file:
                data = file.read(MAX_BYTES + 1)
        finally:
            os.close(descriptor)
    except FileNotFoundError as error:
        raise FileRefused("not_a_file", "Filen finns inte. Kontrollera namn och mapp.") from error
    except PermissionError as error:
        if path.is_dir():
            raise no_file from error
        raise FileRefused("not_a_file", "Filen får inte läsas. Kontrollera filens behörigheter.") from error
    except OSError as error:
        raise no_file from error
    if len(data) > MAX_BYTES:
        raise FileRefused("too_large", f"Filen är större än {MAX_BYTES // 2**20} MB. Ta bort bilder och blad som inte hör till uppgifterna.")
    return FileContent(readable_name(path), data)


def readable_name(path: Path) -> str:
    """The file's name as text that can be written anywhere; bytes in it that are no text become question marks."""
    return path.name.encode("utf-8", "replace").decode()


def read_fragments(content: FileContent) -> Iterator[Fragment]:
    """Every piece of text that can be found, readable table or not: hidden sheets, comments, properties, the file's name.

    Never raises. A file that cannot be opened safely (a zip bomb, an encrypted file) gives its name alone.
    """
    yield Fragment(content.name, "filnamnet")
    if content.is_workbook:
        try:
            yield from content.package.fragments
        except FileRefused:
            return
    elif content.data.startswith(_OLE):
        yield raw_fragment(content.data, "filens innehåll")
    elif not content.data.startswith(b"%PDF"):  # its packed streams hold no text, its tables of offsets look like numbers of persons
        yield from delimited.read_text_fragments(content.data)


def read_grid(content: FileContent) -> list[Sheet]:
    """The sheets of a file. Raises ``FileRefused`` for whatever is no plain table of values."""
    data = content.data
    if not data.strip(b"\0\r\n\t ;,\xef\xbb\xbf\xff\xfe"):
        raise FileRefused("empty", "Filen är tom. Kontrollera att den är sparad, och skicka den igen.")
    if content.is_workbook:
        return workbooks.read_workbook(content.package, data)
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise FileRefused("protected", "Filen är skyddad med lösenord. Ta bort lösenordet (Arkiv > Info > Skydda arbetsbok) och spara igen.")
        raise FileRefused("other_type", f"Filen är av en äldre sort (.xls eller liknande). {_SAVE_AS}")
    if data.startswith(b"%PDF"):
        raise FileRefused("other_type", "Filen är en PDF. Skicka tabellen som .xlsx eller CSV; utgå från mallen.")
    if data.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"<", b"{"):
        raise FileRefused("other_type", f"Filen är en webbsida eller en datafil, ingen tabell. {_SAVE_AS}")
    return delimited.read_delimited(data)
