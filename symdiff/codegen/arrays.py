"""Code for NumPy of arrays: each argument has its shape, and letters in shapes are read from the arguments."""

from __future__ import annotations

import re

from ..graph.node import VAR, Node
from ..graph.shapes import show_shape
from ..graph.traversal import topological
from ..ops.sizes import SIZE
from ..ops.tensor import integer_variables, least_sizes
from .points import TYPE, TYPES, Points


class Arrays(Points):
    """Code of arrays: each argument has its shape, and letters in shapes are read from the arguments."""

    def notes(self) -> list[str]:
        listed = [f"{shown} {show_shape(var.shape)}" for var, shown in self.names.variables.items() if var.shape]
        shapes = [f"Shapes: {', '.join(listed)}."] if listed else []
        written = ", ".join(self.names.variables[var] for var in self.updates)
        return [*shapes, *([f"Updated in place: {written}."] if written else []), TYPES]

    def globals(self) -> str:
        rows = [f'    "{shown}": {tuple(var.shape)!r},' for var, shown in self.names.variables.items()]
        return "\n".join(["SHAPES = {", *(op.replace("'", '"') for op in rows), "}"]) if rows else ""

    def output(self, node: Node, text: str) -> str:
        """An array that shares no memory with an input."""
        if node.op.name == "broadcast":
            return f"{text}.copy()"
        if node.op is SIZE:
            return f"np.full((), {self.names.size_name(*node.attrs)}, {self.kind(node)})[()]"
        if node in self.schedule.fixed:
            return f"np.full((), {text}, {self.kind(node)})[()]"
        root = node
        while root.op.view:
            root = root.args[0]
        return f"{text}.copy()" if root.op is VAR and root.shape else text

    def conversions(self) -> list[str]:
        places, lines = self.places(), []
        for var, shown in self.names.variables.items():
            kind = "_float" if var.shape else "_number"
            kind = "_updated" if var in self.updates else "_places" if var in places else kind
            lines.append(f"{shown} = {kind}({shown})")
        return lines

    def head(self, body: str) -> list[str]:
        places, lines = self.places(), self.conversions()
        checked = f"_sizes({', '.join(f'{shown}={shown}' for shown in self.shown)})"
        used = [letter for letter in self.used_sizes(body) if self.names.counts.get(letter) != self.names.sizes[letter]]
        if self.shown:
            lines += [f"sizes = {checked}" if used or self.names.counts or self.least() else checked, *self.least()]
        lines += [f'{self.names.sizes[letter]} = sizes["{letter}"]' for letter in used]
        lines += [f'{name} = sizes["{letter}"] or np.nan' for letter, name in self.names.counts.items()]
        if TYPE.search(body):
            floats = [shown for var, shown in self.names.variables.items() if var not in places]
            lines.append(f"dtype = np.result_type({', '.join(floats) or 'float'})")
        return lines

    def used_sizes(self, body: str) -> list[str]:
        """The letters whose sizes the code reads."""
        return [letter for letter, name in self.names.sizes.items() if re.search(rf"\b{name}\b", body)]

    def renamed(self, body: list[str]) -> list[str]:
        """A size that arithmetic alone reads has its plain name there."""
        counts, used = self.names.counts, self.used_sizes("\n".join(body))
        for letter in [letter for letter in counts if letter not in used]:
            body = [re.sub(rf"\b{counts[letter]}\b", self.names.sizes[letter], line) for line in body]
            counts[letter] = self.names.sizes[letter]
        return body

    def least(self) -> list[str]:
        """The check of sizes that slices need."""
        found = least_sizes(topological(*self.nodes, *self.updates.values()))
        return [f"_at_least(sizes, {', '.join(f'{letter}={size}' for letter, size in found.items())})"] if found else []

    def places(self) -> set[Node]:
        """The inputs that are places along axes."""
        return integer_variables(self.order)
