"""The expression graph: immutable nodes, each structurally distinct one once, and what every pass needs to walk them.

- ``node``: ``Node``, ``Op``; ``leaves``: ``const``, ``symbol``, ``symbols``; ``operators``: what Python's operators
  build, and the registry of operations; ``targets``: what a declaration says to each kind of output; ``displays``: how
  nodes and operations are shown; ``weak_table``: why dropped graphs are freed.
- ``traversal``: the order of a graph, ``map_graph``, ``substitute``, ``variables``; ``order``: the structural order.
- ``shapes``: sizes that are numbers or polynomials of symbolic dimensions; ``templates``: text with operands' slots.
- ``errors``: one class for each kind of mistake; ``limits``: what a formula may cost; ``atomic_write``: whole files.
"""
