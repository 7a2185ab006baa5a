"""Kubeflow's placeholders in commands and arguments as ours.

They stand in text as `{{$...}}`, or are the whole of an argument as JSON (`{"IfPresent": ...}`, `{"Concat": ...}`).
What Kubeflow's own backend leaves as it is stays as it is here, too.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from levada.frontend.mistakes import Mistakes, Path
from levada.graph.model import Input, Output
from levada.graph.placeholders import Argument, Concat, ExecutorInput, If, Reference, Use

PLACEHOLDER = re.compile(r"\{\{\$(.*?)\}\}", re.DOTALL)
_NAME = r"""\[\s*(["'])(?P<name>.*?)\1\s*\]"""
INPUT_VALUE = re.compile(rf"\.inputs\.parameters{_NAME}")
_INPUT = re.compile(
    rf"""\.inputs\.artifacts{_NAME}(?:\.(?P<what>uri|path|metadata)(?:\[\s*["'](?P<key>.*?)["']\s*\])?)?"""
)
_OUTPUT = re.compile(
    rf"\.outputs\.(?:parameters{_NAME}\.output_file|artifacts\[\s*([\"'])(?P<artifact>.*?)\3\s*\]\.(?P<what>uri|path|metadata))"
)
_INPUT_USES = {"uri": Use.INPUT_URI, "path": Use.INPUT_PATH, "metadata": Use.INPUT_METADATA, None: Use.INPUT_ARTIFACT}
_NO_METADATA = "{}"
_NOTHING = "null"
"""What stands in text for the value of an input that is not given."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """Reads the text of a container, whose placeholders name `inputs` and `outputs`."""

    inputs: Mapping[str, Input]
    outputs: Mapping[str, Output]
    mistakes: Mistakes

    def read(self, text: str, place: Path) -> Argument:
        """One element of a command or of its arguments."""
        if text.lstrip().startswith(('{"IfPresent"', '{"Concat"')):
            try:
                return self._structured(json.loads(text), place)
            except (ValueError, RecursionError):
                pass  # No placeholder then, but text that begins like one.
        return self.text(text, place)

    def text(self, text: str, place: Path) -> Argument:
        """Text with placeholders in it."""
        pieces: list[Argument] = []
        end = 0
        for match in PLACEHOLDER.finditer(text):
            pieces += [text[end : match.start()], self._inserted(match, place)]
            end = match.end()
        pieces = [piece for piece in [*pieces, text[end:]] if piece != ""]
        return pieces[0] if len(pieces) == 1 else Concat(tuple(pieces)) if pieces else ""

    def _inserted(self, match: re.Match[str], place: Path) -> Argument:
        said = match[1]
        if not said:
            return ExecutorInput()
        if found := INPUT_VALUE.fullmatch(said):
            return self._input(Reference(Use.INPUT_VALUE, found["name"]), match[0], place)
        if found := _INPUT.fullmatch(said):
            reference = Reference(_INPUT_USES[found["what"]], found["name"], found["key"])
            return self._input(reference, match[0], place)
        if found := _OUTPUT.fullmatch(said):
            name = found["name"] or found["artifact"]
            if name in self.outputs:
                if found["what"] == "metadata":  # Nothing is noted of it before its task has made it.
                    return _NO_METADATA
                return Reference(Use.OUTPUT_URI if found["what"] == "uri" else Use.OUTPUT_PATH, name)
            self.mistakes.add_unknown(place, "output", name, self.outputs)
        return match[0]

    def _input(self, reference: Reference, written: str, place: Path) -> Argument:
        wants_value = reference.use is Use.INPUT_VALUE
        known = {name: item for name, item in self.inputs.items() if item.is_parameter == wants_value}
        if reference.name not in known:
            what = "input parameter" if wants_value else "input artifact"
            self.mistakes.add_unknown(place, what, reference.name, known)
            return written
        may_be_absent = known[reference.name].may_be_absent
        return If(reference.name, (reference,), (_NOTHING,)) if may_be_absent else reference

    def _structured(self, raw: Any, place: Path) -> Argument:
        if isinstance(raw, str):
            return self.text(raw, place)
        if isinstance(raw, dict) and set(raw) == {"Concat"} and isinstance(raw["Concat"], list):
            return Concat(tuple(self._structured(item, place) for item in raw["Concat"]))
        condition = raw.get("IfPresent") if isinstance(raw, dict) and set(raw) == {"IfPresent"} else None
        if not isinstance(condition, dict) or not {"InputName", "Then"} <= set(condition) <= {
            "InputName",
            "Then",
            "Else",
        }:
            raise ValueError(raw)
        if condition["InputName"] not in self.inputs:
            self.mistakes.add_unknown(place, "input", str(condition["InputName"]), self.inputs)
        branches = [self._branch(condition.get(name, []), place) for name in ("Then", "Else")]
        return If(str(condition["InputName"]), *branches)

    def _branch(self, raw: Any, place: Path) -> tuple[Argument, ...]:
        return tuple(self._structured(item, place) for item in (raw if isinstance(raw, list) else [raw]))
