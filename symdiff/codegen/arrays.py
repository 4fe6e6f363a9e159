"""Code for NumPy of arrays: each argument has its shape, and symbolic sizes are read from the arguments."""

from __future__ import annotations

import re

from ..graph.leaves import VAR
from ..graph.node import Node
from ..graph.shapes import show_shape
from ..graph.traversal import topological
from ..ops.filling import BROADCAST
from ..ops.sizes import SIZE
from ..ops.tensor import integer_variables, least_sizes
from .points import TYPE, TYPES, Points


class Arrays(Points):
    """A module with one function of arrays."""

    def write_notes(self) -> list[str]:
        shapes = [f"{shown} {show_shape(var.shape)}" for var, shown in self.names.variables.items() if var.shape]
        updated = ", ".join(self.names.variables[var] for var in self.updates)
        notes = [f"Shapes: {', '.join(shapes)}."] if shapes else []
        return [*notes, *([f"Updated in place: {updated}."] if updated else []), TYPES]

    def write_globals(self) -> str:
        rows = [f'    "{shown}": {tuple(var.shape)!r},' for var, shown in self.names.variables.items()]
        return "\n".join(["SHAPES = {", *(row.replace("'", '"') for row in rows), "}"]) if rows else ""

    def write_output(self, node: Node, text: str) -> str:
        """An array that shares no memory with an input."""
        if node.op is BROADCAST:
            return f"{text}.copy()"
        if node.op is SIZE or node in self.schedule.fixed:
            value = self.names.size_name(*node.attrs) if node.op is SIZE else text
            return f"np.full((), {value}, {self.dtype_of(node)})[()]"
        root = node
        while root.op.view:
            root = root.args[0]
        return f"{text}.copy()" if root.op is VAR and root.shape else text

    def convert_arguments(self) -> list[str]:
        positions, lines = self.find_positions(), []
        for var, shown in self.names.variables.items():
            kind = "_float" if var.shape else "_number"
            kind = "_updated" if var in self.updates else "_places" if var in positions else kind
            lines.append(f"{shown} = {kind}({shown})")
        return lines

    def write_head(self, body: str) -> list[str]:
        lines = self.convert_arguments()
        check = f"_sizes({', '.join(f'{shown}={shown}' for shown in self.shown)})"
        used = self.find_read_sizes(body)
        if self.shown:
            least = self.check_least_sizes()
            lines += [f"sizes = {check}" if used or self.names.counts or least else check, *least]
        lines += [f'{self.names.sizes[size]} = sizes["{size}"]' for size in used]
        lines += [f'{name} = sizes["{size}"] or np.nan' for size, name in self.names.counts.items()]
        if TYPE.search(body):
            lines.append(f"dtype = np.result_type({', '.join(self.list_floats()) or 'float'})")
        return lines

    def list_floats(self) -> list[str]:
        """The names of the arguments that give the type of the results."""
        positions = self.find_positions()
        return [shown for var, shown in self.names.variables.items() if var not in positions]

    def find_read_sizes(self, body: str) -> list[str]:
        """The symbolic sizes that the code reads as whole numbers."""
        counts, sizes = self.names.counts, self.names.sizes
        return [size for size in self.find_used_sizes(body) if counts.get(size) != sizes[size]]

    def find_used_sizes(self, body: str) -> list[str]:
        """The symbolic sizes that the code reads."""
        return [size for size, name in self.names.sizes.items() if re.search(rf"\b{name}\b", body)]

    def rename_sizes(self, body: list[str]) -> list[str]:
        """A size that arithmetic alone reads has its plain name there."""
        counts, used = self.names.counts, self.find_used_sizes("\n".join(body))
        for size in [size for size in counts if size not in used]:
            body = [re.sub(rf"\b{counts[size]}\b", self.names.sizes[size], line) for line in body]
            counts[size] = self.names.sizes[size]
        return body

    def check_least_sizes(self) -> list[str]:
        """The check of sizes that slices need."""
        least = least_sizes(topological(*self.nodes, *self.updates.values()))
        return [f"_at_least(sizes, {', '.join(f'{size}={count}' for size, count in least.items())})"] if least else []

    def find_positions(self) -> set[Node]:
        """The inputs that are positions along axes: whole numbers."""
        return integer_variables(self.order)
