"""A function drawn as a circuit: values forward, cotangents backward, step by step."""
