"""Styles on the Hugging Face Hub, from the local cache or the network.

All access goes through huggingface-hub and its cache, and honors HF_HOME, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE.
Only safetensors files are downloaded, and telemetry is off.
"""
