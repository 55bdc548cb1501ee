"""Everything a repository holds in one file, and back: see docs/repository.md for the format."""

from aiwebengine.repository.bundle.importing import Mode, NotEmpty, import_records
from aiwebengine.repository.bundle.reading import BundleFile, open_bundle
from aiwebengine.repository.bundle.records import DEFAULT_SECTIONS, SECTIONS, BundleInvalid, LinkRecords
from aiwebengine.repository.bundle.writing import write_backup, write_bundle

__all__ = [
    "DEFAULT_SECTIONS",
    "SECTIONS",
    "BundleFile",
    "BundleInvalid",
    "LinkRecords",
    "Mode",
    "NotEmpty",
    "import_records",
    "open_bundle",
    "write_backup",
    "write_bundle",
]
