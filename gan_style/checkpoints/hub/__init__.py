"""Styles on the Hugging Face Hub: what an address names, from the cache or else from the network.

Everything goes through huggingface-hub and its cache, and so heeds HF_HOME, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE.
Nothing but safetensors files is ever downloaded, and nothing is counted or reported.
"""
