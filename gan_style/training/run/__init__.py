"""The run folder: settings, saved states, history, previews and page."""
