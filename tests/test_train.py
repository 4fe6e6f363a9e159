"""Optimizers against the published formulas, standalone source, resumed bits, stops, schedules, full batches."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symdiff as sd
from symdiff import nn, train

RNG = np.random.default_rng(9)
INPUTS = RNG.normal(size=(50, 3))
TARGETS = INPUTS @ [2.0, -1.0, 0.5] + 0.3 * RNG.normal(size=50)
DATA = {"x": INPUTS, "y": TARGETS}
X, Y, W, B = sd.symbol("x", ("N", 3)), sd.symbol("y", "N"), sd.symbol("w", 3), sd.symbol("b")
LOSS = nn.quadratic(X @ W + B, Y)
START = {"w": np.array([0.1, 0.2, -0.3]), "b": np.array(0.5)}


def gradients(p: dict[str, Any]) -> dict[str, Any]:
    """Of LOSS, by hand."""
    error = (INPUTS @ p["w"] + p["b"] - TARGETS) / len(TARGETS)
    return {"w": INPUTS.T @ error, "b": error.sum()}


# -- the published formulas, for one parameter: new parameter from old, with what is kept in s -----------------------


def momentum(p: Any, g: Any, s: dict[str, Any], t: int, lr: float) -> Any:
    s["v"] = 0.9 * s.get("v", 0) + g
    return p - lr * s["v"]


def nesterov(p: Any, g: Any, s: dict[str, Any], t: int, lr: float) -> Any:
    s["v"] = 0.9 * s.get("v", 0) + g
    return p - lr * (g + 0.9 * s["v"])


def adagrad(p: Any, g: Any, s: dict[str, Any], t: int, lr: float) -> Any:
    s["s"] = s.get("s", 0) + g**2
    return p - lr * g / (np.sqrt(s["s"]) + 1e-10)


def adam(p: Any, g: Any, s: dict[str, Any], t: int, lr: float, decay: float = 0.0) -> Any:
    s["m"] = 0.9 * s.get("m", 0) + (1 - 0.9) * g
    s["v"] = 0.999 * s.get("v", 0) + (1 - 0.999) * g**2
    m, v = s["m"] / (1 - 0.9**t), s["v"] / (1 - 0.999**t)
    return p - lr * (m / (np.sqrt(v) + 1e-8)) - lr * decay * p


OPTIMIZERS: dict[str, tuple[train.Optimizer, Callable[..., Any]]] = {
    "sgd": (train.SGD(0.1), lambda p, g, s, t, lr: p - lr * g),
    "momentum": (train.SGD(0.1, momentum=0.9), momentum),
    "nesterov": (train.SGD(0.1, momentum=0.9, nesterov=True), nesterov),
    "adagrad": (train.Adagrad(0.1), adagrad),
    "adam": (train.Adam(0.1), adam),
    "adamw": (train.AdamW(0.1, weight_decay=0.05), lambda *args: adam(*args, decay=0.05)),
}
NAMES = pytest.mark.parametrize("name", OPTIMIZERS)


def by_hand(name: str, steps: int, rate: Callable[[int], float] = lambda step: 0.1) -> list[dict[str, Any]]:
    """The parameters before the first step and after each."""
    params: list[dict[str, Any]] = [START]
    kept: dict[str, dict[str, Any]] = {"w": {}, "b": {}}
    for step in range(steps):
        g = gradients(params[-1])
        params.append({n: OPTIMIZERS[name][1](p, g[n], kept[n], step + 1, rate(step)) for n, p in params[-1].items()})
    return params


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """The same bits."""
    return a.keys() == b.keys() and all(np.asarray(a[n]).tobytes() == np.asarray(b[n]).tobytes() for n in a)


@NAMES
def test_optimizers_follow_their_formulas(name: str) -> None:
    seen: list[dict[str, Any]] = []
    keep = lambda state: seen.append({n: a.copy() for n, a in state.params.items()})
    found = train.fit(LOSS, START, DATA, OPTIMIZERS[name][0], steps=20, callbacks=[keep])
    expected = by_hand(name, 20)
    for here, there in zip(seen, expected[1:], strict=True):
        np.testing.assert_allclose(here["w"], there["w"], rtol=0, atol=1e-12)
        np.testing.assert_allclose(here["b"], there["b"], rtol=0, atol=1e-12)
    losses = [((INPUTS @ p["w"] + p["b"] - TARGETS) ** 2).sum() / 100 for p in expected[:-1]]
    np.testing.assert_allclose(found.history.loss, losses, rtol=1e-12)
    assert START["b"] == 0.5, "the arrays given are not changed"


def test_averaging_is_the_mean_of_the_iterates() -> None:
    iterates = [p["w"] for p in by_hand("sgd", 20)[1:]]
    for start in (0, 5, 30):
        found = train.fit(LOSS, START, DATA, train.Averaged(train.SGD(0.1), start), steps=20)
        mean = np.mean(iterates[start:], axis=0) if start < 20 else iterates[-1]
        np.testing.assert_allclose(found.averaged["w"], mean, rtol=0, atol=1e-12)
        np.testing.assert_allclose(found.params["w"], iterates[-1], rtol=0, atol=1e-12)
    assert not train.fit(LOSS, START, DATA, steps=1).averaged


@NAMES
def test_the_source_of_a_step_trains_without_symdiff(name: str, tmp_path: Path) -> None:
    """In a process where symdiff cannot be imported: the same parameters."""
    one = train.step(LOSS, [W, B], OPTIMIZERS[name][0])
    (tmp_path / "written.py").write_text(one.source("train_step"))
    np.savez(tmp_path / "in.npz", **DATA, **START, **one.start(START))
    names = [var.name for var in one.inputs]
    script = f"""
