"""The detector: ONNX encoders, the scikit-learn classifier, their artefacts and what joins them."""
