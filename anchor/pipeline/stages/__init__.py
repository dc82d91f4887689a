"""The functions of the stages: `(Programme, index, Context) -> Made`, one for each row of `anchor.pipeline.graph`."""
