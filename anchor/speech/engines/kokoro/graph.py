"""The published network cut in three, so that durations, melody and loudness can be set between the parts.

Nothing in it changes: the parts in a row give the same samples as the whole. `front` says how long each symbol lasts,
`pitch` lays out fundamental frequency and loudness over these durations, `sound` makes the samples. Made once, when
the model is fetched: it needs the `onnx` package, which nothing needs afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from anchor.core.errors import EngineUnavailable, PackError
from anchor.messages import message

WHOLE = "kokoro-v1.0.int8.onnx"
_WIDE = "/encoder/predictor/text_encoder/Concat_4_output_0"
_TEXT = "/encoder/text_encoder/Transpose_2_output_0"
_FRAMES = "/encoder/Clip_output_0"
_ASR = "/encoder/MatMul_1_output_0"
_F0 = "/encoder/Reshape_output_0"
_LOUD = "/encoder/Reshape_1_output_0"
CUTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "front": (("tokens", "style", "speed"), ("/encoder/Div_output_0", _WIDE, _TEXT)),
    "pitch": ((_WIDE, _TEXT, _FRAMES, "style"), (_ASR, _F0, _LOUD)),
    "sound": ((_ASR, _F0, _LOUD, "style"), ("audio",)),
}
"""Part → names of its inputs and outputs in the published graph."""


def cut_model(folder: Path) -> None:
    """Cut the whole in `folder` into its parts beside it.

    Raises:
        EngineUnavailable: the `onnx` package is missing.
        PackError: the graph is another one than the published.
    """
    try:
        onnx: Any = import_module("onnx")
    except ImportError as error:
        raise EngineUnavailable(message("kokoro.needs-onnx"), hint=message("kokoro.install")) from error
    model = onnx.load(str(folder / WHOLE))
    for name, (inputs, outputs) in CUTS.items():
        onnx.save(_part(onnx, model, name, inputs, outputs), str(folder / f"{name}.onnx"))


def _part(onnx: Any, model: Any, name: str, inputs: Sequence[str], outputs: Sequence[str]) -> Any:
    """The nodes that lead from `inputs` to `outputs`, as a model of its own."""
    graph, helper = model.graph, onnx.helper
    makers = {output: index for index, node in enumerate(graph.node) for output in node.output}
    weights = {tensor.name: tensor for tensor in graph.initializer}
    wanted, nodes, used = list(outputs), set[int](), set[str]()
    while wanted:
        tensor = wanted.pop()
        if tensor in weights:
            used.add(tensor)
        elif tensor and tensor not in inputs:
            if tensor not in makers:
                hint = message("kokoro.fetch-the-model-again")
                raise PackError(message("kokoro.graph-lacks", tensor=tensor), hint=hint)
            if makers[tensor] not in nodes:
                nodes.add(makers[tensor])
                wanted += graph.node[makers[tensor]].input
    known = {value.name: value for value in (*graph.input, *graph.output)}
    ends = {
        tensor: known.get(tensor) or helper.make_tensor_value_info(tensor, onnx.TensorProto.FLOAT, None)
        for tensor in (*inputs, *outputs)
    }
    part = helper.make_graph(
        [graph.node[index] for index in sorted(nodes)],
        name,
        [ends[tensor] for tensor in inputs],
        [ends[tensor] for tensor in outputs],
        [weights[tensor] for tensor in sorted(used)],
    )
    return helper.make_model(part, opset_imports=model.opset_import, ir_version=model.ir_version)
