"""The objects that FILE arguments hold, and every mistake in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from levada.cli.files import Source, read_sources
from levada.frontend.documents import Located, read_documents
from levada.frontend.objects import Elsewhere, Object, check_objects, find_objects


@dataclass
class Given:
    """What some files hold.

    Attributes
    ----------
    objects
        Components, Pipelines and runs, as they are written.
    mistakes
        What is wrong with the files around the objects' specs.
    """

    files: Sequence[str]
    objects: list[Object] = field(default_factory=list)
    mistakes: list[Located] = field(default_factory=list)
    _order: dict[str, int] = field(default_factory=dict)

    def take(self, source: Source) -> None:
        """Take in what a file holds."""
        self._order[source.name] = len(self._order)
        if isinstance(source.content, str):
            self.mistakes.append(Located(source.name, 1, "", source.content))
            return
        documents, unreadable = read_documents(source.name, source.content)
        found, misplaced = find_objects(documents, strict=source.is_named)
        self.objects += found
        self.mistakes += unreadable + misplaced

    def check(self, objects: Iterable[Object] | None = None, elsewhere: Elsewhere | None = None) -> list[Located]:
        """Every mistake, file by file and from top to bottom, each once.

        Parameters
        ----------
        objects
            What to check instead of the objects as they are written.
        elsewhere
            Specs of what the files refer to and do not hold.
        """
        found = self.mistakes + check_objects(self.objects if objects is None else objects, elsewhere)
        return sorted(dict.fromkeys(found), key=lambda mistake: (self._order[mistake.file], mistake.line))

    def in_namespace(self, namespace: str) -> list[Object]:
        """The objects; those without a namespace are put into this one."""
        return [replace(item, namespace=item.namespace or namespace) for item in self.objects]


def read_files(files: Sequence[str]) -> Given:
    """Read the files; what is wrong with their YAML is among the mistakes."""
    given = Given(files)
    for source in read_sources(files):
        given.take(source)
    if not given.objects and not given.mistakes:
        given._order.setdefault(files[0], 0)  # noqa: SLF001
        given.mistakes.append(Located(files[0], 1, "", "there is no Component, Pipeline or PipelineRun here"))
    return given