import sys; sys.modules["symdiff"] = None
import numpy as np, written
arrays = dict(np.load("in.npz"))
for t in range(1, 21):
    loss = written.train_step(*[{{"lr": 0.1, "t": float(t)}}.get(name, arrays.get(name)) for name in {names}])
np.savez("out.npz", w=arrays["w"], b=arrays["b"])
"""
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    found = train.fit(LOSS, START, DATA, OPTIMIZERS[name][0], steps=20)
    with np.load(tmp_path / "out.npz") as file:
        for part, array in found.params.items():
            np.testing.assert_allclose(file[part], array, rtol=1e-12, atol=1e-14)


# -- networks ------------------------------------------------------------------------------------------------------

NET = nn.mlp([3, 8, 4])
LABELS = sd.symbol("labels", "N")
NET_LOSS = nn.multiclass_logistic(NET.output, LABELS)
CLASSES = {"X": INPUTS, "labels": (np.abs(INPUTS[:, 0]) > 0.6) + 2 * (INPUTS[:, 1] > 0)}
VALIDATION = {"X": INPUTS[:20], "labels": CLASSES["labels"][:20]}


def fit(**settings: Any) -> train.Fit:
    defaults: dict[str, Any] = {"optimizer": train.Adam(0.01), "batch_size": 8, "validation": VALIDATION, "seed": 4}
    return train.fit(NET_LOSS, NET.init(1), CLASSES, **(defaults | settings))


@NAMES
@pytest.mark.parametrize("averaged", [False, True])
def test_float32_stays_float32(name: str, averaged: bool) -> None:
    optimizer = OPTIMIZERS[name][0]
    found = train.fit(
        NET_LOSS,
        NET.init(1, "float32"),
        CLASSES,
        train.Averaged(optimizer) if averaged else optimizer,
        steps=9,
        batch_size=8,
    )
    arrays = [*found.params.values(), *found.best.values(), *found.averaged.values()]
    assert all(array.dtype == np.float32 for array in arrays)


def test_seeds_reproduce_and_training_trains() -> None:
    first, again, other = fit(epochs=60), fit(epochs=60), fit(epochs=60, seed=5)
    assert same(first.params, again.params) and not same(first.params, other.params)
    assert first.history.loss.shape == (420,) and first.history.validation.shape == (60,)
    assert first.history.epoch_loss[-1] < 0.5 < first.history.epoch_loss[0]
    assert first.history.epoch_loss[2] == pytest.approx(first.history.loss[14:21].mean())
    assert (first.step, first.epoch, first.stopped) == (420, 60, "done")


def test_every_row_is_seen_once_an_epoch() -> None:
    """A loss that sums its rows: each epoch's steps add up to the same, in another order."""
    v, w = sd.symbol("v", "N"), sd.symbol("w")
    rows = np.arange(10.0)
    found = train.fit(sd.sum(v) + 0 * w**2 + w, {"w": 0.0}, {"v": rows}, train.SGD(0.0), epochs=3, batch_size=4)
    epochs = found.history.loss.reshape(3, 3)
    assert (epochs.sum(1) == rows.sum()).all() and len(set(map(tuple, epochs))) == 3


