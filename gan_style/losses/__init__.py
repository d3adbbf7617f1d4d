"""Objectives and content terms: pure functions of tensors."""
