"""Checkpoint → proven bundle: ONNX, TFLite and TF.js, and the proof that they agree with PyTorch from the bytes on."""
