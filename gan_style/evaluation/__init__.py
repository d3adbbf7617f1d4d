"""Evaluation of styles: metrics with a report, and blind preference studies."""
