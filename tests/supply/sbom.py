"""The software bill of materials (CycloneDX 1.6) of what runs: the packages that the lock file pins.

Its library comes with pip-audit.
"""

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.requirements import Requirement

from levada import __version__


def packages(lock: str) -> dict[str, str]:
    """The versions in a lock file, by name; a package that only some platforms need counts too."""
    lines = [line.rstrip("\\ ") for line in lock.splitlines() if line and line[0] not in " #-"]
    found = [Requirement(line) for line in lines]
    return {each.name: str(each.specifier).removeprefix("==") for each in found}


def sbom(pinned: dict[str, str]) -> str:
    """The document, as JSON."""
    document = Bom()
    root = Component(name="levada", version=__version__, type=ComponentType.APPLICATION)
    document.metadata.component = root
    parts = [
        Component(name=name, version=version, purl=PackageURL("pypi", name=name, version=version), bom_ref=name)
        for name, version in sorted(pinned.items())
    ]
    document.components.update(parts)
    document.register_dependency(root, parts)
    return make_outputter(document, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1) + "\n"