def test_schedules_reach_the_step() -> None:
    rate = train.cosine(0.3, 15, floor=0.01)
    found = train.fit(LOSS, START, DATA, train.SGD(momentum=0.9), steps=20, schedule=rate)
    np.testing.assert_allclose(found.params["w"], by_hand("momentum", 20, rate)[-1]["w"], rtol=0, atol=1e-12)


def test_schedules() -> None:
    assert train.constant(0.2)(7) == 0.2
    assert [train.step_decay(1, 3, 0.1)(t) for t in (2, 3, 6)] == pytest.approx([1, 0.1, 0.01])
    assert train.exponential(1, 0.9)(3) == pytest.approx(0.729)
    assert [train.cosine(2, 8, 1)(t) for t in (0, 4, 8, 9)] == pytest.approx([2, 1.5, 1, 1])
    assert [train.cyclic(1, 3, 2)(t) for t in range(6)] == [1, 2, 3, 2, 1, 2]
    for wrong in (lambda: train.cosine(1, 0), lambda: train.cyclic(0, 1, 0), lambda: train.step_decay(1, 0)):
        with pytest.raises(sd.SymdiffError, match="above 0"):
            wrong()


def test_early_stopping_keeps_the_best() -> None:
    found = fit(epochs=400, patience=3, optimizer=train.SGD(3.0, momentum=0.9))
    values = found.history.validation
    assert found.stopped == "patience" and found.epoch < 400
    assert int(np.argmin(values)) == found.epoch - 4
    inputs = [NET.x, LABELS, *NET.params.values()]
    value = sd.compile(NET_LOSS, inputs)(*VALIDATION.values(), *found.best.values())
    assert value == pytest.approx(values.min(), rel=1e-12)
    plain = fit(epochs=400, patience=2, optimizer=train.SGD(3.0), validation=None)
    assert plain.stopped == "patience" and int(np.argmin(plain.history.epoch_loss)) == plain.epoch - 3


def test_callbacks_see_and_stop() -> None:
    seen: list[train.Progress] = []

    def watch(state: train.Progress) -> bool:
        seen.append(state)
        return state.step == 9

    found = fit(epochs=50, callbacks=[watch])
    assert found.step == 9 and found.stopped == "callback"
    assert [state.ended for state in seen] == [False] * 6 + [True] + [False] * 2
    assert seen[6].validation == found.history.validation[0] and seen[0].validation is None


def test_progress_bar_is_quiet_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    fit(epochs=1)
    assert capsys.readouterr() == ("", "")
    fit(epochs=1, progress=True)
    out, err = capsys.readouterr()
    assert out == "" and "epoch 1" in err


# -- checkpoints ---------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
import test_train
def kill(state):
    if state.step == {step}:
        os.kill(os.getpid(), signal.SIGKILL)
