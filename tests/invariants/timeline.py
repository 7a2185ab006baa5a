"""A history as a person reads it."""

from __future__ import annotations

from invariants.history import Change, Containers, Entry, Write, tasks_of


def timeline(entries: list[Entry]) -> str:
    """One line for each thing that happened."""
    lines, before = [], {}
    for entry in entries:
        text = _told(entry)
        subject = entry.uid if isinstance(entry, Change) else None
        if subject is None or before.get(subject) != text:
            lines.append(f"{entry.at:10.3f}  {text}")
        before[subject] = text
    return "\n".join(lines)


def _told(entry: Entry) -> str:
    if isinstance(entry, Containers):
        return f"  node: {entry.pod['metadata']['name']} {'runs' if entry.is_running else 'ended'}"
    if isinstance(entry, Write):
        return f"{entry.text} by {entry.writer}"
    if not isinstance(entry, Change):
        return entry.text
    metadata, status = entry.object["metadata"], entry.object.get("status", {})
    text = f"{entry.kind} {metadata['name']}: {'gone' if entry.is_gone else status.get('phase', '')}"
    if entry.kind == "PipelineRun":
        tasks = (f"{path}={task['phase']}/{task.get('attempts', 0)}" for path, task in tasks_of(entry.object).items())
        text += " " + " ".join(tasks)
    if entry.kind == "Pod":
        text += " held" if metadata.get("finalizers") else " free"
        text += " deleting" if metadata.get("deletionTimestamp") else ""
        for container in [*status.get("containerStatuses", []), *status.get("initContainerStatuses", [])]:
            text += f" {container['name']}:{next(iter(container['state']), '-')}"
    return text if entry.kind != "Event" else f"Event {entry.object.get('reason')}: {entry.object.get('note')}"
