"""Finding a cycle among named things that wait for one another."""

from collections.abc import Iterable, Mapping


def find_cycle(edges: Mapping[str, Iterable[str]]) -> list[str] | None:
    """A cycle of `edges` (name to the names it waits for), first name repeated at the end, or None.

    Names that are no key of `edges` are ignored. Iterative, so that a chain of 10,000 is no deeper than one of 2.
    """
    done: set[str] = set()
    for start in edges:
        if start in done:
            continue
        trail = [start]
        on_trail = {start}
        pending = [iter(edges[start])]
        while pending:
            name = next(pending[-1], None)
            if name is None:
                pending.pop()
                left = trail.pop()
                on_trail.discard(left)
                done.add(left)
            elif name in on_trail:
                return [*trail[trail.index(name) :], name]
            elif name in edges and name not in done:
                trail.append(name)
                on_trail.add(name)
                pending.append(iter(edges[name]))
    return None
