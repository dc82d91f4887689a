"""The `kokoro` engine: Kokoro-82M by onnxruntime, fed with Anchor's own readings and timed to the frame."""
