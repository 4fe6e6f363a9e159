"""A randomly wired net: a small-world graph, directed from earlier to later units, trained to tell wines apart.

Xie, Kirillov, Girshick and He: Exploring randomly wired neural networks for image recognition (2019), in small: the
graph is that of Watts and Strogatz (Nature 393, 1998), its first units read the inputs, every dead end is read out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import networkx as nx
import numpy as np
import shared

import symdiff as sd
from symdiff import nn, train

FEATURES, CLASSES, UNITS, NEIGHBOURS, REWIRED = 13, 3, 20, 4, 0.75


def wiring(seed: int) -> nx.DiGraph:
    """Inputs in0..., hidden units h0... and outputs out0..., with edges from what is read to what reads it."""
    world = nx.connected_watts_strogatz_graph(UNITS, NEIGHBOURS, REWIRED, seed=seed)
    graph = nx.DiGraph()
    graph.add_nodes_from(f"in{place}" for place in range(FEATURES))
    graph.add_edges_from((f"h{min(edge)}", f"h{max(edge)}") for edge in world.edges)
    hidden = [node for node in graph if node.startswith("h")]
    first = [node for node in hidden if not graph.in_degree(node)]
    last = [node for node in hidden if not graph.out_degree(node)]
    graph.add_edges_from((f"in{place}", node) for node in first for place in range(FEATURES))
    graph.add_edges_from((node, f"out{place}") for place in range(CLASSES) for node in last)
    return graph


def learn(net: nn.Net, data: shared.Split, steps: int, seed: int) -> train.Fit:
    """Adam on all rows, with a small L2 penalty."""
    loss = nn.multiclass_logistic(net.output, sd.symbol("y", "N")) + nn.l2(net.params, 1e-3)
    given = {"X": data.inputs, "y": data.labels}
    return train.fit(loss, net.init(seed), given, train.Adam(0.02), steps=steps, seed=seed)


def layout(graph: nx.DiGraph) -> dict[str, tuple[float, float]]:
    """Each unit at its depth, the length of the longest way from an input; the units of a depth spread evenly."""
    levels: dict[int, list[str]] = {}
    for depth, nodes in enumerate(nx.topological_generations(graph)):
        for node in nodes:
            levels.setdefault(len(graph) if node.startswith("out") else depth, []).append(node)
    shifts = [0.0, 0.15, -0.15]
    return {
        node: (column, (place + 0.5) / len(nodes) + (shifts[column % 3] if node.startswith("h") else 0))
        for column, (_, nodes) in enumerate(sorted(levels.items()))
        for place, node in enumerate(nodes)
    }


def draw_wiring(axes: Any, graph: nx.DiGraph, params: dict[str, np.ndarray]) -> None:
    """Red edges weigh positive, blue ones negative."""
    places = layout(graph)
    edges = [(parent, node) for node in graph for parent in graph.predecessors(node)]
    weights = np.concatenate([params[f"w_{node}"] for node in graph if graph.in_degree(node)])
    reach = np.abs(weights).max()
    colours = [{"in": "lightgray", "h": "white", "out": "gold"}[node.rstrip("0123456789")] for node in graph]
    axes.figure.colorbar(axes.scatter([], [], c=[], cmap="coolwarm", vmin=-reach, vmax=reach), ax=axes, label="weight")
    nx.draw_networkx_edges(
        graph, places, edges, ax=axes, edge_color=weights, edge_cmap=axes.collections[0].cmap,
        edge_vmin=-reach, edge_vmax=reach, width=1.5, arrowsize=7, node_size=90, connectionstyle="arc3,rad=0.15",
    )  # fmt: skip
    nx.draw_networkx_nodes(graph, places, ax=axes, node_color=colours, edgecolors="black", node_size=90)
    axes.set(title="inputs (gray), units (white), outputs (gold)", ylim=(0, 1))
    axes.axis("off")


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    asked = shared.options("a randomly wired net", argv, steps=300)
    graph = wiring(asked.seed)
    net = nn.dag(graph, activation="tanh")
    data = shared.split(*shared.bundled("wine"), asked.seed, share=0.25)
    found = learn(net, data, asked.steps, asked.seed)
    predict = shared.predictor(net)
    train_accuracy = float(np.mean(predict(data.inputs, found.params) == data.labels))
    accuracy = float(np.mean(predict(data.test_inputs, found.params) == data.test_labels))
    print(f"{len(graph)} nodes, {graph.number_of_edges()} edges, {nx.dag_longest_path_length(graph)} deep")
    print(f"training accuracy {train_accuracy:.4f}, test accuracy {accuracy:.4f}")
    with shared.figure(asked.out / "random_wiring.png", 1, 2, figsize=(12, 5), width_ratios=(2, 1)) as (left, right):
        draw_wiring(left, graph, found.params)
        right.semilogy(found.history.loss)
        right.set(title="learning curve", xlabel="step", ylabel="loss with its penalty")
    return {"training": train_accuracy, "test": accuracy}


if __name__ == "__main__":
    main()