test_train.checkpointed({path!r}, [kill])
"""


def checkpointed(path: str | Path, callbacks: Any = (), **settings: Any) -> train.Fit:
    optimizer = train.Averaged(train.AdamW(0.02), 10)
    return fit(optimizer=optimizer, epochs=9, patience=8, checkpoint=path, checkpoint_every=5, resume=True,
               callbacks=callbacks, **settings)  # fmt: skip


def test_a_killed_run_resumes_to_the_same_bits(tmp_path: Path) -> None:
    """Killed twice, amid epochs and between saves."""
    whole = checkpointed(tmp_path / "whole.npz")
    path = tmp_path / "run.npz"
    for step in (18, 37):
        script = KILLED.format(tests=str(Path(__file__).parent), step=step, path=str(path))
        done = subprocess.run(
            [sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        )
        assert done.returncode == -signal.SIGKILL and path.exists()
    resumed = checkpointed(path)
    for part in ("params", "best", "averaged"):
        assert same(getattr(whole, part), getattr(resumed, part)), part
    assert same(whole.history._asdict(), resumed.history._asdict())
    assert whole[4:] == resumed[4:] and whole.step == 63
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["run.npz", "whole.npz"]


@pytest.mark.parametrize("at", [1, 7, 12, 20])
def test_an_interrupted_run_resumes_to_the_same_bits(at: int, tmp_path: Path) -> None:
    def interrupt(state: train.Progress) -> None:
        if state.step == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        checkpointed(tmp_path / "a.npz", [interrupt])
    resumed, whole = checkpointed(tmp_path / "a.npz"), checkpointed(tmp_path / "b.npz")
    assert same(whole.params, resumed.params) and same(whole.averaged, resumed.averaged)
    assert same(checkpointed(tmp_path / "a.npz").params, whole.params), "a finished run has nothing left to do"


def test_longer_runs_go_on_from_shorter_ones(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    fit(steps=10, checkpoint=path)
    assert same(fit(epochs=4, checkpoint=path, resume=True).params, fit(epochs=4).params)


def test_patience_is_counted_through_an_interruption(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"epochs": 400, "patience": 3, "optimizer": train.SGD(3.0, momentum=0.9)}
    whole = fit(**settings)
    fit(**settings | {"epochs": whole.epoch - 1}, checkpoint=tmp_path / "run.npz")
    resumed = fit(**settings, checkpoint=tmp_path / "run.npz", resume=True)
    assert resumed.stopped == "patience" and resumed.epoch == whole.epoch and same(resumed.best, whole.best)


def test_checkpoints_of_other_runs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    fit(epochs=1, checkpoint=path)
    for settings, words in (
        ({"batch_size": 9}, "batch size is 8, not 9"),
        ({"seed": 7}, "seed is 4, not 7"),
        ({"optimizer": train.SGD()}, "of another run: its optimizer"),
    ):
        with pytest.raises(sd.SymdiffError, match=words):
            fit(epochs=2, checkpoint=path, resume=True, **settings)
    for text in (b"", b"PK\x03\x04 no", b"hello"):
        path.write_bytes(text)
        with pytest.raises(sd.SymdiffError, match="is no checkpoint of symdiff"):
            fit(epochs=2, checkpoint=path, resume=True)
    np.savez(path, a=np.zeros(3))
    with pytest.raises(sd.SymdiffError, match="is no checkpoint of symdiff"):
        fit(epochs=2, checkpoint=path, resume=True)


# -- losses that are not finite ------------------------------------------------------------------------------------


def test_divergence_stops_with_the_last_good_parameters() -> None:
    with pytest.raises(train.TrainingError, match=r"the loss at step \d+ is (inf|nan)") as caught:
        train.fit(LOSS, START, DATA, train.SGD(1e6), steps=500, keep_every=5)
    error = caught.value
    assert isinstance(error, sd.DomainError) and not math.isfinite(error.loss) and error.params is not None
    assert math.isfinite(((INPUTS @ error.params["w"] + error.params["b"] - TARGETS) ** 2).sum())
    clean = train.fit(LOSS, START, DATA, train.SGD(1e6), steps=(error.step - 1) // 5 * 5)
    assert same(clean.params, error.params)


def test_the_last_step_is_checked_too(tmp_path: Path) -> None:
    w = sd.symbol("w")
    loss = sd.log(w)
    with pytest.raises(train.TrainingError, match="the loss at step 1 is nan") as caught:
        train.fit(loss, {"w": 1.0}, {}, train.SGD(5.0), steps=1, checkpoint=tmp_path / "a.npz")
    assert caught.value.params == {"w": 1.0} and not list(tmp_path.iterdir())
    with pytest.raises(train.TrainingError, match="the loss at step 0 is nan; the first one is so") as caught:
        train.fit(loss, {"w": -1.0}, {}, steps=3)
    assert caught.value.params is None


# -- full batches --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "Newton-CG"])
def test_minimize_finds_the_least_squares_solution(method: str) -> None:
    found = train.minimize(LOSS, START, DATA, method, tol=1e-9)
    wide = np.column_stack([INPUTS, np.ones(50)])
    expected = np.linalg.lstsq(wide, TARGETS)[0]
    np.testing.assert_allclose(np.append(found.params["w"], found.params["b"]), expected, rtol=0, atol=1e-6)
    assert found.history[-1] == pytest.approx(found.loss) and found.steps == len(found.history)
    assert method != "Newton-CG" or found.steps < 8, "the Hessian of a quadratic loss says where its minimum is"
    assert found.params["b"].shape == () and (START["w"] == [0.1, 0.2, -0.3]).all()


@pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "Newton-CG"])
def test_minimize_trains_a_network(method: str) -> None:
    loss = NET_LOSS + nn.l2(NET.params, 0.01)
    found = train.minimize(loss, NET.init(1, "float32"), CLASSES, method, maxiter=60)
    assert found.loss < 0.7 * found.history[0] and found.params["W1"].dtype == np.float32


def test_minimize_refuses() -> None:
    w = sd.symbol("w")
    with pytest.raises(sd.SymdiffError, match=r"the methods are BFGS, L-BFGS-B, Newton-CG, .*, not 'Powell'"):
        train.minimize(LOSS, START, DATA, "Powell")
    with pytest.raises(train.TrainingError, match="the loss at iteration 0 is nan"):
        train.minimize(sd.log(w), {"w": -1.0}, {})


# -- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "build, words",
    [
        (lambda: train.step(X @ W, [W]), "a loss is one number, as sum or mean give it, not shape (N,)"),
        (lambda: train.step(LOSS, []), "list at least one parameter"),
        (lambda: train.step(LOSS, [sd.symbol("q")]), "does not depend on the parameter q"),
        (lambda: train.step(LOSS, [W + 1]), "a parameter is a variable of the loss"),
        (lambda: train.step(LOSS + sd.symbol("v_w"), [W], train.SGD(momentum=0.5)), "v_w is the name of an array"),
        (lambda: train.fit(LOSS, START, DATA), "give epochs or steps"),
        (lambda: train.fit(LOSS, {"q": 1.0}, DATA, steps=1), "q is no variable of the loss; it has b, w, x, y"),
        (lambda: train.fit(LOSS, START, {"x": INPUTS}, steps=1), "the loss needs data for y"),
        (lambda: train.fit(LOSS, START, DATA | {"z": 1}, steps=1), "z is no data of the loss; it needs x, y"),
        (lambda: train.fit(LOSS, START, {"x": INPUTS, "y": TARGETS[:9]}, steps=1), "x has 50, y has 9"),
        (lambda: train.fit(LOSS, START, {"x": INPUTS[:0], "y": TARGETS[:0]}, steps=1), "x has no rows"),
        (lambda: train.fit(LOSS, START, DATA, steps=1, batch_size=0), "batch_size is at least 1"),
        (lambda: train.fit(LOSS, START, DATA, steps=1, resume=True), "give its path"),
        (lambda: train.fit(LOSS, START, DATA, steps=1, patience=0), "patience is at least 1, not 0"),
        (lambda: train.fit(LOSS, START | {"w": np.zeros(4)}, DATA, steps=1), "w has shape (4,), not (3,)"),
        (lambda: train.fit(LOSS, START | {"b": 1j}, DATA, steps=1), "b is an array of real numbers, not of complex128"),
        (lambda: train.fit(LOSS, START, DATA | {"y": TARGETS + 1j}, steps=1), "y is an array of real numbers"),
        (lambda: train.SGD(-1.0), "lr is at least 0 and finite, not -1.0"),
        (lambda: train.SGD(momentum=1.0), "momentum is at least 0 and below 1"),
        (lambda: train.SGD(nesterov=True), "needs a momentum above 0"),
        (lambda: train.Adam(beta2=float("nan")), "beta2 is at least 0"),
    ],
)
def test_mistakes_are_one_clear_sentence(build: Callable[[], Any], words: str) -> None:
    with pytest.raises(sd.SymdiffError) as caught:
        build()
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_numbers_and_arrays_without_the_batch_letter_are_passed_whole() -> None:
    strength, scale = sd.symbol("strength"), sd.symbol("scale", 3)
    loss = nn.quadratic((X * scale) @ W + B, Y) + nn.l2([W], strength)
    data = DATA | {"scale": [1, 2, 3], "strength": 0.1}
    found = train.fit(loss, START, data, train.SGD(), epochs=300, batch_size=25, schedule=train.cosine(0.05, 600))
    x = INPUTS * [1, 2, 3]
    error = x @ found.params["w"] + found.params["b"] - TARGETS
    np.testing.assert_allclose(x.T @ error / 50 + 0.2 * found.params["w"], 0, atol=1e-3)


def test_names_of_the_loss_do_not_clash_with_lr_and_t() -> None:
    lr = sd.symbol("lr")
    one = train.step((lr - 1) ** 2, [lr], train.Adam())
    assert [var.name for var in one.inputs] == ["lr", "m_lr", "v_lr", "lr_", "t"]
